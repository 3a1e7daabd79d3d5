"""What a waiting page follows: one JSON answer, or for a while a stream of them (server-sent events).

A stream holds a thread of the server. So only a few run at once in a process, none runs long, and whoever finds no
place is told to ask in its own time, as every page can.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from .errors import DomainError

Look = Callable[[], Mapping[str, Any]]
"""Where the page should be now: ``next`` (an address, or None), ``message`` and ``progress``."""

JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"
_PAUSE_S: Final = 0.5
# Twenty seconds: shorter than a server waits for its threads when it is told to stop.
_LOOKS: Final = 40
# A line that says nothing, after so many looks without news: only writing shows whether anybody still listens.
_SILENT_LOOKS: Final = 10
_COME_AGAIN_MS: Final = 300


class _Places:
    """How many streams may run beside each other in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = 0

    def take(self) -> bool:
        with self._lock:
            if self._taken >= settings.STREAMS_PER_PROCESS:
                return False
            self._taken += 1
            return True

    def leave(self) -> None:
        with self._lock:
            self._taken -= 1


_places = _Places()


def answer(request: HttpRequest, look: Look) -> HttpResponseBase:
    """What ``look`` sees, once as JSON, or as a stream of changes for who asks for events and finds a place."""
    if request.get_preferred_type([JSON, EVENTS]) != EVENTS:
        return JsonResponse(look())
    seen = look()  # a stranger's 404 is an answer of its own, not the first line of a stream
    if not hasattr(request, "environ") or not _places.take():
        # An event source that is answered with "no content" does not come again (HTML, server-sent events).
        return HttpResponse(status=204)
    return StreamingHttpResponse(
        Stream(seen, look, done=_places.leave),
        content_type=EVENTS,
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


class Stream:
    """The lines of one stream. It ends when the page has somewhere to go, when it has run its time, or by ``close``."""

    def __init__(
        self,
        seen: Mapping[str, Any],
        look: Look,
        *,
        done: Callable[[], None],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seen, self._look, self._done, self._pause = seen, look, done, pause
        self._is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield f"retry: {_COME_AGAIN_MS}\n\n".encode()
        yield _event(self._seen)
        silent = 0
        for _ in range(_LOOKS):
            if self._seen.get("next") or self._is_closed:
                return
            _lend_connection()
            self._pause(_PAUSE_S)
            try:
                now = self._look()
            except (Http404, DomainError):
                return  # no longer this browser's: the page asks once more and is told so
            silent = 0 if now != self._seen else silent + 1
            if not silent:
                self._seen = now
                yield _event(now)
            elif silent % _SILENT_LOOKS == 0:
                yield b": still here\n\n"

    def close(self) -> None:
        """Give the place back. Whoever closes twice gives it back once; the server closes also what was never read."""
        if not self._is_closed:
            self._is_closed = True
            self._done()


def _lend_connection() -> None:
    # Who only waits leaves the shared connections to others.
    if "pool" in connection.settings_dict["OPTIONS"]:
        connection.close()


def _event(seen: Mapping[str, Any]) -> bytes:
    return f"data: {json.dumps(seen)}\n\n".encode()

"""The three houses in this process, behind their origins: a request's bytes in, the answer's bytes out.

What waits for a commit (tasks, letters) is done after each request, also inside a test whose own transaction never
commits; it runs here and at once, as the settings say.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpx
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import got_request_exception, request_finished, request_started
from django.db import close_old_connections, connection
from django.urls import get_urlconf, set_urlconf

SOMEWHERE = "203.0.113.7"  # RFC 5737: an address that is nobody's


class HouseTransport(httpx.BaseTransport):
    """Any house, as seen from the network ``address``. What breaks inside it is raised here, not hidden in a page."""

    def __init__(self, address: str = SOMEWHERE) -> None:
        self._wsgi = httpx.WSGITransport(app=_application(), remote_addr=address)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        broken: list[BaseException] = []

        def remember(sender: Any, **_: Any) -> None:
            import sys

            if error := sys.exc_info()[1]:
                broken.append(error)

        # A house may be asked while another is answering, in this very thread.
        before = get_urlconf()
        got_request_exception.connect(remember)
        try:
            with connection_kept(), _commits():
                answer = self._wsgi.handle_request(request)
                answer.read()
        finally:
            got_request_exception.disconnect(remember)
            set_urlconf(before)
        if broken:
            raise broken[0]
        return answer


@cache
def _application() -> WSGIHandler:
    return WSGIHandler()


@contextmanager
def connection_kept() -> Iterator[None]:
    """Requests through WSGI leave the database connection as it is.

    Django closes one that it finds within a transaction (``close_if_unusable_or_obsolete``), and a test's own
    transaction is round every request of the test; ``django.test.Client`` holds the same signals off.
    """
    held = [signal for signal in (request_started, request_finished) if signal.disconnect(close_old_connections)]
    try:
        yield
    finally:
        for signal in held:
            signal.connect(close_old_connections)


@contextmanager
def _commits() -> Iterator[None]:
    already = len(connection.run_on_commit)
    yield
    if not connection.in_atomic_block:
        return  # a real commit has done it
    while len(connection.run_on_commit) > already:
        waiting = connection.run_on_commit[already:]
        del connection.run_on_commit[already:]
        for entry in waiting:
            entry[1]()

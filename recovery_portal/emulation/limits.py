"""The windows in which tries are counted: forgotten, or brought nearer to their end as far as a clock was moved.

They live in the cache, which has a clock of its own; no backend can reach them by a prefix, so that both that we run on
are asked in their own way.
"""

import time
from typing import Any, Final

from django.core.cache import cache

_PREFIX: Final = "limit:"


def forget() -> None:
    """Nobody has tried anything too often. Raises RedisError."""
    bring_forward(float("inf"))


def bring_forward(seconds: float) -> None:
    """Every window ends so much earlier; one that is over by then is forgotten. Raises RedisError."""
    if seconds <= 0:
        return  # a window that was over does not open again
    backend: Any = cache
    move = _in_redis if hasattr(backend._cache, "get_client") else _in_this_process
    move(backend, backend.make_key(_PREFIX), seconds)


def _in_redis(backend: Any, prefix: str, seconds: float) -> None:
    client = backend._cache.get_client(None, write=True)
    for key in list(client.scan_iter(match=f"{prefix}*", count=1000)):
        left_ms = client.pttl(key) - seconds * 1000
        if left_ms > 0:
            client.pexpire(key, int(left_ms))
        else:
            client.delete(key)


def _in_this_process(backend: Any, prefix: str, seconds: float) -> None:
    for key in [key for key in list(backend._cache) if key.startswith(prefix)]:
        ends = backend._expire_info.get(key)
        if ends is not None and ends - seconds > time.time():
            backend._expire_info[key] = ends - seconds
        else:
            cache.delete(key.removeprefix(backend.make_key("")))

"""Fixed-window counters in the shared cache. When the cache cannot answer, the caller is refused: fail closed."""

import contextlib

from django.core.cache import cache
from redis.exceptions import RedisError

from .errors import DomainError
from .tokens import digest

# Counters that cannot be reached are usually back soon.
_UNCOUNTED_RETRY_S = 30


class RateLimited(DomainError):
    """Too many tries; ``retry_after_s`` seconds until the window closes at the latest."""

    def __init__(self, scope: str, retry_after_s: int) -> None:
        super().__init__("rate_limited", scope)
        self.retry_after_s = retry_after_s


def hit(scope: str, key: str, *, limit: int, period_s: int) -> None:
    """Count one try of ``key`` in ``scope``; raise RateLimited from the try after ``limit`` in ``period_s`` seconds."""
    try:
        count = _count(f"limit:{scope}:{digest(key)}", period_s)
    except RedisError as gone:
        raise RateLimited(scope, _UNCOUNTED_RETRY_S) from gone
    if count > limit:
        raise RateLimited(scope, period_s)


def _count(name: str, period_s: int) -> int:
    cache.add(name, 0, timeout=period_s)
    try:
        return int(cache.incr(name))
    except ValueError:  # the window closed between the two calls
        cache.set(name, 1, timeout=period_s)
        return 1


def forgive(scope: str, key: str) -> None:
    """Forget the tries of ``key``, after a success."""
    with contextlib.suppress(RedisError):  # the window forgets them anyway
        cache.delete(f"limit:{scope}:{digest(key)}")


def give_back(scope: str, key: str) -> None:
    """Uncount one try of ``key``: it succeeded, and many people share an address."""
    with contextlib.suppress(ValueError, RedisError):  # the window has closed, or will
        cache.decr(f"limit:{scope}:{digest(key)}")

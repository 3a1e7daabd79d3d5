"""Fixed-window counters in the shared cache. When the cache cannot answer, the caller is refused: fail closed."""

from django.core.cache import cache

from .errors import DomainError
from .tokens import digest


class RateLimited(DomainError):
    """Too many tries; ``retry_after_s`` seconds until the window closes at the latest."""

    def __init__(self, scope: str, retry_after_s: int) -> None:
        super().__init__("rate_limited", scope)
        self.retry_after_s = retry_after_s


def hit(scope: str, key: str, *, limit: int, period_s: int) -> None:
    """Count one try of ``key`` in ``scope``; raise RateLimited from the try after ``limit`` in ``period_s`` seconds."""
    name = f"limit:{scope}:{digest(key)}"
    cache.add(name, 0, timeout=period_s)
    try:
        count = cache.incr(name)
    except ValueError:  # the window closed between the two calls
        cache.set(name, 1, timeout=period_s)
        return
    if count > limit:
        raise RateLimited(scope, period_s)


def forgive(scope: str, key: str) -> None:
    """Forget the tries of ``key``, after a success."""
    cache.delete(f"limit:{scope}:{digest(key)}")


def give_back(scope: str, key: str) -> None:
    """Uncount one try of ``key``: it succeeded, and many people share an address."""
    try:
        cache.decr(f"limit:{scope}:{digest(key)}")
    except ValueError:  # the window has closed
        return

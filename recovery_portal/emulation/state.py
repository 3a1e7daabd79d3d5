"""What testers set, kept where every process of one house sees it: the shared cache.

A cache that cannot be reached says what it said last in this process: a clock must not jump back because Redis is away.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.core.cache import cache
from redis.exceptions import RedisError

_PREFIX: Final = "emulation:"
_last: dict[str, Any] = {}


def read(name: str) -> Any:
    try:
        value = cache.get(_PREFIX + name)
    except RedisError:
        return _last.get(name)
    _last[name] = value
    return value


def write(name: str, value: Any) -> None:
    """Raises RedisError."""
    cache.set(_PREFIX + name, value, timeout=None)
    _last[name] = value


def forget(name: str) -> None:
    """Raises RedisError."""
    cache.delete(_PREFIX + name)
    _last.pop(name, None)


def next_number(name: str) -> int:
    """1, 2, 3 …, each to one caller among all processes. Raises RedisError."""
    key = f"{_PREFIX}{name}:count"
    cache.add(key, 0, timeout=None)
    return int(cache.incr(key))


class Roll:
    """The newest ``keeps`` entries of something that never ends; entries are JSON objects."""

    def __init__(self, name: str, *, keeps: int) -> None:
        self.name, self.keeps = name, keeps

    def append(self, entry: Mapping[str, Any]) -> int:
        """The entry's number. Raises RedisError."""
        number = next_number(self.name)
        cache.set(self._key(number), dict(entry), timeout=None)
        cache.delete(self._key(number - self.keeps))
        return number

    def entries(self) -> list[dict[str, Any]]:
        """Oldest first, each with its ``number``. Raises RedisError."""
        last = int(cache.get(f"{_PREFIX}{self.name}:count") or 0)
        keys = {self._key(number): number for number in range(max(1, last - self.keeps + 1), last + 1)}
        found = cache.get_many(list(keys))
        return [{"number": number, **found[key]} for key, number in keys.items() if key in found]

    def clear(self) -> None:
        """Numbers go on. Raises RedisError."""
        last = int(cache.get(f"{_PREFIX}{self.name}:count") or 0)
        cache.delete_many([self._key(number) for number in range(max(1, last - self.keeps + 1), last + 1)])

    def _key(self, number: int) -> str:
        return f"{_PREFIX}{self.name}:{number}"

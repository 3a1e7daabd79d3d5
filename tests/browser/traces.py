"""What pictures and face vectors look like, searched for wherever a house keeps things."""

import re

import redis

from recovery_portal.demo.houses import Houses

# A JPEG as the image gate and the browser write it, raw, in base64 and in base64url; forty numbers in a row.
IMAGE = re.compile(rb"\xff\xd8\xff\xe0\x00\x10JFIF|[/_]9j[/_]4AAQSkZJRg")
VECTOR = re.compile(rb"(?:-?\d+\.\d+(?:e-?\d+)?[,\s]+){40}")


def found_in(data: bytes) -> list[str]:
    """What ``data`` holds that nobody may keep."""
    return [name for name, pattern in (("image", IMAGE), ("vector", VECTOR)) if pattern.search(data)]


def none_left(houses: Houses) -> list[str]:
    """Every place of portal and provider (database files, logs, mail, cache and broker) that holds one; none is right.

    The wallet is the holder's own and keeps the credential with its portrait.
    """
    places = []
    for path in sorted(houses.folder.rglob("*")):
        if path.is_file() and not path.name.startswith("wallet") and path.suffix not in {".rdb"}:
            places += [f"{path.name}: {what}" for what in found_in(path.read_bytes())]
    for number, role in enumerate(("portal", "provider")):
        store = redis.Redis(port=houses.redis_port, db=number)
        for key in store.scan_iter():
            places += [f"{role} redis {key!r}: {what}" for what in found_in(store.dump(key) or b"")]
            kind = store.type(key)
            if kind == b"list":
                places += [f"{role} queue {key!r}" for item in store.lrange(key, 0, -1) if found_in(item)]
    return places

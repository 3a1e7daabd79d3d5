"""Everything that this process draws at random, drawn from a seed: what is compared byte for byte must be the same.

A thing of tests alone. It stands in the kit and not behind a setting of the houses: those that run somewhere, an
emulation too, draw every key, token and code from the machine's own source, whatever seed they are given.
"""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec


class NotInThisProcess(ValueError):
    """The houses run somewhere else, or draw what they draw for people who are no test."""


@contextmanager
def draws(seed: int) -> Iterator[None]:
    """``secrets``, ``uuid4``, salts, nonces and keys of curves come from ``seed``, in the order of their drawing.

    What OpenSSL draws for itself stays as it is: the random number of each ECDSA signature.
    """
    from django.conf import settings

    if not settings.EMULATION or settings.ROLE != "all":
        raise NotInThisProcess("Only where all houses run in one process, for a test, is everything drawn from a seed.")
    source = random.Random(seed)  # noqa: S311 - to be foreseeable is what it is for

    def key(curve: ec.EllipticCurve, backend: Any = None) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(1 + source.getrandbits(curve.key_size - 8), curve)  # below every curve's order

    kept = os.urandom, random._urandom, ec.generate_private_key  # type: ignore[attr-defined]
    # ``secrets`` and SystemRandom call the name that ``random`` took from ``os``.
    os.urandom = random._urandom = source.randbytes  # type: ignore[attr-defined]
    ec.generate_private_key = key
    try:
        yield
    finally:
        os.urandom, random._urandom, ec.generate_private_key = kept  # type: ignore[attr-defined]

"""Which key a proof of possession names (OpenID4VCI 1.0 appendix F.1): ``jwk``, ``kid`` with a did:jwk, or ``x5c``.

All three carry the key by value. A ``kid`` that would have to be fetched (did:web, a URL) is refused unread: no wallet
may choose an address for the issuer to visit.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from idv.credentials.keys import public_key_of
from idv.credentials.trust import p256_key_of, unvouched_leaf_of
from idv.protocol import did
from recovery_portal.kit.errors import DomainError

_NAMES = ("jwk", "kid", "x5c", "trust_chain")


class ProofKeyInvalid(DomainError):
    """A proof that names no key, or more than one."""


def key_of(header: Mapping[str, Any], *, at: datetime) -> ec.EllipticCurvePublicKey:
    """The one key that the header names. Raises ProofKeyInvalid, KeyInvalid, DidInvalid or IssuerUntrusted.

    A certificate only carries the key here: who holds it is not believed, so no authority is asked.
    """
    given = [name for name in _NAMES if name in header]
    if given == ["jwk"]:
        return public_key_of(header["jwk"])
    if given == ["kid"] and isinstance(header["kid"], str):
        return did.key_of_did_jwk(header["kid"].partition("#")[0], kid=header["kid"])
    if given == ["x5c"]:
        return p256_key_of(unvouched_leaf_of(header["x5c"], at=at))
    raise ProofKeyInvalid("proof_key_missing", "exactly one of jwk, kid and x5c")

"""Key attestations (OpenID4VCI 1.0 appendix D): a wallet's maker vouches for the keys that credentials are bound to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from idv.credentials import jose
from idv.credentials.keys import SigningKey, jwk_of, public_key_of, thumbprint
from idv.credentials.trust import IssuerUntrusted, TrustedIssuers
from idv.protocol.messages import CLOCK_SKEW, IssuanceInvalid
from recovery_portal.kit.errors import DomainError

TYP = "key-attestation+jwt"
#: The member of a ``jwt`` proof's header, and the proof type without any other proof.
HEADER_MEMBER = "key_attestation"
PROOF_TYPE = "attestation"
_MAX_BYTES = 32_768
_MAX_NONCE = 512


@dataclass(frozen=True, kw_only=True)
class KeyAttestation:
    """Keys that an attester vouches for; ``nonce`` is empty when it was made for no request in particular."""

    holder_jwks: tuple[Mapping[str, str], ...]
    nonce: str


def build(
    *, attester: str, holder_keys: list[SigningKey], nonce: str, key: SigningKey, at: datetime, expires_at: datetime
) -> str:
    """What a wallet's maker signs over the keys of one instance."""
    payload: dict[str, Any] = {
        "iss": attester,
        "iat": jose.seconds(at),
        "exp": jose.seconds(expires_at),
        "attested_keys": [holder.public_jwk() for holder in holder_keys],
    }
    if nonce:
        payload["nonce"] = nonce
    return jose.sign(payload, typ=TYP, key=key, named_by="x5c" if key.chain else "kid")


def open_attestation(token: str, *, trusted: TrustedIssuers, most: int, at: datetime) -> KeyAttestation:
    """Verify a key attestation over at most ``most`` different keys. Raises IssuanceInvalid (invalid_proof).

    Whether ``nonce`` is ours is the caller's to check and burn.
    """
    try:
        # 1 an attester that we trust signed it; alg, typ, signature
        unverified = jose.peek(token, max_payload_bytes=_MAX_BYTES)
        payload = jose.verify_parsed(unverified, key=_key_of(unverified, trusted, at), typ=TYP).payload
        # 2 it counts now
        issued_at, expires_at = jose.required_time_of(payload, "iat"), jose.time_of(payload, "exp")
        if issued_at > at + CLOCK_SKEW or (expires_at is not None and at >= expires_at):
            raise IssuanceInvalid("invalid_proof", "the key attestation does not count now")
        # 3 the keys, each once
        entries = payload.get("attested_keys")
        if not isinstance(entries, list) or not 0 < len(entries) <= most:
            raise IssuanceInvalid("invalid_proof", f"attested_keys is no list of 1 to {most} keys")
        jwks = tuple(jwk_of(public_key_of(entry)) for entry in entries)
    except IssuanceInvalid:
        raise
    except DomainError as error:
        raise IssuanceInvalid("invalid_proof", f"key attestation: {error.code}: {error.reason}") from error
    if len({thumbprint(jwk) for jwk in jwks}) != len(jwks):
        raise IssuanceInvalid("invalid_proof", "one key is attested twice")
    nonce = payload.get("nonce", "")
    if not isinstance(nonce, str) or len(nonce) > _MAX_NONCE:
        raise IssuanceInvalid("invalid_proof", "nonce is no short text")
    # 4 one that can be taken back would have to be asked about, and we do not ask
    if "status" in payload:
        raise IssuanceInvalid("invalid_proof", "key attestations with a status are not taken")
    return KeyAttestation(holder_jwks=jwks, nonce=nonce)


def _key_of(unverified: jose.Jws, trusted: TrustedIssuers, at: datetime) -> ec.EllipticCurvePublicKey:
    """The key that the header names: of the attester in ``iss``, which may be left out, else of any that we trust."""
    if "iss" in unverified.payload:
        return trusted.key_of(unverified.payload["iss"], unverified.header, at)
    for attester in trusted.issuers:
        try:
            return trusted.key_of(attester.issuer, unverified.header, at)
        except IssuerUntrusted:
            continue
    raise IssuerUntrusted("issuer_untrusted", "no attester that we trust has this key")

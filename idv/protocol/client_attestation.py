"""Attestation-based client authentication (draft-ietf-oauth-attestation-based-client-auth): a wallet's maker vouches
for the wallet and for a key of this very instance, and the instance proves that it holds that key.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from idv.credentials import jose
from idv.credentials.keys import SigningKey, jwk_of, public_key_of, thumbprint
from idv.credentials.trust import TrustedIssuers
from idv.protocol.messages import CLOCK_SKEW, MESSAGE_LIFETIME, dated
from recovery_portal.kit.errors import DomainError

ATTESTATION_TYP = "oauth-client-attestation+jwt"
POP_TYP = "oauth-client-attestation-pop+jwt"
ATTESTATION_HEADER = "OAuth-Client-Attestation"
POP_HEADER = "OAuth-Client-Attestation-PoP"
CHALLENGE_HEADER = "OAuth-Client-Attestation-Challenge"
AUTHENTICATION_METHOD = "attest_jwt_client_auth"
POP_AGE = MESSAGE_LIFETIME
_MAX_BYTES = 16_384
_MAX_TEXT = 512


class ClientAttestationInvalid(DomainError):
    """An attestation or its proof of possession that proves nothing."""


@dataclass(frozen=True, kw_only=True)
class ClientAttestation:
    """A wallet that its maker vouches for. The caller judges ``challenge`` and burns ``jti`` of this instance key."""

    client_id: str
    attester: str
    instance_jkt: str
    challenge: str
    jti: str
    expires_at: datetime


def build_attestation(
    *, attester: str, client_id: str, instance_key: SigningKey, key: SigningKey, at: datetime, lifetime: timedelta
) -> str:
    """What a wallet's maker signs for one instance of it."""
    payload = {
        "iss": attester,
        "sub": client_id,
        "iat": jose.seconds(at),
        "exp": jose.seconds(at + lifetime),
        "cnf": {"jwk": instance_key.public_jwk()},
    }
    return jose.sign(payload, typ=ATTESTATION_TYP, key=key, named_by="x5c" if key.chain else "kid")


def build_pop(*, client_id: str, audience: str, challenge: str, instance_key: SigningKey, at: datetime) -> str:
    """What the instance signs for one request; ``audience`` is the authorization server's issuer identifier."""
    payload: dict[str, Any] = {"iss": client_id, "aud": audience, **dated(at)}
    if challenge:
        payload["challenge"] = challenge
    return jose.sign(payload, typ=POP_TYP, key=instance_key, named_by="nothing")


def open_pair(
    attestation: str, pop: str, *, trusted: TrustedIssuers, expected_audience: str, at: datetime
) -> ClientAttestation:
    """Verify both (sections 5 and 6). Raises ClientAttestationInvalid."""
    try:
        # 1 the attester is one we trust, and so is the key that the header names; alg, typ, signature
        unverified = jose.peek(attestation, max_payload_bytes=_MAX_BYTES)
        attester = trusted.get(unverified.payload.get("iss")).issuer
        key = trusted.key_of(attester, unverified.header, at)
        attested = jose.verify_parsed(unverified, key=key, typ=ATTESTATION_TYP).payload
        # 2 it counts now
        expires_at = jose.required_time_of(attested, "exp")
        for name in ("iat", "nbf"):
            begins_at = jose.time_of(attested, name)
            if begins_at is not None and begins_at > at + CLOCK_SKEW:
                raise ClientAttestationInvalid("attestation_not_yet_valid", f"{name} lies in the future")
        if at >= expires_at:
            raise ClientAttestationInvalid("attestation_expired", "exp has passed")
        # 3 the instance's key, and the proof by that very key
        cnf = attested.get("cnf")
        instance_key = public_key_of(cnf.get("jwk") if isinstance(cnf, dict) else None)
        proof = jose.verify(pop, key=instance_key, typ=POP_TYP, max_payload_bytes=_MAX_BYTES).payload
        made_at = jose.required_time_of(proof, "iat")
        ends_at = jose.time_of(proof, "exp")
    except ClientAttestationInvalid:
        raise
    except DomainError as error:
        raise ClientAttestationInvalid(error.code, error.reason) from error
    # 4 by the wallet that was attested, for us, now
    client_id = _text(attested, "sub")
    for name, expected in (("iss", client_id), ("aud", expected_audience)):
        given = proof.get(name)
        if not isinstance(given, str) or not hmac.compare_digest(given.encode(), expected.encode()):
            raise ClientAttestationInvalid("attestation_for_another", f"{name} of the proof is not the expected one")
    if not at - POP_AGE <= made_at <= at + CLOCK_SKEW or (ends_at is not None and at >= ends_at):
        raise ClientAttestationInvalid("attestation_proof_stale", "iat or exp of the proof is not now")
    challenge = proof.get("challenge", "")
    if not isinstance(challenge, str) or len(challenge) > _MAX_TEXT:
        raise ClientAttestationInvalid("attestation_malformed", "challenge is no short text")
    return ClientAttestation(
        client_id=client_id,
        attester=attester,
        instance_jkt=thumbprint(jwk_of(instance_key)),
        challenge=challenge,
        jti=_text(proof, "jti"),
        expires_at=made_at + POP_AGE,
    )


def _text(payload: Any, name: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT or not value.isprintable():
        raise ClientAttestationInvalid("attestation_malformed", f"{name} is no short text")
    return value

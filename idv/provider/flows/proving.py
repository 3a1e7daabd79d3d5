"""Which keys a credential request proves, or has its wallet's maker vouch for (OpenID4VCI 1.0 appendix F)."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from idv.credentials.keys import thumbprint
from idv.protocol import issuance as wire
from idv.protocol import key_attestation
from idv.protocol.issuance import IssuanceInvalid

from .. import policy
from . import attesting


def holders_of(request: wire.CredentialRequest, *, client_id: str, at: datetime) -> tuple[list[Mapping[str, str]], str]:
    """The holders' public keys, and the one nonce of all proofs, which the caller burns. Raises IssuanceInvalid."""
    if request.attestation:
        attested = _opened(request.attestation, at)
        if not attested.nonce:
            raise IssuanceInvalid("invalid_proof", "no nonce in the key attestation")
        return list(attested.holder_jwks), attested.nonce
    proofs = wire.open_proofs(request.proofs, audience=settings.PROVIDER_BASE_URL, at=at, client_id=client_id or None)
    if any(proof.attestation for proof in proofs) and attesting.is_on():
        for proof in proofs:
            _require_vouched_for(proof, at)
    return [proof.holder_jwk for proof in proofs], proofs[0].nonce


def _opened(attestation: str, at: datetime) -> key_attestation.KeyAttestation:
    return key_attestation.open_attestation(
        attestation, trusted=attesting.trusted_makers(), most=policy.BATCH_SIZE, at=at
    )


def _require_vouched_for(proof: wire.VerifiedProof, at: datetime) -> None:
    """Refuse a proof whose key its own attestation does not name; an attestation for another request is no word."""
    attested = _opened(proof.attestation, at)
    if thumbprint(proof.holder_jwk) not in {thumbprint(jwk) for jwk in attested.holder_jwks}:
        raise IssuanceInvalid("invalid_proof", "the key attestation is over other keys")
    if attested.nonce not in {"", proof.nonce}:
        raise IssuanceInvalid("invalid_proof", "the key attestation is for another request")

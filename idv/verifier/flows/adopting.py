"""What a provider said itself, in the place of what a wallet would have presented."""

import os
from collections.abc import Mapping
from datetime import datetime

from recovery_portal.kit import tokens

from .. import claims, keys
from ..machine import RequestStatus
from ..models import PresentationRequest, ProofingRequest


def adopt_claims(*, proofing: ProofingRequest, accepted: Mapping[str, str], at: datetime) -> PresentationRequest:
    """Keep claims that came with the provider's own answer as a presentation that was collected: sealed under a key of
    their own, good for the same Face Check and match, erased with the same step. No wallet can answer it."""
    request = PresentationRequest(
        provider=proofing.provider,
        signing_key=keys.active_row(at=at),
        correlation_id=proofing.correlation_id,
        proofing_reference=proofing.proofing_reference,
        same_device=True,
        status=RequestStatus.COLLECTED,
        # Digests of nothing that anybody holds: there is no address to ask at and no code to bring.
        reference_digest=tokens.digest(tokens.new_token()),
        encryption_key_digest=tokens.digest(tokens.new_token()),
        seal_key=os.urandom(32),
        credential_issuer=proofing.provider.issuer,
        credential_vct="verified_claims",
        credential_issued_at=at,
        created_at=at,
        expires_at=at,
        answered_at=at,
        collected_at=at,
    )
    request.claims_sealed = claims.seal(request, accepted)
    request.save(force_insert=True)
    return request

"""What a program is told of a presentation that held (facts 5.2, 5.3)."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from idv.credentials import jose, jwt_vc
from idv.credentials.status_list import VALID
from idv.issuer import keyring
from idv.protocol import did
from idv.verifier import flows as verifier
from idv.verifier import policy as verifier_policy
from idv.verifier.claims import CollectedPresentation
from idv.verifier.errors import NotCollectable
from idv.verifier.machine import FaceCheckStatus
from idv.verifier.models import PresentationRequest

from .models import ServiceRequest
from .shapes import TYPE

RECEIPT_TYPE = "MicrosoftFaceCheckReceipt"
_RECEIPT_LIFETIME = timedelta(days=90)


def presented(row: ServiceRequest, *, at: datetime) -> dict[str, Any]:
    """The credential, its holder and, when asked for, what proves it. Raises NotCollectable when that is gone."""
    presentation = row.presentation
    if presentation is None:
        raise NotCollectable("forgotten", str(row.pk))
    collected = verifier.read_claims(request=presentation, at=at)
    told = _credential(presentation, collected)
    face = _face(row, presentation)
    if face:
        told["faceCheck"] = face
    answer: dict[str, Any] = {"subject": collected.subject, "verifiedCredentialsData": [told]}
    if collected.receipt:
        # There is no id_token: OpenID4VP 1.0 has none.
        answer["receipt"] = {"vp_token": collected.receipt, "state": collected.receipt_state}
        if face:
            answer["receipt"]["faceCheck"] = _face_receipt(row, collected, face, at)
    return answer


def _credential(presentation: PresentationRequest, collected: CollectedPresentation) -> dict[str, Any]:
    is_own = presentation.provider is None
    origin = settings.PORTAL_BASE_URL if presentation.provider is None else presentation.provider.issuer
    is_valid = presentation.credential_status in (None, VALID)
    told: dict[str, Any] = {
        "issuer": did.web(origin),
        "type": ["VerifiableCredential", presentation.own_vct.rpartition("/")[2] if is_own else TYPE],
        "claims": {name: value for name, value in collected.claims.items() if name != "proofingReference"},
        "credentialState": {"revocationStatus": "VALID" if is_valid else "REVOKED"},
        "domainValidation": {"url": origin},
    }
    for name, moment in (
        ("issuanceDate", presentation.credential_issued_at), ("expirationDate", presentation.credential_expires_at),
    ):  # fmt: skip
        if moment is not None:
            told[name] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return told


def _face(row: ServiceRequest, presentation: PresentationRequest) -> dict[str, Any]:
    if row.score is None:
        return {}
    face = {"matchConfidenceScore": round(row.score, 1)}
    passed = presentation.face_checks.filter(status=FaceCheckStatus.PASSED).first()
    quality = passed.portrait_quality if passed else ""
    return face | ({"sourcePhotoQuality": quality} if quality else {})


def _face_receipt(row: ServiceRequest, collected: CollectedPresentation, face: dict[str, Any], at: datetime) -> str:
    """The result of the Face Check as a credential of the holder, signed by the authority."""
    source = _source_id(collected.receipt)
    result = {**({"sourceVcJti": source} if source else {}), "matchConfidenceThreshold": row.threshold, **face}
    return jwt_vc.issue(
        credential_type=RECEIPT_TYPE,
        issuer_did=keyring.identifier(),
        holder_did=collected.subject,
        claims={"faceCheckResults": [result]},
        issued_at=at,
        expires_at=at + _RECEIPT_LIFETIME,
        status=None,
        key=keyring.signing_key(at=at),
    )


def _source_id(presented: str) -> str:
    """The ``jti`` of the credential inside, where it has one: an SD-JWT VC has none. It was verified when it came."""
    if "~" in presented:
        return ""
    most = verifier_policy.WALLET_ANSWER_MAX_BYTES
    held = jose.peek(presented, max_payload_bytes=most).payload["vp"]["verifiableCredential"][0]
    return str(jose.peek(held, max_payload_bytes=most).payload.get("jti", ""))

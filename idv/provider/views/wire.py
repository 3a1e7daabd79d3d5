"""What the provider's endpoints have beyond the manners of all: encrypted bodies, access tokens, fresh nonces."""

from datetime import datetime
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from idv import doors
from idv.doors import json_body_of
from idv.protocol import issuance_encryption
from idv.protocol.client_attestation import CHALLENGE_HEADER
from idv.protocol.issuance_encryption import ResponseEncryption
from idv.protocol.refusals import ProtocolRefused
from recovery_portal.kit import clock
from recovery_portal.kit.errors import DomainError

from .. import keyring
from ..errors import AttestationRefused, DpopRefused
from ..flows import attesting, dpop, tokens
from ..models import AccessToken

_JWT = "application/jwt"


def _fresh_nonce(refusal: ProtocolRefused) -> dict[str, str]:
    if isinstance(refusal, DpopRefused):
        return {"DPoP-Nonce": dpop.new_nonce(at=clock.now())}
    if isinstance(refusal, AttestationRefused):
        return {CHALLENGE_HEADER: attesting.new_challenge(at=clock.now())}
    return {}


endpoint = partial(doors.endpoint, "provider", extras=_fresh_nonce)


def sealed_or_plain_body_of(request: HttpRequest, *, at: datetime) -> tuple[bytes, bool]:
    """The JSON text in the body, and whether it came encrypted (OpenID4VCI 1.0 section 10). Raises ProtocolRefused."""
    if request.content_type != _JWT:
        return json_body_of(request, code="invalid_credential_request"), False
    try:
        return issuance_encryption.open_request(request.body, keys=keyring.encryption_keys(at=at)), True
    except DomainError as refusal:
        raise ProtocolRefused(refusal.code, refusal.reason) from refusal


def answer_of(members: dict[str, Any], sealing: ResponseEncryption | None, *, status: int = 200) -> HttpResponse:
    """JSON, or a JWE of it for who asked so. Errors never come this way: they are never encrypted."""
    if sealing is None:
        return JsonResponse(members, status=status)
    return HttpResponse(sealing.seal(members), status=status, content_type=_JWT)


def token_of(request: HttpRequest, *, at: datetime) -> AccessToken:
    """The access token of the Authorization header, and of nowhere else. Raises InvalidToken or DpopRefused."""
    return tokens.require_token(
        authorization=request.headers.get("Authorization", ""),
        proof=request.headers.get("DPoP", ""),
        method=request.method or "",
        path=request.path,
        at=at,
    )


def with_dpop_nonce(response: HttpResponse, *, at: datetime) -> HttpResponse:
    """The nonce for the wallet's next proof (RFC 9449 section 8.2)."""
    response["DPoP-Nonce"] = dpop.new_nonce(at=at)
    return response

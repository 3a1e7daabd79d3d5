"""What every wire to a provider does by itself: name this portal there, push a request, redeem a code."""

from datetime import datetime
from typing import Any

from idv.protocol import authorization, strict_json
from recovery_portal.kit import http
from recovery_portal.kit.errors import DomainError

from . import keys, remote
from .errors import ProofingRefused, ProviderUnavailable
from .models import IdentityProvider
from .wire_words import Answered


def assertion(provider: IdentityProvider, *, at: datetime) -> str:
    """The private_key_jwt by which this portal is known there."""
    key = keys.signing_key(keys.active_row(at=at))
    return authorization.build_client_assertion(client_id=provider.client_id, audience=provider.issuer, key=key, at=at)


def post(url: str, form: dict[str, str], *, expected_status: int, max_bytes: int = 262_144) -> dict[str, Any]:
    """The JSON answer. Raises ProviderUnavailable."""
    try:
        answer = http.fetch("POST", url, data=form, headers={"Accept": "application/json"}, max_bytes=max_bytes)
        if answer.status != expected_status:
            raise ProviderUnavailable("provider_answered_wrong", f"{http.origin_of(url)} answered {answer.status}")
        return strict_json.load_object(answer.content, max_bytes=max_bytes)
    except http.FetchFailed as failed:
        raise ProviderUnavailable("provider_unreachable", f"{failed.code}: {failed.reason}") from failed
    except ProviderUnavailable:
        raise
    except DomainError as odd:
        raise ProviderUnavailable("provider_answered_wrong", odd.code) from odd


def push(provider: IdentityProvider, form: dict[str, str], *, at: datetime) -> str:
    """Push an authorization request (RFC 9126); where the browser is to be sent with it. Raises ProviderUnavailable."""
    endpoints = remote.metadata(provider, at=at)
    pushed = post(endpoints["pushed_authorization_request_endpoint"], form, expected_status=201)
    return authorization.authorization_url(
        endpoints["authorization_endpoint"], client_id=provider.client_id, request_uri=_reference_in(pushed)
    )


def redeem(
    provider: IdentityProvider,
    answered: Answered,
    *,
    member: str,
    at: datetime,
    max_bytes: int = 262_144,
    **further: str,
) -> str:
    """The signed token that a code is good for, unopened: the ``member`` of the token answer. ``further`` goes into the
    form. Raises ProviderUnavailable and ProofingRefused (result_invalid).
    """
    form = authorization.token_form(
        code=answered.code,
        redirect_uri=answered.redirect_uri,
        code_verifier=answered.code_verifier,
        client_assertion=assertion(provider, at=at),
    )
    endpoint = remote.metadata(provider, at=at)["token_endpoint"]
    token = post(endpoint, form | further, expected_status=200, max_bytes=max_bytes).get(member)
    if not isinstance(token, str):
        raise ProofingRefused("result_invalid", f"the answer holds no {member}")
    return token


def _reference_in(pushed: dict[str, Any]) -> str:
    """RFC 9126 2.2."""
    request_uri = pushed.get("request_uri")
    if not isinstance(request_uri, str) or not 0 < len(request_uri) <= 512:
        raise ProviderUnavailable("provider_answered_wrong", "no request_uri")
    return request_uri

"""Posting forms to a provider, and naming ourselves there."""

from datetime import datetime
from typing import Any

from idv.protocol import authorization, strict_json
from recovery_portal.kit import http
from recovery_portal.kit.errors import DomainError

from . import keys
from .errors import ProviderUnavailable
from .models import IdentityProvider


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


def reference_in(pushed: dict[str, Any]) -> str:
    """The ``request_uri`` of a pushed request (RFC 9126 2.2). Raises ProviderUnavailable."""
    request_uri = pushed.get("request_uri")
    if not isinstance(request_uri, str) or not 0 < len(request_uri) <= 512:
        raise ProviderUnavailable("provider_answered_wrong", "no request_uri")
    return request_uri

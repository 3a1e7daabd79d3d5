"""Asking for the credentials themselves (OpenID4VCI 1.0 sections 8 to 11): at once or later, encrypted or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from idv.credentials import jose, keys
from idv.protocol import issuance
from idv.wallet import bound
from idv.wallet.errors import IssuerRefused
from idv.wallet.issuer_client import Grant
from idv.wallet.issuer_metadata import Issuer
from idv.wallet.issuer_wire import error_of, json_in
from idv.wallet.wire import Wire
from recovery_portal.kit import http
from recovery_portal.kit.errors import DomainError

_CREDENTIALS_MAX_BYTES = 2_097_152
_SHORTEST_INTERVAL_S, _LONGEST_INTERVAL_S, _USUAL_INTERVAL_S = 1, 300, 5


@dataclass(frozen=True)
class Issued:
    credentials: list[str]
    notification_id: str


@dataclass(frozen=True)
class Deferred:
    """The issuer has not decided yet: ask again under this name, not sooner than after ``interval_s``."""

    transaction_id: str
    interval_s: int


def request_credentials(
    line: Wire, issuer: Issuer, grant: Grant, *, proofs: list[str], at: datetime
) -> Issued | Deferred:
    """Credential request (8.2). Raises IssuerRefused; nonce_refused: try once more with a fresh one (8.3.1.2)."""
    request = issuance.credential_request(configuration_id=issuer.configuration_id, proofs=proofs)
    if grant.credential_identifier:  # named by the token answer, it must be used instead (8.2)
        request = {"credential_identifier": grant.credential_identifier, "proofs": request["proofs"]}
    return _exchange(line, issuer, grant, issuer.credential_endpoint, request, most=len(proofs), at=at)


def collect_deferred(
    line: Wire, issuer: Issuer, grant: Grant, *, transaction_id: str, most: int, at: datetime
) -> Issued | Deferred:
    """Ask again (9.1). Raises IssuerRefused."""
    wanted = {"transaction_id": transaction_id}
    return _exchange(line, issuer, grant, issuer.deferred_endpoint, wanted, most=most, at=at)


def notify(line: Wire, grant: Grant, *, endpoint: str, notification_id: str, event: str, at: datetime) -> bool:
    """Tell the issuer what became of its credential (11.1). Best effort by the standard: says whether it was taken."""
    told = {"notification_id": notification_id, "event": event}
    try:
        answer = bound.post(line, endpoint, key=grant.dpop_key, at=at, access_token=grant.access_token, json=told)
    except IssuerRefused:
        return False
    return 200 <= answer.status < 300


def _exchange(
    line: Wire, issuer: Issuer, grant: Grant, url: str, request: dict[str, Any], *, most: int, at: datetime
) -> Issued | Deferred:
    headers = {"Accept": "application/json, application/jwt"}
    answer_key = keys.generate_encryption() if issuer.encrypts_answers else None
    sent: dict[str, Any] = {"json": request}
    if issuer.encryption_jwk is not None:
        sent = {"content": _encrypted(request, issuer.encryption_jwk, answer_key)}
        headers["Content-Type"] = "application/jwt"
    answer = bound.post(
        line,
        url,
        key=grant.dpop_key,
        at=at,
        access_token=grant.access_token,
        headers=headers,
        max_bytes=_CREDENTIALS_MAX_BYTES,
        **sent,
    )
    if answer.status not in {200, 202}:
        error = error_of(answer)  # never encrypted (8.3.1)
        code = "nonce_refused" if error == "invalid_nonce" else "issuer_refused"
        raise IssuerRefused(code, f"credential: {answer.status} {error}")
    body = json_in(answer, max_bytes=_CREDENTIALS_MAX_BYTES) if answer_key is None else _opened(answer, answer_key)
    return _deferred(issuer, body) if answer.status == 202 else _issued(body, most)


def _encrypted(request: dict[str, Any], jwk: Mapping[str, Any], answer_key: keys.EncryptionKey | None) -> bytes:
    if answer_key is not None:
        request = request | {"credential_response_encryption": {"jwk": answer_key.public_jwk(), "enc": "A256GCM"}}
    try:
        return jose.encrypt(request, recipient_jwk=jwk).encode("ascii")
    except DomainError as error:
        raise IssuerRefused("issuer_misconfigured", f"its encryption key: {error.code}") from error


def _opened(answer: http.Response, key: keys.EncryptionKey) -> dict[str, Any]:
    """The answer that must be for this wallet alone; one in the clear is refused, as it was asked for otherwise."""
    try:
        return jose.decrypt(answer.content.decode("ascii").strip(), key=key)
    except (UnicodeDecodeError, DomainError) as error:
        raise IssuerRefused("issuer_misconfigured", "the answer is not encrypted for this wallet") from error


def _deferred(issuer: Issuer, body: Mapping[str, Any]) -> Deferred:
    transaction_id, interval = body.get("transaction_id"), body.get("interval")
    if not issuer.deferred_endpoint or not isinstance(transaction_id, str) or not 0 < len(transaction_id) <= 1024:
        raise IssuerRefused("not_ready", "the issuer defers issuance and says not how to ask again (8.3, 9)")
    if isinstance(interval, bool) or not isinstance(interval, int):
        interval = _USUAL_INTERVAL_S
    return Deferred(transaction_id, max(_SHORTEST_INTERVAL_S, min(interval, _LONGEST_INTERVAL_S)))


def _issued(body: Mapping[str, Any], most: int) -> Issued:
    entries = body.get("credentials")
    if not isinstance(entries, list):
        raise IssuerRefused("issuer_misconfigured", "credentials is no list")
    found = [entry.get("credential") if isinstance(entry, dict) else None for entry in entries]
    credentials = [credential for credential in found if isinstance(credential, str)]
    if not credentials or len(credentials) != len(found) or len(credentials) > most:
        raise IssuerRefused("issuer_misconfigured", "no credentials, or more than were asked for")
    notification_id = body.get("notification_id")
    return Issued(credentials, notification_id if isinstance(notification_id, str) else "")

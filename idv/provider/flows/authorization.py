"""Between portal and provider: take a pushed request, start a proofing with it, and give the signed result back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from idv.credentials import jose
from idv.protocol import authorization as wire
from idv.protocol.refusals import ProtocolRefused
from recovery_portal.kit import http
from recovery_portal.kit.errors import DomainError
from recovery_portal.kit.tokens import digest, new_token, same

from .. import keyring, policy
from ..errors import ProofingMoved, ProofingOver, RequestRefused
from ..machine import WITH_RESULT, Event, State
from ..models import AuthorizationCode, ProofingSession, ProviderKey, PushedRequest, RelyingParty
from . import seen
from .steps import end

REQUEST_URI_PREFIX = "urn:ietf:params:oauth:request_uri:"  # RFC 9126 section 2.2


@dataclass(frozen=True)
class Pushed:
    request_uri: str
    expires_in_s: int


def authenticate(form: Mapping[str, str], *, at: datetime) -> tuple[RelyingParty, dict[str, Any]]:
    """The relying party that a client assertion proves, and its keys; the assertion is burned.

    Raises ProtocolRefused(invalid_client): one answer for unknown, disabled, wrong key and replay.
    """
    try:
        if form.get("client_assertion_type") != wire.ASSERTION_TYPE:
            raise DomainError("assertion_missing", "no private_key_jwt")
        assertion = form.get("client_assertion", "")
        client_id = wire.claimed_client_id(assertion)
        if form.get("client_id", client_id) != client_id or "\0" in client_id:
            raise DomainError("client_mismatch", "client_id is not the assertion's")
        party = RelyingParty.objects.filter(client_id=client_id, enabled=True).first()
        if party is None:
            raise DomainError("client_unknown", "no such relying party")
        jwks = _keys_of(party, assertion)
        proved = wire.open_client_assertion(
            assertion,
            expected_client_id=client_id,
            expected_audience=settings.PROVIDER_BASE_URL,
            jwks=jwks,
            at=at,
        )
        seen.burn(f"assertion:{client_id}", proved.jti, proved.expires_at)
    except DomainError as refusal:
        raise ProtocolRefused("invalid_client", f"{refusal.code}: {refusal.reason}", status=401) from refusal
    return party, jwks


def _keys_of(party: RelyingParty, assertion: str) -> dict[str, Any]:
    """The relying party's JWK set: registered, or fetched from its registered address and kept a short while.

    Raises FetchFailed or DomainError.
    """
    if party.jwks is not None:
        return dict(party.jwks)
    kid = jose.peek(assertion).header.get("kid")
    return _fetched_keys(party.jwks_uri, kid)


def _fetched_keys(jwks_uri: str, kid: object) -> dict[str, Any]:
    """A JWK set from a registered address; a kid that the kept copy lacks costs one fetch every few seconds."""
    name = f"jwks:{digest(jwks_uri)}"
    kept: dict[str, Any] | None = cache.get(name)
    known = kept is not None and any(entry.get("kid") == kid for entry in kept["keys"])
    if kept is not None and (known or not cache.add(f"{name}:asked", 1, timeout=5)):
        return kept
    document = http.fetch("GET", jwks_uri, headers={"Accept": "application/json"}).json()
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise DomainError("jwks_malformed", "not a JWK set")
    cache.set(name, {"keys": entries}, timeout=300)
    return {"keys": entries}


def push(form: Mapping[str, str], *, at: datetime) -> Pushed:
    """Take a pushed authorization request (RFC 9126). Raises ProtocolRefused with the standard's code."""
    party, jwks = authenticate(form, at=at)
    if "request_uri" in form:
        raise ProtocolRefused("invalid_request", "request_uri cannot be pushed")  # RFC 9126 section 2.1
    if not form.get("request"):
        raise ProtocolRefused("invalid_request", "only signed request objects are taken")
    try:
        request = wire.open_request_object(
            form["request"],
            expected_client_id=party.client_id,
            expected_audience=settings.PROVIDER_BASE_URL,
            registered_redirect_uris=party.redirect_uris,
            jwks=jwks,
            at=at,
        )
        for value in (request.state, request.nonce):
            if not value.isascii() or not value.isprintable():
                raise DomainError("message_malformed", "state and nonce are printable ASCII")
        seen.burn(f"request:{party.client_id}", request.jti, request.expires_at)
    except DomainError as refusal:
        if refusal.code == "redirect_uri_unknown":
            raise ProtocolRefused("invalid_request", refusal.reason) from refusal
        raise ProtocolRefused("invalid_request_object", f"{refusal.code}: {refusal.reason}") from refusal
    reference = new_token()
    PushedRequest.objects.create(
        relying_party=party,
        reference_digest=digest(reference),
        redirect_uri=request.redirect_uri,
        client_state=request.state,
        client_nonce=request.nonce,
        code_challenge=request.code_challenge,
        high_assurance=request.high_assurance,
        pushed_at=at,
        expires_at=at + policy.REQUEST_URI_LIFETIME,
    )
    return Pushed(REQUEST_URI_PREFIX + reference, int(policy.REQUEST_URI_LIFETIME.total_seconds()))


def begin_proofing(*, client_id: str, request_uri: str, requested_from: str, at: datetime) -> ProofingSession:
    """Use up a ``request_uri`` and open a proofing for the browser that brought it. Raises RequestRefused."""
    fingerprint = digest(request_uri.removeprefix(REQUEST_URI_PREFIX))
    party = RelyingParty.objects.filter(client_id=client_id, enabled=True).first() if "\0" not in client_id else None
    if party is None or not request_uri.startswith(REQUEST_URI_PREFIX):
        raise RequestRefused("request_uri_refused", "unknown client, or no pushed reference")
    with transaction.atomic():
        # Own columns only: with a join Django would ask a subquery, and two browsers could both pass it.
        burned = PushedRequest.objects.filter(
            reference_digest=fingerprint, relying_party=party, used_at__isnull=True, expires_at__gt=at
        ).update(used_at=at)
        if not burned:
            raise RequestRefused("request_uri_refused", "unknown, used, expired or another client's")
        request = PushedRequest.objects.get(reference_digest=fingerprint)
        return ProofingSession.objects.create(
            reference=new_token(),
            relying_party=request.relying_party,
            redirect_uri=request.redirect_uri,
            client_state=request.client_state,
            client_nonce=request.client_nonce,
            code_challenge=request.code_challenge,
            high_assurance=request.high_assurance or party.high_assurance,
            created_at=at,
            expires_at=at + policy.PROOFING_LIFETIME,
            requested_from=requested_from[:100],
        )


def go_home(*, proofing: ProofingSession, at: datetime) -> str:
    """The address that takes the browser back to the portal: with a fresh code, or with ``access_denied``.

    Going back twice is harmless: a code that was not exchanged is replaced. Raises ProofingOver after one was.
    """
    state = State(proofing.state)
    if state in WITH_RESULT:
        try:
            end(proofing=proofing, event=Event.RESULT_SENT, at=at)
        except ProofingMoved:
            proofing.refresh_from_db()
    if State(proofing.state) is not State.RETURNED or at >= proofing.expires_at + policy.CODE_LIFETIME:
        return wire.authorization_error_url(
            proofing.redirect_uri,
            error="access_denied",
            state=proofing.client_state,
            issuer=settings.PROVIDER_BASE_URL,
        )
    code = new_token()
    if proofing.codes.filter(used_at__isnull=False).exists():
        raise ProofingOver("the portal has fetched the result")
    with transaction.atomic():
        proofing.codes.filter(expires_at__gt=at).update(expires_at=at)
        proofing.codes.create(code_digest=digest(code), expires_at=at + policy.CODE_LIFETIME)
    return wire.authorization_answer_url(
        proofing.redirect_uri, code=code, state=proofing.client_state, issuer=settings.PROVIDER_BASE_URL
    )


def redeem_code(form: Mapping[str, str], *, at: datetime) -> str:
    """Exchange a code for the signed proofing result (a compact JWS). Raises ProtocolRefused.

    The code is burned before anything is checked, so a wrong verifier cannot be tried twice.
    """
    party, _ = authenticate(form, at=at)
    if not form.get("code") or not form.get("code_verifier"):
        raise ProtocolRefused("invalid_request", "code and code_verifier are required")
    fingerprint = digest(form["code"])
    burned = AuthorizationCode.objects.filter(code_digest=fingerprint, used_at__isnull=True, expires_at__gt=at).update(
        used_at=at
    )
    if not burned:
        raise ProtocolRefused("invalid_grant", "unknown, used or expired code")
    proofing = AuthorizationCode.objects.select_related("proofing__relying_party").get(code_digest=fingerprint).proofing
    if proofing.relying_party_id != party.pk:
        raise ProtocolRefused("invalid_grant", "another client's code")
    if not same(form.get("redirect_uri", ""), proofing.redirect_uri):
        raise ProtocolRefused("invalid_grant", "redirect_uri is not the request's")
    try:
        wire.require_code_verifier(form["code_verifier"], expected_challenge=proofing.code_challenge)
    except DomainError as refusal:
        raise ProtocolRefused("invalid_grant", f"{refusal.code}: {refusal.reason}") from refusal
    verified = proofing.verdict == "verified"
    return wire.build_proofing_result(
        issuer=settings.PROVIDER_BASE_URL,
        audience=party.client_id,
        nonce=proofing.client_nonce,
        verdict="verified" if verified else "declined",
        reason_code="" if verified else proofing.reason_code,
        proofing_reference=proofing.reference,
        high_assurance=proofing.high_assurance,
        key=keyring.signing_key(ProviderKey.Use.RESULT, at=at),
        at=at,
    )

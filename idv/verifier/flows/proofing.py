"""Sending a person to a provider and opening the signed answer that comes back on the back channel."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from idv.protocol import authorization, messages
from recovery_portal.kit import tokens, vault

from .. import policy, remote
from ..errors import ProofingRefused, ProviderUnavailable
from ..models import IdentityProvider, ProofingRequest, SpentResult
from ..wires import Answered, Finding, Question, wire_of
from . import registry


@dataclass(frozen=True)
class ProofingResult:
    """What the provider says about one proofing. ``claims`` are there only where the provider itself says who it was:
    everywhere else personal data travels in the credential alone."""

    verdict: str
    reason_code: str
    proofing_reference: str
    claims: Mapping[str, str] | None = field(default=None, repr=False)


def check_provider(*, provider: IdentityProvider, at: datetime) -> None:
    """Refuse a provider that nobody should be sent to now. Asks it afresh. Raises ProviderUnavailable."""
    registry.require_open(provider)
    with registry.contact(provider, at=at):
        remote.metadata(provider, at=at, fresh=True)


def start_proofing(
    *,
    provider: IdentityProvider,
    correlation_id: str,
    redirect_uri: str,
    at: datetime,
    high_assurance: bool = False,
) -> ProofingRequest:
    """Push a signed request to the provider (RFC 9126) and keep what its answer will be checked against.

    The browser is then sent to ``authorization_url``, which carries nothing but a reference. With ``high_assurance``
    two readers have to agree on the document, and an answer that does not say so is refused. Raises
    ProviderUnavailable; talks to the network, so it is called outside a transaction.
    """
    registry.require_open(provider)
    with registry.contact(provider, at=at):
        pushed = _push(provider, correlation_id, redirect_uri, at, high_assurance=high_assurance)
    pushed.save(force_insert=True)
    return pushed


def try_connection(*, provider: IdentityProvider, redirect_uri: str, at: datetime) -> None:
    """Ask it for its documents and keys, and push a request that nobody will follow. Raises ProviderUnavailable."""
    with registry.contact(provider, at=at):
        remote.metadata(provider, at=at, fresh=True)
        remote.result_keys(provider, None, at=at)
        if provider.issues_credentials:
            remote.credential_keys(provider, None, at=at)
        _push(provider, "", redirect_uri, at)


def _push(
    provider: IdentityProvider, correlation_id: str, redirect_uri: str, at: datetime, *, high_assurance: bool = False
) -> ProofingRequest:
    question = Question(
        redirect_uri=redirect_uri,
        state=tokens.new_token(),
        nonce=tokens.new_token(),
        code_verifier=authorization.new_code_verifier(),
        high_assurance=high_assurance,
    )
    return ProofingRequest(
        provider=provider,
        correlation_id=correlation_id,
        redirect_uri=redirect_uri,
        state_digest=tokens.digest(question.state),
        nonce=question.nonce,
        code_verifier_sealed=vault.seal(question.code_verifier.encode(), purpose=_purpose(question.state)),
        authorization_url=wire_of(provider).push(provider, question, at=at),
        high_assurance=high_assurance,
        created_at=at,
        expires_at=at + policy.PROOFING_LIFETIME,
    )


def finish_proofing(*, proofing: ProofingRequest, code: str, issuer: str, state: str, at: datetime) -> ProofingResult:
    """Exchange the code that the browser brought for the provider's signed result, once.

    Raises ProofingRefused; with ``proofing_unknown_state`` nothing was touched, with any other code the request is
    over. Talks to the network, so it is called outside a transaction.
    """
    code_verifier = _burn(proofing, state, at)
    try:
        # RFC 9207 2.4: a code from one provider must never be carried to another (mix-up).
        if not tokens.same(issuer, proofing.provider.issuer):
            raise ProofingRefused("issuer_mismatch", "iss is not the provider that was asked")
        result = _exchange(proofing, code, code_verifier, at)
        _spend(proofing, result.jti, at)
    except ProofingRefused as refused:
        _finish(proofing, ProofingRequest.Status.REFUSED, at, reason_code=refused.code)
        raise
    _finish(
        proofing,
        ProofingRequest.Status(result.verdict),
        at,
        reason_code=result.reason_code[:64],
        proofing_reference=result.reference,
    )
    return ProofingResult(result.verdict, result.reason_code, result.reference, result.claims)


def decline_proofing(*, proofing: ProofingRequest, error: str, issuer: str, state: str, at: datetime) -> ProofingResult:
    """End a proofing whose browser came back with an error in place of a code (RFC 6749 4.1.2.1).

    The error is unsigned: it ends this request and says nothing about the person. Raises ProofingRefused as
    ``finish_proofing`` does.
    """
    _burn(proofing, state, at)
    if not tokens.same(issuer, proofing.provider.issuer):
        _finish(proofing, ProofingRequest.Status.REFUSED, at, reason_code="issuer_mismatch")
        raise ProofingRefused("issuer_mismatch", "iss is not the provider that was asked")
    reason_code = error if error in _KNOWN_ERRORS else "provider_error"
    _finish(proofing, ProofingRequest.Status.DECLINED, at, reason_code=reason_code)
    return ProofingResult("declined", reason_code, "")


_KNOWN_ERRORS = frozenset({"access_denied", "server_error", "temporarily_unavailable", "invalid_request"})


def _burn(proofing: ProofingRequest, state: str, at: datetime) -> str:
    """Use the state up in the UPDATE that compares it, then give out the code verifier. Raises ProofingRefused."""
    waiting = ProofingRequest.objects.filter(
        pk=proofing.pk,
        status=ProofingRequest.Status.SENT,
        state_digest=tokens.digest(state),
        expires_at__gt=at,
    )
    sealed = proofing.code_verifier_sealed
    if not waiting.update(status=ProofingRequest.Status.RETURNED, code_verifier_sealed=None) or sealed is None:
        raise ProofingRefused("proofing_unknown_state", f"proofing {proofing.pk} does not wait for this state")
    proofing.status, proofing.code_verifier_sealed = ProofingRequest.Status.RETURNED, None
    return vault.open(sealed, purpose=_purpose(state)).decode()


def _exchange(proofing: ProofingRequest, code: str, code_verifier: str, at: datetime) -> Finding:
    provider = proofing.provider
    try:
        with registry.contact(provider, at=at):
            return wire_of(provider).exchange(
                provider,
                Answered(
                    code=code,
                    code_verifier=code_verifier,
                    redirect_uri=proofing.redirect_uri,
                    nonce=proofing.nonce,
                    high_assurance=proofing.high_assurance,
                ),
                at=at,
            )
    except ProviderUnavailable as away:
        code_refused = away.code == "provider_answered_wrong"
        raise ProofingRefused("code_refused" if code_refused else "provider_unreachable", away.reason) from away


def _spend(proofing: ProofingRequest, jti: str, at: datetime) -> None:
    try:
        with transaction.atomic():
            SpentResult.objects.create(
                provider=proofing.provider,
                jti_digest=tokens.digest(jti),
                expires_at=at + 2 * messages.MESSAGE_LIFETIME,
            )
    except IntegrityError as again:
        raise ProofingRefused("result_replayed", "this result was used before") from again


def _finish(proofing: ProofingRequest, status: ProofingRequest.Status, at: datetime, **fields: Any) -> None:
    fields |= {"status": status, "finished_at": at}
    ProofingRequest.objects.filter(pk=proofing.pk).update(**fields)
    for name, value in fields.items():
        setattr(proofing, name, value)


def _purpose(state: str) -> str:
    # The state itself is part of the key: a stolen row without the browser's state opens nothing.
    return f"verifier.code-verifier:{tokens.digest('code-verifier:' + state)}"

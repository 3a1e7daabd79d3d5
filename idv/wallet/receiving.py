"""Receiving a Verified ID: redeem an offer the person accepted, and take in what comes (OpenID4VCI 1.0)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from idv.credentials import keys
from idv.protocol import issuance
from idv.wallet import credential_client, deferred, display, formats, issuer_client, links, offers
from idv.wallet.credential_client import Deferred, Issued
from idv.wallet.errors import IssuerRefused
from idv.wallet.formats import Received
from idv.wallet.issuer_client import Grant
from idv.wallet.issuer_metadata import Issuer
from idv.wallet.models import CredentialCopy, HeldCredential, IncomingLink
from idv.wallet.sealing import OpenWallet
from idv.wallet.wire import Wire
from recovery_portal.kit.errors import DomainError

KEY_SEAL, COPY_SEAL, NOTIFICATION_SEAL = "holder-key", "credential", "notification"


def accept(*, opened: OpenWallet, link: IncomingLink, at: datetime) -> HeldCredential | None:
    """Redeem the offer, verify what comes, store it; None when the issuer wants to be asked again later.

    Raises LinkRefused, IssuerRefused; then nothing was stored.
    """
    content = offers.prepared(opened, link)
    issuer, line = Issuer(**content["issuer"]), Wire()
    links.claim(link, at=at)
    form = issuance.token_form(pre_authorized_code=content["pre_authorized_code"], tx_code=content.get("tx_code"))
    try:
        dpop_key = keys.generate() if issuer.binds_tokens else None
        grant = issuer_client.redeem(line, issuer, form, dpop_key=dpop_key, at=at)
    except IssuerRefused:
        # The issuer counts wrong transaction codes; whether the offer can still be used is for it to say.
        links.release(link)
        raise
    return take_with(opened, link, line, issuer, grant, at)


def take_with(
    opened: OpenWallet, link: IncomingLink, line: Wire, issuer: Issuer, grant: Grant, at: datetime
) -> HeldCredential | None:
    """Ask for the credential with a token that was just granted; as ``accept``."""
    holder_keys = [keys.generate() for _ in range(issuer.copies)]
    try:
        answer = _request(line, issuer, grant, holder_keys, at)
        if isinstance(answer, Deferred):
            deferred.remember(
                opened, link, deferred.Wait(issuer, grant, holder_keys, answer.transaction_id), answer, at
            )
            return None
        return _take_in(opened, link, line, issuer, grant, answer, holder_keys, at)
    except IssuerRefused:
        links.settle(opened, link, IncomingLink.Outcome.FAILED)
        raise


def collect(*, opened: OpenWallet, link: IncomingLink, at: datetime) -> HeldCredential | None:
    """Ask for a deferred credential again, when it is time to; None while it is not there. Raises as ``accept``."""
    wait = deferred.claim_turn(opened, link, at=at)
    if wait is None:
        return None
    line = Wire()
    try:
        answer = credential_client.collect_deferred(
            line, wait.issuer, wait.grant, transaction_id=wait.transaction_id, most=len(wait.holder_keys), at=at
        )
        if isinstance(answer, Deferred):
            deferred.remember(opened, link, wait, answer, at)
            return None
        return _take_in(opened, link, line, wait.issuer, wait.grant, answer, wait.holder_keys, at)
    except IssuerRefused as error:
        if error.code != "issuer_unreachable":  # that one may be back at the next turn
            links.settle(opened, link, IncomingLink.Outcome.FAILED)
        raise


def delete(*, opened: OpenWallet, credential: HeldCredential, at: datetime) -> None:
    """Forget a Verified ID, and tell its issuer when it gave the wallet a way to (11.1) that is still open."""
    sealed = credential.notification_sealed
    told = opened.open_json(sealed, purpose=NOTIFICATION_SEAL) if sealed is not None else None
    credential.delete()
    if told is not None and at.timestamp() < told["usable_until"]:
        credential_client.notify(
            Wire(whole_s=5),
            Grant(told["access_token"], 0, "", told.get("dpop_pem", "")),
            endpoint=told["endpoint"],
            notification_id=told["notification_id"],
            event="credential_deleted",
            at=at,
        )


def _request(
    line: Wire, issuer: Issuer, grant: Grant, holder_keys: list[keys.SigningKey], at: datetime
) -> Issued | Deferred:
    try:
        return _request_once(line, issuer, grant, holder_keys, at)
    except IssuerRefused as error:
        if error.code != "nonce_refused":
            raise
    # The nonce grew stale on the way: once more with a fresh one (8.3.1.2).
    return _request_once(line, issuer, grant, holder_keys, at)


def _request_once(
    line: Wire, issuer: Issuer, grant: Grant, holder_keys: list[keys.SigningKey], at: datetime
) -> Issued | Deferred:
    nonce = issuer_client.fetch_nonce(line, issuer)
    named_by = formats.of(issuer.format).proof_names_key_by
    proofs = [
        # An issuer without a nonce endpoint wants none (7, F.1).
        issuance.build_proof(key=key, audience=issuer.url, nonce=nonce, at=at, named_by=named_by)
        for key in holder_keys
    ]
    return credential_client.request_credentials(line, issuer, grant, proofs=proofs, at=at)


def _take_in(
    opened: OpenWallet,
    link: IncomingLink,
    line: Wire,
    issuer: Issuer,
    grant: Grant,
    issued: Issued,
    holder_keys: list[keys.SigningKey],
    at: datetime,
) -> HeldCredential:
    try:
        received = formats.of(issuer.format).verified(line, issuer, issued.credentials, holder_keys, at)
    except DomainError as error:
        _notify(line, issuer, grant, issued, "credential_failure", at)
        if isinstance(error, IssuerRefused):
            raise
        raise IssuerRefused("credential_refused", f"{error.code}: {error.reason}") from error
    credential = _store(opened, link, issuer, grant, issued, received, at)
    _notify(line, issuer, grant, issued, "credential_accepted", at)
    return credential


def _store(
    opened: OpenWallet,
    link: IncomingLink,
    issuer: Issuer,
    grant: Grant,
    issued: Issued,
    received: list[Received],
    at: datetime,
) -> HeldCredential:
    first = received[0].verified
    notification = None
    if issuer.notification_endpoint and issued.notification_id:
        told = {
            "endpoint": issuer.notification_endpoint,
            "access_token": grant.access_token,
            "dpop_pem": grant.dpop_pem,
            "notification_id": issued.notification_id,
            "usable_until": (at + timedelta(seconds=grant.expires_in_s)).timestamp(),
        }
        notification = opened.seal_json(told, purpose=NOTIFICATION_SEAL)
    with transaction.atomic():
        credential = HeldCredential.objects.create(
            wallet=opened.wallet,
            issuer=first.issuer,
            issuer_address=display.address(issuer.url),
            issuer_name=issuer.name,
            credential_type=first.vct,
            format=issuer.format,
            display=issuer.display,
            labels=issuer.labels,
            notification_sealed=notification,
            received_at=at,
            expires_at=first.expires_at,
        )
        for copy in received:
            CredentialCopy.objects.create(
                credential=credential,
                compact_sealed=opened.seal(copy.compact.encode(), purpose=COPY_SEAL),
                key_sealed=opened.seal(copy.key.private_pem().encode(), purpose=KEY_SEAL),
            )
        links.settle(opened, link, IncomingLink.Outcome.ACCEPTED, credential=credential)
    return credential


def _notify(line: Wire, issuer: Issuer, grant: Grant, issued: Issued, event: str, at: datetime) -> None:
    if issuer.notification_endpoint and issued.notification_id:
        credential_client.notify(
            line,
            grant,
            endpoint=issuer.notification_endpoint,
            notification_id=issued.notification_id,
            event=event,
            at=at,
        )

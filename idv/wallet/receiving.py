"""Receiving a Verified ID: look at an offer, then accept it (OpenID4VCI 1.0, pre-authorized code flow)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from idv.credentials import jose, keys, sd_jwt, verify
from idv.protocol import issuance
from idv.protocol.issuance import CredentialOffer
from idv.wallet import credential_client, deferred, display, issuer_client, issuer_trust, links, wire
from idv.wallet.credential_client import Deferred, Issued
from idv.wallet.errors import IssuerRefused, LinkRefused
from idv.wallet.issuer_client import Grant, Issuer
from idv.wallet.models import CredentialCopy, HeldCredential, IncomingLink
from idv.wallet.sealing import OpenWallet
from idv.wallet.wire import Wire
from recovery_portal.kit.errors import DomainError

KEY_SEAL, COPY_SEAL, NOTIFICATION_SEAL = "holder-key", "credential", "notification"


@dataclass(frozen=True)
class Offer:
    """What the page *Add a Verified ID* shows."""

    issuer_name: str
    issuer_address: str
    credential_name: str
    description: str
    claim_labels: list[str]
    needs_tx_code: bool
    tx_code_is_numeric: bool
    tx_code_hint: str
    has_tx_code: bool


@dataclass(frozen=True)
class _Received:
    compact: str
    key: keys.SigningKey
    verified: verify.VerifiedCredential


def read_offer(*, opened: OpenWallet, link: IncomingLink) -> Offer:
    """Fetch what the link leads to, once, and keep it. Raises LinkRefused, IssuerRefused."""
    content = _prepared(opened, link)
    issuer, tx_code = Issuer(**content["issuer"]), content["tx_code_wanted"]
    return Offer(
        issuer_name=issuer.name,
        issuer_address=display.address(issuer.url),
        credential_name=issuer.display["name"],
        description=issuer.display["description"],
        claim_labels=[entry["label"] for entry in issuer.labels if len(entry["path"]) == 1],
        needs_tx_code=tx_code is not None,
        tx_code_is_numeric=(tx_code or {}).get("input_mode", "numeric") != "text",
        tx_code_hint=display.line((tx_code or {}).get("description"), limit=300),
        has_tx_code=bool(content.get("tx_code")),
    )


def enter_tx_code(*, opened: OpenWallet, link: IncomingLink, tx_code: str) -> None:
    """Keep the transaction code the person typed; the issuer judges it when the person says *Start*."""
    links.write_content(opened, link, _prepared(opened, link) | {"tx_code": tx_code})


def accept(*, opened: OpenWallet, link: IncomingLink, at: datetime) -> HeldCredential | None:
    """Redeem the offer, verify what comes, store it; None when the issuer wants to be asked again later.

    Raises LinkRefused, IssuerRefused; then nothing was stored.
    """
    content = _prepared(opened, link)
    issuer, line = Issuer(**content["issuer"]), Wire()
    links.claim(link, at=at)
    try:
        grant = issuer_client.redeem(
            line, issuer, pre_authorized_code=content["pre_authorized_code"], tx_code=content.get("tx_code")
        )
    except IssuerRefused:
        # The issuer counts wrong transaction codes; whether the offer can still be used is for it to say.
        links.release(link)
        raise
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
            line, wait.issuer, wait.grant, transaction_id=wait.transaction_id, most=len(wait.holder_keys)
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
            endpoint=told["endpoint"],
            access_token=told["access_token"],
            notification_id=told["notification_id"],
            event="credential_deleted",
        )


def _prepared(opened: OpenWallet, link: IncomingLink) -> dict[str, Any]:
    if link.outcome or link.claimed_at is not None:
        raise LinkRefused("already_used", "the offer was used")
    content = links.content_of(opened, link)
    if "issuer" in content:
        return content
    line = Wire()
    offer = _offer(line, content["link"])
    issuer = issuer_client.read_issuer(
        line, url=offer.credential_issuer, configuration_ids=list(offer.credential_configuration_ids)
    )
    content = {
        "issuer": asdict(issuer),
        "pre_authorized_code": offer.pre_authorized_code,
        "tx_code_wanted": None if offer.tx_code is None else asdict(offer.tx_code),
    }
    links.write_content(opened, link, content)
    return content


def _offer(line: Wire, link: str) -> CredentialOffer:
    try:
        parsed = issuance.parse_offer_link(link)
        if parsed.offer is not None:
            return parsed.offer
        return issuance.parse_offer(issuer_client.fetch_offer(line, parsed.offer_uri or ""))
    except issuance.OfferInvalid as error:
        code = "not_supported" if error.code == "offer_unsupported" else "offer_malformed"
        raise LinkRefused(code, error.reason) from error


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
    proofs = [_proof(key, audience=issuer.url, nonce=nonce, at=at) for key in holder_keys]
    return credential_client.request_credentials(line, issuer, grant, proofs=proofs)


def _proof(key: keys.SigningKey, *, audience: str, nonce: str | None, at: datetime) -> str:
    if nonce is not None:
        return issuance.build_proof(key=key, audience=audience, nonce=nonce, at=at)
    # An issuer without a nonce endpoint wants none (7, F.1).
    return jose.sign({"aud": audience, "iat": jose.seconds(at)}, typ=issuance.PROOF_TYP, key=key, named_by="jwk")


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
        received = _verified(line, issuer, issued, holder_keys, at)
    except IssuerRefused:
        _notify(line, issuer, grant, issued, "credential_failure")
        raise
    credential = _store(opened, link, issuer, grant, issued, received, at)
    _notify(line, issuer, grant, issued, "credential_accepted")
    return credential


def _verified(
    line: Wire, issuer: Issuer, issued: Issued, holder_keys: list[keys.SigningKey], at: datetime
) -> list[_Received]:
    """Every copy: signed by the issuer it names, of the type that was offered, for a key of ours, each key once."""
    unused = {keys.thumbprint(key.public_jwk()): key for key in holder_keys}
    published: dict[str, list[dict[str, Any]]] = {}
    received = []
    try:
        for compact in issued.credentials:
            unverified = jose.peek(sd_jwt.parse(compact).issuer_jwt)
            named = _issuer_named(unverified.payload)
            if named not in published:
                published[named] = issuer_client.read_keys(line, named)
            jwks = published[named] or _certified_keys(unverified.header, named, issuer, at)
            key = unused.pop(_holder_thumbprint(unverified.payload), None)
            if key is None:
                raise IssuerRefused("credential_refused", "bound to a key that is not this wallet's")
            trusted = issuer_trust.self_described(issuer=named, vct=issuer.credential_type, jwks=jwks)
            checked = verify.credential(compact, expected_holder_jwk=key.public_jwk(), trusted=trusted, at=at)
            received.append(_Received(compact, key, checked))
    except IssuerRefused:
        raise
    except DomainError as error:
        raise IssuerRefused("credential_refused", f"{error.code}: {error.reason}") from error
    return received


def _issuer_named(payload: Mapping[str, Any]) -> str:
    named = payload.get("iss")
    if not wire.is_web_address(named):
        raise IssuerRefused("credential_refused", "iss is no web address")
    return str(named)


def _certified_keys(header: Mapping[str, Any], named: str, issuer: Issuer, at: datetime) -> list[dict[str, Any]]:
    if urlsplit(named).netloc != urlsplit(issuer.url).netloc:
        raise IssuerRefused("credential_refused", "iss is elsewhere and publishes no keys")
    return issuer_trust.certified_keys(header, issuer=named, at=at)


def _holder_thumbprint(payload: Mapping[str, Any]) -> str:
    cnf = payload.get("cnf")
    jwk = cnf.get("jwk") if isinstance(cnf, Mapping) else None
    return keys.thumbprint(keys.jwk_of(keys.public_key_of(jwk)))


def _store(
    opened: OpenWallet,
    link: IncomingLink,
    issuer: Issuer,
    grant: Grant,
    issued: Issued,
    received: list[_Received],
    at: datetime,
) -> HeldCredential:
    first = received[0].verified
    notification = None
    if issuer.notification_endpoint and issued.notification_id:
        told = {
            "endpoint": issuer.notification_endpoint,
            "access_token": grant.access_token,
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


def _notify(line: Wire, issuer: Issuer, grant: Grant, issued: Issued, event: str) -> None:
    if issuer.notification_endpoint and issued.notification_id:
        credential_client.notify(
            line,
            endpoint=issuer.notification_endpoint,
            access_token=grant.access_token,
            notification_id=issued.notification_id,
            event=event,
        )

"""Presenting Verified IDs: read who asks for what, then share or decline (OpenID4VP 1.0)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from idv.credentials import keys
from idv.protocol import dcql
from idv.protocol import presentation as protocol
from idv.protocol.transaction_data import digest_of
from idv.wallet import display, formats, links, verifier_client
from idv.wallet.display import ShownClaim
from idv.wallet.errors import LinkRefused, VerifierRefused
from idv.wallet.models import CredentialCopy, HeldCredential, IncomingLink, SharingRecord
from idv.wallet.receiving import COPY_SEAL, KEY_SEAL
from idv.wallet.sealing import OpenWallet
from idv.wallet.wire import Wire
from recovery_portal.kit import tokens
from recovery_portal.kit.errors import DomainError


@dataclass(frozen=True)
class ClaimSet:
    """Another selection of claims that the verifier would take as well. `token` chooses it."""

    token: str
    labels: list[str]


@dataclass(frozen=True)
class Part:
    """One credential that would be shared: which, what of it, and what else would fit instead."""

    query_id: str
    credential: HeldCredential
    copy: CredentialCopy
    disclose: list[str]
    claims: list[ShownClaim]
    choices: list[HeldCredential]
    claim_set: str
    claim_sets: list[ClaimSet]


@dataclass(frozen=True)
class Asked:
    """What the consent page shows. Without `parts` nothing in this wallet is what is asked for."""

    request: protocol.PresentationRequest
    verifier_name: str
    verifier_address: str
    purpose: str
    account: str
    asked_from: str
    parts: list[Part]


@dataclass(frozen=True)
class Answered:
    """How the verifier took it. `continue_at`: where it wants this browser to go on."""

    continue_at: str | None
    was_told: bool = True


def read_request(*, opened: OpenWallet, link: IncomingLink, wanted: Collection[str] = (), at: datetime) -> Asked:
    """Fetch the request once, verify it every time, and see what fits. Raises LinkRefused, VerifierRefused.

    `wanted`: ids of held credentials, and tokens of claim sets, to prefer where several would do.
    """
    if link.outcome or link.claimed_at is not None:
        raise LinkRefused("already_used", "the request was answered")
    request = _verified_request(opened, link, at)
    address = display.address(request.response_uri)
    agreed = request.transaction_data[0] if request.transaction_data else None
    return Asked(
        request=request,
        verifier_name=display.line(request.client_metadata.get("client_name")) or address,
        verifier_address=address,
        purpose=display.line(agreed.purpose if agreed else request.purpose, limit=300),
        account=display.line(agreed.account if agreed else ""),
        asked_from=display.line(agreed.asked_from if agreed else ""),
        parts=_parts(opened, request, wanted, at),
    )


def share(*, opened: OpenWallet, link: IncomingLink, wanted: Collection[str], at: datetime) -> Answered:
    """Present what the person saw and agreed to. Raises LinkRefused, VerifierRefused."""
    asked = read_request(opened=opened, link=link, wanted=wanted, at=at)
    if not asked.parts:
        raise VerifierRefused("nothing_fits", "no held credential answers the query")
    links.claim(link, at=at)
    try:
        vp_token = {part.query_id: [_presentation(opened, part, asked.request, at)] for part in asked.parts}
        form = protocol.build_response(asked.request, vp_token=vp_token)
    except DomainError as error:
        links.release(link)
        raise VerifierRefused("request_malformed", f"{error.code}: {error.reason}") from error
    for part in asked.parts:
        CredentialCopy.objects.filter(pk=part.copy.pk).update(times_presented=F("times_presented") + 1)
    try:
        continue_at = verifier_client.answer(Wire(), asked.request.response_uri, form)
    except VerifierRefused as error:
        # It left this wallet, whatever the verifier made of it: the history says so.
        _record(opened, asked, SharingRecord.Answer.FAILED, at)
        if error.code == "verifier_unreachable":
            links.release(link)
        else:
            links.settle(opened, link, IncomingLink.Outcome.FAILED)
        raise
    with transaction.atomic():
        _record(opened, asked, SharingRecord.Answer.SHARED, at)
        links.settle(opened, link, IncomingLink.Outcome.SHARED, credential=asked.parts[0].credential)
    return Answered(continue_at)


def decline(*, opened: OpenWallet, link: IncomingLink, at: datetime) -> Answered:
    """Say no, and tell the verifier; untold, it is still a no. Raises LinkRefused, VerifierRefused."""
    asked = read_request(opened=opened, link=link, at=at)
    links.claim(link, at=at)
    form = protocol.build_error_response(asked.request, error="access_denied")
    try:
        answered = Answered(verifier_client.answer(Wire(), asked.request.response_uri, form))
    except VerifierRefused:
        answered = Answered(None, was_told=False)
    with transaction.atomic():
        _record(opened, asked, SharingRecord.Answer.DECLINED, at)
        links.settle(opened, link, IncomingLink.Outcome.DECLINED)
    return answered


def _verified_request(opened: OpenWallet, link: IncomingLink, at: datetime) -> protocol.PresentationRequest:
    content = links.content_of(opened, link)
    try:
        parsed = protocol.parse_request_link(content["link"])
    except protocol.PresentationMessageInvalid as error:
        raise LinkRefused("request_malformed", f"{error.code}: {error.reason}") from error
    if "token" not in content:
        wallet_nonce = tokens.new_token() if parsed.request_uri_method == "post" else None
        token = verifier_client.fetch_request(Wire(), parsed.request_uri, wallet_nonce=wallet_nonce)
        identifier = protocol.identifier_of(parsed.client_id)
        document = verifier_client.fetch_did_document(Wire(), identifier) if identifier else None
        content |= {"token": token, "wallet_nonce": wallet_nonce, "did_document": document}
    try:
        request = protocol.open_request(
            content["token"],
            expected_client_id=parsed.client_id,
            # A wallet for every verifier keeps no list of authorities: who asks is shown by the address it answers to.
            authorities=None,
            at=at,
            expected_wallet_nonce=content["wallet_nonce"],
            did_document=content["did_document"],
        )
    except protocol.PresentationMessageInvalid as error:
        raise VerifierRefused(_REFUSALS.get(error.code, "request_refused"), f"{error.code}: {error.reason}") from error
    # Kept only once it was verified, so that a verifier that answered wrongly once can be asked again.
    links.write_content(opened, link, content)
    return request


_REFUSALS = {
    "request_expired": "request_expired",
    "request_unsupported": "not_supported",
    "invalid_transaction_data": "not_supported",
}


def _parts(
    opened: OpenWallet, request: protocol.PresentationRequest, wanted: Collection[str], at: datetime
) -> list[Part]:
    query, unexpired = request.dcql_query, Q(expires_at=None) | Q(expires_at__gt=at)
    credentials = {
        str(row.pk): row
        for row in opened.wallet.credentials.filter(unexpired).prefetch_related("copies")
        # What cannot sign what it is for is no answer to who wants that signed.
        if formats.of(row.format).signs_transaction_data or not request.transaction_data
    }
    copies = {key: row.copies.all()[0] for key, row in credentials.items()}
    compacts = {key: opened.open(copy.compact_sealed, purpose=COPY_SEAL).decode() for key, copy in copies.items()}
    held = [formats.of(row.format).candidate(key, compacts[key]) for key, row in credentials.items()]
    matches = dcql.match(query, held)
    parts = []
    for query_id in _ids_to_answer(query, matches):
        fitting = matches[query_id]
        match = next((found for found in fitting if found.key in wanted), fitting[0])
        row, compact = credentials[match.key], compacts[match.key]
        claims, withholdable = formats.of(row.format).claims(compact), formats.of(row.format).withholdable(compact)
        # Where nothing can be withheld there is nothing to choose.
        options = match.options if withholdable else match.options[:1]
        tokens_of = [f"{query_id}:{index}" for index in range(len(options))]
        chosen = next((index for index, token in enumerate(tokens_of) if token in wanted), 0)
        disclose = [name for name in dcql.names_in(options[chosen]) if name in withholdable]
        # What the issuer made undisclosable goes along whether it was asked for or not; the person sees that too.
        shared = {n: v for n, v in claims.items() if n in disclose or n not in withholdable}
        parts.append(
            Part(
                query_id=query_id,
                credential=row,
                copy=copies[match.key],
                disclose=disclose,
                claims=display.shown_claims(shared, row.labels),
                choices=[credentials[found.key] for found in fitting],
                claim_set=tokens_of[chosen],
                claim_sets=[
                    ClaimSet(token, [display.label_for([name], row.labels) for name in dcql.names_in(option)])
                    for token, option in zip(tokens_of, options, strict=True)
                    if token != tokens_of[chosen]
                ],
            )
        )
    return parts


def _ids_to_answer(query: Mapping[str, Any], matches: Mapping[str, Any]) -> list[str]:
    """The fewest credential queries that satisfy the whole; empty when it cannot be satisfied (6.4.2)."""
    if not dcql.is_answerable(query, set(matches)):
        return []
    if "credential_sets" not in query:
        return [entry["id"] for entry in query["credentials"]]
    needed: list[str] = []
    sets = [entry for entry in query["credential_sets"] if entry.get("required", True)] or query["credential_sets"][:1]
    for entry in sets:
        option: list[str] = next((option for option in entry["options"] if set(option) <= matches.keys()), [])
        needed += [query_id for query_id in option if query_id not in needed]
    return needed


def _presentation(opened: OpenWallet, part: Part, request: protocol.PresentationRequest, at: datetime) -> str:
    return formats.of(part.credential.format).present(
        opened.open(part.copy.compact_sealed, purpose=COPY_SEAL).decode(),
        disclose=part.disclose,
        audience=request.client_id,
        nonce=request.nonce,
        holder_key=keys.from_pem(opened.open(part.copy.key_sealed, purpose=KEY_SEAL).decode()),
        at=at,
        transaction_data_hashes=[digest_of(entry.encoded) for entry in request.transaction_data] or None,
    )


def _record(opened: OpenWallet, asked: Asked, answer: SharingRecord.Answer, at: datetime) -> None:
    whom = {
        "wallet": opened.wallet,
        "verifier_name": asked.verifier_name,
        "verifier_address": asked.verifier_address,
        "verifier_client_id": asked.request.client_id[:512],
        "purpose": asked.purpose,
        "answer": answer,
        "answered_at": at,
    }
    if not asked.parts:
        SharingRecord.objects.create(**whom)
    for part in asked.parts:
        SharingRecord.objects.create(
            credential=part.credential,
            credential_name=part.credential.display["name"],
            claims=[claim.label for claim in part.claims],
            **whom,
        )

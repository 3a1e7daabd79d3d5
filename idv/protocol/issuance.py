"""OpenID4VCI 1.0: the offer, the proof of possession, the credential request and its errors."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from idv.credentials import jose
from idv.credentials.keys import SigningKey, jwk_of, thumbprint
from idv.protocol import links, proof_keys, strict_json
from idv.protocol.issuance_encryption import ResponseEncryption, response_encryption_in
from idv.protocol.messages import IssuanceInvalid as IssuanceInvalid
from recovery_portal.kit.errors import DomainError

PROOF_TYP = "openid4vci-proof+jwt"
PRE_AUTHORIZED_GRANT = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
SCHEME = "openid-credential-offer"
PROOF_AGE = timedelta(minutes=5)
CLOCK_SKEW = timedelta(seconds=60)
#: Errors of the token endpoint (section 6.3) and of the credential endpoint (section 8.3.1.2).
TOKEN_ERRORS = frozenset({"invalid_request", "invalid_grant", "invalid_client", "unsupported_grant_type"})
CREDENTIAL_ERRORS = frozenset(
    {
        "invalid_credential_request",
        "unknown_credential_configuration",
        "unknown_credential_identifier",
        "invalid_proof",
        "invalid_nonce",
        "invalid_encryption_parameters",
        "credential_request_denied",
        "invalid_transaction_id",
        "invalid_notification_id",
        "invalid_notification_request",
    }
)
_NOT_IN_DESCRIPTION = re.compile(r"[^\x20-\x21\x23-\x5B\x5D-\x7E]")
_MAX_CONFIGURATIONS = 20


class OfferInvalid(DomainError):
    """An offer that a wallet must not act on."""


@dataclass(frozen=True, kw_only=True)
class TxCode:
    """How the transaction code looks that the person must type; its value travels by another way."""

    length: int | None = None
    input_mode: Literal["numeric", "text"] = "numeric"
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class CredentialOffer:
    """An offer with the pre-authorized code grant. With ``tx_code`` set, even if empty, the code is required."""

    credential_issuer: str
    credential_configuration_ids: tuple[str, ...]
    pre_authorized_code: str
    tx_code: TxCode | None


@dataclass(frozen=True, kw_only=True)
class OfferLink:
    """What an offer link says: the offer itself, or where to fetch it. Exactly one of the two is set."""

    offer: CredentialOffer | None
    offer_uri: str | None


@dataclass(frozen=True, kw_only=True)
class CredentialRequest:
    """A parsed credential request: what is wanted, the proofs, not yet verified, and how the answer is to be sealed."""

    credential_configuration_id: str | None
    credential_identifier: str | None
    proofs: tuple[str, ...]
    response_encryption: ResponseEncryption | None = None


@dataclass(frozen=True, kw_only=True)
class VerifiedProof:
    """A key that was proven to be held. ``nonce`` is burned by the caller, once for the whole request."""

    holder_jwk: Mapping[str, str]
    nonce: str
    issued_at: datetime


def offer_members(offer: CredentialOffer) -> dict[str, Any]:
    """The offer as JSON members (section 4.1.1)."""
    grant: dict[str, Any] = {"pre-authorized_code": offer.pre_authorized_code}
    if offer.tx_code is not None:
        tx_code: dict[str, Any] = {"input_mode": offer.tx_code.input_mode}
        if offer.tx_code.length is not None:
            tx_code["length"] = offer.tx_code.length
        if offer.tx_code.description:
            tx_code["description"] = offer.tx_code.description
        grant["tx_code"] = tx_code
    return {
        "credential_issuer": offer.credential_issuer,
        "credential_configuration_ids": list(offer.credential_configuration_ids),
        "grants": {PRE_AUTHORIZED_GRANT: grant},
    }


def code_flow_offer_members(
    *, credential_issuer: str, credential_configuration_ids: Sequence[str], issuer_state: str
) -> dict[str, Any]:
    """An offer for the authorization code flow; ``issuer_state`` comes back in the pushed request (section 5.1.3)."""
    return {
        "credential_issuer": credential_issuer,
        "credential_configuration_ids": list(credential_configuration_ids),
        "grants": {"authorization_code": {"issuer_state": issuer_state}},
    }


def offer_link(offer: CredentialOffer, *, base: str = f"{SCHEME}://") -> str:
    """The offer by value. ``base`` is the scheme for any wallet, or the address of a web wallet."""
    return offer_link_by_value(offer_members(offer), base=base)


def offer_link_by_value(members: Mapping[str, Any], *, base: str = f"{SCHEME}://") -> str:
    """As ``offer_link``, for an offer's JSON members."""
    return links.build(base, {"credential_offer": strict_json.dumps(members)})


def offer_link_by_reference(offer_uri: str, *, base: str = f"{SCHEME}://") -> str:
    """The offer by reference: shorter in a QR, and the code does not stand in it."""
    return links.build(base, {"credential_offer_uri": offer_uri})


def parse_offer_link(link: str) -> OfferLink:
    """Read an offer link of whatever base. Raises OfferInvalid."""
    try:
        members = links.members_of(link)
    except links.LinkInvalid as error:
        raise OfferInvalid("offer_malformed", error.reason) from error
    if ("credential_offer" in members) == ("credential_offer_uri" in members):
        raise OfferInvalid("offer_malformed", "exactly one of credential_offer and credential_offer_uri")
    if "credential_offer" in members:
        return OfferLink(offer=parse_offer(members["credential_offer"]), offer_uri=None)
    return OfferLink(offer=None, offer_uri=_issuer_address(members["credential_offer_uri"]))


def parse_offer(document: bytes | str) -> CredentialOffer:
    """Read an offer as fetched or as it stands in a link. Raises OfferInvalid; unknown members are ignored."""
    try:
        members = strict_json.load_object(document, max_bytes=16_384)
    except strict_json.JsonInvalid as error:
        raise OfferInvalid("offer_malformed", error.reason) from error
    ids: Any = members.get("credential_configuration_ids")
    if not _is_texts(ids, most=_MAX_CONFIGURATIONS) or len(set(ids)) != len(ids):
        raise OfferInvalid("offer_malformed", "credential_configuration_ids is not a list of different names")
    grants = members.get("grants")
    grant = grants.get(PRE_AUTHORIZED_GRANT) if isinstance(grants, dict) else None
    if not isinstance(grant, dict) or not isinstance(grant.get("pre-authorized_code"), str):
        raise OfferInvalid("offer_unsupported", "an offer without a pre-authorized code")
    return CredentialOffer(
        credential_issuer=_issuer_address(members.get("credential_issuer")),
        credential_configuration_ids=tuple(ids),
        pre_authorized_code=grant["pre-authorized_code"],
        tx_code=_tx_code(grant["tx_code"]) if "tx_code" in grant else None,
    )


def token_form(*, pre_authorized_code: str, tx_code: str | None) -> dict[str, str]:
    """The form a wallet posts to the token endpoint (section 6.1)."""
    form = {"grant_type": PRE_AUTHORIZED_GRANT, "pre-authorized_code": pre_authorized_code}
    return form if tx_code is None else {**form, "tx_code": tx_code}


def build_proof(*, key: SigningKey, audience: str, nonce: str, at: datetime) -> str:
    """A proof of possession for ``key``; ``audience`` is the credential issuer. No ``iss``: we are anonymous there."""
    return jose.sign({"aud": audience, "iat": jose.seconds(at), "nonce": nonce}, typ=PROOF_TYP, key=key, named_by="jwk")


def credential_request(*, configuration_id: str, proofs: Sequence[str]) -> dict[str, Any]:
    """The JSON a wallet posts to the credential endpoint (section 8.2)."""
    return {"credential_configuration_id": configuration_id, "proofs": {"jwt": list(proofs)}}


def parse_credential_request(body: bytes, *, max_proofs: int, was_encrypted: bool = False) -> CredentialRequest:
    """Read a credential request. Raises IssuanceInvalid with the code to answer. Unknown members are ignored."""
    try:
        members = strict_json.load_object(body)
    except strict_json.JsonInvalid as error:
        raise IssuanceInvalid("invalid_credential_request", f"{error.code}: {error.reason}") from error
    configuration_id, identifier = (
        members.get(name) for name in ("credential_configuration_id", "credential_identifier")
    )
    if (configuration_id is None) == (identifier is None):
        raise IssuanceInvalid("invalid_credential_request", "exactly one of the two names of a credential")
    if not isinstance(configuration_id, str | None) or not isinstance(identifier, str | None):
        raise IssuanceInvalid("invalid_credential_request", "the name of a credential is a text")
    response_encryption = response_encryption_in(members, request_was_encrypted=was_encrypted)
    if "proof" in members:
        raise IssuanceInvalid("invalid_proof", "proof is of a draft; 1.0 has proofs")
    proofs = members.get("proofs")
    if not isinstance(proofs, dict) or proofs.keys() != {"jwt"} or not _is_texts(proofs["jwt"], most=max_proofs):
        raise IssuanceInvalid("invalid_proof", f"proofs holds no list of 1 to {max_proofs} jwt")
    return CredentialRequest(
        credential_configuration_id=configuration_id,
        credential_identifier=identifier,
        proofs=tuple(proofs["jwt"]),
        response_encryption=response_encryption,
    )


def open_proofs(
    proofs: Collection[str], *, audience: str, at: datetime, client_id: str | None = None
) -> list[VerifiedProof]:
    """Verify every proof of one request. Raises IssuanceInvalid (invalid_proof) when one is bad: never issue in part.

    All keys differ and all nonces are the same one, so that burning it once burns it for all. ``client_id`` is whose
    token it is; None in the anonymous pre-authorized flow.
    """
    opened = [_open_proof(proof, audience=audience, at=at, client_id=client_id) for proof in proofs]
    if len({thumbprint(proof.holder_jwk) for proof in opened}) != len(opened):
        raise IssuanceInvalid("invalid_proof", "two proofs of one key")
    if len({proof.nonce for proof in opened}) != 1:
        raise IssuanceInvalid("invalid_proof", "the proofs carry different nonces")
    return opened


def parse_credential_response(body: bytes) -> list[str]:
    """The credentials of an immediate answer, for a wallet. Raises IssuanceInvalid; deferred answers are not spoken."""
    try:
        members = strict_json.load_object(body)
    except strict_json.JsonInvalid as error:
        raise IssuanceInvalid("credential_response_malformed", error.reason) from error
    credentials = members.get("credentials")
    if not isinstance(credentials, list) or not 0 < len(credentials) <= _MAX_CONFIGURATIONS:
        raise IssuanceInvalid("credential_response_malformed", "no credentials in it")
    if not all(isinstance(entry, dict) and isinstance(entry.get("credential"), str) for entry in credentials):
        raise IssuanceInvalid("credential_response_malformed", "a credential that is no text")
    return [entry["credential"] for entry in credentials]


def error_members(code: str, description: str = "") -> dict[str, str]:
    """The body of an error answer: description in printable ASCII without quote and backslash (RFC 6749 5.2)."""
    members = {"error": code}
    if description:
        members["error_description"] = _NOT_IN_DESCRIPTION.sub("?", description)[:300]
    return members


def _open_proof(proof: str, *, audience: str, at: datetime, client_id: str | None) -> VerifiedProof:
    try:
        # 1 the header names exactly one key, by value
        key = proof_keys.key_of(jose.peek(proof, max_payload_bytes=8192).header, at=at)
        # 2 alg, typ, signature by that very key
        payload = jose.verify(proof, key=key, typ=PROOF_TYP, max_payload_bytes=8192).payload
        issued_at = jose.required_time_of(payload, "iat")
    except DomainError as error:
        raise IssuanceInvalid("invalid_proof", f"{error.code}: {error.reason}") from error
    # 3 made for us, now, by the token's client or by nobody in particular (F.1: no iss in an anonymous flow)
    if payload.get("aud") != audience:
        raise IssuanceInvalid("invalid_proof", "aud is not this issuer")
    if "iss" in payload and (client_id is None or payload["iss"] != client_id):
        raise IssuanceInvalid("invalid_proof", "iss is another client, or stands there in an anonymous flow")
    if not at - PROOF_AGE <= issued_at <= at + CLOCK_SKEW:
        raise IssuanceInvalid("invalid_proof", "iat is not now")
    # 4 with a nonce; whether it is ours and unused is the caller's to check and burn
    nonce = payload.get("nonce")
    if not isinstance(nonce, str) or not 0 < len(nonce) <= 512:
        raise IssuanceInvalid("invalid_proof", "no nonce")
    return VerifiedProof(holder_jwk=jwk_of(key), nonce=nonce, issued_at=issued_at)


def _tx_code(members: object) -> TxCode:
    if not isinstance(members, dict):
        raise OfferInvalid("offer_malformed", "tx_code is not an object")
    length, mode, description = (
        members.get("length"),
        members.get("input_mode", "numeric"),
        members.get("description", ""),
    )
    if isinstance(length, bool) or not isinstance(length, int | None) or (length is not None and not 0 < length <= 64):
        raise OfferInvalid("offer_malformed", "tx_code has no sensible length")
    if mode not in ("numeric", "text") or not isinstance(description, str) or len(description) > 300:
        raise OfferInvalid("offer_malformed", "tx_code has another input_mode or a long description")
    return TxCode(length=length, input_mode="text" if mode == "text" else "numeric", description=description)


def _is_texts(value: Any, *, most: int) -> bool:
    return isinstance(value, list) and 0 < len(value) <= most and all(isinstance(item, str) and item for item in value)


def _issuer_address(value: object) -> str:
    try:
        return links.web_address(value)
    except links.LinkInvalid as error:
        raise OfferInvalid("offer_malformed", error.reason) from error

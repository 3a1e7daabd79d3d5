"""The offer of a credential (OpenID4VCI 1.0 section 4): by value or by reference, for either grant."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from idv.protocol import links, strict_json
from recovery_portal.kit.errors import DomainError

PRE_AUTHORIZED_GRANT = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
CODE_GRANT = "authorization_code"
SCHEME = "openid-credential-offer"
_MAX_CONFIGURATIONS = 20
_MAX_TEXT = 2048


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
    """An offer: with a pre-authorized code, or without one for the authorization code flow, or for both.

    With ``tx_code`` set, even if empty, the code is required. ``issuer_state`` and ``authorization_server`` are empty
    when the offer does not name them.
    """

    credential_issuer: str
    credential_configuration_ids: tuple[str, ...]
    pre_authorized_code: str = ""
    tx_code: TxCode | None = None
    issuer_state: str = ""
    authorization_server: str = ""


@dataclass(frozen=True, kw_only=True)
class OfferLink:
    """What an offer link says: the offer itself, or where to fetch it. Exactly one of the two is set."""

    offer: CredentialOffer | None
    offer_uri: str | None


def offer_members(offer: CredentialOffer) -> dict[str, Any]:
    """The offer as JSON members (section 4.1.1): with the pre-authorized code when it has one, else for the code flow.

    ``issuer_state`` comes back in the pushed request (section 5.1.3).
    """
    grant: dict[str, Any] = {}
    if offer.pre_authorized_code:
        grant["pre-authorized_code"] = offer.pre_authorized_code
        if offer.tx_code is not None:
            grant["tx_code"] = _tx_code_members(offer.tx_code)
    elif offer.issuer_state:
        grant["issuer_state"] = offer.issuer_state
    if offer.authorization_server:
        grant["authorization_server"] = offer.authorization_server
    return {
        "credential_issuer": offer.credential_issuer,
        "credential_configuration_ids": list(offer.credential_configuration_ids),
        "grants": {PRE_AUTHORIZED_GRANT if offer.pre_authorized_code else CODE_GRANT: grant},
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
    return OfferLink(offer=None, offer_uri=_web_address(members["credential_offer_uri"]))


def parse_offer(document: bytes | str) -> CredentialOffer:
    """Read an offer as fetched or as it stands in a link. Raises OfferInvalid; unknown members are ignored."""
    try:
        members = strict_json.load_object(document, max_bytes=16_384)
    except strict_json.JsonInvalid as error:
        raise OfferInvalid("offer_malformed", error.reason) from error
    ids = members.get("credential_configuration_ids")
    if not isinstance(ids, list) or not 0 < len(ids) <= _MAX_CONFIGURATIONS:
        raise OfferInvalid("offer_malformed", "credential_configuration_ids is not a list of names")
    if not all(isinstance(name, str) and name for name in ids) or len(set(ids)) != len(ids):
        raise OfferInvalid("offer_malformed", "credential_configuration_ids is not a list of different names")
    grants = members.get("grants", {})
    if not isinstance(grants, dict):
        raise OfferInvalid("offer_malformed", "grants is not an object")
    issuer = _web_address(members.get("credential_issuer"))
    if PRE_AUTHORIZED_GRANT in grants:
        return _pre_authorized(grants[PRE_AUTHORIZED_GRANT], issuer, tuple(ids))
    # Without any grant the authorization server's metadata decides (4.1.1): there is no code, so it is the other flow.
    if CODE_GRANT not in grants and grants:
        raise OfferInvalid("offer_unsupported", "an offer with neither grant of the standard")
    grant = grants.get(CODE_GRANT, {})
    if not isinstance(grant, dict):
        raise OfferInvalid("offer_malformed", "a grant is not an object")
    return CredentialOffer(
        credential_issuer=issuer,
        credential_configuration_ids=tuple(ids),
        issuer_state=_text(grant, "issuer_state"),
        authorization_server=_text(grant, "authorization_server"),
    )


def _pre_authorized(grant: object, issuer: str, ids: tuple[str, ...]) -> CredentialOffer:
    if not isinstance(grant, dict) or not _text(grant, "pre-authorized_code"):
        raise OfferInvalid("offer_malformed", "the grant has no pre-authorized code")
    return CredentialOffer(
        credential_issuer=issuer,
        credential_configuration_ids=ids,
        pre_authorized_code=grant["pre-authorized_code"],
        tx_code=_tx_code(grant["tx_code"]) if "tx_code" in grant else None,
        authorization_server=_text(grant, "authorization_server"),
    )


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name, "")
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise OfferInvalid("offer_malformed", f"{name} is not a text of reasonable length")
    return value


def _tx_code_members(tx_code: TxCode) -> dict[str, Any]:
    members: dict[str, Any] = {"input_mode": tx_code.input_mode}
    if tx_code.length is not None:
        members["length"] = tx_code.length
    if tx_code.description:
        members["description"] = tx_code.description
    return members


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


def _web_address(value: object) -> str:
    try:
        return links.web_address(value)
    except links.LinkInvalid as error:
        raise OfferInvalid("offer_malformed", error.reason) from error

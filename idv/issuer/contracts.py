"""What a contract may say: names of types and claims, and how a program's claims become the credential's."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from .errors import OfferRefused

TYPE_NAME = re.compile(r"[A-Z][A-Za-z0-9]{1,59}", re.ASCII)
CLAIM_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}", re.ASCII)
CLAIMS_MAX = 40
TEXT_MAX = 100_000  # characters: a photo is the longest thing that a claim is
#: The type by which people recover their accounts. It comes from an identity verification alone: nobody who can write a
#: contract may mint what looks like it.
RESERVED_TYPES = frozenset(
    {
        "verifiedidentity",
        "verifiedidentityjwt",
        "verifiablecredential",
        "verifiablepresentation",
        "microsoftfacecheckreceipt",
    }
)
#: What a credential says beside its claims (RFC 7519, SD-JWT VC), and what binds an identity to its proofing.
RESERVED_CLAIMS = frozenset(
    {"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "vct", "cnf", "status", "id", "type", "vc", "vp",
     "proofingreference"}
)  # fmt: skip


def complaint_about_type(name: str) -> str:
    """Why ``name`` cannot be a credential type here, or nothing."""
    if not TYPE_NAME.fullmatch(name):
        return _("A type is a capital letter followed by letters and digits.")
    if name.lower() in RESERVED_TYPES:
        return _("This type belongs to identity verification.")
    return ""


def complaint_about_claims(claims: Any) -> str:
    """Why ``claims`` cannot be a contract's claims, or nothing."""
    if not isinstance(claims, list) or not 0 < len(claims) <= CLAIMS_MAX:
        return _("A contract has 1 to %(most)d claims.") % {"most": CLAIMS_MAX}
    for claim in claims:
        if not isinstance(claim, dict) or claim.keys() != {"input", "output", "label", "required"}:
            return _("A claim has input, output, label and required.")
        names = (claim["input"], claim["output"])
        if not all(isinstance(name, str) and CLAIM_NAME.fullmatch(name) for name in names):
            return _("The name of a claim is letters, digits and _.")
        if claim["output"].lower() in RESERVED_CLAIMS:
            return _("%(name)s is no claim of a contract.") % {"name": claim["output"]}
        if not isinstance(claim["label"], str) or not 0 < len(claim["label"]) <= 80:
            return _("A claim has a label of at most 80 characters.")
        if not isinstance(claim["required"], bool):
            return _("Whether a claim is required is true or false.")
    for end in ("input", "output"):
        if len({claim[end] for claim in claims}) != len(claims):
            return _("Two claims have one name.")
    if not any(claim["required"] for claim in claims):
        return _("At least one claim is required.")
    return ""


def mapped(claims: Sequence[Mapping[str, Any]], given: Mapping[str, str]) -> dict[str, str]:
    """The credential's claims, out of what a program sent. Raises OfferRefused (claim_missing, claim_unknown)."""
    if unknown := sorted(given.keys() - {claim["input"] for claim in claims}):
        raise OfferRefused("claim_unknown", unknown[0])
    made = {}
    for claim in claims:
        value = given.get(claim["input"], "")
        if value.strip():
            made[claim["output"]] = value
        elif claim["required"]:
            raise OfferRefused("claim_missing", claim["input"])
    return made

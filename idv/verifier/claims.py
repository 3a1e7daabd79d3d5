"""Presented claims at rest: sealed under their request's own key, which is destroyed when the request is forgotten."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from idv.protocol import did
from recovery_portal.kit import images, vault

from . import policy
from .errors import NotCollectable, PresentationRefused
from .models import PresentationRequest
from .own import OwnCredential

# Only what recovery needs is asked for; what a wallet sends beyond it is not kept (GDPR 5(1)(c)).
REQUESTED = ("firstName", "lastName", "portrait", "proofingReference")
#: Without it a presentation still says who somebody is; only a request that follows a proofing insists on it.
OPTIONAL = "proofingReference"
#: What a caller may ask for besides, where its rules compare it.
FURTHER = (
    "fullName", "dateOfBirth", "documentType", "documentNumber", "documentExpiryDate", "documentIssuingCountry",
    "nationality", "employeeId",
)  # fmt: skip
#: What is kept beside the claims: who holds the credential, and the presentation itself where it is to be handed on.
_SUBJECT, _RECEIPT, _STATE = "did:subject", "vp:receipt", "vp:state"
#: The portrait that a claim of the organisation's own credential holds, as the one gate for images made it.
_OWN_PORTRAIT = "own:portrait"
_NO_CLAIMS = frozenset({_SUBJECT, _RECEIPT, _STATE, _OWN_PORTRAIT})
_BESIDE = _NO_CLAIMS | {"portrait"}
_PORTRAIT_PREFIX = "data:image/jpeg;base64,"
_URL_SAFE = str.maketrans("-_", "+/")


@dataclass(frozen=True)
class CollectedPresentation:
    """What a verified presentation says about the person; the portrait stays inside this room."""

    first_name: str
    last_name: str
    claims: Mapping[str, str]
    subject: str = ""
    receipt: str = ""
    receipt_state: str = ""


def accept(presented: Mapping[str, object], *, further: Sequence[str] = ()) -> dict[str, str]:
    """The requested claims, each of the type the credential's definition gives it. Raises PresentationRefused."""
    kept = {}
    for name in (*REQUESTED, *further):
        value = presented.get(name)
        if value is None and name == OPTIONAL:
            kept[name] = ""
            continue
        if not isinstance(value, str) or not value.strip() or "\0" in value:  # no database could compare it
            raise PresentationRefused("claim_missing", name)
        kept[name] = value
    if any(len(value) > 200 for name, value in kept.items() if name != "portrait"):
        raise PresentationRefused("claim_too_long")
    kept["portrait"] = base64.b64encode(_portrait(kept["portrait"])).decode()
    return kept


def accept_own(presented: Mapping[str, object], asked: OwnCredential) -> dict[str, str]:
    """The claims of a credential that the organisation issued: texts, as it wrote them. Raises PresentationRefused."""
    kept = {}
    for name in asked.claims:
        value = presented.get(name)
        if value is None and name not in asked.required:
            continue
        if not isinstance(value, str) or not value.strip() or "\0" in value:
            raise PresentationRefused("claim_missing", name)
        kept[name] = value
    if asked.portrait:
        if asked.portrait not in kept:
            raise PresentationRefused("claim_missing", asked.portrait)
        kept[_OWN_PORTRAIT] = base64.b64encode(_photo(kept[asked.portrait])).decode()
    return kept


def beside(*, holder_jwk: Mapping[str, str]) -> dict[str, str]:
    """What a program is told beside the claims."""
    return {_SUBJECT: did.of_jwk(holder_jwk)}


def receipt(*, presented: str, state: str) -> dict[str, str]:
    """What the wallet sent, for who wants it whole."""
    return {_RECEIPT: presented, _STATE: state}


def _portrait(uri: str) -> bytes:
    """The portrait of an identity: a ``data:`` URI."""
    if not uri.startswith(_PORTRAIT_PREFIX):
        raise PresentationRefused("portrait_refused", "not a JPEG data: URI")
    return _decoded(uri.removeprefix(_PORTRAIT_PREFIX))


def _photo(text: str) -> bytes:
    """A photo as the original has it in a claim (facts 5.3: base64, then percent-encoded), or in base64url."""
    text = unquote(text) if len(text) <= policy.PORTRAIT_MAX_BYTES * 4 else text
    text = text.removeprefix(_PORTRAIT_PREFIX).translate(_URL_SAFE).rstrip("=")
    return _decoded(text + "=" * (-len(text) % 4))


def _decoded(text: str) -> bytes:
    """The picture, capped and re-encoded by the one gate for images: no SVG, no bomb, no EXIF."""
    if len(text) > policy.PORTRAIT_MAX_BYTES * 4 // 3 + 100:
        raise PresentationRefused("portrait_refused", "too large")
    try:
        return images.accept(base64.b64decode(text, validate=True)).jpeg
    except (binascii.Error, ValueError) as error:
        raise PresentationRefused("portrait_refused", "not base64") from error
    except images.ImageRefused as refused:
        raise PresentationRefused("portrait_refused", refused.code) from refused


def seal(request: PresentationRequest, kept: Mapping[str, str]) -> bytes:
    """``kept`` as it waits in the row."""
    return request.seal(json.dumps(kept).encode(), purpose="claims")


def read(request: PresentationRequest) -> CollectedPresentation:
    """Raises NotCollectable(forgotten)."""
    kept = _open(request)
    return CollectedPresentation(
        kept.get("firstName", ""),
        kept.get("lastName", ""),
        {name: value for name, value in kept.items() if name not in (_BESIDE if request.provider_id else _NO_CLAIMS)},
        subject=kept.get(_SUBJECT, ""),
        receipt=kept.get(_RECEIPT, ""),
        receipt_state=kept.get(_STATE, ""),
    )


def open_portrait(request: PresentationRequest) -> bytes:
    """The presented portrait as JPEG. Raises NotCollectable(forgotten)."""
    return base64.b64decode(_open(request)[_OWN_PORTRAIT if request.own_portrait else "portrait"])


def _open(request: PresentationRequest) -> dict[str, str]:
    try:
        kept: dict[str, str] = json.loads(request.open(request.claims_sealed, purpose="claims"))
    except vault.VaultError as gone:
        raise NotCollectable("forgotten", gone.reason) from gone
    return kept

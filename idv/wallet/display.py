"""What a page may show of strangers' text and pictures (rules, no database).

Everything here comes from issuers and verifiers nobody here wrote. Text is escaped by the templates; this module bounds
it, and lets through one kind of picture only.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

_PORTRAIT_PREFIX = "data:image/jpeg;base64,"
_PORTRAIT_MAX_BYTES = 200_000
_JPEG_START, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
_VALUE_LENGTH = 600
_DEPTH = 6
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_+")

# Not shown and not offered for consent: they carry the credential, not the person.
TECHNICAL_CLAIMS = frozenset(
    {"iss", "iat", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status", "_sd", "_sd_alg", "..."}
)


@dataclass(frozen=True)
class ShownClaim:
    label: str
    text: str
    picture: str | None = None


def line(value: Any, *, limit: int = 120) -> str:
    """One line of visible text: no control or direction characters, with which one name can pose as another."""
    if not isinstance(value, str):
        return ""
    visible = "".join(" " if c.isspace() else c for c in value if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(visible.split())[:limit]


def address(url: Any) -> str:
    """The host of a URL as people compare it, or the bounded text itself when it is no URL."""
    try:
        host = urlsplit(str(url)).netloc
    except ValueError:
        host = ""
    return line(host or str(url), limit=200)


def portrait(value: Any) -> str | None:
    """The same data URI when it is a JPEG of sensible size by its bytes, else None (an SVG or HTML URI is a script)."""
    if not isinstance(value, str) or not value.startswith(_PORTRAIT_PREFIX):
        return None
    encoded = value[len(_PORTRAIT_PREFIX) :]
    if len(encoded) > _PORTRAIT_MAX_BYTES * 4 // 3 + 4:
        return None
    try:
        jpeg = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    if not jpeg.startswith(_JPEG_START) or not jpeg.rstrip(b"\0").endswith(_JPEG_END):
        return None
    return _PORTRAIT_PREFIX + base64.b64encode(jpeg).decode()


def label_of(name: Any) -> str:
    """`documentIssuingCountry` → `Document issuing country`."""
    words = " ".join(word for word in _CAMEL.split(line(str(name))) if word)
    return words[:1].upper() + words[1:].lower() if words else "?"


def claim_labels(metadata: Mapping[str, Any], language: str = "en") -> list[dict[str, Any]]:
    """`[{path, label}]` of a configuration's `credential_metadata.claims`, or the older `claims`, bad ones skipped."""
    holder = metadata.get("credential_metadata")
    described = (holder if isinstance(holder, Mapping) else metadata).get("claims")
    labels: list[dict[str, Any]] = []
    for entry in described if isinstance(described, list) else []:
        path = entry.get("path") if isinstance(entry, Mapping) else None
        if not isinstance(path, list) or not path or not all(isinstance(step, str | int | None) for step in path):
            continue
        label = line(in_language(entry.get("display"), language).get("name"), limit=60)
        if label:
            labels.append({"path": path, "label": label})
    return labels[:100]


def in_language(displays: Any, language: str = "en") -> Mapping[str, Any]:
    """The display entry in the person's language, else the one without a locale, else the first, else nothing."""
    entries = [entry for entry in displays if isinstance(entry, Mapping)] if isinstance(displays, list) else []
    for wanted in (language, ""):
        for entry in entries:
            locale = entry.get("locale", "")
            if isinstance(locale, str) and locale.split("-")[0].lower() == wanted:
                return entry
    return entries[0] if entries else {}


def label_for(path: Sequence[Any], labels: Sequence[Mapping[str, Any]]) -> str:
    for entry in labels:
        if entry["path"] == list(path):
            return str(entry["label"])
    named = [step for step in path if isinstance(step, str)]
    return " · ".join(label_of(step) for step in named) or "?"


def shown_claim(path: Sequence[Any], value: Any, labels: Sequence[Mapping[str, Any]]) -> ShownClaim:
    label = label_for(path, labels)
    if isinstance(value, str) and value[:5].lower() == "data:":
        picture = portrait(value)
        return ShownClaim(label, "" if picture else str(_("A file that cannot be shown here")), picture)
    return ShownClaim(label, _text_of(value))


def _text_of(value: Any, depth: int = 0) -> str:
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if depth > _DEPTH:
        return "…"
    if isinstance(value, Mapping):
        return _cut("; ".join(f"{label_of(k)}: {_text_of(v, depth + 1)}" for k, v in value.items()))
    if isinstance(value, list):
        return _cut(", ".join(_text_of(item, depth + 1) for item in value))
    return _cut("" if value is None else str(value))


def _cut(text: str) -> str:
    shown = line(text, limit=_VALUE_LENGTH + 1)
    return shown if len(shown) <= _VALUE_LENGTH else shown[:_VALUE_LENGTH] + "…"


def shown_claims(claims: Mapping[str, Any], labels: Sequence[Mapping[str, Any]]) -> list[ShownClaim]:
    """Every personal claim, in the issuer's order where it gave one, pictures first."""
    order = {entry["path"][0]: index for index, entry in reversed(list(enumerate(labels)))}
    names = [name for name in claims if name not in TECHNICAL_CLAIMS]
    names.sort(key=lambda name: order.get(name, len(order)))
    shown = [shown_claim([name], claims[name], labels) for name in names]
    return sorted(shown, key=lambda claim: claim.picture is None)

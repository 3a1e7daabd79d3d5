"""Disclosures (RFC 9901 sections 4.2 and 7.1): parse them, and put them where their digests stand."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from idv.credentials import base64url, strict_json
from recovery_portal.kit.errors import DomainError

#: What SD-JWT VC forbids to withhold: the verifier decides by these, so the holder may not choose them.
NEVER_DISCLOSABLE = frozenset({"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"})
_RESERVED_NAMES = frozenset({"_sd", "...", "_sd_alg"})
_MAX_DISCLOSURE_BYTES = 262_144
#: Written ``dict | list`` in place, the pair is made anew for every member.
_CONTAINERS = (dict, list)


class DisclosureInvalid(DomainError):
    """A disclosure or digest that RFC 9901 tells a verifier to refuse."""


class Disclosure(NamedTuple):
    """One parsed disclosure; ``name`` is None for an array element."""

    name: str | None
    value: Any


def parse_disclosure(text: str) -> Disclosure:
    """Parse one disclosure. Raises DisclosureInvalid."""
    try:
        parts = strict_json.loads(base64url.decode(text), max_bytes=_MAX_DISCLOSURE_BYTES)
    except DomainError as error:
        raise DisclosureInvalid("disclosure_malformed", f"{error.code}: {error.reason}") from error
    if not isinstance(parts, list) or len(parts) not in (2, 3) or not isinstance(parts[0], str):
        raise DisclosureInvalid("disclosure_malformed", "neither [salt, name, value] nor [salt, value]")
    if len(parts) == 2:
        return Disclosure(None, parts[1])
    name = parts[1]
    if not isinstance(name, str):
        raise DisclosureInvalid("disclosure_malformed", "the claim name is not a string")
    if name in _RESERVED_NAMES:
        raise DisclosureInvalid("disclosure_reserved_name", "a disclosure may not be named _sd, _sd_alg or ...")
    return Disclosure(name, parts[2])


def disclose(payload: Mapping[str, Any], disclosures: Iterable[str]) -> dict[str, Any]:
    """The payload with every disclosure in its place and all digests gone. Raises DisclosureInvalid.

    Refused: a disclosure given twice, or one that no digest refers to; a digest that stands twice anywhere, also
    inside another disclosure; a two-element disclosure for a member or a three-element one for an array; a name that
    the object already has; a digest or disclosure for a claim of NEVER_DISCLOSABLE or below it; an unknown _sd_alg.
    """
    if payload.get("_sd_alg", "sha-256") != "sha-256":
        raise DisclosureInvalid("disclosure_unknown_hash", "_sd_alg is not sha-256")
    by_digest: dict[str, Disclosure] = {}
    for text in disclosures:
        digest = base64url.encode(hashlib.sha256(text.encode("ascii", "replace")).digest())
        if digest in by_digest:
            raise DisclosureInvalid("disclosure_repeated", "the same disclosure twice")
        by_digest[digest] = parse_disclosure(text)
    unpacking = _Unpacking(by_digest)
    members = {name: value for name, value in payload.items() if name != "_sd_alg"}
    try:
        disclosed = unpacking.object(members, at_top=True, inside_reserved=False)
    except RecursionError as error:
        # Each disclosure is of bounded depth, but they nest in one another.
        raise DisclosureInvalid("disclosure_too_deep", "disclosures nested in disclosures without end") from error
    if unpacking.unused():
        raise DisclosureInvalid("disclosure_unreferenced", "a disclosure that no digest refers to")
    return disclosed


def digests_in(value: Any) -> list[str]:
    """Every digest that stands in ``value``, at any depth; for a holder who chooses what belongs together."""
    if isinstance(value, list):
        return [digest for item in value for digest in digests_in(item)]
    if not isinstance(value, dict):
        return []
    found = [digest for digest in value.get("_sd", []) if isinstance(digest, str)]
    if isinstance(value.get("..."), str):
        found.append(value["..."])
    return found + [digest for name, item in value.items() if name != "_sd" for digest in digests_in(item)]


class _Unpacking:
    """One walk over one payload; it remembers every digest it has met."""

    def __init__(self, by_digest: Mapping[str, Disclosure]) -> None:
        self._by_digest = by_digest
        self._met: set[str] = set()

    def unused(self) -> bool:
        return bool(self._by_digest.keys() - self._met)

    def object(self, members: Mapping[str, Any], *, at_top: bool, inside_reserved: bool) -> dict[str, Any]:
        plain: dict[str, Any] = {}
        for name, value in members.items():
            if name in _RESERVED_NAMES:
                if name == "_sd" and not inside_reserved:
                    continue
                raise DisclosureInvalid("disclosure_reserved_name", f"{name} stands where it has no meaning")
            if isinstance(value, _CONTAINERS):
                reserved = inside_reserved or (at_top and name in NEVER_DISCLOSABLE)
                value = self._value(value, inside_reserved=reserved)
            plain[name] = value
        for disclosure in self._digests(members.get("_sd", [])):
            if disclosure.name is None:
                raise DisclosureInvalid("disclosure_wrong_arity", "an array disclosure stands for a member")
            if at_top and disclosure.name in NEVER_DISCLOSABLE:
                raise DisclosureInvalid("disclosure_forbidden", f"{disclosure.name} must not be disclosable")
            if disclosure.name in plain:
                raise DisclosureInvalid("disclosure_collision", f"{disclosure.name} stands there already")
            plain[disclosure.name] = self._value(disclosure.value, inside_reserved=False)
        return plain

    def _value(self, value: Any, *, inside_reserved: bool) -> Any:
        if isinstance(value, dict):
            return self.object(value, at_top=False, inside_reserved=inside_reserved)
        if isinstance(value, list):
            return self._array(value, inside_reserved=inside_reserved)
        return value

    def _array(self, items: list[Any], *, inside_reserved: bool) -> list[Any]:
        plain: list[Any] = []
        for item in items:
            if not (isinstance(item, dict) and "..." in item):
                plain.append(self._value(item, inside_reserved=inside_reserved))
                continue
            if len(item) != 1 or inside_reserved:
                raise DisclosureInvalid("disclosure_malformed", "a digest element with other members")
            for disclosure in self._digests([item["..."]]):
                if disclosure.name is not None:
                    raise DisclosureInvalid("disclosure_wrong_arity", "a member's disclosure stands for an element")
                plain.append(self._value(disclosure.value, inside_reserved=False))
        return plain

    def _digests(self, digests: Any) -> list[Disclosure]:
        if not isinstance(digests, list):
            raise DisclosureInvalid("disclosure_malformed", "_sd is not a list of digests")
        found = []
        for digest in digests:
            if not isinstance(digest, str):
                raise DisclosureInvalid("disclosure_malformed", "_sd is not a list of digests")
            if digest in self._met:
                raise DisclosureInvalid("disclosure_digest_repeated", "the same digest twice")
            self._met.add(digest)
            if digest in self._by_digest:
                found.append(self._by_digest[digest])
        return found

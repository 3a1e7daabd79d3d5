"""SD-JWT VC (RFC 9901, draft-ietf-oauth-sd-jwt-vc): issue one, present one, read one's own."""

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from idv.credentials import base64url, jose, strict_json
from idv.credentials.disclosures import NEVER_DISCLOSABLE, digests_in, parse_disclosure
from idv.credentials.disclosures import disclose as disclose_all
from idv.credentials.keys import SigningKey
from recovery_portal.kit.errors import DomainError

CREDENTIAL_TYP = "dc+sd-jwt"
KEY_BINDING_TYP = "kb+jwt"
#: 128 bits, as RFC 9901 section 9.3 asks.
_SALT_BYTES = 16
#: A credential with a portrait is some 20 kB; ten times that is no credential of ours.
MAX_COMPACT_BYTES = 524_288
MAX_DISCLOSURES = 64


class SdJwtInvalid(DomainError):
    """A text that is not an SD-JWT, or a claim that may not be issued this way."""


@dataclass(frozen=True, kw_only=True)
class StatusReference:
    """Where a credential's status stands: entry ``idx`` of the list at ``uri``."""

    idx: int
    uri: str


class SdJwt(NamedTuple):
    """The parts of a compact SD-JWT, bounded but not verified. ``key_binding`` is None when there is none."""

    issuer_jwt: str
    disclosures: tuple[str, ...]
    key_binding: str | None

    @property
    def without_key_binding(self) -> str:
        """What ``sd_hash`` is taken over: everything up to and including the last tilde."""
        return "~".join([self.issuer_jwt, *self.disclosures, ""])


def issue(
    *,
    vct: str,
    issuer: str,
    claims: Mapping[str, Any],
    disclosable: Collection[str],
    holder_jwk: Mapping[str, str],
    issued_at: datetime,
    expires_at: datetime,
    status: StatusReference | None,
    key: SigningKey,
) -> str:
    """An SD-JWT VC bound to ``holder_jwk``, as ``<issuer JWT>~<disclosure>~…~``.

    Each name of ``disclosable`` becomes a disclosure with its own salt; the other claims are always visible. The
    issuer's certificates go into ``x5c`` when the key has them, else its ``kid``. Raises SdJwtInvalid for a claim that
    must not be disclosable or that would overwrite a registered one.
    """
    if forbidden := (NEVER_DISCLOSABLE | {"iat", "_sd", "_sd_alg", "..."}) & (set(claims) | set(disclosable)):
        raise SdJwtInvalid("claim_reserved", f"{sorted(forbidden)} are not ours to claim")
    if missing := set(disclosable) - set(claims):
        raise SdJwtInvalid("claim_missing", f"{sorted(missing)} have no value")
    disclosures = [_new_disclosure(name, claims[name]) for name in claims if name in disclosable]
    payload: dict[str, Any] = {
        "iss": issuer,
        "vct": vct,
        "iat": jose.seconds(issued_at),
        "exp": jose.seconds(expires_at),
        "cnf": {"jwk": dict(holder_jwk)},
        **{name: value for name, value in claims.items() if name not in disclosable},
    }
    if status is not None:
        payload["status"] = {"status_list": {"idx": status.idx, "uri": status.uri}}
    if disclosures:
        # Sorted, so that the order of digests does not tell which claim is which.
        payload |= {"_sd": sorted(digest_of(item) for item in disclosures), "_sd_alg": "sha-256"}
    issuer_jwt = jose.sign(payload, typ=CREDENTIAL_TYP, key=key, named_by="x5c" if key.chain else "kid")
    return "~".join([issuer_jwt, *disclosures, ""])


def present(
    credential: str,
    *,
    disclose: Collection[str],
    audience: str,
    nonce: str,
    holder_key: SigningKey,
    at: datetime,
    transaction_data_hashes: Sequence[str] | None = None,
) -> str:
    """The credential with only the top-level claims of ``disclose`` (and what lies below them) and a key-binding JWT.

    ``audience`` is the verifier's full client_id with its prefix. A claim that is always visible may be named, too.
    Raises SdJwtInvalid when the credential has no such claim.
    """
    parts = parse(credential)
    held = _held(parts)
    if unknown := set(disclose) - held.keys():
        raise SdJwtInvalid("disclosure_unknown", f"{sorted(unknown)} cannot be disclosed")
    chosen = {text for name in disclose for text in held[name]}
    kept = SdJwt(
        issuer_jwt=parts.issuer_jwt,
        disclosures=tuple(text for text in parts.disclosures if text in chosen),
        key_binding=None,
    ).without_key_binding
    payload: dict[str, Any] = {"iat": jose.seconds(at), "aud": audience, "nonce": nonce, "sd_hash": digest_of(kept)}
    if transaction_data_hashes is not None:
        payload |= {"transaction_data_hashes": list(transaction_data_hashes), "transaction_data_hashes_alg": "sha-256"}
    return kept + jose.sign(payload, typ=KEY_BINDING_TYP, key=holder_key, named_by="nothing")


def read(credential: str) -> dict[str, Any]:
    """Every claim of a stored credential, disclosed. **Not** verified: for the holder's own display after a check.

    Raises SdJwtInvalid, jose.JoseInvalid or disclosures.DisclosureInvalid.
    """
    parts = parse(credential)
    payload = jose.peek(parts.issuer_jwt).payload
    return disclose_payload(payload, parts)


def disclosable_claims(credential: str) -> list[str]:
    """The top-level claim names that the holder of this credential may withhold, wholly or in part."""
    return [name for name, texts in _held(parse(credential)).items() if texts]


def parse(compact: str) -> SdJwt:
    """Split a compact SD-JWT. Raises SdJwtInvalid beyond the bounds on size and number of disclosures."""
    if len(compact) > MAX_COMPACT_BYTES:
        raise SdJwtInvalid("sd_jwt_too_large", f"more than {MAX_COMPACT_BYTES} bytes")
    issuer_jwt, *rest = _split(compact)
    if len(rest) > MAX_DISCLOSURES + 1:
        raise SdJwtInvalid("sd_jwt_too_many_disclosures", f"more than {MAX_DISCLOSURES} disclosures")
    if not rest or not issuer_jwt:
        raise SdJwtInvalid("sd_jwt_malformed", "no tilde: this is not an SD-JWT")
    *disclosures, key_binding = rest
    if not all(disclosures):
        raise SdJwtInvalid("sd_jwt_malformed", "an empty disclosure")
    return SdJwt(issuer_jwt, tuple(disclosures), key_binding or None)


def _split(compact: str) -> list[str]:
    """What stands between tildes, no more of it than makes one disclosure too many.

    ``str.split`` looks at each character, ``find`` jumps from one tilde to the next.
    """
    parts: list[str] = []
    begin = 0
    while (end := compact.find("~", begin)) >= 0 and len(parts) < MAX_DISCLOSURES + 2:
        parts.append(compact[begin:end])
        begin = end + 1
    return [*parts, compact[begin:]]


def disclose_payload(payload: Mapping[str, Any], parts: SdJwt) -> dict[str, Any]:
    """The payload with its disclosures in place, checked as ``disclosures.disclose`` says."""
    return disclose_all(payload, parts.disclosures)


def digest_of(text: str) -> str:
    """The base64url SHA-256 of a disclosure or of a presentation without its key binding (``sd_hash``)."""
    return base64url.encode(hashlib.sha256(text.encode("ascii")).digest())


def _new_disclosure(name: str, value: Any) -> str:
    salt = base64url.encode(secrets.token_bytes(_SALT_BYTES))
    return base64url.encode(strict_json.dumps([salt, name, value]).encode("utf-8"))


def _held(parts: SdJwt) -> dict[str, list[str]]:
    """Each top-level claim with the disclosures that belong to it, its own and all below it."""
    by_digest = {digest_of(text): text for text in parts.disclosures}
    payload = jose.peek(parts.issuer_jwt).payload
    held: dict[str, list[str]] = {}
    for digest in [item for item in payload.get("_sd", []) if item in by_digest]:
        disclosure = parse_disclosure(by_digest[digest])
        if disclosure.name is not None:
            held[disclosure.name] = [by_digest[digest], *_below(disclosure.value, by_digest)]
    for name, value in payload.items():
        if name not in ("_sd", "_sd_alg"):
            held[name] = _below(value, by_digest)
    # In the order of the disclosures, which is the issuer's, rather than that of the digests, which is nobody's.
    place = {text: number for number, text in enumerate(parts.disclosures)}
    return dict(sorted(held.items(), key=lambda item: place[item[1][0]] if item[1] else len(place)))


def _below(value: Any, by_digest: Mapping[str, str]) -> list[str]:
    found: list[str] = []
    for digest in digests_in(value):
        if digest in by_digest:
            found += [by_digest[digest], *_below(parse_disclosure(by_digest[digest]).value, by_digest)]
    return found

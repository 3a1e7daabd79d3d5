"""SD-JWT VC (RFC 9901, draft-ietf-oauth-sd-jwt-vc): issue one, present one, read one's own."""

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from idv.credentials import base64url, jose, strict_json
from idv.credentials.disclosures import NEVER_DISCLOSABLE, Disclosure, disclose, parse_disclosure
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


@dataclass(frozen=True, kw_only=True)
class SdJwt:
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
    """The credential with only the disclosures of ``disclose`` (top-level claim names) and a key-binding JWT.

    ``audience`` is the verifier's full client_id with its prefix. Raises SdJwtInvalid when a name is not disclosable.
    """
    parts = parse(credential)
    by_name = {parse_disclosure(text).name: text for text in parts.disclosures}
    if unknown := set(disclose) - by_name.keys():
        raise SdJwtInvalid("disclosure_unknown", f"{sorted(unknown)} cannot be disclosed")
    kept = SdJwt(
        issuer_jwt=parts.issuer_jwt,
        disclosures=tuple(text for name, text in by_name.items() if name in disclose),
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
    """The top-level claim names that the holder of this credential may withhold."""
    parsed: list[Disclosure] = [parse_disclosure(text) for text in parse(credential).disclosures]
    return [item.name for item in parsed if item.name is not None]


def parse(compact: str) -> SdJwt:
    """Split a compact SD-JWT. Raises SdJwtInvalid beyond the bounds on size and number of disclosures."""
    if len(compact) > MAX_COMPACT_BYTES:
        raise SdJwtInvalid("sd_jwt_too_large", f"more than {MAX_COMPACT_BYTES} bytes")
    if compact.count("~") > MAX_DISCLOSURES + 1:
        raise SdJwtInvalid("sd_jwt_too_many_disclosures", f"more than {MAX_DISCLOSURES} disclosures")
    issuer_jwt, *rest = compact.split("~")
    if not rest or not issuer_jwt:
        raise SdJwtInvalid("sd_jwt_malformed", "no tilde: this is not an SD-JWT")
    *disclosures, key_binding = rest
    if not all(disclosures):
        raise SdJwtInvalid("sd_jwt_malformed", "an empty disclosure")
    return SdJwt(issuer_jwt=issuer_jwt, disclosures=tuple(disclosures), key_binding=key_binding or None)


def disclose_payload(payload: Mapping[str, Any], parts: SdJwt) -> dict[str, Any]:
    """The payload with its disclosures in place, checked as ``disclosures.disclose`` says."""
    return disclose(payload, parts.disclosures)


def digest_of(text: str) -> str:
    """The base64url SHA-256 of a disclosure or of a presentation without its key binding (``sd_hash``)."""
    return base64url.encode(hashlib.sha256(text.encode("ascii")).digest())


def _new_disclosure(name: str, value: Any) -> str:
    salt = base64url.encode(secrets.token_bytes(_SALT_BYTES))
    return base64url.encode(strict_json.dumps([salt, name, value]).encode("utf-8"))

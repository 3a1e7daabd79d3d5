"""Verifying SD-JWT verifiable credentials and presentations: one numbered list each (RFC 9901 section 7)."""

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from idv.credentials import jose, sd_jwt
from idv.credentials.keys import jwk_of, public_key_of, thumbprint
from idv.credentials.sd_jwt import SdJwt, StatusReference
from idv.credentials.status_list import VALID, StatusSource
from idv.credentials.trust import TrustedIssuers
from recovery_portal.kit.errors import DomainError

CLOCK_SKEW = timedelta(seconds=60)
#: How old a key-binding JWT may be: a wallet signs it while the person waits.
KEY_BINDING_AGE = timedelta(minutes=5)
_MAX_STATUS_INDEX = 2**31
_REGISTERED = frozenset({"iss", "vct", "iat", "exp", "nbf", "cnf", "status", "vct#integrity", "aka_vcts"})


class CredentialInvalid(DomainError):
    """A credential that must not be believed; ``code`` says which check refused it."""


class PresentationInvalid(DomainError):
    """A presentation that must not be believed; ``code`` says which check refused it. Tell the wallet nothing of it."""


@dataclass(frozen=True, kw_only=True)
class VerifiedCredential:
    """A credential whose issuer, signature, disclosures, times and holder were checked. Its status was not asked.

    ``holder_key`` is the key in ``holder_jwk``, parsed.
    """

    issuer: str
    vct: str
    claims: Mapping[str, Any]
    holder_jwk: Mapping[str, str]
    issued_at: datetime
    expires_at: datetime
    status: StatusReference | None
    holder_key: ec.EllipticCurvePublicKey = field(compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class VerifiedPresentation:
    """A presentation that passed every check. ``claims`` holds what was disclosed, without the registered claims.

    ``status`` is 0 (valid), or None when the issuer may issue without one and did. ``key_binding`` is what the holder
    signed, for ``protocol.transaction_data`` to compare.
    """

    issuer: str
    vct: str
    claims: Mapping[str, Any]
    holder_jwk: Mapping[str, str]
    issued_at: datetime
    expires_at: datetime
    status: int | None
    presented_at: datetime
    key_binding: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


def credential(
    compact: str, *, expected_holder_jwk: Mapping[str, Any], trusted: TrustedIssuers, at: datetime
) -> VerifiedCredential:
    """Verify a credential that a wallet has just received. Raises CredentialInvalid.

    Does **not** ask for its status: it was issued this minute.
    """
    try:
        # 1 parsed, bounded, and without a key binding: nobody presented it
        parts = sd_jwt.parse(compact)
        if parts.key_binding is not None:
            raise CredentialInvalid("key_binding_unexpected", "an issued credential carries no key binding")
        # 2 to 6
        verified = _issued(parts, trusted=trusted, at=at)
        # 7 it is bound to the wallet's own key
        if thumbprint(verified.holder_jwk) != thumbprint(jwk_of(public_key_of(expected_holder_jwk))):
            raise CredentialInvalid("holder_unexpected", "the credential is bound to another key")
    except CredentialInvalid:
        raise
    except DomainError as error:
        raise CredentialInvalid(error.code, error.reason) from error
    return verified


def presentation(
    vp: str,
    *,
    expected_nonce: str,
    expected_audience: str,
    expected_vcts: Collection[str],
    trusted: TrustedIssuers,
    status: StatusSource,
    at: datetime,
) -> VerifiedPresentation:
    """Verify an SD-JWT VC presentation with key binding. Raises PresentationInvalid; never returns half a result.

    ``expected_audience`` is our full client_id. Whether the claims that were asked for are there is for
    ``protocol.dcql`` to say: this function does not know the query.
    """
    try:
        # 1 parsed, bounded; key binding is required by policy, whatever the credential says
        parts = sd_jwt.parse(vp)
        if parts.key_binding is None:
            raise PresentationInvalid("key_binding_missing", "no key-binding JWT")
        # 2 to 6
        issued = _issued(parts, trusted=trusted, at=at)
        # 7 the type is one we asked for, and the issuer did not make it for somebody else (RFC 7519 section 4.1.3)
        if issued.vct not in expected_vcts:
            raise PresentationInvalid("vct_unexpected", "a credential of another type")
        check_restriction(issued.claims, expected_audience)
        # 8 key binding: typ, alg, and the signature by the key in cnf
        binding = jose.verify(parts.key_binding, key=issued.holder_key, typ=sd_jwt.KEY_BINDING_TYP).payload
        # 9 key binding: made now, for this request, for us, over these very disclosures
        presented_at = _check_binding(binding, parts, expected_nonce, expected_audience, at)
        # 10 status, last because it may reach over the network
        state = _check_status(issued, status, at)
    except PresentationInvalid:
        raise
    except DomainError as error:
        raise PresentationInvalid(error.code, error.reason) from error
    return VerifiedPresentation(
        issuer=issued.issuer,
        vct=issued.vct,
        claims=issued.claims,
        holder_jwk=issued.holder_jwk,
        issued_at=issued.issued_at,
        expires_at=issued.expires_at,
        status=state,
        presented_at=presented_at,
        key_binding=binding,
    )


def _issued(parts: SdJwt, *, trusted: TrustedIssuers, at: datetime) -> VerifiedCredential:
    """Steps 2 to 6, the same for a credential received and one presented."""
    # 2 the issuer is trusted, and so is the key that the header names; alg, typ, signature
    unverified = jose.peek(parts.issuer_jwt)
    issuer = trusted.get(unverified.payload.get("iss")).issuer
    key = trusted.key_of(issuer, unverified.header, at, vct=unverified.payload.get("vct", ""))
    payload = jose.verify_parsed(unverified, key=key, typ=sd_jwt.CREDENTIAL_TYP).payload
    # 3 every disclosure is referenced once, none collides, none is reserved
    claims = sd_jwt.disclose_payload(payload, parts)
    # 4 times, on the *disclosed* payload (RFC 9901 section 7.1, step 6)
    issued_at, expires_at = check_times(claims, at)
    # 5 the issuer may issue this type; what the credential says of other names (aka_vcts) gives no authority
    vct = trusted.require_vct(issuer, claims.get("vct"))
    # 6 the holder's key is a public P-256 key, and the status reference is well-formed
    holder_jwk, holder_key = _holder(claims)
    status = status_reference(claims)
    if status is None and trusted.get(issuer).status_required:
        raise CredentialInvalid("status_missing", "this issuer's credentials carry a status")
    return VerifiedCredential(
        issuer=issuer,
        vct=vct,
        claims={name: value for name, value in claims.items() if name not in _REGISTERED},
        holder_jwk=holder_jwk,
        holder_key=holder_key,
        issued_at=issued_at,
        expires_at=expires_at,
        status=status,
    )


def check_times(claims: Mapping[str, Any], at: datetime) -> tuple[datetime, datetime]:
    """When it was issued and when it ends. Raises CredentialInvalid, jose.JoseInvalid."""
    issued_at, expires_at = jose.required_time_of(claims, "iat"), jose.required_time_of(claims, "exp")
    not_before = jose.time_of(claims, "nbf")
    if at >= expires_at:
        raise CredentialInvalid("credential_expired", "exp has passed")
    if issued_at > at + CLOCK_SKEW or (not_before is not None and not_before > at + CLOCK_SKEW):
        raise CredentialInvalid("credential_not_yet_valid", "iat or nbf lies in the future")
    return issued_at, expires_at


def _holder(claims: Mapping[str, Any]) -> tuple[dict[str, str], ec.EllipticCurvePublicKey]:
    cnf = claims.get("cnf")
    if not isinstance(cnf, dict) or cnf.keys() != {"jwk"}:
        raise CredentialInvalid("holder_key_missing", "cnf holds no jwk, or something beside it")
    key = public_key_of(cnf["jwk"])
    # Bare, and each coordinate has one spelling only: two credentials of one key compare equal.
    return {name: cnf["jwk"][name] for name in ("kty", "crv", "x", "y")}, key


def status_reference(claims: Mapping[str, Any]) -> StatusReference | None:
    """Where the credential's status stands, if it has one. Raises CredentialInvalid for a kind we do not know."""
    if "status" not in claims:
        return None
    member = claims["status"]
    entry = member.get("status_list") if isinstance(member, dict) else None
    if not isinstance(entry, dict):
        raise CredentialInvalid("status_malformed", "a status of a kind that we do not know")
    idx, uri = entry.get("idx"), entry.get("uri")
    if isinstance(idx, bool) or not isinstance(idx, int) or not 0 <= idx < _MAX_STATUS_INDEX:
        raise CredentialInvalid("status_malformed", "idx is no index")
    if not isinstance(uri, str) or not uri.startswith(("https://", "http://")):
        raise CredentialInvalid("status_malformed", "uri is no web address")
    return StatusReference(idx=idx, uri=uri)


def _check_binding(
    binding: Mapping[str, Any], parts: SdJwt, expected_nonce: str, expected_audience: str, at: datetime
) -> datetime:
    presented_at = jose.required_time_of(binding, "iat")
    if not at - KEY_BINDING_AGE <= presented_at <= at + CLOCK_SKEW:
        raise PresentationInvalid("key_binding_stale", "iat is not now")
    # Optional in RFC 9901, but a wallet that says until when it meant this is taken at its word.
    expires_at, not_before = jose.time_of(binding, "exp"), jose.time_of(binding, "nbf")
    if (expires_at is not None and at >= expires_at) or (not_before is not None and not_before > at + CLOCK_SKEW):
        raise PresentationInvalid("key_binding_stale", "exp or nbf is not now")
    for code, name, expected in (
        ("key_binding_wrong_nonce", "nonce", expected_nonce),
        ("key_binding_wrong_audience", "aud", expected_audience),
        ("key_binding_wrong_hash", "sd_hash", sd_jwt.digest_of(parts.without_key_binding)),
    ):
        value = binding.get(name)
        if not isinstance(value, str) or not hmac.compare_digest(value.encode("utf-8"), expected.encode("utf-8")):
            raise PresentationInvalid(code, f"{name} is not the expected one")
    return presented_at


def check_restriction(claims: Mapping[str, Any], expected_audience: str) -> None:
    """Refuse a credential that its issuer made for somebody else. Raises PresentationInvalid."""
    if "aud" in claims:
        named = claims["aud"]
        if expected_audience not in (named if isinstance(named, list) else [named]):
            raise PresentationInvalid("credential_for_another", "the credential names another audience")


def _check_status(issued: VerifiedCredential, source: StatusSource, at: datetime) -> int | None:
    if issued.status is None:
        return None
    state = source.status_of(issued.status, issued.issuer, at)
    if state != VALID:
        raise PresentationInvalid("credential_revoked", f"status {state}")
    return state

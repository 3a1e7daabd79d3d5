"""Verifying a presentation of ``jwt_vc_json`` credentials: a JWT of the holder around a JWT of the issuer.

The same order as in ``verify``, and the same result, so that whoever reads it need not know the format.
"""

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from idv.credentials import base64url, jose, jwt_vc, strict_json
from idv.credentials.keys import jwk_of, public_key_of
from idv.credentials.status_list import VALID, StatusSource
from idv.credentials.trust import TrustedIssuers
from idv.credentials.verify import (
    CLOCK_SKEW,
    KEY_BINDING_AGE,
    CredentialInvalid,
    PresentationInvalid,
    VerifiedCredential,
    VerifiedPresentation,
    check_restriction,
    check_times,
    status_reference,
)
from recovery_portal.kit.errors import DomainError

_TYP = "JWT"
_PRESENTATION_TYPE = "VerifiablePresentation"
_DID_JWK = "did:jwk:"


def presentation(
    vp: str,
    *,
    expected_nonce: str,
    expected_audience: str,
    expected_type: str,
    expected_vct: str,
    issuer: str,
    issuer_did: str,
    trusted: TrustedIssuers,
    status: StatusSource,
    at: datetime,
) -> VerifiedPresentation:
    """Verify a VP JWT with one VC JWT inside. Raises PresentationInvalid; never returns half a result.

    ``expected_type`` is the W3C name of the type that ``trusted`` knows as ``expected_vct``; ``issuer`` is the
    provider's address, under which ``trusted`` knows its keys, and ``issuer_did`` the DID of that address.
    """
    try:
        # 1 parsed, bounded: one credential in one presentation, neither posing as the other
        outer = jose.peek(vp)
        compact = _one_credential(outer.payload)
        inner = jose.peek(compact)
        credential = inner.payload.get("vc")
        if not isinstance(credential, dict) or "vp" in inner.payload or "vc" in outer.payload:
            raise PresentationInvalid("vc_malformed", "no credential, or a presentation in its place")
        # 2 the issuer is the trusted one, its key is one it publishes; alg, typ, signature
        name = _key_name(inner.header, inner.payload, issuer_did)
        key = trusted.key_of(issuer, {"kid": name}, at, vct=trusted.require_vct(issuer, expected_vct))
        payload = jose.verify(compact, key=key, typ=_TYP).payload
        # 3 times
        issued_at, expires_at = _check_times(payload, at)
        # 4 the type; what the inner object says of issuer and subject is what the signed claims say
        claims = _claims_of(credential, payload, expected_type, at)
        check_restriction(payload, expected_audience)
        # 5 the holder is a did:jwk, and signed the presentation
        holder = payload.get("sub")
        holder_key = _holder_key(holder)
        binding = jose.verify(vp, key=holder_key, typ=_TYP).payload
        # 6 made now, for this request, for us, by the holder
        presented_at = _check_binding(outer.header, binding, str(holder), expected_nonce, expected_audience, at)
        if binding["vp"].get("holder", holder) != holder:
            raise PresentationInvalid("key_binding_wrong_holder", "holder differs inside and outside")
        # 7 status, last because it may reach over the network
        reference = status_reference(payload)
        if reference is None and trusted.get(issuer).status_required:
            raise PresentationInvalid("status_missing", "this issuer's credentials carry a status")
        state = None if reference is None else status.status_of(reference, issuer, at)
        if state not in (None, VALID):
            raise PresentationInvalid("credential_revoked", f"status {state}")
    except PresentationInvalid:
        raise
    except DomainError as error:
        raise PresentationInvalid(error.code, error.reason) from error
    return VerifiedPresentation(
        issuer=issuer,
        vct=expected_vct,
        claims=claims,
        holder_jwk=jwk_of(holder_key),
        issued_at=issued_at,
        expires_at=expires_at,
        status=state,
        presented_at=presented_at,
        key_binding=binding,
    )


def credential(
    compact: str,
    *,
    expected_holder_jwk: Mapping[str, Any],
    expected_type: str,
    issuer_key: ec.EllipticCurvePublicKey,
    at: datetime,
) -> VerifiedCredential:
    """Verify a VC JWT that a wallet has just received. Raises CredentialInvalid.

    ``issuer_key`` is the one that the named issuer publishes under the name in the header. Does **not** ask for the
    status: it was issued this minute.
    """
    try:
        # 1 parsed, bounded; a credential and no presentation; alg, typ, signature
        payload = jose.verify(compact, key=issuer_key, typ=_TYP).payload
        vc = payload.get("vc")
        if not isinstance(vc, dict) or "vp" in payload:
            raise CredentialInvalid("vc_malformed", "no credential, or a presentation in its place")
        # 2 times
        issued_at, expires_at = _check_times(payload, at)
        # 3 the type; what the inner object says of issuer and subject is what the signed claims say
        claims = _claims_of(vc, payload, expected_type, at)
        # 4 it is bound to the wallet's own key
        holder_key = holder_key_of(payload)
        if holder_key != public_key_of(expected_holder_jwk):
            raise CredentialInvalid("holder_unexpected", "the credential is bound to another key")
    except CredentialInvalid:
        raise
    except DomainError as error:
        raise CredentialInvalid(error.code, error.reason) from error
    return VerifiedCredential(
        issuer=str(payload["iss"]),
        vct=expected_type,
        claims=claims,
        holder_jwk=jwk_of(holder_key),
        holder_key=holder_key,
        issued_at=issued_at,
        expires_at=expires_at,
        status=status_reference(payload),
    )


def holder_key_of(payload: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    """The key of the credential's subject, a did:jwk. Raises PresentationInvalid, KeyInvalid and others."""
    return _holder_key(payload.get("sub"))


def _check_times(payload: Mapping[str, Any], at: datetime) -> tuple[datetime, datetime]:
    # VC Data Model 1.1 says by nbf when it was issued (section 6.3.1); an iat beside it counts as well.
    return check_times({"iat": payload.get("nbf"), **payload}, at)


def _one_credential(payload: Mapping[str, Any]) -> str:
    vp = payload.get("vp")
    types = vp.get("type") if isinstance(vp, dict) else None
    if not isinstance(vp, dict) or _PRESENTATION_TYPE not in (types if isinstance(types, list) else [types]):
        raise PresentationInvalid("vp_malformed", "no verifiable presentation")
    inside = vp.get("verifiableCredential")
    if not isinstance(inside, list) or len(inside) != 1 or not isinstance(inside[0], str):
        raise PresentationInvalid("vp_malformed", "not one credential")
    return inside[0]


def _key_name(header: Mapping[str, Any], payload: Mapping[str, Any], issuer_did: str) -> str:
    """The name under which the issuer publishes the key that the header names by its DID."""
    if payload.get("iss") != issuer_did:
        raise PresentationInvalid("issuer_untrusted", "no trusted issuer has this iss")
    kid = header.get("kid")
    did, _, name = kid.partition("#") if isinstance(kid, str) else ("", "", "")
    if did != issuer_did or not name or header.keys() & {"x5c", "jwk"}:
        raise PresentationInvalid("issuer_key_unknown", "kid is no key of the issuer's")
    return name


def _claims_of(
    credential: Mapping[str, Any], payload: Mapping[str, Any], expected_type: str, at: datetime
) -> dict[str, Any]:
    types, subject = credential.get("type"), credential.get("credentialSubject")
    if not isinstance(types, list) or not {jwt_vc.BASE_TYPE, expected_type} <= {t for t in types if isinstance(t, str)}:
        raise PresentationInvalid("vct_unexpected", "a credential of another type")
    if not isinstance(subject, dict):
        raise PresentationInvalid("vc_malformed", "credentialSubject is no object")
    # Another register of revocations than ours (StatusList2021 and others) that nobody here would ask.
    if "credentialStatus" in credential:
        raise PresentationInvalid("status_malformed", "a status of a kind that we do not know")
    # VC Data Model 1.1 6.3.1: what stands in both places must be the same, or two readers read two credentials.
    named = credential.get("issuer", payload["iss"])
    issuer = named.get("id") if isinstance(named, dict) else named
    if issuer != payload["iss"] or subject.get("id", payload.get("sub")) != payload.get("sub"):
        raise PresentationInvalid("vc_malformed", "issuer or subject differ inside and outside")
    for name in ("expirationDate", "validUntil"):
        if name in credential and not _lies_ahead(credential[name], at):
            raise PresentationInvalid("credential_expired", f"{name} has passed, or is no time")
    return {name: value for name, value in subject.items() if name != "id"}


def _lies_ahead(value: object, at: datetime) -> bool:
    try:
        return isinstance(value, str) and at < datetime.fromisoformat(value)
    except (ValueError, TypeError):  # no time, or one without a zone
        return False


def _holder_key(holder: object) -> ec.EllipticCurvePublicKey:
    if not isinstance(holder, str) or not holder.startswith(_DID_JWK):
        raise PresentationInvalid("holder_key_missing", "sub is no did:jwk")
    return public_key_of(strict_json.load_object(base64url.decode(holder.removeprefix(_DID_JWK)), max_bytes=2048))


def _check_binding(
    header: Mapping[str, Any],
    binding: Mapping[str, Any],
    holder: str,
    expected_nonce: str,
    expected_audience: str,
    at: datetime,
) -> datetime:
    if binding.get("iss") != holder or header.get("kid") not in {f"{holder}#0", "#0"}:
        raise PresentationInvalid("key_binding_wrong_holder", "presented by another than the credential's subject")
    presented_at = jose.required_time_of(binding, "iat")
    expires_at, not_before = jose.time_of(binding, "exp"), jose.time_of(binding, "nbf")
    is_now = at - KEY_BINDING_AGE <= presented_at <= at + CLOCK_SKEW
    if not is_now or (expires_at is not None and at >= expires_at):
        raise PresentationInvalid("key_binding_stale", "iat or exp is not now")
    if not_before is not None and not_before > at + CLOCK_SKEW:
        raise PresentationInvalid("key_binding_stale", "nbf lies ahead")
    for code, name, expected in (
        ("key_binding_wrong_nonce", "nonce", expected_nonce),
        ("key_binding_wrong_audience", "aud", expected_audience),
    ):
        value = binding.get(name)
        if not isinstance(value, str) or not hmac.compare_digest(value.encode("utf-8"), expected.encode("utf-8")):
            raise PresentationInvalid(code, f"{name} is not the expected one")
    return presented_at

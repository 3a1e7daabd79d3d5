"""Asking any OpenID Provider who somebody is, and how it found out (OpenID Connect for Identity Assurance 1.0).

What a recovery needs beyond a verdict is a name to match and a portrait to hold a live face against. Such a provider
says both in one signed ID token: the names as ``verified_claims.claims``, the portrait as an embedded attachment of the
evidence (OpenID Attachments 1.0), described as ``portrait``. Nothing is taken from unverified claims, from UserInfo, or
from an address that would have to be fetched.
"""

import base64
import binascii
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.api_jws import PyJWS

from idv.credentials import base64url, strict_json
from idv.protocol.messages import CLOCK_SKEW, MESSAGE_LIFETIME, Jwks
from recovery_portal.kit.errors import DomainError

#: A provider's row pins some of these; symmetric ones and ``none`` are not for sale.
ALGORITHMS: Final = ("ES256", "PS256", "RS256")
#: An ID token with a photo in it.
MAX_TOKEN_BYTES: Final = 1_500_000
MAX_PORTRAIT_BYTES: Final = 1_000_000
HIGH_ASSURANCE: Final = "high"
_LEAST_RSA_BITS = 2048
_LONGEST_TEXT = 200
_PORTRAIT = "portrait"


class IdentityInvalid(DomainError):
    """An ID token, or what it says of a person, that must be refused; ``code`` says why."""


@dataclass(frozen=True, kw_only=True)
class VerifiedPerson:
    """Who the provider says it is. ``claims`` are in the words of the VerifiedIdentity credential."""

    reference: str
    trust_framework: str
    verified_at: datetime
    claims: Mapping[str, str] = field(repr=False)


def requested_claims(*, max_age: timedelta, high_assurance: bool = False) -> dict[str, Any]:
    """The ``claims`` parameter (OIDC Core 5.5, IDA 1.0 section 6): names and evidence, verified lately."""
    level: dict[str, Any] = {"assurance_level": {"value": HIGH_ASSURANCE}} if high_assurance else {}
    return {
        "id_token": {
            "verified_claims": {
                "verification": {
                    "trust_framework": None,
                    **level,
                    "time": {"max_age": int(max_age.total_seconds())},
                    "evidence": [{"type": {"value": "document"}, "attachments": None, "document_details": None}],
                },
                "claims": {"given_name": None, "family_name": None, "birthdate": None},
            }
        }
    }


def request_parameters(
    *,
    client_id: str,
    redirect_uri: str,
    state: str,
    nonce: str,
    challenge: str,
    max_age: timedelta,
    high_assurance: bool = False,
) -> dict[str, str]:
    """The authorization request, to be pushed (RFC 9126): the browser carries only a reference to it."""
    return {
        "client_id": client_id,
        "response_type": "code",
        "response_mode": "query",
        "scope": "openid",
        "redirect_uri": redirect_uri,
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "prompt": "login",  # somebody who is still signed in there is not thereby here
        "claims": strict_json.dumps(requested_claims(max_age=max_age, high_assurance=high_assurance)),
    }


def peek_kid(token: str) -> object:
    """Which key the token says it is signed with. Believe nothing before ``open_id_token``."""
    return _header(token).get("kid")


def open_id_token(
    token: str,
    *,
    expected_issuer: str,
    expected_client_id: str,
    expected_nonce: str,
    jwks: Jwks,
    algorithms: Collection[str],
    at: datetime,
) -> Mapping[str, Any]:
    """The payload of an ID token (OIDC Core 3.1.3.7). Raises IdentityInvalid."""
    # 1 of a kind that is an ID token, by a pinned algorithm
    header = _header(token)
    if header.get("typ", "JWT") != "JWT" or "crit" in header:
        raise IdentityInvalid("token_wrong_type", "not an ID token")
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS or algorithm not in algorithms:
        raise IdentityInvalid("token_wrong_algorithm", "not a pinned algorithm")
    # 2 signed by the one published key that kid names, of the kind that the algorithm wants
    key = _key(jwks, header.get("kid"), str(algorithm))
    try:
        signed = PyJWS().decode_complete(token, key, algorithms=[str(algorithm)])
        payload = strict_json.load_object(signed["payload"], max_bytes=MAX_TOKEN_BYTES)
    except (jwt.PyJWTError, DomainError) as error:
        raise IdentityInvalid("token_bad_signature", type(error).__name__) from error
    # 3 from whom, for us alone
    if payload.get("iss") != expected_issuer:
        raise IdentityInvalid("token_for_another", "iss is another")
    if payload.get("aud") not in (expected_client_id, [expected_client_id]):
        raise IdentityInvalid("token_for_another", "aud is not this portal alone")
    if payload.get("azp", expected_client_id) != expected_client_id:
        raise IdentityInvalid("token_for_another", "azp is another")
    # 4 for this request
    if payload.get("nonce") != expected_nonce:
        raise IdentityInvalid("token_for_another", "nonce is another")
    # 5 now
    issued_at, expires_at = _moment(payload, "iat"), _moment(payload, "exp")
    if at >= expires_at:
        raise IdentityInvalid("token_expired", "past its exp")
    if issued_at > at + CLOCK_SKEW or issued_at < at - MESSAGE_LIFETIME - CLOCK_SKEW:
        raise IdentityInvalid("token_not_now", "iat is not now")
    # 6 about somebody
    _text(payload, "sub")
    return payload


def read_person(
    payload: Mapping[str, Any],
    *,
    trust_frameworks: Collection[str],
    max_age: timedelta,
    at: datetime,
    high_assurance: bool = False,
) -> VerifiedPerson:
    """The verified claims of an opened ID token. Raises IdentityInvalid.

    ``trust_frameworks`` empty takes any that the provider names; the operator who registered it has judged that.
    """
    verified = _the_one(payload.get("verified_claims"))
    verification, claims = _object(verified, "verification"), _object(verified, "claims")
    # 1 under rules that the operator accepts
    framework = _text(verification, "trust_framework")
    if trust_frameworks and framework not in trust_frameworks:
        raise IdentityInvalid("trust_framework_refused", framework[:60])
    if high_assurance and verification.get("assurance_level") != HIGH_ASSURANCE:
        raise IdentityInvalid("assurance_too_low", "assurance_level is not high")
    # 2 found out for this recovery, not once upon a time
    verified_at = _time(verification)
    if verified_at > at + CLOCK_SKEW or verified_at < at - max_age - CLOCK_SKEW:
        raise IdentityInvalid("verification_too_old", "the person was not verified for this recovery")
    # 3 by a document, with the portrait on file
    documents = [entry for entry in _list(verification, "evidence") if entry.get("type") == "document"]
    if not documents:
        raise IdentityInvalid("evidence_missing", "no evidence of type document")
    portrait = _portrait(documents)
    # 4 named
    given, family = _text(claims, "given_name"), _text(claims, "family_name")
    told = {"firstName": given, "lastName": family, "fullName": f"{given} {family}"[:_LONGEST_TEXT]}
    told |= {name: value for name, value in _further(claims, documents[0]) if value}
    reference = payload.get("txn") or verification.get("verification_process") or payload["sub"]
    if not isinstance(reference, str) or not 0 < len(reference) <= 128 or not reference.isprintable():
        raise IdentityInvalid("claims_malformed", "no printable reference of reasonable length")
    return VerifiedPerson(
        reference=reference,
        trust_framework=framework,
        verified_at=verified_at,
        claims={**told, "portrait": f"data:image/jpeg;base64,{portrait}", "proofingReference": reference},
    )


def _header(token: str) -> dict[str, Any]:
    if not isinstance(token, str) or len(token) > MAX_TOKEN_BYTES * 4 // 3 or token.count(".") != 2:
        raise IdentityInvalid("token_malformed", "not a compact JWS of reasonable length")
    try:
        return strict_json.load_object(base64url.decode(token.split(".")[0]), max_bytes=16_384)
    except DomainError as error:
        raise IdentityInvalid("token_malformed", error.code) from error


def _key(jwks: Jwks, kid: object, algorithm: str) -> ec.EllipticCurvePublicKey | rsa.RSAPublicKey:
    entries = jwks.get("keys") if isinstance(jwks, Mapping) else jwks
    listed = entries if isinstance(entries, Sequence) and not isinstance(entries, str) else []
    named = [entry for entry in listed if isinstance(entry, Mapping) and kid and entry.get("kid") == kid]
    if len(named) != 1 or not isinstance(kid, str) or named[0].get("use", "sig") != "sig":
        raise IdentityInvalid("token_key_unknown", "no one signing key has this kid")
    try:
        key = jwt.PyJWK(dict(named[0]), algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        raise IdentityInvalid("token_key_unknown", "the key cannot be used") from error
    if algorithm == "ES256" and isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    if algorithm != "ES256" and isinstance(key, rsa.RSAPublicKey) and key.key_size >= _LEAST_RSA_BITS:
        return key
    raise IdentityInvalid("token_key_unknown", "the key is not of the algorithm's kind")


def _the_one(value: object) -> Mapping[str, Any]:
    """IDA 1.0 5: one object, or a list of them; of several nobody says which one would count."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        raise IdentityInvalid("claims_missing", "no one set of verified claims")
    return value


def _portrait(documents: Sequence[Mapping[str, Any]]) -> str:
    found = [
        entry
        for document in documents
        for entry in _list(document, "attachments")
        if str(entry.get("desc", "")).strip().casefold() == _PORTRAIT
    ]
    if len(found) != 1:
        raise IdentityInvalid("portrait_missing", "not exactly one attachment described as portrait")
    content = found[0].get("content")
    if found[0].get("content_type") != "image/jpeg" or not isinstance(content, str):
        raise IdentityInvalid("portrait_missing", "the portrait is no embedded JPEG")
    if len(content) > MAX_PORTRAIT_BYTES * 4 // 3 + 4:
        raise IdentityInvalid("portrait_missing", "the portrait is too large")
    try:
        base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise IdentityInvalid("portrait_missing", "the portrait is not base64") from error
    return content


def _further(claims: Mapping[str, Any], document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What further match rules may compare, where the provider says it."""
    details = document.get("document_details")
    details = details if isinstance(details, dict) else {}
    issuer = details.get("issuer")
    nationalities = claims.get("nationalities")
    told = {
        "dateOfBirth": claims.get("birthdate"),
        "nationality": nationalities[0] if isinstance(nationalities, list) and nationalities else None,
        "documentType": details.get("type"),
        "documentNumber": details.get("document_number"),
        "documentExpiryDate": details.get("date_of_expiry"),
        "documentIssuingCountry": issuer.get("country_code") if isinstance(issuer, dict) else None,
    }
    return [(name, value) for name, value in told.items() if isinstance(value, str) and len(value) <= _LONGEST_TEXT]


def _time(verification: Mapping[str, Any]) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(verification, "time"))
    except ValueError as error:
        raise IdentityInvalid("claims_malformed", "verification.time is no time") from error
    if moment.tzinfo is None or not 1900 <= moment.year <= 9000:  # at the ends of time a zone leads beyond them
        raise IdentityInvalid("claims_malformed", "verification.time is no moment of this world")
    return moment.astimezone(UTC)


def _moment(payload: Mapping[str, Any], name: str) -> datetime:
    value = payload.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 253_402_300_800:
        raise IdentityInvalid("token_malformed", f"{name} is no time")
    return datetime.fromtimestamp(value, UTC)


def _object(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    member = value.get(name)
    if not isinstance(member, dict):
        raise IdentityInvalid("claims_malformed", f"{name} is no object")
    return member


def _list(value: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    member = value.get(name, [])
    if not isinstance(member, list) or not all(isinstance(entry, dict) for entry in member):
        raise IdentityInvalid("claims_malformed", f"{name} is no list of objects")
    return member


def _text(value: Mapping[str, Any], name: str) -> str:
    member = value.get(name)
    if not isinstance(member, str) or not 0 < len(member.strip()) <= _LONGEST_TEXT or len(member) > _LONGEST_TEXT:
        raise IdentityInvalid("claims_malformed", f"{name} is no text of reasonable length")
    return member

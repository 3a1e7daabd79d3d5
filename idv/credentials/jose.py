"""JWS and JWE with nothing to choose: ES256 to sign, ECDH-ES with AES-GCM to encrypt, ``typ`` always checked."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from jwt.api_jws import PyJWS

from idv.credentials import base64url, strict_json
from idv.credentials.keys import EncryptionKey, KeyInvalid, SigningKey, public_key_of
from recovery_portal.kit.errors import DomainError

#: Room for an x5c chain of a few certificates.
MAX_HEADER_BYTES = 16_384
#: Room for a portrait in a claim.
MAX_PAYLOAD_BYTES = 262_144
MAX_JWE_BYTES = 524_288
CONTENT_ENCRYPTIONS = ("A128GCM", "A256GCM")
_SIGNATURE_BYTES = 64
_HALF = _SIGNATURE_BYTES // 2
#: The last second of the year 9999: past it datetime overflows.
_LAST_SECOND = 253_402_300_799
_NUMBERS = (int, float)

_jws = PyJWS(algorithms=["ES256"])
_ECDSA = ec.ECDSA(hashes.SHA256())


class JoseInvalid(DomainError):
    """A JWS or JWE that is malformed, of another type or algorithm, or not signed by the expected key."""


class Jws(NamedTuple):
    """A parsed JWS with a JSON object inside. Whether it is verified is said by the function that returned it."""

    header: Mapping[str, Any]
    payload: Mapping[str, Any]
    signed: bytes
    signature: bytes


def sign(
    payload: Mapping[str, Any], *, typ: str, key: SigningKey, named_by: Literal["kid", "x5c", "jwk", "nothing"] = "kid"
) -> str:
    """A compact JWS by ES256. ``named_by`` says how the header names the key; "nothing" is for the holder of ``cnf``.

    Raises KeyInvalid when x5c is asked of a key without certificates.
    """
    members: dict[str, Any] = {"typ": typ}
    if named_by == "x5c":
        if not key.chain:
            raise KeyInvalid("key_without_certificate", "x5c was asked for and the key has no certificate")
        # The kid beside it serves those who trust this issuer by its JWK set and know no authority.
        members |= {"x5c": key.x5c(), "kid": key.kid}
    elif named_by == "jwk":
        members["jwk"] = key.public_jwk()
    elif named_by == "kid":
        members["kid"] = key.kid
    data = strict_json.dumps(payload).encode("utf-8")
    return _jws.encode(data, key.private_key, algorithm="ES256", headers=members)


def peek(compact: str, *, max_payload_bytes: int = MAX_PAYLOAD_BYTES) -> Jws:
    """Parse without verifying, to learn whose key to look for. Believe nothing it says before ``verify``."""
    header, payload, signature = _parse(compact, max_payload_bytes)
    return Jws(header, payload, compact.rpartition(".")[0].encode("ascii"), signature)


def verify(
    compact: str, *, key: ec.EllipticCurvePublicKey, typ: str, max_payload_bytes: int = MAX_PAYLOAD_BYTES
) -> Jws:
    """Check form, ``alg``, ``typ`` and signature. Does **not** look at the payload: times and audience are yours.

    Raises JoseInvalid.
    """
    return verify_parsed(peek(compact, max_payload_bytes=max_payload_bytes), key=key, typ=typ)


def verify_parsed(jws: Jws, *, key: ec.EllipticCurvePublicKey, typ: str) -> Jws:
    """As ``verify``, for what ``peek`` returned: nothing is parsed twice, let alone in two ways."""
    if jws.header.get("typ") != typ:
        raise JoseInvalid("jws_wrong_type", f"typ is not {typ}")
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise JoseInvalid("jws_bad_signature", "not a key for ES256")
    r, s = int.from_bytes(jws.signature[:_HALF], "big"), int.from_bytes(jws.signature[_HALF:], "big")
    try:
        key.verify(encode_dss_signature(r, s), jws.signed, _ECDSA)
    except InvalidSignature as error:
        raise JoseInvalid("jws_bad_signature", "the signature does not match") from error
    return jws


def key_in(jwks: Mapping[str, Any] | Sequence[Mapping[str, Any]], kid: object) -> ec.EllipticCurvePublicKey:
    """The key that a header's ``kid`` names in a JWK set (or its ``keys``). Raises JoseInvalid when it is not there.

    No fallback to "the only key": a header without ``kid`` says nothing about who signed.
    """
    entries = jwks.get("keys") if isinstance(jwks, Mapping) else jwks
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise JoseInvalid("jwks_malformed", "a JWK set has a list of keys")
    if not isinstance(kid, str) or not kid:
        raise JoseInvalid("jws_key_unknown", "the header names no key")
    named = [entry for entry in entries if isinstance(entry, Mapping) and entry.get("kid") == kid]
    if len(named) != 1:
        raise JoseInvalid("jws_key_unknown", "no one key has this kid")
    try:
        return public_key_of(named[0])
    except KeyInvalid as error:
        raise JoseInvalid(error.code, error.reason) from error


def verify_with_jwks(compact: str, *, jwks: Mapping[str, Any] | Sequence[Mapping[str, Any]], typ: str) -> Jws:
    """As ``verify``, with the key that the header's ``kid`` names in ``jwks``."""
    parsed = peek(compact)
    return verify_parsed(parsed, key=key_in(jwks, parsed.header.get("kid")), typ=typ)


def time_of(payload: Mapping[str, Any], name: str) -> datetime | None:
    """A NumericDate member (RFC 7519 section 2) as a time in UTC; None when absent.

    Raises JoseInvalid for anything but a finite number between the epoch and the year 9999; ``true`` is no number.
    """
    if name not in payload:
        return None
    value = payload[name]
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        raise JoseInvalid("time_malformed", f"{name} is not a number")
    if (isinstance(value, float) and not math.isfinite(value)) or not 0 <= value <= _LAST_SECOND:
        raise JoseInvalid("time_malformed", f"{name} is out of range")
    return datetime.fromtimestamp(value, UTC)


def required_time_of(payload: Mapping[str, Any], name: str) -> datetime:
    """As ``time_of``, and raises JoseInvalid when the member is absent."""
    moment = time_of(payload, name)
    if moment is None:
        raise JoseInvalid("time_missing", f"{name} is missing")
    return moment


def seconds(at: datetime) -> int:
    """``at`` as a NumericDate."""
    return int(at.timestamp())


def encrypt(payload: Mapping[str, Any], *, recipient_jwk: Mapping[str, Any], enc: str = "A256GCM") -> str:
    """A compact JWE for the holder of ``recipient_jwk`` (ECDH-ES, direct), its ``kid`` echoed. Raises KeyInvalid."""
    if enc not in CONTENT_ENCRYPTIONS:
        raise JoseInvalid("jwe_unsupported", f"{enc} is not offered")
    public_key = public_key_of(recipient_jwk, use="enc")
    protected: dict[str, Any] = {"alg": "ECDH-ES", "enc": enc}
    if isinstance(recipient_jwk.get("kid"), str):
        protected["kid"] = recipient_jwk["kid"]
    plaintext = strict_json.dumps(payload).encode("utf-8")
    from idv.credentials import jwe  # heavy to load, and most of who signs encrypts nothing

    return jwe.encrypt(protected, plaintext, _pem(public_key))


def decrypt(compact: str, *, key: EncryptionKey) -> dict[str, Any]:
    """The JSON object inside a compact JWE for ``key``. Raises JoseInvalid. Encryption authenticates nobody."""
    if len(compact) > MAX_JWE_BYTES:
        raise JoseInvalid("jwe_too_large", f"more than {MAX_JWE_BYTES} bytes")
    parts = compact.split(".")
    if len(parts) != 5:
        raise JoseInvalid("jwe_malformed", "a compact JWE has five parts")
    try:
        for part in parts:
            base64url.decode(part)
        header = strict_json.load_object(base64url.decode(parts[0]), max_bytes=MAX_HEADER_BYTES)
    except DomainError as error:
        raise JoseInvalid("jwe_malformed", error.reason) from error
    if header.get("alg") != "ECDH-ES" or header.get("enc") not in CONTENT_ENCRYPTIONS:
        raise JoseInvalid("jwe_unsupported", "only ECDH-ES with A128GCM or A256GCM is accepted")
    if "zip" in header or "crit" in header:
        raise JoseInvalid("jwe_unsupported", "compression and critical extensions are not accepted")
    if header.get("kid", key.kid) != key.kid:
        raise JoseInvalid("jwe_key_unknown", "encrypted for another key")
    try:
        public_key_of(header.get("epk"), use="enc")
        from idv.credentials import jwe  # as above

        return strict_json.load_object(jwe.decrypt(compact, key.private_pem()))
    except (KeyInvalid, strict_json.JsonInvalid) as error:
        raise JoseInvalid(error.code, error.reason) from error
    except ValueError as error:
        raise JoseInvalid("jwe_not_for_us", "it does not open with our key") from error


# Header after header of one issuer, and of one wallet's make, is the very same text.
@lru_cache(maxsize=128)
def _header_in(text: str) -> Mapping[str, Any]:
    """The header, for everybody to read and nobody to change. Raises DomainErrors, which are not kept."""
    return MappingProxyType(strict_json.load_object(base64url.decode(text), max_bytes=MAX_HEADER_BYTES))


def _parse(compact: str, max_payload_bytes: int) -> tuple[Mapping[str, Any], dict[str, Any], bytes]:
    if not isinstance(compact, str) or len(compact) > (MAX_HEADER_BYTES + max_payload_bytes) * 4 // 3 + 128:
        raise JoseInvalid("jws_too_large", "a compact JWS beyond the size limit")
    parts = compact.split(".", 3)
    if len(parts) != 3:
        raise JoseInvalid("jws_malformed", "a compact JWS has three parts")
    try:
        header = _header_in(parts[0])
        payload = strict_json.load_object(base64url.decode(parts[1]), max_bytes=max_payload_bytes)
        signature = base64url.decode(parts[2])
    except DomainError as error:
        raise JoseInvalid("jws_malformed", f"{error.code}: {error.reason}") from error
    if header.get("alg") != "ES256":
        raise JoseInvalid("jws_wrong_algorithm", "only ES256 is accepted")
    if "crit" in header or "b64" in header:
        raise JoseInvalid("jws_unsupported", "critical extensions are not accepted")
    if len(signature) != _SIGNATURE_BYTES:
        raise JoseInvalid("jws_bad_signature", "an ES256 signature has 64 bytes")
    return header, payload, signature


def _pem(public_key: ec.EllipticCurvePublicKey) -> bytes:
    return public_key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

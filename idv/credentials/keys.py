"""Keys and certificates: P-256 only, for signing (ES256) and for encryption (ECDH-ES)."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from idv.credentials import base64url, strict_json
from recovery_portal.kit.errors import DomainError

_COORDINATE_BYTES = 32
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class KeyInvalid(DomainError):
    """A key that we neither use nor accept."""


@dataclass(frozen=True, kw_only=True, repr=False)
class SigningKey:
    """A P-256 private key for ES256, with its certificates, leaf first and without the trust anchor."""

    private_key: ec.EllipticCurvePrivateKey
    kid: str
    chain: tuple[x509.Certificate, ...] = ()

    def __repr__(self) -> str:
        return f"SigningKey(kid={self.kid!r})"

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        return self.private_key.public_key()

    def public_jwk(self) -> dict[str, str]:
        """The bare public JWK (kty, crv, x, y): what goes into ``cnf`` and into a proof's header."""
        return jwk_of(self.public_key)

    def jwks_entry(self) -> dict[str, str]:
        """The public JWK as published in a JWK set: with kid, alg and use."""
        return {**self.public_jwk(), "kid": self.kid, "alg": "ES256", "use": "sig"}

    def private_pem(self) -> str:
        """PKCS#8 PEM, unencrypted: seal it before it is stored."""
        return _private_pem(self.private_key)

    def chain_pems(self) -> list[str]:
        """The certificates as PEM, leaf first."""
        return [certificate.public_bytes(serialization.Encoding.PEM).decode("ascii") for certificate in self.chain]

    def x5c(self) -> list[str]:
        """The certificates as the ``x5c`` header wants them (RFC 7515 section 4.1.6: base64 of DER, not base64url)."""
        return [
            base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode("ascii")
            for certificate in self.chain
        ]


@dataclass(frozen=True, kw_only=True, repr=False)
class EncryptionKey:
    """A P-256 private key that opens JWEs made with ECDH-ES. OpenID4VP wants a fresh one for every request."""

    private_key: ec.EllipticCurvePrivateKey
    kid: str

    def __repr__(self) -> str:
        return f"EncryptionKey(kid={self.kid!r})"

    def public_jwk(self) -> dict[str, str]:
        """The public JWK with kid, alg and use, as it stands in ``client_metadata.jwks``."""
        return {**jwk_of(self.private_key.public_key()), "kid": self.kid, "alg": "ECDH-ES", "use": "enc"}

    def private_pem(self) -> str:
        """PKCS#8 PEM, unencrypted: seal it before it is stored."""
        return _private_pem(self.private_key)


def generate(kid: str | None = None) -> SigningKey:
    """A fresh signing key; without a ``kid`` it is named by its JWK thumbprint (RFC 7638)."""
    private_key = ec.generate_private_key(ec.SECP256R1())
    return SigningKey(private_key=private_key, kid=kid or thumbprint(jwk_of(private_key.public_key())))


def generate_encryption(kid: str | None = None) -> EncryptionKey:
    """A fresh encryption key; without a ``kid`` it is named by its JWK thumbprint."""
    private_key = ec.generate_private_key(ec.SECP256R1())
    return EncryptionKey(private_key=private_key, kid=kid or thumbprint(jwk_of(private_key.public_key())))


def from_pem(private_pem: str, *, kid: str | None = None, chain_pems: Sequence[str] = ()) -> SigningKey:
    """The signing key of a PKCS#8 PEM. Raises KeyInvalid when it is no P-256 key or not the leaf's key."""
    private_key = _load_private(private_pem)
    chain = tuple(_load_certificate(pem) for pem in chain_pems)
    if chain and chain[0].public_key() != private_key.public_key():
        raise KeyInvalid("key_certificate_mismatch", "the leaf certificate is for another key")
    return SigningKey(private_key=private_key, kid=kid or thumbprint(jwk_of(private_key.public_key())), chain=chain)


def encryption_from_pem(private_pem: str, *, kid: str) -> EncryptionKey:
    """The encryption key of a PKCS#8 PEM. Raises KeyInvalid when it is no P-256 key."""
    return EncryptionKey(private_key=_load_private(private_pem), kid=kid)


def jwk_of(public_key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """The bare public JWK (RFC 7518 section 6.2) of a P-256 key."""
    numbers = public_key.public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": base64url.encode(numbers.x.to_bytes(_COORDINATE_BYTES, "big")),
        "y": base64url.encode(numbers.y.to_bytes(_COORDINATE_BYTES, "big")),
    }


def public_key_of(jwk: object, *, use: str = "sig") -> ec.EllipticCurvePublicKey:
    """The P-256 public key in a JWK. Raises KeyInvalid for everything else.

    Other key types and curves, private members, a point off the curve and a key marked for another ``use`` are
    refused; ``x5u`` and ``jku`` are never looked at, let alone fetched.
    """
    if not isinstance(jwk, Mapping):
        raise KeyInvalid("key_malformed", "a JWK is a JSON object")
    if _PRIVATE_MEMBERS & jwk.keys():
        raise KeyInvalid("key_private", "the JWK carries private key members")
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        raise KeyInvalid("key_unsupported", "only EC keys on P-256 are accepted")
    if jwk.get("use", use) != use:
        raise KeyInvalid("key_wrong_use", f"the JWK is not meant for {use}")
    if jwk.get("alg", "ES256" if use == "sig" else "ECDH-ES") != ("ES256" if use == "sig" else "ECDH-ES"):
        raise KeyInvalid("key_wrong_algorithm", "the JWK is meant for another algorithm")
    x, y = jwk.get("x"), jwk.get("y")
    if not isinstance(x, str) or not isinstance(y, str):
        raise KeyInvalid("key_malformed", "x or y is missing")
    return _point(x, y)


# The same few issuer keys come again and again; to check that a point lies on the curve costs more than to sign.
@lru_cache(maxsize=512)
def _point(x: str, y: str) -> ec.EllipticCurvePublicKey:
    encoded = b"\x04" + _coordinate("x", x) + _coordinate("y", y)
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), encoded)
    except ValueError as error:
        raise KeyInvalid("key_off_curve", "the point is not on P-256") from error


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """The JWK thumbprint (RFC 7638, SHA-256, base64url): equal for equal keys, whatever else the JWK says."""
    required = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    return base64url.encode(hashlib.sha256(strict_json.dumps(required).encode("utf-8")).digest())


def _coordinate(name: str, value: str) -> bytes:
    try:
        data = base64url.decode(value)
    except base64url.Base64UrlInvalid as error:
        raise KeyInvalid("key_malformed", f"{name} is not base64url") from error
    if len(data) != _COORDINATE_BYTES:
        raise KeyInvalid("key_malformed", f"{name} has the wrong length")
    return data


def _private_pem(private_key: ec.EllipticCurvePrivateKey) -> str:
    return private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")


def _load_private(private_pem: str) -> ec.EllipticCurvePrivateKey:
    try:
        private_key = serialization.load_pem_private_key(private_pem.encode("ascii"), password=None)
    except (ValueError, TypeError) as error:
        raise KeyInvalid("key_malformed", "not an unencrypted PKCS#8 PEM") from error
    if not isinstance(private_key, ec.EllipticCurvePrivateKey) or not isinstance(private_key.curve, ec.SECP256R1):
        raise KeyInvalid("key_unsupported", "only EC keys on P-256 are accepted")
    return private_key


def _load_certificate(pem: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem.encode("ascii"))
    except ValueError as error:
        raise KeyInvalid("certificate_malformed", "not a PEM certificate") from error

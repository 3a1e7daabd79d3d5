"""A small certificate authority for one installation: an anchor, and leaves whose names say who signs."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from idv.credentials import base64url
from idv.credentials.keys import SigningKey, generate

ANCHOR_LIFETIME = timedelta(days=3650)
LEAF_LIFETIME = timedelta(days=397)
#: Clocks differ between hosts; a certificate that starts this minute would be refused next door.
_BACKDATED = timedelta(minutes=5)


def development_ca(name: str, at: datetime) -> SigningKey:
    """A self-signed anchor for P-256 leaves. ``chain[0]`` is the anchor itself, to be handed to those who trust it."""
    key = generate()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        _builder(subject, subject, key.public_key, at, ANCHOR_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key), critical=False)
        .sign(key.private_key, hashes.SHA256())
    )
    return SigningKey(private_key=key.private_key, kid=key.kid, chain=(certificate,))


def issue_leaf(
    ca: SigningKey,
    *,
    name: str,
    at: datetime,
    dns_names: Sequence[str] = (),
    uri_names: Sequence[str] = (),
    key: SigningKey | None = None,
    lifetime: timedelta = LEAF_LIFETIME,
    is_server: bool = False,
) -> SigningKey:
    """A signing key with a leaf certificate under ``ca``; its chain leaves the anchor out, as HAIP 1.0 wants it.

    ``uri_names`` carries an issuer's URL, ``dns_names`` a verifier's host (x509_san_dns). With ``key`` that key is
    certified instead of a new one. ``is_server`` marks it for TLS servers, as browsers ask (RFC 5280 4.2.1.12).
    """
    key = key or generate()
    anchor = ca.chain[0]
    names: list[x509.GeneralName] = [x509.DNSName(dns_name) for dns_name in dns_names]
    names += [x509.UniformResourceIdentifier(uri) for uri in uri_names]
    builder = (
        _builder(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), anchor.subject, key.public_key, at, lifetime
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.public_key), critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if is_server:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    leaf = builder.sign(ca.private_key, hashes.SHA256())
    return SigningKey(private_key=key.private_key, kid=key.kid, chain=(leaf,))


def x509_hash(certificate: x509.Certificate) -> str:
    """The ``x509_hash`` client identifier without its prefix (OpenID4VP 1.0 section 5.9.3): SHA-256 of the DER."""
    return base64url.encode(hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).digest())


def key_id(authority: x509.Certificate) -> str | None:
    """The name that certificates below ``authority`` give its key (``aki`` of DCQL), if it has one."""
    try:
        value = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        return None
    return base64url.encode(value.digest)


def authority_key_ids(chain: Iterable[x509.Certificate]) -> frozenset[str]:
    """The key identifiers that the certificates of a chain name as their authorities'."""
    found = set()
    for certificate in chain:
        try:
            value = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        except x509.ExtensionNotFound:
            continue
        if value.key_identifier:
            found.add(base64url.encode(value.key_identifier))
    return frozenset(found)


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, at: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _BACKDATED)
        .not_valid_after(at + lifetime)
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        key_cert_sign=certificates,
        crl_sign=certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )

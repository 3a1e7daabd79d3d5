"""Whom we believe about what: issuers, their keys, and the credential types each may issue."""

import base64
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from idv.credentials import jose
from idv.credentials.certificates import authority_key_ids
from idv.credentials.keys import KeyInvalid, public_key_of
from recovery_portal.kit.errors import DomainError

MAX_CHAIN = 4
_HANDLED_CRITICAL = frozenset({x509.BasicConstraints.oid, x509.KeyUsage.oid, x509.SubjectAlternativeName.oid})
#: All that cryptography raises over a certificate that somebody damaged on purpose.
_CERTIFICATE_ERRORS = (
    ValueError,
    TypeError,
    InvalidSignature,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
#: Any purpose, or the document signer of ISO/IEC 18013-5 that many credential issuers carry.
_ISSUING_PURPOSES = frozenset({ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE, x509.ObjectIdentifier("1.0.18013.5.1.2")})


class IssuerUntrusted(DomainError):
    """Nobody we trust stands behind this key, or not for this."""


@dataclass(frozen=True, kw_only=True)
class TrustedIssuer:
    """One issuer: its URL, the types it may issue, and its keys by JWK set or by certificate authority (or both).

    ``authorities_by_vct``: authorities for one type alone; for that type they stand instead of ``authorities``.
    ``status_required``: a credential of this issuer without a status reference is refused.
    """

    issuer: str
    vcts: frozenset[str]
    jwks: Sequence[Mapping[str, Any]] = ()
    authorities: Sequence[x509.Certificate] = ()
    authorities_by_vct: Mapping[str, Sequence[x509.Certificate]] = field(default_factory=dict)
    status_required: bool = True

    def authorities_for(self, vct: object) -> Sequence[x509.Certificate]:
        """The authorities that may certify keys for this type; without a type, for anything of this issuer's."""
        if vct is None:
            return [*self.authorities, *itertools.chain.from_iterable(self.authorities_by_vct.values())]
        return self.authorities_by_vct.get(vct, self.authorities) if isinstance(vct, str) else self.authorities


@dataclass(frozen=True)
class TrustedIssuers:
    """The issuers one verifier or wallet believes. Trust is per issuer *and* type: a loyalty card is no passport."""

    issuers: Iterable[TrustedIssuer]
    _by_url: Mapping[str, TrustedIssuer] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_url", {trusted.issuer: trusted for trusted in self.issuers})

    def get(self, issuer: object) -> TrustedIssuer:
        """The trusted issuer with exactly this URL. Raises IssuerUntrusted."""
        if not isinstance(issuer, str) or issuer not in self._by_url:
            raise IssuerUntrusted("issuer_untrusted", "no trusted issuer has this iss")
        return self._by_url[issuer]

    def require_vct(self, issuer: str, vct: object) -> str:
        """``vct`` itself, when this issuer may issue it. Raises IssuerUntrusted."""
        if not isinstance(vct, str) or vct not in self.get(issuer).vcts:
            raise IssuerUntrusted("issuer_not_authorised", "this issuer is not trusted for this type")
        return vct

    def key_of(
        self, issuer: object, header: Mapping[str, Any], at: datetime, *, vct: object = None
    ) -> ec.EllipticCurvePublicKey:
        """The issuer's key that ``header`` names by ``x5c`` or ``kid``. Raises IssuerUntrusted.

        With certificate authorities, ``x5c`` must lead to one of them. Without, a certificate is only a way to name a
        key: its key must be one of the issuer's JWK set. ``vct`` is the type of the credential whose signature will be
        checked with the key; other tokens of the issuer (status lists) have none.
        """
        trusted = self.get(issuer)
        authorities = trusted.authorities_for(vct)
        if "x5c" in header and authorities:
            leaf = leaf_of(header["x5c"], authorities=authorities, at=at)
            _require_issuing_purpose(leaf)
            require_issuer_name(leaf, trusted.issuer)
            return p256_key_of(leaf)
        if "x5c" in header and "kid" not in header:
            return _published_key(header["x5c"], trusted.jwks, at)
        try:
            return jose.key_in(trusted.jwks, header.get("kid"))
        except jose.JoseInvalid as error:
            raise IssuerUntrusted("issuer_key_unknown", error.reason) from error


def leaf_of(x5c: object, *, authorities: Sequence[x509.Certificate], at: datetime) -> x509.Certificate:
    """The leaf of an ``x5c`` header, its chain verified up to one of ``authorities``. Raises IssuerUntrusted."""
    # 1 to 5
    chain = _coherent_chain(x5c, at)
    # 6 no anchor is sent along (HAIP 1.0), and the last is signed by a trusted, valid authority
    if any(certificate in authorities for certificate in chain):
        raise IssuerUntrusted("certificate_chain_malformed", "the chain carries the anchor")
    _require_anchored(chain[-1], authorities, at, depth=len(chain) - 1)
    return chain[0]


def authorities_named_in(header: Mapping[str, Any]) -> frozenset[str]:
    """Which authorities' keys the certificates of a header name (``aki`` of DCQL); none when it has no certificates.

    Nothing is verified: it is for a wallet to find among its own what a verifier is likely to believe.
    """
    try:
        return authority_key_ids(_certificates(header.get("x5c")))
    except IssuerUntrusted:
        return frozenset()


def unvouched_leaf_of(x5c: object, *, at: datetime) -> x509.Certificate:
    """The leaf of a coherent ``x5c`` header whose end is **not** checked against any authority. Raises IssuerUntrusted.

    It says which key signed, never who holds it.
    """
    return _coherent_chain(x5c, at)[0]


def _coherent_chain(x5c: object, at: datetime) -> list[x509.Certificate]:
    # 1 the header is a short list of DER certificates
    chain = _certificates(x5c)
    # 2 leaf first, no certificate twice, none self-signed (HAIP 1.0)
    if len(set(chain)) != len(chain):
        raise IssuerUntrusted("certificate_chain_malformed", "the chain repeats itself")
    if any(_is_self_signed(certificate) for certificate in chain):
        raise IssuerUntrusted("certificate_self_signed", "a self-signed certificate in the chain")
    # 3 every certificate is valid now and has no critical extension that we do not understand
    for certificate in chain:
        _require_valid(certificate, at)
    # 4 the leaf signs, and is no certificate authority
    _require_leaf(chain[0])
    # 5 each is signed by the next
    for depth, (child, parent) in enumerate(itertools.pairwise(chain)):
        _require_issued(child, parent, depth)
    return chain


def require_issuer_name(leaf: x509.Certificate, issuer: str) -> None:
    """Refuse a leaf whose subject alternative names do not carry ``issuer`` as a URI or its host as a DNS name."""
    uris, hosts = names_of(leaf)
    host = urlsplit(issuer).hostname
    if issuer not in uris and (not host or host not in hosts):
        raise IssuerUntrusted("issuer_not_in_certificate", "iss is not among the leaf's names")


def names_of(leaf: x509.Certificate) -> tuple[list[str], list[str]]:
    """The leaf's URI names and DNS names."""
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return [], []
    return names.get_values_for_type(x509.UniformResourceIdentifier), names.get_values_for_type(x509.DNSName)


def p256_key_of(certificate: x509.Certificate) -> ec.EllipticCurvePublicKey:
    """The certificate's P-256 key. Raises IssuerUntrusted."""
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise IssuerUntrusted("certificate_key_unsupported", "not a P-256 key")
    return key


def _published_key(x5c: object, jwks: Sequence[Mapping[str, Any]], at: datetime) -> ec.EllipticCurvePublicKey:
    leaf = _certificates(x5c)[0]
    _require_valid(leaf, at)
    key = p256_key_of(leaf)
    for jwk in jwks:
        try:
            if public_key_of(jwk) == key:
                return key
        except KeyInvalid:
            continue
    raise IssuerUntrusted("issuer_key_unknown", "the certificate's key is not one that the issuer publishes")


def _certificates(x5c: object) -> list[x509.Certificate]:
    if not isinstance(x5c, list) or not 0 < len(x5c) <= MAX_CHAIN:
        raise IssuerUntrusted("certificate_chain_malformed", f"x5c is not a list of 1 to {MAX_CHAIN}")
    chain = []
    for entry in x5c:
        try:
            certificate = x509.load_der_x509_certificate(base64.b64decode(entry, validate=True))
            _parse_whole(certificate)
            chain.append(certificate)
        except _CERTIFICATE_ERRORS as error:
            raise IssuerUntrusted("certificate_chain_malformed", "not a DER certificate") from error
    return chain


def _parse_whole(certificate: x509.Certificate) -> None:
    """cryptography parses a certificate's parts when they are asked for: a broken one must fail here, not later."""
    _ = (certificate.subject, certificate.issuer, certificate.public_key(), certificate.extensions)
    _ = (certificate.not_valid_before_utc, certificate.not_valid_after_utc, certificate.signature_hash_algorithm)
    # The count of unused bits before the signature is not signed, and not looked at: one certificate, two spellings.
    if not certificate.public_bytes(serialization.Encoding.DER).endswith(b"\0" + certificate.signature):
        raise ValueError("the signature is no whole number of bytes")


def _is_self_signed(certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(certificate)
    except _CERTIFICATE_ERRORS:
        return False
    return True


def _require_valid(certificate: x509.Certificate, at: datetime) -> None:
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise IssuerUntrusted("certificate_not_valid_now", "outside its validity period")
    if any(item.critical and item.oid not in _HANDLED_CRITICAL for item in certificate.extensions):
        raise IssuerUntrusted("certificate_unknown_extension", "a critical extension that we do not understand")


def _require_leaf(leaf: x509.Certificate) -> None:
    constraints, usage = _constraints(leaf), _usage(leaf)
    if constraints is not None and constraints.ca:
        raise IssuerUntrusted("certificate_leaf_is_authority", "an authority's certificate signs no credentials")
    if usage is not None and not usage.digital_signature:
        raise IssuerUntrusted("certificate_wrong_usage", "the leaf may not sign")


def _require_issuing_purpose(leaf: x509.Certificate) -> None:
    """Refuse a certificate made for a web server: whoever took the web server must not issue credentials with it."""
    try:
        purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not any(purpose in _ISSUING_PURPOSES for purpose in purposes):
        raise IssuerUntrusted("certificate_wrong_purpose", "the leaf is meant for something else")


def _require_issued(child: x509.Certificate, parent: x509.Certificate, depth: int) -> None:
    constraints, usage = _constraints(parent), _usage(parent)
    if constraints is None or not constraints.ca or (usage is not None and not usage.key_cert_sign):
        raise IssuerUntrusted("certificate_not_an_authority", "the issuing certificate may not certify")
    if constraints.path_length is not None and depth > constraints.path_length:
        raise IssuerUntrusted("certificate_path_too_long", "more authorities than the path length allows")
    try:
        child.verify_directly_issued_by(parent)
    except _CERTIFICATE_ERRORS as error:
        raise IssuerUntrusted("certificate_chain_broken", "not signed by the next certificate") from error


def _require_anchored(
    last: x509.Certificate, authorities: Sequence[x509.Certificate], at: datetime, *, depth: int
) -> None:
    for authority in authorities:
        if authority.subject == last.issuer:
            try:
                _require_valid(authority, at)
                _require_issued(last, authority, depth)
            except IssuerUntrusted:
                continue
            return
    raise IssuerUntrusted("certificate_chain_untrusted", "the chain ends at no trusted authority")


def _constraints(certificate: x509.Certificate) -> x509.BasicConstraints | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return None


def _usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None

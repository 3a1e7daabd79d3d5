"""Whose certificate may sign a credential (facts V5, V6)."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from idv.credentials import certificates, keys, trust

from .world import AT, ISSUER, VCT, world

W = world()
DAY = timedelta(days=1)


def certificate(
    subject: str,
    public_key: Any,
    *,
    signer: keys.SigningKey | None = None,
    by: str = "",
    signing_key: ec.EllipticCurvePrivateKey | None = None,
    ca: bool = False,
    path_length: int | None = None,
    constraints: bool = True,
    sign_certificates: bool | None = None,
    start: datetime = AT - DAY,
    end: datetime = AT + DAY,
    extra: Sequence[tuple[x509.ExtensionType, bool]] = (),
    uri: str = ISSUER,
) -> x509.Certificate:
    """Any certificate, right or wrong."""
    issuer_name = (
        signer.chain[0].subject if signer else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, by or subject)])
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(issuer_name)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )
    if constraints:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=path_length if ca else None), True)
    if sign_certificates is not None:
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only"), False
        )
        builder = builder.add_extension(
            x509.KeyUsage(
                digital_signature=not sign_certificates,
                key_cert_sign=sign_certificates,
                crl_sign=False,
                decipher_only=False,
                **usage,
            ),
            True,
        )
    if not ca:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), False)
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical)
    key = signing_key or (signer.private_key if signer else None)
    assert key is not None
    return builder.sign(key, hashes.SHA256())


def x5c(*chain: x509.Certificate) -> list[str]:
    return [base64.b64encode(item.public_bytes(serialization.Encoding.DER)).decode() for item in chain]


LEAF = keys.generate()
MIDDLE = keys.generate()


def leaf(**changes: Any) -> x509.Certificate:
    return certificate("Leaf", LEAF.public_key, **({"signer": W.ca} | changes))


def anchor(path_length: int | None = 1, **changes: Any) -> keys.SigningKey:
    """An anchor that allows intermediates."""
    key = keys.generate()
    made = certificate(
        "Long CA", key.public_key, signing_key=key.private_key, ca=True, path_length=path_length, **changes
    )
    return keys.SigningKey(private_key=key.private_key, kid=key.kid, chain=(made,))


def middle(above: keys.SigningKey, **changes: Any) -> keys.SigningKey:
    made = certificate("Middle CA", MIDDLE.public_key, **({"signer": above, "ca": True, "path_length": 0} | changes))
    return keys.SigningKey(private_key=MIDDLE.private_key, kid=MIDDLE.kid, chain=(made,))


def find_key(header: dict[str, Any], ca: keys.SigningKey = W.ca, at: datetime = AT) -> ec.EllipticCurvePublicKey:
    trusted = trust.TrustedIssuers([trust.TrustedIssuer(issuer=ISSUER, vcts=frozenset({VCT}), authorities=ca.chain)])
    return trusted.key_of(ISSUER, header, at)


def refused(header: dict[str, Any], ca: keys.SigningKey = W.ca, at: datetime = AT) -> str:
    with pytest.raises(trust.IssuerUntrusted) as refusal:
        find_key(header, ca, at)
    return refusal.value.code


def test_a_leaf_under_the_anchor_is_believed() -> None:
    assert find_key({"x5c": W.issuer.x5c()}) == W.issuer.public_key
    assert find_key({"x5c": x5c(leaf(constraints=False))}) == LEAF.public_key


def test_a_leaf_that_names_the_issuers_host_is_believed() -> None:
    key = certificates.issue_leaf(W.ca, name="Issuer", at=AT, dns_names=["provider.example"])
    assert find_key({"x5c": key.x5c()}) == key.public_key


def test_an_intermediate_is_believed_in_its_place_only() -> None:
    ca = anchor()
    under = middle(ca)
    good = x5c(leaf(signer=under), *under.chain)
    assert find_key({"x5c": good}, ca) == LEAF.public_key
    assert refused({"x5c": good[::-1]}, ca) == "certificate_leaf_is_authority"
    assert refused({"x5c": good[:1]}, ca) == "certificate_chain_untrusted"
    assert refused({"x5c": good}, W.ca) == "certificate_chain_untrusted"


def test_v6_two_chains_in_one_header() -> None:
    ca = anchor()
    under = middle(ca)
    assert refused({"x5c": [*x5c(leaf()), *x5c(leaf(signer=under), *under.chain)]}) == "certificate_not_an_authority"
    swapped = middle(ca, signing_key=W.ca.private_key)
    assert refused({"x5c": x5c(leaf(signer=under), *swapped.chain)}, ca) == "certificate_chain_untrusted"


def test_v6_an_intermediate_of_the_same_name_with_another_key() -> None:
    ca = anchor()
    forged = leaf(signer=middle(ca), signing_key=keys.generate().private_key)
    assert refused({"x5c": x5c(forged, *middle(ca).chain)}, ca) == "certificate_chain_broken"


def test_v6_an_intermediate_without_the_authority_flag() -> None:
    ca = anchor()
    for changes in ({"ca": False}, {"constraints": False}, {"sign_certificates": False}):
        under = middle(ca, **changes)
        assert refused({"x5c": x5c(leaf(signer=under), *under.chain)}, ca) == "certificate_not_an_authority"


def test_v6_the_path_length_is_kept() -> None:
    ca = anchor(path_length=0)
    under = middle(ca)
    assert refused({"x5c": x5c(leaf(signer=under), *under.chain)}, ca) == "certificate_chain_untrusted"
    ca = anchor(path_length=2)
    upper = middle(ca)
    lower_key = keys.generate()
    lower = keys.SigningKey(
        private_key=lower_key.private_key,
        kid="lower",
        chain=(certificate("Lower CA", lower_key.public_key, signer=upper, ca=True, path_length=0),),
    )
    assert refused({"x5c": x5c(leaf(signer=lower), *lower.chain, *upper.chain)}, ca) == "certificate_path_too_long"


def test_v6_not_yet_valid_and_expired() -> None:
    for changes in ({"start": AT + DAY, "end": AT + 2 * DAY}, {"start": AT - 2 * DAY, "end": AT - DAY}):
        assert refused({"x5c": x5c(leaf(**changes))}) == "certificate_not_valid_now"
        ca = anchor(**changes)
        assert refused({"x5c": x5c(leaf(signer=ca))}, ca) == "certificate_chain_untrusted"
        under = middle(anchor(), **changes)
        assert refused({"x5c": x5c(leaf(signer=under), *under.chain)}) == "certificate_not_valid_now"


def test_v6_the_anchor_must_not_be_sent_along() -> None:
    assert refused({"x5c": x5c(W.issuer.chain[0], W.ca.chain[0])}) == "certificate_self_signed"
    # An intermediate that is itself an anchor of ours:
    under = middle(W.ca)
    trusted = trust.TrustedIssuer(issuer=ISSUER, vcts=frozenset({VCT}), authorities=under.chain)
    with pytest.raises(trust.IssuerUntrusted) as refusal:
        trust.TrustedIssuers([trusted]).key_of(ISSUER, {"x5c": x5c(leaf(signer=under), *under.chain)}, AT)
    assert refusal.value.code == "certificate_chain_malformed"


def test_v6_a_self_signed_leaf() -> None:
    alone = certificate("Leaf", LEAF.public_key, signing_key=LEAF.private_key)
    assert refused({"x5c": x5c(alone)}) == "certificate_self_signed"
    imitation = certificate("Leaf", LEAF.public_key, signing_key=LEAF.private_key, by="Utopian development CA")
    assert refused({"x5c": x5c(imitation)}) == "certificate_chain_untrusted"


def test_v6_iss_is_not_among_the_leafs_names() -> None:
    assert refused({"x5c": x5c(leaf(uri="https://other.example"))}) == "issuer_not_in_certificate"
    nameless = certificates.issue_leaf(W.ca, name="provider.example", at=AT)
    assert refused({"x5c": nameless.x5c()}) == "issuer_not_in_certificate"


def test_v6_a_web_servers_certificate_issues_no_credentials() -> None:
    server = leaf(extra=[(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)])
    assert refused({"x5c": x5c(server)}) == "certificate_wrong_purpose"
    issuing = leaf(extra=[(x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.0.18013.5.1.2")]), False)])
    assert find_key({"x5c": x5c(issuing)}) == LEAF.public_key


def test_v6_a_key_that_may_not_sign_or_is_no_p256_key() -> None:
    assert refused({"x5c": x5c(leaf(sign_certificates=True))}) == "certificate_wrong_usage"
    assert refused({"x5c": x5c(leaf(ca=True))}) == "certificate_leaf_is_authority"
    large = certificate("Leaf", ec.generate_private_key(ec.SECP384R1()).public_key(), signer=W.ca)
    assert refused({"x5c": x5c(large)}) == "certificate_key_unsupported"


def test_v6_a_critical_extension_that_we_do_not_understand() -> None:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    assert refused({"x5c": x5c(leaf(extra=[(unknown, True)]))}) == "certificate_unknown_extension"
    assert find_key({"x5c": x5c(leaf(extra=[(unknown, False)]))}) == LEAF.public_key


@pytest.mark.parametrize(
    "header", [[], "MII", ["MII"], ["####"], [1], [None], W.issuer.x5c() * 2, W.issuer.x5c() * 5, {"a": 1}, None]
)
def test_a_header_that_is_no_chain(header: object) -> None:
    assert refused({"x5c": header}) == "certificate_chain_malformed"


def test_keys_by_kid_and_certificates_of_published_keys() -> None:
    published = trust.TrustedIssuers(
        [trust.TrustedIssuer(issuer=ISSUER, vcts=frozenset({VCT}), jwks=[{"kty": "oct"}, LEAF.jwks_entry()])]
    )
    assert published.key_of(ISSUER, {"kid": LEAF.kid}, AT) == LEAF.public_key
    assert published.key_of(ISSUER, {"x5c": x5c(leaf())}, AT) == LEAF.public_key
    for header in ({"kid": "other"}, {}, {"x5c": W.issuer.x5c()}, {"x5c": x5c(leaf(end=AT - DAY / 2))}):
        with pytest.raises(trust.IssuerUntrusted):
            published.key_of(ISSUER, header, AT)


def test_with_authorities_a_bare_kid_is_not_enough() -> None:
    assert refused({"kid": W.issuer.kid}) == "issuer_key_unknown"


@pytest.mark.parametrize(
    "issuer", ["https://other.example", ISSUER + "/", ISSUER.upper(), None, 1, ["https://provider.example"]]
)
def test_only_exactly_this_issuer_is_trusted(issuer: object) -> None:
    with pytest.raises(trust.IssuerUntrusted) as refusal:
        W.trusted.get(issuer)
    assert refusal.value.code == "issuer_untrusted"


@pytest.mark.parametrize("vct", [VCT + "/", "https://provider.example/LoyaltyCard", None, [VCT]])
def test_v5_an_issuer_is_trusted_for_its_own_types_only(vct: object) -> None:
    with pytest.raises(trust.IssuerUntrusted) as refusal:
        W.trusted.require_vct(ISSUER, vct)
    assert refusal.value.code == "issuer_not_authorised"


def test_an_unvouched_leaf_is_coherent_and_no_more() -> None:
    stranger = certificates.development_ca("Stranger", AT)
    key = certificates.issue_leaf(stranger, name="V", at=AT, dns_names=["v.example"])
    assert trust.unvouched_leaf_of(key.x5c(), at=AT) == key.chain[0]
    with pytest.raises(trust.IssuerUntrusted):
        trust.unvouched_leaf_of(key.x5c(), at=datetime(2090, 1, 1, tzinfo=UTC))


DER = W.issuer.chain[0].public_bytes(serialization.Encoding.DER)


def test_the_bits_of_a_signature_are_counted_in_one_way_only() -> None:
    """Nobody signs how many of its last bits are unused: an even signature would still be one with another count."""
    for _ in range(40):
        key = certificates.issue_leaf(W.ca, name="I", at=AT, uri_names=[ISSUER])
        signature = key.chain[0].signature
        if signature[-1] % 2 == 0:
            break
    der = bytearray(key.chain[0].public_bytes(serialization.Encoding.DER))
    assert find_key({"x5c": [base64.b64encode(bytes(der)).decode()]})
    der[-len(signature) - 1] = 1
    with pytest.raises(trust.IssuerUntrusted):
        find_key({"x5c": [base64.b64encode(bytes(der)).decode()]})


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(DER) - 1), st.integers(1, 255))
def test_no_byte_of_a_certificate_can_be_changed(place: int, difference: int) -> None:
    damaged = bytearray(DER)
    damaged[place] ^= difference
    with pytest.raises(trust.IssuerUntrusted):
        find_key({"x5c": [base64.b64encode(bytes(damaged)).decode()]})

"""The issuer's keys: rotation that breaks nothing, keys that an operator brings, and where they are shown."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from idv.credentials import certificates, jose, keys, verify
from idv.credentials.status_list import FetchedStatus
from idv.credentials.trust import TrustedIssuer, TrustedIssuers
from idv.protocol import did
from idv.provider import keyring, policy
from idv.provider.management.commands import rotate_keys
from idv.provider.models import IssuedCredential, ProviderKey
from tests.fakes.wire_wallet import FullWallet, offer_for_test
from tests.flow.provider_house import house, portal  # noqa: F401

pytestmark = pytest.mark.usefixtures("portal")
ISSUER = "http://provider.test"
DID = "did:web:provider.test"


def rotate(*arguments: str) -> dict[str, str]:
    out = StringIO()
    # By its class: the portal's command has the same name, and here all houses are one process.
    call_command(rotate_keys.Command(), "--json", *arguments, stdout=out)
    return json.loads(out.getvalue())


def issued() -> tuple[FullWallet, str]:
    wallet = FullWallet()
    wallet.redeem(offer_for_test())
    return wallet, wallet.credential().json()["credentials"][0]["credential"]


def verified(wallet: FullWallet, compact: str) -> verify.VerifiedCredential:
    """As a stranger would who knows the issuer by its published keys and asks for the status, too."""
    at = timezone.now()
    published = wallet.client.get("/.well-known/jwt-vc-issuer").json()["jwks"]["keys"]
    vct = f"{ISSUER}/credentials/VerifiedIdentity"
    trusted = TrustedIssuers([TrustedIssuer(issuer=ISSUER, vcts=frozenset({vct}), jwks=published)])
    found = verify.credential(compact, expected_holder_jwk=wallet.key.public_jwk(), trusted=trusted, at=at)
    fetch = lambda uri: wallet.client.get(uri.removeprefix(ISSUER)).content  # noqa: E731
    assert FetchedStatus(fetch=fetch, trusted=trusted, store=_Forgetful()).status_of(found.status, ISSUER, at) == 0
    return found


class _Forgetful:
    def get(self, key: str) -> None:
        return None

    def set(self, *arguments: object) -> None:
        pass


def test_what_an_old_key_signed_verifies_after_a_rotation():
    wallet, before = issued()
    old_kid = jose.peek(before.split("~")[0]).header["kid"]
    made = rotate()
    assert set(made) == {"credential", "result", "encryption"}
    newcomer, after = issued()
    new_kid = jose.peek(after.split("~")[0]).header["kid"]
    assert new_kid == made["credential"] != old_kid
    assert verified(wallet, before).claims == verified(newcomer, after).claims | {
        "proofingReference": verified(wallet, before).claims["proofingReference"],
        "verifiedAt": verified(wallet, before).claims["verifiedAt"],
    }


def test_rotation_is_visible_in_jwks_jwt_vc_issuer_and_did_document():
    _, compact = issued()
    old_kid = jose.peek(compact.split("~")[0]).header["kid"]
    new_kid = rotate("--use", "credential")["credential"]
    client = FullWallet().client
    published = {entry["kid"] for entry in client.get("/jwks").json()["keys"]}
    assert {old_kid, new_kid} <= published
    issuer_keys = [e["kid"] for e in client.get("/.well-known/jwt-vc-issuer").json()["jwks"]["keys"]]
    assert issuer_keys == [new_kid, old_kid]
    document = client.get("/.well-known/did.json").json()
    assert document["id"] == DID
    for kid in (old_kid, new_kid):
        assert did.key_in_document(document, did=DID, kid=f"{DID}#{kid}", purpose="assertionMethod")


def test_an_old_key_goes_when_the_last_credential_it_signed_expires():
    _, compact = issued()
    old_kid = jose.peek(compact.split("~")[0]).header["kid"]
    rotate("--use", "credential")
    at = timezone.now()
    last = IssuedCredential.objects.get().expires_at
    shown = lambda moment: [key.kid for key in keyring.visible_keys("credential", at=moment)]  # noqa: E731
    assert old_kid in shown(at)
    assert old_kid in shown(last - timedelta(seconds=1))
    assert old_kid not in shown(last)


def test_a_key_that_signed_no_credential_stays_for_its_status_lists_only():
    at = timezone.now()
    idle = keyring.signing_key("credential", at=at).kid
    rotate("--use", "credential")
    retired_at = ProviderKey.objects.get(kid=idle).retired_at
    assert idle in [key.kid for key in keyring.visible_keys("credential", at=retired_at)]
    assert idle not in [
        key.kid for key in keyring.visible_keys("credential", at=retired_at + policy.STATUS_LIST_LIFETIME)
    ]


def test_an_old_result_key_serves_until_its_last_result_is_over():
    old = keyring.signing_key("result", at=timezone.now()).kid
    rotate("--use", "result")
    retired_at = ProviderKey.objects.get(kid=old).retired_at
    kids = lambda moment: {entry["kid"] for entry in keyring.published("result", at=moment)["keys"]}  # noqa: E731
    assert old in kids(retired_at + policy.RESULT_LIFETIME - timedelta(seconds=1))
    assert old not in kids(retired_at + policy.RESULT_LIFETIME)


def test_the_development_ca_is_not_rotated():
    before = FullWallet().client.get("/development-ca.pem").content
    rotate()
    assert FullWallet().client.get("/development-ca.pem").content == before


# --- keys that the operator brings


@pytest.fixture
def authority():
    return certificates.development_ca("Utopian Trust Services", timezone.now())


def brought(folder: Path, settings, key: keys.SigningKey, chain: list[str] | None = None) -> None:
    (folder / "key.pem").write_text(key.private_pem())
    (folder / "chain.pem").write_text("".join(key.chain_pems() if chain is None else chain))
    settings.PROVIDER_KEY_FILE = str(folder / "key.pem")
    settings.PROVIDER_CERTIFICATES_FILE = str(folder / "chain.pem")


def test_the_operators_key_and_certificate_sign(authority, tmp_path, settings):
    leaf = certificates.issue_leaf(authority, name="Proofmark", at=timezone.now(), uri_names=[ISSUER])
    brought(tmp_path, settings, leaf)
    wallet, compact = issued()
    header = jose.peek(compact.split("~")[0]).header
    assert header["x5c"] == leaf.x5c()
    vct = f"{ISSUER}/credentials/VerifiedIdentity"
    trusted = TrustedIssuers([TrustedIssuer(issuer=ISSUER, vcts=frozenset({vct}), authorities=(authority.chain[0],))])
    assert verify.credential(compact, expected_holder_jwk=wallet.key.public_jwk(), trusted=trusted, at=timezone.now())


def test_rotation_takes_up_new_files_and_refuses_the_old_ones(authority, tmp_path, settings):
    made = rotate("--use", "credential")["credential"]
    leaf = certificates.issue_leaf(authority, name="Proofmark", at=timezone.now(), uri_names=[ISSUER])
    brought(tmp_path, settings, leaf)
    assert rotate("--use", "credential")["credential"] == leaf.kid != made
    with pytest.raises(CommandError, match="provider_key_unchanged"):
        rotate()
    assert ProviderKey.objects.filter(retired_at__isnull=True, use="credential").get().kid == leaf.kid


@pytest.mark.parametrize(
    "spoiled", ["missing", "rubbish", "other_key", "other_name", "self_signed", "with_anchor", "expired", "empty"]
)
def test_files_that_cannot_serve_are_refused_and_nothing_changes(
    authority,
    tmp_path,
    settings,
    spoiled,
):
    at = timezone.now()
    before = keyring.signing_key("credential", at=at).kid
    leaf = certificates.issue_leaf(
        authority,
        name="Proofmark",
        at=at - timedelta(days=3 if spoiled == "expired" else 0),
        uri_names=["http://another.test" if spoiled == "other_name" else ISSUER],
        lifetime=timedelta(days=1),
    )
    chain = {
        "self_signed": authority.chain_pems(),
        "with_anchor": leaf.chain_pems() + authority.chain_pems(),
        "rubbish": ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
        "empty": [""],
    }.get(spoiled)
    key = authority if spoiled == "self_signed" else leaf
    brought(tmp_path, settings, key, chain)
    if spoiled == "other_key":
        (tmp_path / "key.pem").write_text(keys.generate().private_pem())
    if spoiled == "missing":
        (tmp_path / "key.pem").unlink()
    with pytest.raises(CommandError):
        rotate()
    assert keyring.signing_key("credential", at=at).kid == before
    assert not ProviderKey.objects.filter(retired_at__isnull=False).exists()


# --- did:web


def test_the_did_document_and_the_linked_domain_point_at_each_other():
    client = FullWallet().client
    document = client.get("/.well-known/did.json")
    assert document["Access-Control-Allow-Origin"] == "*"
    service = document.json()["service"][0]
    assert (service["type"], service["serviceEndpoint"]["origins"]) == ("LinkedDomains", [ISSUER])
    (linkage,) = client.get("/.well-known/did-configuration.json").json()["linked_dids"]
    header = jose.peek(linkage).header
    key = did.key_in_document(document.json(), did=DID, kid=header["kid"], purpose="assertionMethod")
    payload = jose.verify(linkage, key=key, typ="JWT").payload
    assert payload["vc"]["credentialSubject"] == {"id": DID, "origin": ISSUER}
    assert payload["iss"] == payload["sub"] == DID
    assert not any("d" in method["publicKeyJwk"] for method in document.json()["verificationMethod"])

"""The portal as relying party: its key, its commands, its admin."""

import io
import json
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory

from idv.credentials import certificates, jose, keys
from idv.protocol import presentation
from idv.verifier import keys as verifier_keys
from idv.verifier.admin import IdentityProviderForm
from idv.verifier.models import FaceCheck, IdentityProvider, PresentationRequest, ProofingRequest, VerifierKey

from .parties import Provider, WalletInHand, body

HOST = {"host": "portal.test"}


class TestTheKey:
    def test_it_is_published_without_its_private_half(self, at: datetime, db: None, client: Client) -> None:
        [entry] = body(client.get("/verifier/jwks", headers=HOST))["keys"]
        assert (entry["use"], entry["alg"]) == ("sig", "ES256")
        assert "d" not in entry
        keys.public_key_of(entry)

    def test_it_is_made_once(self, at: datetime, db: None) -> None:
        assert verifier_keys.provision(at=at) == verifier_keys.provision(at=at) == verifier_keys.active_row(at=at)
        assert VerifierKey.objects.count() == 1

    def test_its_certificate_names_us_and_hangs_under_the_published_authority(
        self, at: datetime, db: None, client: Client
    ) -> None:
        from idv.credentials import trust

        key = verifier_keys.signing_key(verifier_keys.active_row(at=at))
        pem = client.get("/verifier/development-ca.pem", headers=HOST).content.decode()
        from idv.verifier.trust import certificates_in

        leaf = trust.leaf_of(key.x5c(), authorities=certificates_in(pem), at=at)
        assert trust.names_of(leaf) == (["http://portal.test"], ["portal.test"])

    def test_it_waits_sealed(self, at: datetime, db: None) -> None:
        row = verifier_keys.active_row(at=at)
        assert b"PRIVATE KEY" not in bytes(row.private_key_sealed)

    def test_outside_emulation_none_is_made_up(self, at: datetime, db: None, settings: Any) -> None:
        settings.EMULATION = False
        with pytest.raises(verifier_keys.NotProvisioned):
            verifier_keys.active_row(at=at)
        with pytest.raises(CommandError, match="verifier_key_missing"):
            call_command("provision_verifier")

    def test_a_key_of_ones_own_is_imported_and_replaces_the_old_one(
        self, at: datetime, db: None, settings: Any, tmp_path: Path, client: Client
    ) -> None:
        old = verifier_keys.active_row(at=at)
        ca = certificates.development_ca("Corporate CA", at)
        own = certificates.issue_leaf(ca, name="Portal", at=at, dns_names=["portal.test"])
        (tmp_path / "key.pem").write_text(own.private_pem())
        (tmp_path / "chain.pem").write_text("".join(own.chain_pems()))
        settings.EMULATION = False
        settings.VERIFIER_KEY_FILE = str(tmp_path / "key.pem")
        settings.VERIFIER_CERTIFICATES_FILE = str(tmp_path / "chain.pem")
        for _ in range(2):
            call_command("provision_verifier", stdout=io.StringIO())
        assert verifier_keys.active_row(at=at).kid == own.kid
        published = {entry["kid"] for entry in body(client.get("/verifier/jwks", headers=HOST))["keys"]}
        assert published == {own.kid, old.kid}
        assert client.get("/verifier/development-ca.pem", headers=HOST).status_code == 404

    def test_a_certificate_for_another_key_is_refused(
        self, at: datetime, db: None, settings: Any, tmp_path: Path
    ) -> None:
        ca = certificates.development_ca("Corporate CA", at)
        (tmp_path / "key.pem").write_text(keys.generate().private_pem())
        (tmp_path / "chain.pem").write_text("".join(certificates.issue_leaf(ca, name="x", at=at).chain_pems()))
        settings.VERIFIER_KEY_FILE = str(tmp_path / "key.pem")
        settings.VERIFIER_CERTIFICATES_FILE = str(tmp_path / "chain.pem")
        with pytest.raises(verifier_keys.NotProvisioned):
            verifier_keys.provision(at=at)


class TestCommands:
    def test_register_provider_is_idempotent(self, db: None, provider: Provider) -> None:
        for name in ("Proofmark", "Proofmark Ltd"):
            out = io.StringIO()
            call_command("register_provider", name=name, issuer=provider.origin, stdout=out)
            assert json.loads(out.getvalue())["name"] == name
        row = IdentityProvider.objects.get()
        assert (row.client_id, row.allowed_vcts) == ("http://portal.test", [provider.vct])

    @pytest.mark.parametrize("issuer", ["ftp://x", "http://provider.test/", "http://provider.test?x=1", "provider"])
    def test_register_provider_refuses_an_address_that_is_none(self, db: None, issuer: str) -> None:
        with pytest.raises(CommandError):
            call_command("register_provider", name="x", issuer=issuer)

    def test_request_test_presentation_prints_json_alone_and_any_wallet_can_answer(
        self, row: IdentityProvider, wallet: WalletInHand, client: Client, at: datetime
    ) -> None:
        out = io.StringIO()
        call_command("request_test_presentation", json=True, stdout=out)
        printed = json.loads(out.getvalue())
        assert list(printed) == ["request"]
        assert printed["request"].startswith("openid4vp://?")
        request = PresentationRequest.objects.get()
        assert request.authorization_request_uri == printed["request"]
        assert wallet.fetch(request, client, at).purpose == "Test of a wallet"

    def test_request_test_presentation_exists_in_emulation_only(self, row: IdentityProvider, settings: Any) -> None:
        settings.EMULATION = False
        with pytest.raises(CommandError, match="emulation"):
            call_command("request_test_presentation")

    def test_request_test_presentation_without_a_provider_says_what_to_do(self, db: None) -> None:
        with pytest.raises(CommandError, match="register_provider"):
            call_command("request_test_presentation")


class TestAdmin:
    @pytest.mark.parametrize("model", [PresentationRequest, FaceCheck, ProofingRequest])
    def test_what_happened_is_read_only(self, model: Any) -> None:
        if not admin.site.is_registered(model):
            admin.autodiscover()
        request, room = RequestFactory().get("/"), admin.site._registry[model]
        assert not room.has_add_permission(request)
        assert not room.has_change_permission(request)
        assert not room.has_delete_permission(request)
        shown = {str(name) for name in room.fields or ()}
        assert not shown & {"claims_sealed", "secrets_sealed", "seal_key", "response_code_digest", "reference_digest"}

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("issuer", "http://provider.test/"),
            ("allowed_vcts", "[]"),
            ("allowed_vcts", '"x"'),
            ("pinned_algorithms", '["none"]'),
            ("pinned_algorithms", '["RS256"]'),
            ("trusted_certificates", "-----BEGIN nothing-----"),
        ],
    )
    def test_a_provider_that_could_not_work_is_refused(self, db: None, name: str, value: str) -> None:
        good = {
            "name": "Proofmark",
            "issuer": "http://provider.test",
            "client_id": "http://portal.test",
            "enabled": "on",
            "allowed_vcts": '["http://provider.test/credentials/VerifiedIdentity"]',
            "pinned_algorithms": '["ES256"]',
        }
        assert IdentityProviderForm(good).is_valid()
        assert name in IdentityProviderForm(good | {name: value}).errors


def test_the_wallet_sees_a_link_to_the_wallet_house(asked: PresentationRequest) -> None:
    link = presentation.parse_request_link(asked.wallet_link)
    assert asked.wallet_link.startswith("http://wallet.test/present?")
    for_any_wallet = presentation.parse_request_link(asked.authorization_request_uri)
    assert (link.client_id, link.request_uri) == (for_any_wallet.client_id, for_any_wallet.request_uri)
    assert link.request_uri_method == "post"


def test_the_request_is_signed_by_the_certificate_of_its_client_id(asked: PresentationRequest, client: Client) -> None:
    path = presentation.parse_request_link(asked.authorization_request_uri).request_uri.removeprefix(
        "http://portal.test"
    )
    header = jose.peek(client.get(path, headers=HOST).content.decode()).header
    key = verifier_keys.signing_key(asked.signing_key)
    assert header["x5c"] == key.x5c()
    assert asked.client_id == f"x509_hash:{certificates.x509_hash(key.chain[0])}"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/verifier/requests/x", {"GET", "POST"}),
        ("/verifier/responses/x", {"POST"}),
        ("/verifier/jwks", {"GET"}),
        ("/verifier/development-ca.pem", {"GET"}),
        ("/.well-known/did.json", {"GET"}),
        ("/.well-known/did-configuration.json", {"GET"}),
        ("/.well-known/openid-federation", None),
    ],
)
def test_no_method_is_answered_with_a_page(db: None, path: str, method: str, allowed: set[str] | None) -> None:
    """A client of no browser has no CSRF cookie either: that page is none for it."""
    strict = Client(enforce_csrf_checks=True)
    answer = strict.generic(method, path, b"x", content_type="application/json", headers=HOST)
    assert not answer["Content-Type"].startswith("text/html")
    if allowed is None:
        assert answer.status_code == 404
    elif method not in allowed:
        assert (answer.status_code, set(answer["Allow"].split(", "))) == (405, allowed)


def test_the_room_never_imports_its_neighbours() -> None:
    import idv.verifier

    folder = Path(idv.verifier.__file__).parent
    found = subprocess.run(
        ["grep", "-rnE", r"(from|import) (accounts|tap|recovery_portal\.recovery|idv\.(provider|wallet))", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == ""

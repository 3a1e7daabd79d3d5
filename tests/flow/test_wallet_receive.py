"""Receiving a Verified ID from an issuer that is not ours."""

import html

import httpx
import pytest

from idv.wallet.models import CredentialCopy, HeldCredential, IncomingLink
from tests.fakes.foreign_issuer import URL, as_path
from tests.flow.wallet_parties import *  # noqa: F403
from tests.flow.wallet_parties import receive


def test_an_offer_by_reference_with_a_code_ends_under_verified_ids(holder, issuer):
    holder.get(as_path(issuer.link_by_reference(), "receive"))
    assert holder.heading == "Set up your wallet"
    assert issuer.calls == []  # nothing is fetched before the wallet is unlocked
    holder.set_up()
    assert holder.heading == "Add a Verified ID"
    assert "University of Utopia" in holder.text
    assert "issuer.test" in holder.text
    assert "Given name, Family name" in holder.text
    assert ">Next</button>" in holder.page
    holder.submit(tx_code="493536")
    assert holder.heading == "Get your Verified ID"
    assert ">Start</button>" in holder.page
    holder.submit()
    assert holder.heading == "Success"
    holder.get("/")
    assert holder.heading == "Verified IDs"
    assert "Diploma" in holder.text
    assert issuer.notifications == [{"notification_id": "n-1", "event": "credential_accepted"}]


@pytest.mark.parametrize("by_certificate", [False, True])
@pytest.mark.parametrize("with_nonce_endpoint", [False, True])
@pytest.mark.parametrize("tx_code", [None, "493536"])
def test_every_shape_of_pre_authorized_issuer_works(holder, issuer, tx_code, with_nonce_endpoint, by_certificate):
    issuer.tx_code, issuer.with_nonce_endpoint, issuer.by_certificate = tx_code, with_nonce_endpoint, by_certificate
    issuer.__post_init__()
    receive(holder, issuer)
    assert holder.heading == "Success"
    assert HeldCredential.objects.get().issuer == URL


def test_the_card_page_shows_labels_values_and_the_portrait(holder, issuer):
    receive(holder, issuer)
    holder.get(f"/verified-ids/{HeldCredential.objects.get().pk}/")
    assert "Given name Alice" in holder.text
    assert "Document number X1234567" in holder.text
    assert f'src="{issuer.claims["portrait"]}"' in html.unescape(holder.page)
    assert URL in holder.text


def test_a_batch_gives_every_copy_its_own_key(holder, issuer):
    issuer.batch_size = 10
    receive(holder, issuer)
    assert CredentialCopy.objects.count() == 3
    assert HeldCredential.objects.count() == 1


def test_a_stale_nonce_is_fetched_again_once(holder, issuer):
    issuer.stale_nonces = 1
    receive(holder, issuer)
    assert holder.heading == "Success"
    assert issuer.calls.count("credential") == 2


def test_a_link_pasted_whole_works_like_one_followed(holder, issuer):
    holder.set_up()
    holder.post("/paste/", link=f"  {issuer.link_by_value()}\n")
    assert holder.heading == "Add a Verified ID"


def test_nothing_personal_is_readable_in_the_database(holder, issuer):
    receive(holder, issuer)
    for copy in CredentialCopy.objects.all():
        assert b"eyJ" not in bytes(copy.compact_sealed)
        assert b"PRIVATE KEY" not in bytes(copy.key_sealed)
    assert "Archer" not in str(HeldCredential.objects.values().get())


def test_a_wrong_transaction_code_can_be_typed_again(holder, issuer):
    holder.set_up()
    holder.get(as_path(issuer.link_by_value(), "receive"))
    add = holder.path
    holder.submit(tx_code="000000")
    holder.submit()
    assert holder.heading == "The code was not accepted"
    assert holder.status == 400
    assert f'href="{add}"' in holder.page
    assert not HeldCredential.objects.exists()
    holder.get(add)
    holder.submit(tx_code="493536")
    holder.submit()
    assert holder.heading == "Success"


def test_start_cannot_be_reached_without_the_transaction_code(holder, issuer):
    holder.set_up()
    holder.get(as_path(issuer.link_by_value(), "receive"))
    add = holder.path
    holder.post(f"{add}start/")
    assert holder.path == add
    assert "token" not in issuer.calls


def test_an_offer_used_twice_is_refused_calmly(holder, issuer):
    receive(holder, issuer)
    receive(holder, issuer)
    assert holder.heading == "The code was not accepted"
    assert HeldCredential.objects.count() == 1


def test_a_second_click_on_start_harms_nothing(holder, issuer):
    receive(holder, issuer)
    start = holder.path.replace("success", "start")
    holder.post(start)
    assert holder.heading == "Success"
    assert issuer.calls.count("token") == 1


def test_two_tabs_redeem_an_offer_once(holder, issuer):
    holder.set_up()
    holder.get(as_path(issuer.link_by_value(), "receive"))
    holder.submit(tx_code="493536")
    IncomingLink.objects.update(claimed_at="2026-01-01T00:00:00Z")
    holder.submit()
    assert holder.heading == "This was already answered"
    assert "token" not in issuer.calls


@pytest.mark.parametrize("fault", ["wrong_holder", "signed_by_stranger"])
def test_a_credential_that_is_not_genuine_is_not_stored(holder, issuer, fault):
    setattr(issuer, fault, True)
    receive(holder, issuer)
    assert holder.heading == "The Verified ID was not genuine"
    assert not HeldCredential.objects.exists()
    assert issuer.notifications == [{"notification_id": "n-1", "event": "credential_failure"}]


def test_a_certificate_that_names_another_issuer_is_not_believed(holder, issuer):
    from idv.credentials import certificates

    issuer.by_certificate = True
    authority = certificates.development_ca("Test CA", issuer.at)
    issuer.key = certificates.issue_leaf(authority, name="X", at=issuer.at, uri_names=["https://elsewhere.test"])
    receive(holder, issuer)
    assert holder.heading == "The Verified ID was not genuine"
    assert not HeldCredential.objects.exists()


def test_deleting_tells_the_issuer_while_its_token_lasts(holder, issuer):
    receive(holder, issuer)
    holder.post(f"/verified-ids/{HeldCredential.objects.get().pk}/delete/")
    assert holder.heading == "Verified IDs"
    assert not HeldCredential.objects.exists()
    assert issuer.notifications[-1] == {"notification_id": "n-1", "event": "credential_deleted"}


def test_markup_in_strangers_text_is_only_text(holder, issuer):
    evil = "<script>alert(1)</script>"
    issuer.name = issuer.display_name = evil
    issuer.claims |= {"firstName": evil, "<b>x": evil}
    issuer.claims["portrait"] = "data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+"
    receive(holder, issuer)
    assert holder.heading == "Success"
    for path in ("/", f"/verified-ids/{HeldCredential.objects.get().pk}/"):
        holder.get(path)
        assert "<script>alert" not in holder.page
        assert "<b>x" not in holder.page
        assert "data:image/svg" not in holder.page
    assert "A file that cannot be shown here" in holder.text


def _answers(**more):
    return {
        "not json": httpx.Response(200, content=b"<html>"),
        "json of another type": httpx.Response(200, json=[1, 2]),
        "deep": httpx.Response(200, content=b"[" * 100_000),
        "huge": httpx.Response(200, content=b'{"a": "' + b"x" * 3_000_000 + b'"}'),
        "utf-16": httpx.Response(200, content='{"a": 1}'.encode("utf-16")),
        "empty": httpx.Response(200, content=b""),
        "redirect": httpx.Response(302, headers={"Location": "https://elsewhere.test/"}),
        "error": httpx.Response(500, content=b"no"),
        "gone": httpx.Response(404),
        "members of wrong types": httpx.Response(
            200,
            json={
                "credential_issuer": 7,
                "access_token": {"a": 1},
                "c_nonce": [],
                "credentials": {"credential": 5},
                "issuer": None,
                "credential_configuration_ids": "x",
            },
        ),
        "timeout": httpx.ReadTimeout("slow"),
        "cut": httpx.ConnectError("refused"),
        **more,
    }


@pytest.mark.parametrize(
    "endpoint",
    ["offer_document", "metadata", "server_metadata", "keys", "token", "nonce", "credential", "notification"],
)
def test_whatever_an_issuer_answers_the_page_stays_calm(holder, issuer, endpoint):
    holder.set_up()
    for name, answer in _answers().items():
        issuer.faults[endpoint], issuer.codes["the-code"] = answer, False
        holder.get(as_path(issuer.link_by_reference(), "receive"))
        if holder.status == 200:
            holder.submit(tx_code="493536")
            holder.submit()
        assert holder.status in {200, 400}, name
        assert holder.heading, name
        if endpoint == "notification":
            assert holder.heading == "Success", name
        else:
            assert not HeldCredential.objects.exists(), name


@pytest.mark.parametrize(
    "change",
    [
        {"credential_issuer": "https://elsewhere.test"},
        {"credential_endpoint": "javascript:alert(1)"},
        {"credential_endpoint": "http://169.254.169.254/latest"},
        {"credential_endpoint": "https://issuer.test@elsewhere.test/credential"},
        {"credential_endpoint": "https://\u0456ssuer.test/credential"},
        {"credential_configurations_supported": {"Diploma": {"format": "mso_mdoc"}}},
        {"credential_configurations_supported": {"Diploma": {"format": "dc+sd-jwt", "vct": {"a": 1}}}},
        {"credential_configurations_supported": []},
        {"nonce_endpoint": ["x"]},
        {"authorization_servers": ["https://elsewhere.test"]},
        {"batch_credential_issuance": {"batch_size": -4}, "display": {"name": 3}},
    ],
)
def test_metadata_of_a_strange_issuer_never_breaks_the_page(holder, issuer, change):
    holder.set_up()
    issuer.faults["metadata"] = httpx.Response(200, json=issuer.metadata_document() | change)
    holder.get(as_path(issuer.link_by_value(), "receive"))
    if holder.status == 200:
        holder.submit(tx_code="493536")
        holder.submit()
    assert holder.status in {200, 400}


def test_an_address_inside_the_network_is_not_fetched(holder, issuer):
    holder.set_up()
    holder.get("/receive?credential_offer_uri=http%3A%2F%2F127.0.0.1%2Foffer")
    assert holder.heading == "The issuer does not answer"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "x=1",
        "credential_offer=",
        "credential_offer=%7B",
        "credential_offer=%FF%FE",
        "credential_offer=%5B%5D",
        "credential_offer=%7B%7D&credential_offer_uri=https%3A%2F%2Fissuer.test",
        "credential_offer_uri=javascript%3Aalert(1)",
        "credential_offer_uri=https%3A%2F%2F%5B",
        "credential_offer_uri=a&credential_offer_uri=b",
        "credential_offer=" + "x" * 20_000,
    ],
)
@pytest.mark.parametrize("unlocked", [True, False])
def test_a_broken_offer_link_gets_a_calm_page(holder, houses, query, unlocked):
    if unlocked:
        holder.set_up()
    holder.get(f"/receive?{query}")
    if holder.heading == "Set up your wallet":
        holder.set_up()
    assert holder.status == 400
    assert holder.heading

"""Every way in which the verifier can be asked to ask: names, response modes, methods, transaction data, claim sets."""

import io
import itertools
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from idv.credentials import jose
from idv.protocol import did, presentation, strict_json, transaction_data
from idv.verifier import flows, keys
from idv.verifier.flows import RequestWire
from idv.verifier.machine import RequestStatus
from idv.verifier.management.commands import rotate_keys
from idv.verifier.models import IdentityProvider, PresentationRequest, VerifierKey

from .parties import PORTAL, WalletInHand, anchor_of, body, post

HOST = {"host": "portal.test"}
PREFIXES = ("x509_hash", "x509_san_dns", "decentralized_identifier")
UNDERSTANDS = strict_json.dumps({transaction_data.METADATA_MEMBER: [transaction_data.TYPE]})


def asked(row: IdentityProvider, at: datetime, **changes: Any) -> PresentationRequest:
    wire = RequestWire(**{k: changes.pop(k) for k in list(changes) if k in RequestWire.__dataclass_fields__})
    members: dict[str, Any] = {
        "provider": row,
        "proofing_reference": "proofing-1",
        "purpose": "Recover your account",
        "account_hint": "a•••@fabrikam.example",
        "asked_from": "Firefox on Windows",
        "same_device": False,
    }
    return flows.request_presentation(**(members | changes), wire=wire, at=at)


def opened(
    request: PresentationRequest, client: Client, at: datetime, form: dict[str, str] | None = None
) -> presentation.PresentationRequest:
    link = presentation.parse_request_link(request.authorization_request_uri)
    answer = (
        client.get(link.request_uri.removeprefix(PORTAL), headers=HOST)
        if form is None
        else post(client, link.request_uri, form)
    )
    assert answer.status_code == 200, answer.content
    document = client.get("/.well-known/did.json", headers=HOST).json()
    return presentation.open_request(
        answer.content.decode(),
        expected_client_id=link.client_id,
        authorities=[anchor_of(request)],
        at=at,
        did_document=document,
        expected_wallet_nonce=(form or {}).get("wallet_nonce"),
    )


class TestEveryWay:
    @pytest.mark.parametrize(
        ("prefix", "mode", "method"),
        list(itertools.product(PREFIXES, ("direct_post", "direct_post.jwt"), ("get", "post"))),
    )
    def test_a_request_is_made_served_and_answered(
        self,
        row: IdentityProvider,
        wallet: WalletInHand,
        client: Client,
        at: datetime,
        prefix: Any,
        mode: Any,
        method: Any,
    ) -> None:
        request = asked(row, at, prefix=prefix, response_mode=mode, request_uri_method=method)
        read = opened(request, client, at, {"wallet_nonce": "wallet-nonce-1234567890"} if method == "post" else None)
        assert (read.client_id.partition(":")[0], read.response_mode) == (prefix, mode)
        assert ("jwks" in read.client_metadata) is (mode == "direct_post.jwt")
        assert post(client, read.response_uri, wallet.answer(read, at)).status_code == 200
        request.refresh_from_db()
        assert request.status == RequestStatus.ANSWERED

    def test_the_names_are_what_the_standard_says(self, row: IdentityProvider, at: datetime) -> None:
        names = {prefix: asked(row, at, prefix=prefix).client_id for prefix in PREFIXES}
        assert names["x509_san_dns"] == "x509_san_dns:portal.test"
        assert names["decentralized_identifier"] == "decentralized_identifier:did:web:portal.test"
        assert names["x509_hash"].startswith("x509_hash:")

    def test_a_request_named_by_did_carries_a_kid_and_no_certificate(
        self, row: IdentityProvider, client: Client, at: datetime
    ) -> None:
        request = asked(row, at, prefix="decentralized_identifier")
        link = presentation.parse_request_link(request.authorization_request_uri)
        header = jose.peek(client.get(link.request_uri.removeprefix(PORTAL), headers=HOST).content.decode()).header
        assert header["kid"] == f"did:web:portal.test#{request.signing_key.kid}"
        assert "x5c" not in header

    def test_an_encrypted_answer_to_a_plain_request_is_refused(
        self, row: IdentityProvider, wallet: WalletInHand, client: Client, at: datetime
    ) -> None:
        plain, encrypted = asked(row, at, response_mode="direct_post"), asked(row, at)
        form = wallet.answer(opened(encrypted, client, at), at)
        answer = post(client, opened(plain, client, at).response_uri, form)
        assert (answer.status_code, body(answer)["error"]) == (400, "invalid_request")

    @pytest.mark.parametrize("vp_token", ["", "[]", "{", '{"identity": "x"}', "[" * 100_000, '{"a":1,"a":2}', "NaN"])
    def test_a_plain_answer_that_is_no_object_is_refused(
        self, row: IdentityProvider, client: Client, at: datetime, vp_token: str
    ) -> None:
        request = asked(row, at, response_mode="direct_post")
        read = opened(request, client, at)
        answer = post(client, read.response_uri, {"vp_token": vp_token, "state": read.state or ""})
        assert (answer.status_code, body(answer)["error"]) == (400, "invalid_request")

    def test_a_plain_decline_is_heard(self, row: IdentityProvider, client: Client, at: datetime) -> None:
        request = asked(row, at, response_mode="direct_post")
        read = opened(request, client, at)
        form = presentation.build_error_response(read, error="access_denied")
        assert post(client, read.response_uri, form).status_code == 200
        request.refresh_from_db()
        assert (request.status, request.reason_code) == (RequestStatus.DECLINED, "access_denied")


class TestTransactionData:
    def test_a_wallet_that_says_nothing_of_it_is_not_asked(
        self, row: IdentityProvider, client: Client, at: datetime
    ) -> None:
        request = asked(row, at)
        assert opened(request, client, at).transaction_data == ()
        assert opened(request, client, at, {"wallet_metadata": "{}"}).transaction_data == ()

    @pytest.mark.parametrize(
        "metadata", ["", "[]", "{", "[" * 50_000, '{"transaction_data_types_supported": 1}', "\ud800"]
    )
    def test_whatever_a_wallet_says_of_itself_the_request_is_served(
        self, row: IdentityProvider, client: Client, at: datetime, metadata: str
    ) -> None:
        form = {"wallet_metadata": metadata.encode("utf-8", "replace").decode()}
        assert opened(asked(row, at), client, at, form).transaction_data == ()

    def test_a_wallet_that_understands_it_sees_account_purpose_and_browser(
        self, row: IdentityProvider, client: Client, at: datetime
    ) -> None:
        [data] = opened(asked(row, at), client, at, {"wallet_metadata": UNDERSTANDS}).transaction_data
        assert (data.account, data.purpose, data.asked_from) == (
            "a•••@fabrikam.example",
            "Recover your account",
            "Firefox on Windows",
        )

    def test_what_the_holder_signed_must_be_what_was_shown(
        self, row: IdentityProvider, wallet: WalletInHand, client: Client, at: datetime
    ) -> None:
        request = asked(row, at)
        read = opened(request, client, at, {"wallet_metadata": UNDERSTANDS})
        right = [transaction_data.digest_of(entry.encoded) for entry in read.transaction_data]
        wrong = [transaction_data.digest_of("e30")]
        form = wallet.answer(read, at, transaction_data_hashes=right)
        assert post(client, read.response_uri, form).status_code == 200
        for hashes in (wrong, right * 2, [], [1]):
            request = asked(row, at)
            read = opened(request, client, at)
            form = wallet.answer(read, at, transaction_data_hashes=hashes)
            assert post(client, read.response_uri, form).status_code == 400
            request.refresh_from_db()
            assert request.reason_code == "transaction_data_mismatch"

    def test_where_it_is_demanded_it_is_in_every_request_and_its_absence_is_refused(
        self, row: IdentityProvider, wallet: WalletInHand, client: Client, at: datetime
    ) -> None:
        request = asked(row, at, demands_transaction_data=True)
        read = opened(request, client, at)
        assert len(read.transaction_data) == 1
        assert post(client, read.response_uri, wallet.answer(read, at)).status_code == 400
        request.refresh_from_db()
        assert request.reason_code == "transaction_data_missing"


class TestClaimSets:
    def test_a_request_that_follows_a_proofing_insists_on_its_reference(
        self, row: IdentityProvider, wallet: WalletInHand, client: Client, at: datetime
    ) -> None:
        request = asked(row, at)
        read = opened(request, client, at)
        assert "claim_sets" not in read.dcql_query["credentials"][0]
        form = wallet.answer(read, at, disclose=["firstName", "lastName", "portrait"])
        assert post(client, read.response_uri, form).status_code == 400
        request.refresh_from_db()
        assert request.reason_code == "claims_missing"

    def test_any_other_is_content_without_it(
        self, row: IdentityProvider, wallet: WalletInHand, client: Client, at: datetime
    ) -> None:
        request = asked(row, at, proofing_reference=None)
        read = opened(request, client, at)
        assert len(read.dcql_query["credentials"][0]["claim_sets"]) == 2
        form = wallet.answer(read, at, disclose=["firstName", "lastName", "portrait"])
        assert post(client, read.response_uri, form).status_code == 200
        collected = flows.collect(request=request, response_code=None, at=at)
        assert (collected.first_name, collected.claims["proofingReference"]) == ("Anna Maria", "")

    def test_less_than_the_smallest_set_is_refused(
        self, row: IdentityProvider, wallet: WalletInHand, client: Client, at: datetime
    ) -> None:
        read = opened(asked(row, at, proofing_reference=None), client, at)
        form = wallet.answer(read, at, disclose=["firstName", "lastName"])
        assert post(client, read.response_uri, form).status_code == 400


class TestOurOwnName:
    def test_the_did_document_holds_the_key_that_signs(
        self, row: IdentityProvider, client: Client, at: datetime
    ) -> None:
        answer = client.get("/.well-known/did.json", headers=HOST)
        document = answer.json()
        assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (200, "*")
        assert document["id"] == "did:web:portal.test"
        [method] = document["verificationMethod"]
        assert "d" not in method["publicKeyJwk"]
        assert document["authentication"] == document["assertionMethod"] == [method["id"]]

    def test_the_domain_is_linked_by_a_credential_of_the_did(
        self, row: IdentityProvider, client: Client, at: datetime
    ) -> None:
        document = client.get("/.well-known/did.json", headers=HOST).json()
        configuration = client.get("/.well-known/did-configuration.json", headers=HOST).json()
        [linked] = configuration["linked_dids"]
        kid = jose.peek(linked).header["kid"]
        key = did.key_in_document(document, did="did:web:portal.test", kid=kid, purpose="assertionMethod")
        payload = jose.verify(linked, key=key, typ="JWT").payload
        assert payload["iss"] == payload["sub"] == payload["vc"]["issuer"] == document["id"]
        assert payload["vc"]["credentialSubject"] == {"id": document["id"], "origin": PORTAL}

    def test_another_well_known_address_answers_404_in_json(self, client: Client, db: None) -> None:
        answer = client.get("/.well-known/openid-federation", headers=HOST)
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/json")

    @pytest.mark.parametrize("address", ["did.json", "did-configuration.json"])
    def test_they_are_read_only(self, client: Client, db: None, address: str) -> None:
        assert client.post(f"/.well-known/{address}", headers=HOST).status_code == 405


class TestRotation:
    def test_the_old_key_stays_visible_and_answers_what_it_began(
        self, row: IdentityProvider, wallet: WalletInHand, client: Client, at: datetime
    ) -> None:
        begun = asked(row, at, prefix="decentralized_identifier")
        old = begun.signing_key.kid
        printed = keys.rotate(at=at)
        assert printed.kid != old
        read = opened(begun, client, at)  # by the old key, which the DID document still lets speak
        assert post(client, read.response_uri, wallet.answer(read, at)).status_code == 200
        published = [entry["kid"] for entry in client.get("/verifier/jwks", headers=HOST).json()["keys"]]
        assert set(published) == {old, printed.kid}
        assert asked(row, at).signing_key.kid == printed.kid

    def test_after_a_while_it_is_shown_but_speaks_no_more(self, row: IdentityProvider, at: datetime) -> None:
        old = keys.active_row(at=at).kid
        keys.rotate(at=at)
        document = keys.did_document(at=at + timedelta(hours=1))
        assert len(document["verificationMethod"]) == 2
        assert f"did:web:portal.test#{old}" not in document["authentication"]

    def test_the_command_prints_json_alone(self, row: IdentityProvider, at: datetime) -> None:
        first = keys.active_row(at=at).kid
        out = io.StringIO()
        call_command(rotate_keys.Command(), stdout=out)
        printed = json.loads(out.getvalue())
        assert printed["kid"] != first
        assert set(printed["published"]) == {first, printed["kid"]}
        assert VerifierKey.objects.filter(retired_at__isnull=True).count() == 1

    def test_a_file_that_still_holds_the_old_key_changes_nothing(
        self, row: IdentityProvider, at: datetime, settings: Any, tmp_path: Any
    ) -> None:
        active = keys.signing_key(keys.active_row(at=at))
        (tmp_path / "key.pem").write_text(active.private_pem())
        (tmp_path / "chain.pem").write_text("".join(active.chain_pems()))
        settings.VERIFIER_KEY_FILE = str(tmp_path / "key.pem")
        settings.VERIFIER_CERTIFICATES_FILE = str(tmp_path / "chain.pem")
        with pytest.raises(CommandError, match="still holds the old key"):
            call_command(rotate_keys.Command(), stdout=io.StringIO())
        assert keys.active_row(at=at).kid == active.kid


class TestCommand:
    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            (["--client-id-prefix", "x509_san_dns"], {"client_id": "x509_san_dns:portal.test"}),
            (["--response-mode", "direct_post"], {"response_mode": "direct_post"}),
            (["--transaction-data"], {"demands_transaction_data": True}),
        ],
    )
    def test_its_options_choose(
        self, row: IdentityProvider, at: datetime, options: list[str], expected: dict[str, Any]
    ) -> None:
        out = io.StringIO()
        call_command("request_test_presentation", "--json", "--format", "dc+sd-jwt", *options, stdout=out)
        assert list(json.loads(out.getvalue())) == ["request"]
        request = PresentationRequest.objects.get()
        assert {name: getattr(request, name) for name in expected} == expected

    def test_by_post_the_link_says_so(self, row: IdentityProvider, at: datetime) -> None:
        out = io.StringIO()
        call_command("request_test_presentation", "--request-uri-method", "post", stdout=out)
        link = presentation.parse_request_link(json.loads(out.getvalue())["request"])
        assert link.request_uri_method == "post"

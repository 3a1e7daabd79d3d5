"""Asking, answering and collecting: OpenID4VP 1.0 as a wallet, a stranger and a thief see it."""

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from idv.credentials import jose, keys, sd_jwt
from idv.protocol import presentation
from idv.verifier import claims, errors, flows, signals, views
from idv.verifier.models import IdentityProvider, PresentationRequest

from .parties import PORTAL, Provider, WalletInHand, body, data_uri, plain_photo, post

HOST = {"host": "portal.test"}


def request_path(request: PresentationRequest) -> str:
    link = presentation.parse_request_link(request.authorization_request_uri)
    return link.request_uri.removeprefix(PORTAL)


def again(request: PresentationRequest) -> PresentationRequest:
    return PresentationRequest.objects.get(pk=request.pk)


class TestTheRequestObject:
    def test_it_says_what_openid4vp_wants_and_asks_for_the_minimum(
        self, asked: PresentationRequest, client: Client
    ) -> None:
        answer = client.get(request_path(asked), headers=HOST)
        assert answer["Content-Type"] == "application/oauth-authz-req+jwt"
        assert "no-store" in answer["Cache-Control"]
        jws = jose.peek(answer.content.decode())
        assert jws.header["typ"] == "oauth-authz-req+jwt"
        assert jws.payload["client_id"] == asked.client_id
        assert asked.client_id.startswith("x509_hash:")
        assert jws.payload["response_mode"] == "direct_post.jwt"
        assert not jws.payload.keys() & {"redirect_uri", "client_id_scheme", "presentation_definition", "wallet_nonce"}
        assert "a•••@fabrikam.example" in jws.payload["purpose"]
        [query] = jws.payload["dcql_query"]["credentials"]
        assert [claim["path"] for claim in query["claims"]] == [
            ["firstName"],
            ["lastName"],
            ["portrait"],
            ["proofingReference"],
        ]
        assert set(jws.payload["client_metadata"]) == {
            "vp_formats_supported",
            "jwks",
            "encrypted_response_enc_values_supported",
        }

    def test_it_is_served_as_often_as_asked_with_one_nonce(self, asked: PresentationRequest, client: Client) -> None:
        first, second = (jose.peek(client.get(request_path(asked), headers=HOST).content.decode()) for _ in range(2))
        assert first.payload["nonce"] == second.payload["nonce"]

    def test_it_echoes_a_posted_wallet_nonce(self, asked: PresentationRequest, client: Client) -> None:
        answer = client.post(
            request_path(asked),
            "wallet_nonce=mine-0123456789&wallet_metadata=%7B%7D",
            content_type="application/x-www-form-urlencoded",
            headers=HOST,
        )
        assert jose.peek(answer.content.decode()).payload["wallet_nonce"] == "mine-0123456789"

    def test_it_serves_a_post_without_wallet_nonce(self, asked: PresentationRequest, client: Client) -> None:
        answer = client.post(request_path(asked), "", content_type="application/x-www-form-urlencoded", headers=HOST)
        assert "wallet_nonce" not in jose.peek(answer.content.decode()).payload

    def test_s13_a_guessed_address_answers_404_json(self, asked: PresentationRequest, client: Client) -> None:
        answer = client.get("/verifier/requests/guess", headers=HOST)
        assert answer.status_code == 404
        assert body(answer)["error"] == "invalid_request"
        assert len(request_path(asked).rpartition("/")[2]) >= 22  # 128 bits

    def test_s14_every_request_has_its_own_encryption_key_and_nonce(
        self, asked: PresentationRequest, asked_here: PresentationRequest, client: Client
    ) -> None:
        first, second = (
            jose.peek(client.get(request_path(request), headers=HOST).content.decode()).payload
            for request in (asked, asked_here)
        )
        key_of = [p["client_metadata"]["jwks"]["keys"][0]["x"] for p in (first, second)]
        assert key_of[0] != key_of[1]
        assert first["nonce"] != second["nonce"]
        assert first["state"] != second["state"]

    @pytest.mark.parametrize("later", [timedelta(minutes=10), timedelta(days=1)])
    def test_it_is_gone_after_expiry(
        self, asked: PresentationRequest, client: Client, at: datetime, later: timedelta
    ) -> None:
        with pytest.raises(errors.RequestUnknown):
            flows.serve_request(reference=request_path(asked).rpartition("/")[2], wallet_nonce=None, at=at + later)

    def test_neither_nonce_nor_state_nor_key_stands_in_the_row_in_clear(
        self, asked: PresentationRequest, client: Client
    ) -> None:
        served = jose.peek(client.get(request_path(asked), headers=HOST).content.decode()).payload
        columns = PresentationRequest.objects.filter(pk=asked.pk).values().get()
        written = repr({name: bytes(v) if isinstance(v, memoryview) else v for name, v in columns.items()})
        assert served["nonce"] not in written
        assert served["state"] not in written


class TestAnAnswer:
    def test_across_devices_it_is_answered_with_an_empty_object(
        self, asked: PresentationRequest, wallet: WalletInHand, client: Client, at: datetime
    ) -> None:
        opened = wallet.fetch(asked, client, at)
        answer = post(client, opened.response_uri, wallet.answer(opened, at))
        assert (answer.status_code, body(answer)) == (200, {})
        collected = flows.collect(request=asked, response_code=None, at=at)
        assert (collected.first_name, collected.last_name) == ("Anna Maria", "Eriksson")
        assert "portrait" not in collected.claims

    def test_on_the_same_device_it_names_where_to_return(
        self, asked_here: PresentationRequest, wallet: WalletInHand, client: Client, at: datetime
    ) -> None:
        opened = wallet.fetch(asked_here, client, at)
        answer = post(client, opened.response_uri, wallet.answer(opened, at))
        parts = urlsplit(body(answer)["redirect_uri"])
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{PORTAL}/recover/presented/"
        [response_code] = parse_qs(parts.query)["response_code"]
        assert flows.collect(request=asked_here, response_code=response_code, at=at).last_name == "Eriksson"

    def test_listeners_hear_of_it_once(
        self, asked: PresentationRequest, wallet: WalletInHand, client: Client, at: datetime
    ) -> None:
        heard: list[str] = []

        def listen(request: PresentationRequest, **_: Any) -> None:
            heard.append(request.status)

        signals.presentation_answered.connect(listen)
        opened = wallet.fetch(asked, client, at)
        for _ in range(2):
            post(client, opened.response_uri, wallet.answer(opened, at))
        signals.presentation_answered.disconnect(listen)
        assert heard == ["answered"]

    def test_its_secrets_are_destroyed_and_its_claims_sealed(self, answered: PresentationRequest) -> None:
        assert answered.secrets_sealed is None
        assert answered.claims_sealed is not None
        assert b"Eriksson" not in bytes(answered.claims_sealed)

    def test_a_replayed_answer_is_refused(
        self, asked: PresentationRequest, wallet: WalletInHand, client: Client, at: datetime
    ) -> None:
        opened = wallet.fetch(asked, client, at)
        form = wallet.answer(opened, at)
        assert post(client, opened.response_uri, form).status_code == 200
        again = post(client, opened.response_uri, form)
        assert (again.status_code, body(again)) == (400, views._REFUSED)

    def test_a_minimal_cnf_is_accepted_and_unasked_claims_are_not_kept(
        self, asked: PresentationRequest, wallet: WalletInHand, client: Client, at: datetime
    ) -> None:
        opened = wallet.fetch(asked, client, at)
        form = wallet.answer(
            opened, at, disclose=["firstName", "lastName", "portrait", "proofingReference", "dateOfBirth"]
        )
        post(client, opened.response_uri, form)
        assert "dateOfBirth" not in flows.collect(request=asked, response_code=None, at=at).claims


def bend_nonce(w: WalletInHand, o: presentation.PresentationRequest, at: datetime) -> dict[str, str]:
    return w.answer(o, at, nonce="another-nonce-0123456789")


def bend_audience(w: WalletInHand, o: presentation.PresentationRequest, at: datetime) -> dict[str, str]:
    return w.answer(o, at, audience="x509_hash:somebody-else")


def stale_binding(w: WalletInHand, o: presentation.PresentationRequest, at: datetime) -> dict[str, str]:
    return w.answer(o, at - timedelta(days=365))


def future_binding(w: WalletInHand, o: presentation.PresentationRequest, at: datetime) -> dict[str, str]:
    return w.answer(o, at + timedelta(hours=1))


def other_holder(w: WalletInHand, o: presentation.PresentationRequest, at: datetime) -> dict[str, str]:
    return w.answer(o, at, holder_key=keys.generate())


def without_binding(w: WalletInHand, o: presentation.PresentationRequest, at: datetime) -> dict[str, str]:
    return presentation.build_response(o, vp_token={"identity": [w.credential]})


def claim_withheld(w: WalletInHand, o: presentation.PresentationRequest, at: datetime) -> dict[str, str]:
    return w.answer(o, at, disclose=["firstName", "portrait", "proofingReference"])


def unasked_id(w: WalletInHand, o: presentation.PresentationRequest, at: datetime) -> dict[str, str]:
    return presentation.build_response(o, vp_token={"other": [w.present(o, at)]})


def two_presentations(w: WalletInHand, o: presentation.PresentationRequest, at: datetime) -> dict[str, str]:
    return presentation.build_response(o, vp_token={"identity": [w.present(o, at)] * 2})


def issuer_signature_broken(w: WalletInHand, o: presentation.PresentationRequest, at: datetime) -> dict[str, str]:
    head, tail = w.present(o, at).split("~", 1)
    return presentation.build_response(
        o, vp_token={"identity": [f"{head[:-4]}{'AAAA' if head[-4:] != 'AAAA' else 'BBBB'}~{tail}"]}
    )


def a_result_in_its_place(w: WalletInHand, o: presentation.PresentationRequest, at: datetime) -> dict[str, str]:
    """S17: a proofing result is signed by the same party and is no credential."""
    w.provider.pushed.append({"nonce": o.nonce})
    return presentation.build_response(o, vp_token={"identity": [w.provider.result()]})


BENT = {
    "key_binding_wrong_nonce": bend_nonce,
    "key_binding_wrong_audience": bend_audience,
    "key_binding_stale": stale_binding,
    "key_binding_stale ": future_binding,
    "jws_bad_signature": other_holder,
    "key_binding_missing": without_binding,
    "claims_missing": claim_withheld,
    "vp_token_unasked": unasked_id,
    "vp_token_too_many": two_presentations,
    "jws_bad_signature ": issuer_signature_broken,
    "sd_jwt_malformed": a_result_in_its_place,
}


class TestAForgedAnswer:
    @pytest.mark.parametrize(("code", "bend"), BENT.items(), ids=[bend.__name__ for bend in BENT.values()])
    def test_it_is_refused_with_one_constant_body_and_the_reason_inside(
        self, asked: PresentationRequest, wallet: WalletInHand, client: Client, at: datetime, code: str, bend: Any
    ) -> None:
        opened = wallet.fetch(asked, client, at)
        answer = post(client, opened.response_uri, bend(wallet, opened, at))
        assert (answer.status_code, body(answer)) == (400, views._REFUSED)
        asked.refresh_from_db()
        assert (asked.status, asked.reason_code) == ("refused", code.strip())
        assert asked.claims_sealed is None
        with pytest.raises(errors.NotCollectable):
            flows.collect(request=asked, response_code=None, at=at)

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"vct": "http://provider.test/credentials/Loyalty"}, "issuer_not_authorised"),  # V5
            ({"issuer": "http://other.test"}, "issuer_untrusted"),
            ({"claims": {"proofingReference": "proofing-of-last-year"}}, "other_proofing"),
            ({"claims": {"portrait": "data:image/svg+xml;base64,PHN2Zy8+"}}, "portrait_refused"),  # S15
            ({"claims": {"portrait": "data:image/jpeg;base64,AAAA"}}, "portrait_refused"),
            ({"claims": {"portrait": data_uri(plain_photo(20))}}, "portrait_refused"),
            ({"claims": {"firstName": ["Anna"]}}, "claim_missing"),
            ({"claims": {"firstName": " "}}, "claim_missing"),
            ({"claims": {"lastName": "x" * 201}}, "claim_too_long"),
            ({"status": None}, "status_missing"),
            (
                {"status": sd_jwt.StatusReference(idx=4096, uri="http://provider.test/status/1")},
                "status_index_out_of_bounds",
            ),
        ],
    )
    def test_a_credential_that_does_not_serve_is_refused(
        self,
        asked: PresentationRequest,
        provider: Provider,
        client: Client,
        at: datetime,
        changes: dict[str, Any],
        code: str,
    ) -> None:
        wallet = WalletInHand(provider, **changes)
        opened = wallet.fetch(asked, client, at)
        assert post(client, opened.response_uri, wallet.answer(opened, at)).status_code == 400
        asked.refresh_from_db()
        assert (asked.status, asked.reason_code) == ("refused", code)

    def test_an_expired_credential_is_refused(
        self, asked: PresentationRequest, provider: Provider, client: Client, at: datetime
    ) -> None:
        wallet = WalletInHand(provider, expires_at=at)
        opened = wallet.fetch(asked, client, at)
        post(client, opened.response_uri, wallet.answer(opened, at))
        asked.refresh_from_db()
        assert asked.reason_code == "credential_expired"

    def test_an_issuer_trusted_elsewhere_is_not_trusted_here(
        self, asked: PresentationRequest, at: datetime, client: Client
    ) -> None:
        """Both are registered; the request trusts the one that proofed this person."""
        other = Provider("http://other.test", at)
        other.row()
        wallet = WalletInHand(other)
        opened = wallet.fetch(asked, client, at)
        post(client, opened.response_uri, wallet.answer(opened, at))
        asked.refresh_from_db()
        assert asked.reason_code == "issuer_untrusted"

    def test_keys_in_the_certificate_header_are_believed_only_when_published(
        self, asked: PresentationRequest, provider: Provider, client: Client, at: datetime
    ) -> None:
        from idv.credentials import certificates

        forger = certificates.development_ca("Provider CA", at)
        forged = certificates.issue_leaf(forger, name="Issuer", at=at, uri_names=[provider.origin])
        wallet = WalletInHand(provider, key=forged)
        opened = wallet.fetch(asked, client, at)
        post(client, opened.response_uri, wallet.answer(opened, at))
        asked.refresh_from_db()
        assert asked.reason_code == "issuer_key_unknown"

    def test_an_operators_authority_is_followed_instead(
        self, provider: Provider, row: IdentityProvider, wallet: WalletInHand, client: Client, at: datetime
    ) -> None:
        row.trusted_certificates = provider.ca.chain_pems()[0]
        row.save()
        asked = flows.request_presentation(
            provider=row, proofing_reference=None, purpose="Test", account_hint="", same_device=False, at=at
        )
        opened = wallet.fetch(asked, client, at)
        assert post(client, opened.response_uri, wallet.answer(opened, at)).status_code == 200
        assert "/.well-known/jwt-vc-issuer" not in provider.fetched

    def test_an_answer_in_clear_is_refused(
        self, asked: PresentationRequest, wallet: WalletInHand, client: Client, at: datetime
    ) -> None:
        opened = wallet.fetch(asked, client, at)
        form = {"vp_token": json.dumps({"identity": [wallet.present(opened, at)]}), "state": opened.state or ""}
        assert post(client, opened.response_uri, form).status_code == 400
        assert again(asked).status == "open"


class TestStrangersAndThieves:
    def test_s1_an_answer_to_one_request_is_never_readable_from_another(
        self, answered: PresentationRequest, asked_here: PresentationRequest, at: datetime
    ) -> None:
        with pytest.raises(errors.NotCollectable, match="not_answered"):
            flows.collect(request=asked_here, response_code=None, at=at)

    @pytest.mark.parametrize("response_code", [None, "", "wrong"])
    def test_s2_without_the_right_response_code_nothing_is_collected_and_nothing_lost(
        self,
        asked_here: PresentationRequest,
        wallet: WalletInHand,
        client: Client,
        at: datetime,
        response_code: str | None,
    ) -> None:
        opened = wallet.fetch(asked_here, client, at)
        link = body(post(client, opened.response_uri, wallet.answer(opened, at)))["redirect_uri"]
        with pytest.raises(errors.NotCollectable, match="wrong_response_code"):
            flows.collect(request=asked_here, response_code=response_code, at=at)
        [right] = parse_qs(urlsplit(link).query)["response_code"]
        flows.collect(request=asked_here, response_code=right, at=at)
        with pytest.raises(errors.NotCollectable, match="already_collected"):
            flows.collect(request=asked_here, response_code=right, at=at)

    def test_s2_the_response_code_is_kept_as_a_digest(
        self, asked_here: PresentationRequest, wallet: WalletInHand, client: Client, at: datetime
    ) -> None:
        opened = wallet.fetch(asked_here, client, at)
        link = body(post(client, opened.response_uri, wallet.answer(opened, at)))["redirect_uri"]
        [code] = parse_qs(urlsplit(link).query)["response_code"]
        digest = again(asked_here).response_code_digest
        assert digest is not None
        assert code not in digest

    def test_s2_a_code_that_lay_about_collects_nothing(self, answered: PresentationRequest, at: datetime) -> None:
        with pytest.raises(errors.NotCollectable, match="too_late"):
            flows.collect(request=answered, response_code=None, at=at + timedelta(minutes=5))

    def test_s4_an_answer_after_expiry_is_refused(
        self, asked: PresentationRequest, wallet: WalletInHand, client: Client, at: datetime
    ) -> None:
        opened = wallet.fetch(asked, client, at)
        form = wallet.answer(opened, at + timedelta(minutes=10))
        with pytest.raises(errors.RequestUnknown):
            flows.receive_answer(
                reference=opened.response_uri.rpartition("/")[2], form=form, at=at + timedelta(minutes=10)
            )

    def test_s4_an_answer_after_cancelling_is_refused(
        self, asked: PresentationRequest, wallet: WalletInHand, client: Client, at: datetime
    ) -> None:
        opened = wallet.fetch(asked, client, at)
        flows.cancel_presentation(request=asked, at=at)
        assert post(client, opened.response_uri, wallet.answer(opened, at)).status_code == 400
        assert again(asked).status == "cancelled"

    def test_s4_a_newer_request_of_the_same_attempt_supersedes(
        self, asked: PresentationRequest, row: IdentityProvider, wallet: WalletInHand, client: Client, at: datetime
    ) -> None:
        opened = wallet.fetch(asked, client, at)
        newer = flows.request_presentation(
            provider=row,
            proofing_reference="proofing-1",
            purpose="Recover your account",
            account_hint="",
            same_device=False,
            at=at,
            correlation_id="attempt-1",
        )
        assert post(client, opened.response_uri, wallet.answer(opened, at)).status_code == 400
        assert again(asked).status == "superseded"
        assert again(newer).status == "open"

    def test_s6_the_state_of_one_request_with_the_nonce_of_another_is_refused(
        self,
        asked: PresentationRequest,
        asked_here: PresentationRequest,
        wallet: WalletInHand,
        client: Client,
        at: datetime,
    ) -> None:
        first, second = wallet.fetch(asked, client, at), wallet.fetch(asked_here, client, at)
        form = wallet.answer(first, at, nonce=second.nonce)
        assert post(client, first.response_uri, form).status_code == 400
        assert again(asked).reason_code == "key_binding_wrong_nonce"

    def test_s6_an_answer_posted_to_another_request_changes_nothing_there(
        self,
        asked: PresentationRequest,
        asked_here: PresentationRequest,
        wallet: WalletInHand,
        client: Client,
        at: datetime,
    ) -> None:
        first, second = wallet.fetch(asked, client, at), wallet.fetch(asked_here, client, at)
        assert post(client, second.response_uri, wallet.answer(first, at)).status_code == 400
        assert again(asked_here).status == "open"

    def test_s7_a_decline_with_a_forged_state_kills_nothing(
        self, asked: PresentationRequest, wallet: WalletInHand, client: Client, at: datetime
    ) -> None:
        opened = wallet.fetch(asked, client, at)
        for state in ("", "forged"):
            answer = post(client, opened.response_uri, {"error": "access_denied", "state": state})
            assert (answer.status_code, body(answer)) == (400, views._REFUSED)
        assert again(asked).status == "open"
        assert post(client, opened.response_uri, wallet.answer(opened, at)).status_code == 200

    @pytest.mark.parametrize(
        ("error", "code"), [("access_denied", "access_denied"), ("<script>alert(1)</script>", "unknown_error")]
    )
    def test_a_decline_is_processed_and_ends_the_request(
        self, asked: PresentationRequest, wallet: WalletInHand, client: Client, at: datetime, error: str, code: str
    ) -> None:
        opened = wallet.fetch(asked, client, at)
        answer = post(client, opened.response_uri, presentation.build_error_response(opened, error=error))
        assert (answer.status_code, body(answer)) == (200, {})
        asked.refresh_from_db()
        assert (asked.status, asked.reason_code) == ("declined", code)

    def test_s16_a_same_device_return_is_a_path_of_ours(self, row: IdentityProvider, at: datetime) -> None:
        for path in ("https://evil.example/", "//evil.example", "javascript:alert(1)", ""):
            with pytest.raises(ValueError, match="return_path"):
                flows.request_presentation(
                    provider=row,
                    proofing_reference=None,
                    purpose="Test",
                    account_hint="",
                    same_device=True,
                    at=at,
                    return_path=path,
                )

    @pytest.mark.parametrize(
        ("content", "content_type"),
        [
            (b"", "application/x-www-form-urlencoded"),
            (b"response=a&response=b", "application/x-www-form-urlencoded"),
            (b"response=" + b"[" * 100_000, "application/x-www-form-urlencoded"),
            (b"response=%FF%FE", "application/x-www-form-urlencoded"),
            (b"\xff\xfe", "application/x-www-form-urlencoded"),
            (b"&".join(b"f%d=1" % n for n in range(1000)), "application/x-www-form-urlencoded"),
            (b'{"response": "a"}', "application/json"),
            (b"--x\r\n", "multipart/form-data; boundary=x"),
            (b"response=" + b"a" * 2_000_000, "application/x-www-form-urlencoded"),
        ],
    )
    def test_garbage_is_answered_with_the_constant_400(
        self, asked: PresentationRequest, client: Client, content: bytes, content_type: str
    ) -> None:
        path = request_path(asked).replace("requests", "responses")
        answer = client.post(path, content, content_type=content_type, headers=HOST)
        assert (answer.status_code, body(answer)) == (400, views._REFUSED)
        assert again(asked).status == "open"

    def test_floods_are_slowed_without_killing_the_request(self, asked: PresentationRequest, client: Client) -> None:
        path = request_path(asked).replace("requests", "responses")
        codes = {post(client, path, {"error": "access_denied", "state": "x"}).status_code for _ in range(25)}
        assert codes == {400, 429}
        assert again(asked).status == "open"


def test_s10_a_credential_serves_the_recovery_it_was_made_for_and_no_other(
    row: IdentityProvider, asked: PresentationRequest, wallet: WalletInHand, client: Client, at: datetime
) -> None:
    """After success, or for another account: every recovery has a proofing of its own, and its reference."""
    opened = wallet.fetch(asked, client, at)
    assert post(client, opened.response_uri, wallet.answer(opened, at)).status_code == 200
    another = flows.request_presentation(
        provider=row,
        proofing_reference="proofing-2",
        purpose="Recover your account",
        account_hint="b•••@fabrikam.example",
        same_device=False,
        at=at,
        correlation_id="attempt-of-another",
    )
    opened = wallet.fetch(another, client, at)
    assert post(client, opened.response_uri, wallet.answer(opened, at)).status_code == 400
    another.refresh_from_db()
    assert (another.status, another.reason_code) == ("refused", "other_proofing")


@pytest.mark.parametrize(
    "portrait",
    [
        "data:image/svg+xml;base64,PHN2Zy8+",
        "data:text/html;base64,PHNjcmlwdD4=",
        "data:image/jpeg;base64,/9j/AAAA",
        "https://elsewhere.test/portrait.jpg",
        "javascript:alert(1)",
        "data:image/jpeg;base64," + "A" * 1_400_000,
    ],
    ids=["svg", "html", "no jpeg", "an address", "a script", "too large"],
)
def test_s15_no_portrait_but_a_sound_jpeg_reaches_the_eye(
    asked: PresentationRequest, provider: Provider, client: Client, at: datetime, portrait: str
) -> None:
    if len(portrait) > 1_000_000:  # no issuer of ours would sign it, and no door would take it
        with pytest.raises(errors.PresentationRefused):
            claims.accept({"firstName": "A", "lastName": "B", "proofingReference": "c", "portrait": portrait})
        return
    spoiled = WalletInHand(provider, claims={"portrait": portrait})
    opened = spoiled.fetch(asked, client, at)
    assert post(client, opened.response_uri, spoiled.answer(opened, at)).status_code == 400
    asked.refresh_from_db()
    assert asked.reason_code == "portrait_refused"


@pytest.mark.parametrize("name", ["lastName", "employeeId"])
def test_a_claim_with_a_nul_in_it_is_none(provider: Provider, name: str) -> None:
    """What is compared in the database must be what it can take."""
    said = {**sd_jwt.read(WalletInHand(provider).credential), "employeeId": "4711"}
    assert claims.accept(said, further=["employeeId"])["employeeId"] == "4711"
    with pytest.raises(errors.PresentationRefused, match="claim_missing"):
        claims.accept({**said, name: "Byron\0"}, further=["employeeId"])

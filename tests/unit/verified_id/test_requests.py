"""createPresentationRequest: asked, presented, called back; and what is refused on the way."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.db import connections
from django.test import Client

from idv.verifier.models import FaceCheck, IdentityProvider, PresentationRequest, SealedImage
from recovery_portal.api import permissions
from recovery_portal.api.models import AppRegistration
from recovery_portal.verified_id import asking, flows
from recovery_portal.verified_id.calling import RETRIES
from recovery_portal.verified_id.machine import Event
from recovery_portal.verified_id.models import Callback, ServiceRequest
from tests.fakes import faces
from tests.unit.idv.verifier.parties import Provider, WalletInHand, post

from .conftest import APP, Hands, Program


def present(program: Program, wallet: WalletInHand, hands: Hands, **answer: Any) -> Any:
    """The wallet opens the newest request, fetches it and answers; what it is told comes back."""
    row = PresentationRequest.objects.get(status="open")
    client = Client()
    opened = wallet.fetch(row, client, hands.at)
    return post(client, opened.response_uri, wallet.answer(opened, hands.at, **answer))


def test_a_program_is_told_of_every_step_and_of_the_claims(
    program: Program, wallet: WalletInHand, hands: Hands
) -> None:
    made = program.ask()
    assert made.status_code == 201
    body = made.json()
    assert body["url"].startswith("openid4vp://?client_id=x509_hash")
    assert body["qrCode"].startswith("data:image/png;base64,iVBOR")
    assert body["expiry"] == int((hands.at + timedelta(minutes=10)).timestamp())
    assert present(program, wallet, hands).status_code == 200
    assert program.events == ["request_retrieved", "presentation_verified"]
    assert {told["requestId"] for told in program.told} == {body["requestId"]}
    assert {told["state"] for told in program.told} == {"s-1"}
    assert {call.headers["api-key"] for call in program.calls} == {"the program's own secret"}
    [data] = program.told[1]["verifiedCredentialsData"]
    assert data["claims"] == {"firstName": "Anna Maria", "lastName": "Eriksson"}
    assert data["issuer"] == "did:web:provider.test"
    assert data["type"] == ["VerifiableCredential", "VerifiedIdentity"]
    assert data["credentialState"] == {"revocationStatus": "VALID"}
    # What was told is kept nowhere.
    row = PresentationRequest.objects.get()
    assert (row.claims_sealed, row.seal_key) == (None, None)
    assert b"the program's own secret" not in bytes(ServiceRequest.objects.get().headers_sealed)


def test_claims_are_asked_for_by_constraints_and_constraints_are_held_to(
    program: Program, wallet: WalletInHand, hands: Hands
) -> None:
    born = {"claimName": "dateOfBirth", "contains": ""}
    program.ask(wanted={"constraints": [born, {"claimName": "lastName", "values": ["ERIKSSON", "x"]}]})
    present(program, wallet, hands)
    assert program.told[-1]["verifiedCredentialsData"][0]["claims"]["dateOfBirth"] == "1974-08-12"
    hands.at += timedelta(seconds=1)
    program.ask(wanted={"constraints": [{"claimName": "firstName", "startsWith": "Bo"}]})
    present(program, wallet, hands)
    failed = program.told[-1]
    assert (failed["requestStatus"], failed["error"]["code"]) == ("presentation_error", "claimValidationError")
    assert "Anna" not in json.dumps(failed)
    assert PresentationRequest.objects.latest("created_at").claims_sealed is None


@pytest.mark.parametrize(
    ("constraint", "holds"),
    [
        ({"values": ["anna maria"]}, True), ({"values": ["Anna"]}, False), ({"contains": "MARIA"}, True),
        ({"contains": ""}, True), ({"startsWith": "anna"}, True), ({"startsWith": "maria"}, False),
    ],
)  # fmt: skip
def test_constraints_compare_without_case(constraint: dict[str, Any], holds: bool) -> None:
    failed = asking.first_failed([{"claimName": "firstName", **constraint}], {"firstName": "Anna Maria"})
    assert (failed == "") is holds
    assert asking.first_failed([{"claimName": "nationality", **constraint}], {}) == "nationality"


# --- the Face Check --------------------------------------------------------------------------------------------------


def come_to_the_camera(program: Program, wallet: WalletInHand, hands: Hands) -> Client:
    program.ask(face_check=True)
    redirect = present(program, wallet, hands).json()["redirect_uri"]
    browser = Client(headers={"host": "portal.test"})
    parts = urlsplit(redirect)
    arrived = browser.get(f"{parts.path}?{parts.query}")
    assert (arrived.status_code, arrived["Location"]) == (302, "/verified-id/")
    assert browser.get(f"{parts.path}?{parts.query}").status_code == 404  # burned
    assert b"Night shop asks for a Face Check" in browser.get("/verified-id/").content
    return browser


def take_photos(browser: Client, person: str) -> Any:
    page = browser.get("/verified-id/")
    check = FaceCheck.objects.get(status="capturing")
    assert str(check.pk).encode() in page.content
    photos = faces.capture(check.challenge, person)
    return browser.post("/verified-id/face/", {"challenge": str(check.pk), **faces.form(photos)})


def test_a_face_check_follows_in_the_browser_beside_the_wallet(
    program: Program, wallet: WalletInHand, hands: Hands
) -> None:
    browser = come_to_the_camera(program, wallet, hands)
    assert take_photos_refused_before_consent(browser)
    browser.post("/verified-id/agree/")
    assert take_photos(browser, "anna").status_code == 302
    assert program.events == ["request_retrieved", "presentation_verified"]
    [data] = program.told[1]["verifiedCredentialsData"]
    assert data["faceCheck"]["matchConfidenceScore"] >= 70
    assert "portrait" not in data["claims"]
    assert b"<h1>Success</h1>" in browser.get("/verified-id/").content
    assert not SealedImage.objects.exists()


def take_photos_refused_before_consent(browser: Client) -> bool:
    browser.post("/verified-id/face/", {"challenge": "x"})
    return ServiceRequest.objects.get().status == "presented" and not SealedImage.objects.exists()


def test_another_face_ends_without_a_word_about_the_person(
    program: Program, wallet: WalletInHand, hands: Hands
) -> None:
    browser = come_to_the_camera(program, wallet, hands)
    browser.post("/verified-id/agree/")
    for _ in range(3):
        assert take_photos(browser, "somebody-else").status_code == 302
    assert program.events == ["request_retrieved", "presentation_error"]
    assert program.told[1]["error"] == {
        "code": "claimValidationError", "message": "Match confidence score failing to meet the threshold.",
    }  # fmt: skip
    assert "score" not in json.dumps(program.told[1]).lower().replace("confidence score", "")
    assert b"This was not confirmed" in browser.get("/verified-id/").content
    row = PresentationRequest.objects.get()
    assert (row.claims_sealed, row.seal_key) == (None, None)


def test_whoever_cancels_and_whoever_stays_away_end_it(program: Program, wallet: WalletInHand, hands: Hands) -> None:
    browser = come_to_the_camera(program, wallet, hands)
    browser.post("/verified-id/cancel/")
    assert program.told[-1]["error"]["code"] == "user_canceled"
    browser = come_to_the_camera(program, wallet, hands)
    hands.at += timedelta(minutes=31)
    flows.sweep(at=hands.at)
    assert program.told[-1]["error"]["code"] == "expired"
    browser.post("/verified-id/agree/")
    assert b"This was not confirmed" in browser.get("/verified-id/").content
    assert len(program.events) == 4


def test_strangers_find_nothing_under_the_pages(program: Program, wallet: WalletInHand, hands: Hands) -> None:
    browser = come_to_the_camera(program, wallet, hands)
    row = ServiceRequest.objects.get()
    for path in ("", "no-camera/", "status/", f"return/{row.pk}/", f"return/{row.pk}/?response_code=x"):
        assert Client(headers={"host": "portal.test"}).get(f"/verified-id/{path}").status_code == 404
    for path in ("agree/", "face/", "movement/", "cancel/"):
        assert Client(headers={"host": "portal.test"}).post(f"/verified-id/{path}").status_code == 404
    row.refresh_from_db()
    assert (row.status, row.consented_at) == ("presented", None)
    assert browser.get("/verified-id/status/").json()["next"] == "/verified-id/"
    assert browser.get("/verified-id/no-camera/").status_code == 200


def test_the_camera_may_move_instead(program: Program, wallet: WalletInHand, hands: Hands) -> None:
    browser = come_to_the_camera(program, wallet, hands)
    browser.post("/verified-id/agree/")
    browser.post("/verified-id/movement/", {"movement": "camera"})
    assert b"Move my head instead" in browser.get("/verified-id/").content
    refused = browser.post("/verified-id/face/", {"challenge": "x"})
    assert refused.status_code == 422


# --- calling back ----------------------------------------------------------------------------------------------------


def test_a_call_that_fails_is_made_again_in_order_and_then_no_more(
    program: Program, wallet: WalletInHand, hands: Hands
) -> None:
    program.answers = [500, httpx.ConnectError("down"), 302, 202, 202]
    program.ask()
    present(program, wallet, hands)
    assert program.events == ["request_retrieved"]  # the second waits for the first
    for wait in RETRIES[:3]:
        flows.sweep(at=hands.at)  # not due yet
        hands.at += timedelta(seconds=wait)
        flows.sweep(at=hands.at)
    assert program.events == ["request_retrieved"] * 4 + ["presentation_verified"]
    first, second = Callback.objects.order_by("pk")
    assert (first.tries, first.delivered_at, second.tries) == (4, hands.at, 1)
    flows.sweep(at=hands.at + timedelta(minutes=5))
    assert len(program.calls) == 5
    assert PresentationRequest.objects.get().claims_sealed is None


def test_after_the_last_try_the_claims_are_erased_all_the_same(
    program: Program, wallet: WalletInHand, hands: Hands
) -> None:
    program.ask()
    program.answers = [202, *[503] * 20]
    present(program, wallet, hands)
    for wait in RETRIES:
        assert PresentationRequest.objects.get().claims_sealed is not None
        hands.at += timedelta(seconds=wait)
        flows.sweep(at=hands.at)
    assert len(program.calls) == 1 + len(RETRIES) + 1
    assert Callback.objects.get(event="presentation_verified").given_up_at == hands.at
    assert PresentationRequest.objects.get().claims_sealed is None


def test_a_callback_to_an_address_inside_is_not_made(program: Program, wallet: WalletInHand, hands: Hands) -> None:
    made = program.ask(callback={"url": "https://127.0.0.1/callback", "state": "s"})
    assert made.status_code == 201
    present(program, wallet, hands)
    assert program.calls == []
    assert Callback.objects.first().outcome == "address_refused"


def test_a_wallet_that_declines_or_presents_wrongly_is_told_of(
    program: Program, wallet: WalletInHand, hands: Hands
) -> None:
    program.ask()
    assert present(program, wallet, hands, nonce="another").status_code == 400
    assert (program.events[-1], program.told[-1]["error"]["code"]) == ("presentation_error", "tokenError")


def test_what_nobody_answers_ends_with_its_time(program: Program, hands: Hands) -> None:
    program.ask()
    flows.sweep(at=hands.at + timedelta(minutes=9))
    assert program.events == []
    hands.at += timedelta(minutes=10)
    flows.sweep(at=hands.at)
    flows.sweep(at=hands.at)
    assert program.events == ["presentation_error"]
    flows.sweep(at=hands.at + timedelta(days=91))
    assert not ServiceRequest.objects.exists()


@pytest.mark.postgresql
def test_of_two_workers_with_the_same_call_one_makes_it(program: Program, hands: Hands) -> None:
    program.answers = [503]
    program.ask()
    row = ServiceRequest.objects.get()
    row.apply(Event.FETCHED, at=hands.at)
    callback = Callback.objects.get()

    def call(_: int) -> None:
        try:
            flows.deliver(callback_id=callback.pk, at=hands.at)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(call, range(8)))
    assert program.events == ["request_retrieved"]
    callback.refresh_from_db()
    assert (callback.tries, callback.outcome) == (1, "status 503")


# --- refusals --------------------------------------------------------------------------------------------------------

_CHECK = {"sourcePhotoClaimName": "portrait"}


def _validation(**changes: Any) -> dict[str, Any]:
    return {"wanted": {"configuration": {"validation": changes}}}


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"authority": "did:web:elsewhere"}, "authority"),
        ({"includeReceipt": "perhaps"}, "includeReceipt"),
        ({"registration": {}}, "registration.clientName"),
        ({"callback": {"url": "http://plain.example/", "state": "s"}}, "callback.url"),
        ({"callback": {"url": "https://a:b@plain.example/", "state": "s"}}, "callback.url"),
        ({"callback": {"url": "https://[", "state": "s"}}, "callback.url"),
        ({"callback": {"url": "javascript:alert(1)", "state": "s"}}, "callback.url"),
        ({"callback": {"url": f"{APP}/", "state": "s", "headers": {"Host": "x"}}}, "callback.headers"),
        ({"callback": {"url": f"{APP}/", "state": "s", "headers": {"api-key": "a\r\nb"}}}, "callback.headers"),
        ({"requestedCredentials": []}, "requestedCredentials"),
        ({"wanted": {"type": "VerifiedEmployee"}}, "requestedCredentials[0].type"),
        ({"wanted": {"acceptedIssuers": ["did:web:stranger"]}}, "requestedCredentials.acceptedIssuers"),
        ({"wanted": {"constraints": [{"claimName": "firstName"}]}}, "requestedCredentials[0].constraints[0]"),
        ({"wanted": {"constraints": [{"claimName": "portrait", "contains": "x"}]}},
         "requestedCredentials[0].constraints[0].claimName"),
        (_validation(allowRevoked="x"), "requestedCredentials[0].configuration.validation.allowRevoked"),
        (_validation(faceCheck=_CHECK | {"matchConfidenceThreshold": 49}),
         "requestedCredentials[0].configuration.validation.faceCheck.matchConfidenceThreshold"),
        (_validation(faceCheck={"sourcePhotoClaimName": "photo"}),
         "requestedCredentials[0].configuration.validation.faceCheck.sourcePhotoClaimName"),
    ],
)  # fmt: skip
def test_what_cannot_be_served_is_refused_in_the_services_words(
    program: Program, changes: dict[str, Any], target: str
) -> None:
    answer = program.ask(**changes)
    body = answer.json()
    assert (answer.status_code, body["error"]["code"]) == (400, "badRequest")
    assert body["error"]["innererror"]["code"] == "badOrMissingField"
    assert body["error"]["innererror"]["target"] == target
    assert body["requestId"] == answer["request-id"]
    assert not ServiceRequest.objects.exists()


def test_who_may_not_ask_is_told_in_the_services_words(program: Program, hands: Hands) -> None:
    others = [name for name in permissions.known() if not name.startswith("VerifiableCredential.")]
    AppRegistration.objects.all().update(app_permissions=others)
    refused = program.ask()
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
    stranger = Client().post("/v1.0/verifiableCredentials/createPresentationRequest", {}, "application/json")
    assert (stranger.status_code, stranger.json()["error"]["innererror"]["code"]) == (401, "tokenError")


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"authority": "\\ud800"}', b"\xff", b"x" * 200_000])
def test_bodies_of_nothing_are_refused_in_the_services_words(program: Program, body: bytes) -> None:
    answer = program.ask(body)
    assert answer.status_code in {400, 413}
    assert answer.json()["error"]["innererror"]["message"]


def test_without_an_issuer_named_any_provider_of_the_operators_will_do(
    program: Program, provider: Provider, hands: Hands
) -> None:
    assert program.ask(wanted={"acceptedIssuers": []}).status_code == 201
    IdentityProvider.objects.update(enabled=False)
    assert program.ask().status_code == 400


def test_a_provider_that_issues_no_credential_is_asked_for_none(program: Program, hands: Hands) -> None:
    """An OpenID provider says itself who somebody is: no wallet holds anything of it."""
    IdentityProvider.objects.create(
        name="A first one", issuer="https://openid.test", client_id="x", protocol="oidc", allowed_vcts=[]
    )
    assert program.ask(wanted={"acceptedIssuers": ["https://openid.test"]}).status_code == 400
    assert program.ask(wanted={"acceptedIssuers": []}).status_code == 201
    assert PresentationRequest.objects.get().provider.issuer == "http://provider.test"

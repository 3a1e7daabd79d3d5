"""What a program may put into a request, and what its callback may answer, without harm to anybody."""

import html
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.test import Client

from idv.verifier.models import PresentationRequest
from recovery_portal.kit import http
from recovery_portal.verified_id import calling, flows
from recovery_portal.verified_id.models import Callback, ServiceRequest
from tests.unit.idv.verifier.parties import WalletInHand

from .conftest import APP, Hands, House, Program, make_program
from .test_issuing import asked_for
from .test_requests import present

SCRIPT = "<script>alert(1)</script>"


@pytest.mark.parametrize("state", ["a\r\nSet-Cookie: x=1", "\u202e\u0007", SCRIPT, '"}{"', " ", "\U0001f600" * 512])
def test_state_comes_back_as_it_went(program: Program, wallet: WalletInHand, hands: Hands, state: str) -> None:
    assert program.ask(callback={"url": f"{APP}/callback", "state": state}).status_code == 201
    present(program, wallet, hands)
    assert [told["state"] for told in program.told] == [state, state]
    assert {call.headers["content-type"] for call in program.calls} == {"application/json"}


@pytest.mark.parametrize("state", ["\0", "s" * 1025, "", None, {"a": 1}, ["s"]])
def test_a_state_that_cannot_be_kept_is_refused_by_its_field(program: Program, state: Any) -> None:
    answer = program.ask(callback={"url": f"{APP}/callback", "state": state})
    assert (answer.status_code, answer.json()["error"]["innererror"]["target"]) == (400, "callback.state")


@pytest.mark.parametrize("name", ["Bank\u202egro.live", "Bank\nof nobody", "Bank\u0000", "\u200b", "Bank\u2066x\u2069"])
def test_a_name_that_would_look_like_another_is_refused(program: Program, name: str) -> None:
    for registration, target in (
        ({"clientName": name}, "registration.clientName"),
        ({"clientName": "Shop", "purpose": name}, "registration.purpose"),
    ):
        error = program.ask(registration=registration).json()["error"]["innererror"]
        assert error["target"] == target
    assert not ServiceRequest.objects.exists()


def test_markup_in_a_name_is_text_on_our_pages(program: Program, wallet: WalletInHand, hands: Hands) -> None:
    assert program.ask(face_check=True, registration={"clientName": SCRIPT, "purpose": SCRIPT}).status_code == 201
    parts = urlsplit(present(program, wallet, hands).json()["redirect_uri"])
    browser = Client(headers={"host": "portal.test"})
    browser.get(f"{parts.path}?{parts.query}")
    page = browser.get("/verified-id/").content.decode()
    assert html.escape(SCRIPT) in page
    assert SCRIPT not in page


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (httpx.Response(302, headers={"location": "https://elsewhere.example/"}), "redirected"),
        (httpx.Response(200, content=b"x" * 300_000), "too_large"),
        (httpx.Response(200, headers={"content-encoding": "gzip"}, content=b""), "unreachable"),
        (httpx.ReadTimeout("hangs"), "timeout"),
        (httpx.Response(500, content=b"x"), "status 500"),
    ],
)
def test_a_callback_that_misbehaves_is_called_again_and_nowhere_else(
    program: Program, wallet: WalletInHand, hands: Hands, answer: httpx.Response | Exception, outcome: str
) -> None:
    called: list[str] = []

    def serve(request: httpx.Request) -> httpx.Response:
        called.append(str(request.url))
        if isinstance(answer, Exception):
            raise answer
        return answer

    http.transports[APP] = httpx.MockTransport(serve)
    program.ask()
    assert present(program, wallet, hands).status_code == 200  # the person is not made to wait for the program
    first = Callback.objects.order_by("pk")[0]
    assert (first.outcome, first.delivered_at, first.tries) == (outcome, None, 1)
    for wait in calling.RETRIES:
        hands.at += timedelta(seconds=wait)
        flows.sweep(at=hands.at)
    assert set(called) == {f"{APP}/callback"}
    assert len(called) <= 2 * (len(calling.RETRIES) + 1)


def test_two_programs_ask_the_same_and_each_hears_of_its_own(house: House, hands: Hands) -> None:
    house.wallet.receive(house.offer())
    mine, theirs = house.program, make_program(hands, "VerifiableCredential.Create.All", name="Other")
    mine.calls.clear()
    first = asked_for(house, callback={"url": f"{APP}/mine", "state": "m", "headers": {"api-key": "mine"}}).json()
    house.program = theirs
    second = asked_for(house, callback={"url": f"{APP}/theirs", "state": "t", "headers": {"api-key": "theirs"}}).json()
    assert house.wallet.present(first["url"]).accepted
    assert {(call.url.path, call.headers["api-key"]) for call in theirs.calls} == {("/mine", "mine")}
    assert house.wallet.present(second["url"]).accepted
    told = [json.loads(call.content) for call in theirs.calls if call.url.path == "/theirs"]
    assert {(one["state"], one["requestId"]) for one in told} == {("t", second["requestId"])}


def test_a_presentation_after_its_time_is_none(house: House, hands: Hands) -> None:
    house.wallet.receive(house.offer())
    url = asked_for(house).json()["url"]
    opened = house.wallet.open(url)
    hands.at += timedelta(minutes=10, seconds=1)
    flows.sweep(at=hands.at)
    assert house.program.told[-1]["error"] == {"code": "expired", "message": "Nobody answered in time."}
    late = Client().post(opened.response_uri, {"response": "x", "state": opened.state})
    assert late.status_code in {400, 404}
    assert len([told for told in house.program.told if told["requestStatus"] == "presentation_error"]) == 1
    assert not PresentationRequest.objects.filter(claims_sealed__isnull=False).exists()


@pytest.mark.parametrize("path", ["{}", "{}/cancel", "{}/status"])
@pytest.mark.parametrize("method", ["get", "delete", "patch", "post"])
def test_no_address_reads_or_ends_a_request(program: Program, hands: Hands, method: str, path: str) -> None:
    """As in the original there is none, for the program itself as little as for another."""
    request_id = program.ask().json()["requestId"]
    for room in ("verifiableCredentials", "verifiableCredentials/presentationRequests"):
        answer = getattr(program.client, method)(f"/v1.0/{room}/{path.format(request_id)}")
        assert answer.status_code in {404, 405}
    assert ServiceRequest.objects.get().status == "waiting"

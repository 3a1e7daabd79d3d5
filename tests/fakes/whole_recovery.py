"""One recovery through the pages of portal and provider, with a wallet on the wire: real keys, plain HTTP."""

from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from idv.credentials import sd_jwt
from idv.protocol import presentation
from idv.verifier import trust
from recovery_portal.kit import clock
from recovery_portal.testing.client import RecoveryClient
from recovery_portal.testing.in_process import HouseTransport
from tests.fakes.control import PORTAL
from tests.fakes.proofing import Browser, WireWallet, submit_document, submit_selfie, to_document_photos
from tests.fakes.recovery import Person

NAME = "alice@contoso.example"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def furnish(room: RecoveryClient, **profile: Any) -> None:
    """Alice, a profile for everybody, houses that know each other, faces by cue card."""
    room.introduce()
    room.seed_user(NAME, given_name="Alice", surname="Archer", other_mails=["alice@home.example"])
    room.seed_profile("Everybody", all_users=True, **profile)
    room.choose_parts(face="scripted")


class Recovery:
    """Alice's recovery, step by step."""

    def __init__(self) -> None:
        self.portal = Person()
        self.portal.client.defaults["HTTP_HOST"] = "portal.test"
        self.wire = httpx.Client(transport=HouseTransport())
        self.wallet = WireWallet()
        self.credential = ""

    def start(self) -> "Recovery":
        self.portal.type_name(NAME).open("recovery:start")
        answer = self.portal.consent()
        assert answer.status_code == 302, answer.content
        self.browser = Browser()
        self.browser.go(_local(answer["Location"]))
        return self

    def prove(self, person: str = "alice") -> "Recovery":
        phone = Browser()
        phone.go(self.browser.hand_over_link())
        phone.send()
        to_document_photos(phone)
        submit_document(phone)
        submit_selfie(phone, person)
        phone.follow()
        if phone.name == "add":
            phone.send()
            self.receive(phone.text)
        self.browser.follow()
        if self.browser.page is None or "Location" not in self.browser.page:
            self.browser.go(f"{self.browser.base}/return")
        assert self.browser.page is not None
        self.portal.open_path(_local(self.browser.page["Location"]))
        return self

    def receive(self, page: str) -> None:
        granted = self.wallet.token(self.wallet.offer(page), self.wallet.tx_code(page)).json()
        self.token = str(granted["access_token"])
        proof = self.wallet.proof(self.wallet.nonce(), at=clock.now())
        [issued] = self.wallet.ask(self.token, [proof]).json()["credentials"]
        self.credential = issued["credential"]

    def present(self) -> "Recovery":
        link = presentation.parse_request_link(self.portal.request(same_device=True).authorization_request_uri)
        anchor = self.wire.get(f"{PORTAL}/verifier/development-ca.pem").text
        opened = presentation.open_request(
            self.wire.get(link.request_uri).text,
            expected_client_id=link.client_id,
            authorities=trust.certificates_in(anchor),
            at=clock.now(),
        )
        presented = sd_jwt.present(
            self.credential,
            disclose=["firstName", "lastName", "portrait", "proofingReference"],
            audience=opened.client_id,
            nonce=opened.nonce,
            holder_key=self.wallet.key,
            at=clock.now(),
        )
        form = urlencode(presentation.build_response(opened, vp_token={"identity": [presented]}))
        answer = self.wire.post(opened.response_uri, content=form, headers=FORM)
        assert answer.status_code == 200, answer.text
        self.portal.open_path(_local(answer.json()["redirect_uri"]))
        return self

    def show_face(self, person: str = "alice") -> "Recovery":
        self.portal.show_face(person)
        self.portal.open("recovery:checking")
        return self


def _local(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"

"""The parties around the provider, with real keys: a portal, browsers that walk the pages, and a wallet on the wire."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from idv.credentials import keys
from idv.credentials.keys import SigningKey
from idv.face import cards
from idv.protocol import authorization as wire
from idv.protocol import issuance
from idv.provider.document import Check, DocumentFields, DocumentReading, DocumentUnreadable
from idv.provider.models import ProofingSession, RelyingParty
from tests.fakes import faces

REDIRECT_URI = "http://portal.test/recover/return/"
JSON = "application/json"


class CardReader:
    """A document reader for tests: the cue card in the photo says what stands in the document."""

    def read(self, kind: str, images: dict[str, bytes], *, at: datetime) -> DocumentReading:
        cues = cards.read(images["front"]) or {}
        if "unreadable" in cues:
            raise DocumentUnreadable(cues["unreadable"], "scripted")
        refusal = cues.get("refusal", "")
        return DocumentReading(
            kind=kind,
            fields=DocumentFields(
                given_names=cues.get("given_names", "Alice"),
                surname=cues.get("surname", "Archer"),
                date_of_birth=date(1980, 2, 3),
                sex="F",
                document_number="C1234567",
                expiry_date=date(2040, 1, 1),
                issuing_country=cues.get("country", "UTO"),
                nationality="UTO",
            ),
            portrait=cards.write({"person": cues.get("person", "alice")}),
            checks=(Check("check_digits", not refusal, refusal),),
            signs=(Check("portrait_straight", False, cues["sign"]),) if "sign" in cues else (),
        )


def document_card(**cues: str) -> bytes:
    return cards.write({"given_names": "Alice", "surname": "Archer", **cues})


@dataclass
class Portal:
    """A relying party with its own key; every message it sends is really signed."""

    client_id: str = "portal"
    redirect_uri: str = REDIRECT_URI
    key: SigningKey = field(default_factory=keys.generate)
    client: Client = field(default_factory=lambda: Client(headers={"host": "provider.test"}))
    verifier: str = field(default_factory=wire.new_code_verifier)
    nonce: str = "nonce-of-the-portal"

    def register(self, **changes: Any) -> RelyingParty:
        return RelyingParty.objects.create(
            **{
                "client_id": self.client_id,
                "name": "Contoso",
                "redirect_uris": [self.redirect_uri],
                "jwks": {"keys": [self.key.jwks_entry()]},
                "created_at": timezone.now(),
            }
            | changes
        )

    def assertion(self, at: datetime | None = None, **changes: Any) -> str:
        given = {"client_id": self.client_id, "audience": settings.PROVIDER_BASE_URL, "key": self.key} | changes
        return wire.build_client_assertion(at=at or timezone.now(), **given)

    def request_object(self, at: datetime | None = None, **changes: Any) -> str:
        given: dict[str, Any] = {
            "client_id": self.client_id,
            "audience": settings.PROVIDER_BASE_URL,
            "redirect_uri": self.redirect_uri,
            "state": "state-of-the-portal",
            "nonce": self.nonce,
            "challenge": wire.code_challenge(self.verifier),
            "key": self.key,
        } | changes
        return wire.build_request_object(at=at or timezone.now(), **given)

    def form(self, **changes: str) -> dict[str, str]:
        return (
            wire.pushed_request_form(
                client_id=self.client_id, request_object=self.request_object(), client_assertion=self.assertion()
            )
            | changes
        )

    def post(self, path: str, form: dict[str, str]) -> HttpResponse:
        return (
            self.client.post(path, form, content_type="application/x-www-form-urlencoded")
            if isinstance(form, str)
            else _post_form(self.client, path, form)
        )

    def push(self, **changes: str) -> HttpResponse:
        return self.post("/par", self.form(**changes))

    def authorize_path(self) -> str:
        answer = self.push()
        assert answer.status_code == 201, answer.content
        return wire.authorization_url("/authorize", client_id=self.client_id, request_uri=answer.json()["request_uri"])

    def redeem(self, code: str, **changes: str) -> HttpResponse:
        form = wire.token_form(
            code=code,
            redirect_uri=self.redirect_uri,
            code_verifier=self.verifier,
            client_assertion=self.assertion(),
        )
        return self.post("/token", form | changes)

    def result(self, code: str) -> wire.ProofingResult:
        answer = self.redeem(code)
        assert answer.status_code == 200, answer.content
        return wire.open_proofing_result(
            answer.json()["proofing_result"],
            expected_issuer=settings.PROVIDER_BASE_URL,
            expected_audience=self.client_id,
            expected_nonce=self.nonce,
            jwks=self.client.get("/jwks").json(),
            at=timezone.now(),
        )


def _post_form(client: Client, path: str, form: dict[str, str], **extra: Any) -> HttpResponse:
    from urllib.parse import urlencode

    return client.post(path, urlencode(form), content_type="application/x-www-form-urlencoded", **extra)


class Browser:
    """A browser that follows redirects inside the provider and remembers where it is."""

    def __init__(self) -> None:
        self.client = Client(headers={"host": "provider.test", "user-agent": "Mozilla/5.0 (Windows NT) Chrome/140"})
        self.path = "/"
        self.page: HttpResponse | None = None

    @property
    def name(self) -> str:
        return self.path.rstrip("/").rsplit("/", 1)[-1]

    @property
    def base(self) -> str:
        found = re.match(r"/proofing/[0-9a-f-]{36}", self.path)
        assert found, self.path
        return found.group(0)

    @property
    def proofing(self) -> ProofingSession:
        return ProofingSession.objects.get(pk=self.base.rsplit("/", 1)[-1])

    @property
    def text(self) -> str:
        assert self.page is not None
        return self.page.content.decode()

    def go(self, path: str) -> HttpResponse:
        return self._land(path, self.client.get(path))

    def send(self, path: str | None = None, data: dict[str, Any] | None = None) -> HttpResponse:
        target = path or self.path
        return self._land(target, self.client.post(target, data or {}))

    def step(self, name: str, data: dict[str, Any] | None = None) -> HttpResponse:
        return self.send(f"{self.base}/{name}", data)

    def status(self) -> dict[str, Any]:
        return self.client.get(f"{self.base}/status?on={self.name}").json()

    def follow(self) -> None:
        """What the page's script does once a second."""
        if next_page := self.status()["next"]:
            self.go(next_page)

    def hand_over_link(self) -> str:
        found = re.search(r"http://provider\.test(/hand-over/[\w-]+)", self.text)
        assert found
        return found.group(1)

    def _land(self, path: str, response: HttpResponse) -> HttpResponse:
        self.path = path
        for _ in range(5):
            if response.status_code not in {301, 302} or urlsplit(response["Location"]).netloc:
                break
            self.path = response["Location"]
            response = self.client.get(self.path)
        self.page = response
        return response


DETAILS = {"name": "Somebody Else", "email": "alice@home.example", "terms": "on", "biometrics": "on"}


def arrive(portal: Portal) -> Browser:
    browser = Browser()
    browser.go(portal.authorize_path())
    return browser


def join_phone(desktop: Browser) -> Browser:
    phone = Browser()
    phone.go(desktop.hand_over_link())
    phone.send()
    return phone


def to_document_photos(phone: Browser, kind: str = "passport") -> None:
    phone.send(data=DETAILS)
    phone.send(data={"country": "UTO", "kind": kind})
    phone.send()


def upload(jpeg: bytes, name: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, jpeg, content_type="image/jpeg")


def submit_document(phone: Browser, **cues: str) -> None:
    phone.send(data={"frame_front": upload(document_card(**cues))})


def selfie_frames(phone: Browser, person: str = "alice", **cues: str) -> dict[str, Any]:
    proofing = phone.proofing
    return {
        "challenge": proofing.challenge_nonce,
        **faces.form(faces.capture(proofing.challenge, person, **cues)),
    }


def submit_selfie(phone: Browser, person: str = "alice", **cues: str) -> None:
    phone.send()  # the tips
    phone.send(data=selfie_frames(phone, person, **cues))


def to_offer(phone: Browser) -> None:
    """From the phone's first page to the page with the transaction code."""
    to_document_photos(phone)
    submit_document(phone)
    submit_selfie(phone)
    phone.follow()
    assert phone.name == "add", phone.text
    phone.send()


class WireWallet:
    """A wallet without pages: it speaks OpenID4VCI and keeps its key."""

    def __init__(self) -> None:
        self.client = Client(headers={"host": "provider.test"})
        self.key = keys.generate()

    def offer(self, page: str) -> dict[str, Any]:
        found = re.search(r"/offers/[\w-]+", page.replace("%2F", "/"))
        assert found
        return self.client.get(found.group(0)).json()

    def tx_code(self, page: str) -> str:
        found = re.search(r'id="tx-code">(\d+)<', page)
        assert found
        return found.group(1)

    def token(self, offer: dict[str, Any], tx_code: str | None) -> HttpResponse:
        code = offer["grants"][issuance.PRE_AUTHORIZED_GRANT]["pre-authorized_code"]
        return _post_form(self.client, "/token", issuance.token_form(pre_authorized_code=code, tx_code=tx_code))

    def nonce(self) -> str:
        return self.client.post("/nonce").json()["c_nonce"]

    def proof(self, nonce: str, key: SigningKey | None = None, at: datetime | None = None) -> str:
        return issuance.build_proof(
            key=key or self.key, audience=settings.PROVIDER_BASE_URL, nonce=nonce, at=at or timezone.now()
        )

    def request(self, token: str, body: Any, **extra: Any) -> HttpResponse:
        return self.client.post(
            "/credential", body, content_type=JSON, headers={"authorization": f"Bearer {token}"}, **extra
        )

    def ask(self, token: str, proofs: list[str]) -> HttpResponse:
        return self.request(token, issuance.credential_request(configuration_id="VerifiedIdentity", proofs=proofs))

    def receive(self, page: str) -> HttpResponse:
        answer = self.token(self.offer(page), self.tx_code(page))
        assert answer.status_code == 200, answer.content
        self.access_token = answer.json()["access_token"]
        return self.ask(self.access_token, [self.proof(self.nonce())])


def code_in(location: str) -> str:
    return parse_qs(urlsplit(location).query)["code"][0]

"""A program of somebody else that asks for credentials and is called back, a provider, and a wallet."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, cast

import httpx
import pytest
from django.core.wsgi import get_wsgi_application
from django.test import Client

from idv.face import cards
from idv.issuer.models import Contract
from recovery_portal.api import registrations, tokens
from recovery_portal.kit import clock, http
from recovery_portal.testing.wallet import Offer, Wallet
from recovery_portal.verified_id import issuing
from tests.unit.idv.verifier.parties import Provider, WalletInHand, data_uri

APP = "http://app.test"


class Program:
    """The relying party: what it was called with, and how it answers."""

    def __init__(self, token: str) -> None:
        self.client = Client(headers={"authorization": f"Bearer {token}", "host": "portal.test"})
        self.calls: list[httpx.Request] = []
        self.answers: list[int | Exception] = []
        http.transports[APP] = httpx.MockTransport(self._serve)

    def _serve(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        answer = self.answers.pop(0) if self.answers else 202
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer)

    def ask(self, payload: Any = None, **changes: Any) -> Any:
        body = payload if payload is not None else self.payload(**changes)
        return self.client.post(
            "/v1.0/verifiableCredentials/createPresentationRequest", body, content_type="application/json"
        )

    @staticmethod
    def payload(face_check: bool = False, **changes: Any) -> dict[str, Any]:
        wanted: dict[str, Any] = {"type": "VerifiedIdentity", "acceptedIssuers": ["did:web:provider.test"]}
        if face_check:
            check = {"sourcePhotoClaimName": "portrait", "matchConfidenceThreshold": 70}
            wanted["configuration"] = {"validation": {"allowRevoked": False, "faceCheck": check}}
        wanted |= changes.pop("wanted", {})
        return {
            "authority": "did:web:portal.test",
            "includeQRCode": True,
            "registration": {"clientName": "Night shop", "purpose": "Collect a parcel"},
            "callback": {"url": f"{APP}/callback", "state": "s-1", "headers": {"api-key": "the program's own secret"}},
            "requestedCredentials": [wanted],
        } | changes

    @property
    def told(self) -> list[dict[str, Any]]:
        import json

        return [json.loads(call.content) for call in self.calls]

    @property
    def events(self) -> list[str]:
        return [told["requestStatus"] for told in self.told]


class Hands:
    """The one clock of a test, which it can move."""

    def __init__(self, at: datetime) -> None:
        self.at = at


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    moved = Hands(datetime(2026, 11, 22, 12, 0, tzinfo=UTC))
    monkeypatch.setattr(clock, "now", lambda: moved.at)
    return moved


@pytest.fixture
def provider(hands: Hands, settings: Any, transactional_db: None) -> Iterator[Provider]:
    settings.OUTBOUND_ORIGINS = frozenset({"http://provider.test", APP})
    settings.FACE_ENGINE = "idv.face.scripted.ScriptedFaceEngine"
    settings.LIVENESS_ENGINE = "idv.face.scripted.ScriptedLivenessEngine"
    kept = dict(http.transports)
    made = Provider("http://provider.test", hands.at)
    made.row()
    yield made
    http.transports.clear()
    http.transports.update(kept)


@pytest.fixture
def program(provider: Provider, hands: Hands) -> Program:
    return make_program(hands, "VerifiableCredential.Create.All")


def make_program(hands: Hands, *permissions: str, name: str = "Shop") -> Program:
    app = registrations.register(name=name, app_permissions=permissions, at=hands.at)
    return Program(tokens.issue(app=app, user=None, scopes=app.app_permissions, at=hands.at))


CLAIMS = [
    {"input": "given_name", "output": "firstName", "label": "First name", "required": True},
    {"input": "family_name", "output": "lastName", "label": "Last name", "required": True},
    {"input": "photo", "output": "photo", "label": "Photo", "required": False},
]


@pytest.fixture
def contract(transactional_db: None) -> Contract:
    return Contract.objects.create(name="Expert", type_name="VerifiedCredentialExpert", claims=CLAIMS)


@pytest.fixture
def house(provider: Provider, program: Program, contract: Contract) -> "House":
    return House(program, contract)


class House:
    """The program that has credentials issued, and the wallet that they are for: the testers' own, over WSGI."""

    def __init__(self, program: Program, contract: Contract) -> None:
        self.program, self.contract = program, contract
        self.wallet = Wallet(cast(Any, self))

    def network(self, address: str, **_: Any) -> httpx.Client:
        return httpx.Client(transport=httpx.WSGITransport(app=get_wsgi_application()), base_url="http://portal.test")

    @property
    def portal(self) -> str:
        return "http://portal.test"

    def now(self) -> datetime:
        return clock.now()

    def payload(self, **changes: Any) -> dict[str, Any]:
        return {
            "authority": "did:web:portal.test",
            "includeQRCode": False,
            "registration": {"clientName": "Expert desk", "purpose": "Show that you are one"},
            "callback": {"url": f"{APP}/callback", "state": "s-1", "headers": {"api-key": "the program's own secret"}},
            "type": "ignore-this",
            "manifest": issuing.manifest_of(self.contract),
            "claims": {"given_name": "Megan", "family_name": "Bowen"},
            "pin": {"value": "3141", "length": 4},
        } | changes

    def ask(self, body: Any = None, **changes: Any) -> Any:
        sent = body if body is not None else self.payload(**changes)
        return self.program.client.post(
            "/v1.0/verifiableCredentials/createIssuanceRequest", sent, content_type="application/json"
        )

    def offer(self, pin: str | None = "3141", **changes: Any) -> Offer:
        return Offer(self.ask(**changes).json()["url"], pin)


@pytest.fixture
def wallet(provider: Provider) -> WalletInHand:
    return WalletInHand(provider, claims={"portrait": data_uri(cards.write({"person": "anna"}))})


Present = Callable[..., Any]

"""A whole recovery in one process: provider and wallet are played with real keys, only the faces are cue cards."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.http import HttpResponse
from django.test import Client, TestCase
from django.urls import reverse

from accounts.models import User
from idv.face import cards
from idv.verifier.models import PresentationRequest
from recovery_portal.recovery.machine import TABLE, Event, State
from recovery_portal.recovery.models import RecoveryAttempt, RecoveryProfile
from tests.fakes import faces
from tests.unit.idv.verifier.parties import Provider, WalletInHand, data_uri, post

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CHROME = "Mozilla/5.0 (Windows NT 10.0) Chrome/140"
IPHONE = "Mozilla/5.0 (iPhone) Safari/605"


class Clock:
    """Time that tests move."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


def make_person(name: str = "alice@contoso.example", **fields: Any) -> User:
    known = {
        "given_name": "Alice",
        "surname": "Archer",
        "mail": name,
        "other_mails": ["alice@home.example"],
        "last_sign_in_at": NOON - timedelta(days=30),
    }
    return User.objects.create_user(name, "correct horse battery staple", **{**known, **fields})


def make_profile(provider: Any, **fields: Any) -> RecoveryProfile:
    known = {
        "name": "Everybody",
        "state": "enabled",
        "mode": "production",
        "include_all_users": True,
        "provider": provider,
    }
    return RecoveryProfile.objects.create(**{**known, **fields})


class EagerClient(Client):
    """Runs what waits for the commit after each request, although the test's own transaction never commits."""

    def request(self, **request: Any) -> Any:
        with TestCase.captureOnCommitCallbacks(execute=True):
            return super().request(**request)


class Person:
    """Somebody at a browser: opens pages, presses buttons, and always knows where they have been led."""

    def __init__(self, agent: str = CHROME, address: str = "192.0.2.10") -> None:
        self.client = EagerClient(headers={"user-agent": agent}, REMOTE_ADDR=address)
        self.seen: Any = None

    @property
    def path(self) -> str:
        return str(self.seen.wsgi_request.path)

    @property
    def page(self) -> str:
        return str(self.seen.wsgi_request.resolver_match.url_name)

    @property
    def text(self) -> str:
        return str(self.seen.content.decode())

    def open(self, name: str, *args: str, **query: str) -> "Person":
        self.seen = self.client.get(reverse(name, args=args), query, follow=True)
        return self

    def open_path(self, path: str) -> "Person":
        self.seen = self.client.get(path, follow=True)
        return self

    def press(self, name: str, *args: str, leave: bool = False, **form: Any) -> "Person":
        self.seen = self.client.post(reverse(name, args=args), form, follow=not leave)
        return self

    def type_name(self, account_name: str) -> "Person":
        self.seen = self.client.post(reverse("accounts:sign_in"), {"account_name": account_name}, follow=True)
        return self

    def consent(self) -> HttpResponse:
        """Tick both boxes and press Continue; the answer as it came, usually a redirect to the provider."""
        self.seen = self.client.post(reverse("recovery:start"), {"recovery": "on", "biometrics": "on"})
        return self.seen

    def come_back(self, provider: Provider, **changes: str) -> "Person":
        query = {"code": "code-1", "iss": provider.origin, "state": str(provider.pushed[-1]["state"])} | changes
        return self.open("recovery:return", **query)

    def start(self, account_name: str, provider: Provider) -> "Person":
        """From the sign-in page to the provider and back, verified."""
        self.type_name(account_name).open("recovery:start")
        assert self.consent().status_code == 302, self.text
        return self.come_back(provider)

    def share(self, wallet: WalletInHand, *, same_device: bool, at: datetime, **bent: Any) -> "Person":
        """Share from a wallet, and, where the wallet is on this device, follow it back here."""
        request = self.request(same_device=same_device)
        opened = wallet.fetch(request, self.client, at)
        answer = post(EagerClient(), opened.response_uri, wallet.answer(opened, at, **bent))
        back = answer.json().get("redirect_uri") if answer.status_code == 200 else None
        return self.open_path(_local(back)) if back else self.open("recovery:present")

    def request(self, *, same_device: bool) -> PresentationRequest:
        """The open request whose link or code this browser shows."""
        shown = self.client.get(reverse("recovery:present")).context
        found: PresentationRequest = shown["here"] if same_device else shown["across"]
        return found

    def hand_off(self) -> str:
        """The token in the code on the screen."""
        link = str(self.client.get(reverse("recovery:present")).context["link"])
        return urlsplit(link).path.rstrip("/").rpartition("/")[2]

    def show_face(self, person: str, **cues: Any) -> "Person":
        """Take the photos that the page asks for."""
        shown = self.client.get(reverse("recovery:face")).context
        frames = faces.form(faces.capture([step["key"] for step in shown["steps"]], person, **cues))
        form = {"challenge": str(shown["challenge"]), **frames}
        self.seen = self.client.post(reverse("recovery:face"), form, follow=True)
        return self


def _local(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def wallet_of(
    provider: Provider, person: str = "alice", first: str = "Alice", last: str = "Archer", **more: Any
) -> WalletInHand:
    portrait = data_uri(cards.write({"person": person}))
    claims = {"firstName": "Alice", "lastName": "Archer", "portrait": portrait, **more}
    return WalletInHand(provider, claims=claims)


def walk(attempt: RecoveryAttempt, state: State, *, at: datetime) -> None:
    """Put an attempt into ``state`` by legal events alone."""
    for event in path_to(state):
        facts: dict[str, Any] = {}
        if event is Event.PRESENTATION_VERIFIED:
            facts["face_device"] = attempt.companion or attempt.starter
        if event is Event.ASSISTANCE_ASKED:
            facts["face_device"] = attempt.starter
        if event is Event.IDENTITY_MATCHED_NUMBER_DUE:
            facts |= {"pairing_number": 42, "pairing_choices": [17, 42, 63]}
        if event is Event.PASS_ISSUED:
            facts["pass_expires_at"] = at + timedelta(hours=1)
        attempt.apply(event, at=at, **facts)


def path_to(state: State) -> list[Event]:
    """The shortest way through the table; past an operator only where there is no other."""
    ways: dict[State, list[Event]] = {TABLE.initial: []}
    queue = [TABLE.initial]
    while queue:
        here = queue.pop(0)
        for (source, event), target in TABLE.transitions.items():
            if event is Event.ASSISTANCE_ASKED and state is not State.AWAITING_ASSISTANCE:
                continue
            if source is here and target not in ways:
                ways[target] = [*ways[here], event]
                queue.append(target)
    return ways[state]


def query_of(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)

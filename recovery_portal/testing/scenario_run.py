"""Plays a scenario through the pages, and says what came otherwise than expected."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from . import scenario_actions, scenario_steps
from .authenticator import SoftwareAuthenticator
from .directory import DOMAIN, DirectoryGroup, DirectoryUser, Profile, TapPolicy
from .documents import Document
from .people import Face
from .scenario import Paper, Scenario, Shown
from .scenario_words import STEPS
from .surroundings import AuditTrail, Mailbox
from .visitor import DESKTOP, PHONE, Visitor
from .walking import HttpWalker, Walker
from .wallet import Wallet

if TYPE_CHECKING:
    from .installation import Installation
    from .shapes import Attempt

OpenBrowser = Callable[[str, str], Walker]
"""Given a user agent and a network address."""
_FACE_FAULTS = {"printed": Face.printed, "dark": Face.in_the_dark, "hidden": Face.hidden, "still": Face.not_moving}
_PAPER_FAULTS = {
    "glare": Document.with_glare,
    "blur": Document.blurred,
    "cut": Document.cut_off,
    "check_digit": Document.with_wrong_check_digit,
    "printed_name": Document.with_altered_name,
    "expired": Document.expired,
}
_serial = itertools.count(1)


@dataclass
class Stage:
    """Who and what is on it while a scenario is played."""

    houses: Installation
    scenario: Scenario
    person: DirectoryUser
    profile: Profile
    tap_policy: TapPolicy
    desk: Visitor
    phone: Visitor
    wallet: Wallet
    passkey: SoftwareAuthenticator
    open_browser: Callable[[str], Visitor]
    answer: int = 0
    attempt_id: str = ""
    passcode: str = field(default="", repr=False)
    tries: int = 0

    @property
    def acting(self) -> Visitor:
        """Whose device does the work."""
        return self.phone if self.scenario.device == "phone" else self.desk

    def paper(self, number: int = 0) -> Document:
        papers = self.scenario.documents or [self.scenario.document]
        return _document(self.houses, papers[min(number, len(papers) - 1)])

    def before_the_provider(self, number: int = 0) -> Face:
        shown = self.scenario.selfies or [self.scenario.selfie]
        return _face(self.houses, shown[min(number, len(shown) - 1)])

    def before_the_portal(self, number: int = 0) -> Face:
        shown = self.scenario.face_check or [Shown()]
        return _face(self.houses, shown[min(number, len(shown) - 1)]).again()

    def attempt(self) -> Attempt | None:
        """The one that this journey began, or the newest while none was."""
        client = self.houses.client
        if self.attempt_id:
            return client.attempt(self.attempt_id)
        return next(iter(client.attempts(self.desk.account, newest=1)), None)


@dataclass(frozen=True)
class Outcome:
    """What came of a scenario; ``differences`` is empty when all was as expected."""

    scenario: Scenario
    attempt: Attempt | None
    pages: dict[str, str]
    differences: list[str]
    seconds: float

    @property
    def passed(self) -> bool:
        return not self.differences


def run(scenario: Scenario, houses: Installation, *, browsers: OpenBrowser | None = None) -> Outcome:
    """Play it from the first step to the last."""
    began = time.monotonic()
    if not houses.is_in_process:
        scenario = _with_names_of_its_own(scenario)
    part = scenario.parts
    houses.choose_parts(face=part, reader=part)
    with ExitStack() as leaving:
        stage = _set(scenario, houses, leaving, browsers)
        audit, mailbox = AuditTrail(houses.client), Mailbox(houses.client)
        mailbox.empty()
        pages, differences = _play(stage)
        attempt = stage.attempt()
        differences += _compared(scenario, stage, attempt, audit, mailbox)
    return Outcome(scenario, attempt, pages, differences, time.monotonic() - began)


def _with_names_of_its_own(scenario: Scenario) -> Scenario:
    """The same with surnames that nobody bears yet: in houses that go on, everybody played before is a namesake."""
    ending = "".join(secrets.choice("abcdefghijklmnoprstuvyz") for _ in range(5))

    def own(surname: str) -> str:
        return " ".join(word + ending for word in surname.split())

    return replace(
        scenario,
        person=replace(scenario.person, surname=own(scenario.person.surname)),
        document=replace(scenario.document, surname=own(scenario.document.surname)),
        documents=[replace(paper, surname=own(paper.surname)) for paper in scenario.documents],
    )


def _set(scenario: Scenario, houses: Installation, leaving: ExitStack, browsers: OpenBrowser | None) -> Stage:
    client, who = houses.client, scenario.person
    serial = next(_serial)
    account = f"{who.given_name}.{who.surname}.{serial}@{DOMAIN}".lower().replace(" ", "")
    client.set_tap_policy(enabled=True, all_users=True, **scenario.tap_policy)
    person = DirectoryUser(
        client,
        who.given_name,
        who.surname,
        account,
        {"has_signed_in": who.has_signed_in, "account_enabled": who.account_enabled, "other_mails": []},
    )
    group = DirectoryGroup(client, "Scenario").admit(person)
    DirectoryGroup(client, "Scenario, never by self-service", [account] if who.excluded else [], who.excluded)
    if who.namesake:
        person.another(who.given_name, who.surname, user_principal_name=f"namesake.{serial}@{DOMAIN}")
    terms = {"mode": "production", "match_confidence": "exact", "face_check_threshold": 70, "enabled": True}
    terms |= {"reveal": "faceCheckDevice", "old_methods": "keep", "still_head_allowed": True, "priority": 0}
    audience = {"all_users": who.unknown, "groups": [] if who.unknown else [group.name]}
    profile = Profile(client, "Scenario", terms | audience | scenario.profile)

    def opened(agent: str, address: str = "") -> Visitor:
        where = address or f"192.0.2.{1 + serial % 250}"
        walker = browsers(agent, where) if browsers else HttpWalker(houses, agent=agent, address=where)
        leaving.callback(walker.close)
        return Visitor(houses, walker, account=account)

    wallet = Wallet(houses)
    leaving.callback(wallet.close)
    return Stage(
        houses=houses,
        scenario=scenario,
        person=person,
        profile=profile,
        tap_policy=TapPolicy(client),
        desk=opened(DESKTOP),
        phone=opened(PHONE, f"198.51.100.{1 + serial % 250}"),
        wallet=wallet,
        passkey=SoftwareAuthenticator(origin=houses.portal),
        open_browser=opened,
    )


def _play(stage: Stage) -> tuple[dict[str, str], list[str]]:
    scenario = stage.scenario
    pages: dict[str, str] = {}
    steps = STEPS[: STEPS.index(scenario.ends_after) + 1]
    for step in steps:
        if not _is_due(step, stage):
            continue
        try:
            for action in scenario.before.get(step, []):
                scenario_actions.act(stage, action)
            scenario_steps.take(stage, step, scenario.instead.get(step, ""))
        except AssertionError as error:
            return pages, [f"{step}: {error}"]
        pages[step] = scenario_steps.seen(stage, step)
        if step == "start" and (begun := stage.attempt()):
            stage.attempt_id = begun.id
        expected = scenario.expect.pages.get(step)
        if expected is not None and pages[step] != expected:
            return pages, [f"after {step} the page is {pages[step]!r}, not {expected!r}"]
    return pages, []


def _is_due(step: str, stage: Stage) -> bool:
    if step in stage.scenario.left_out:
        return False
    if step == "join":
        return stage.scenario.device == "phone"
    if step == "number":
        return stage.acting.heading.startswith("Which number") or "number" in stage.scenario.instead
    return True


def _compared(
    scenario: Scenario, stage: Stage, attempt: Attempt | None, audit: AuditTrail, mailbox: Mailbox
) -> list[str]:
    expect = scenario.expect
    found = {"outcome": attempt.state if attempt else "none", "reason": attempt.reason if attempt else ""}
    wanted = {"outcome": expect.outcome, "reason": expect.reason}
    if expect.would_have:
        found["would_have"], wanted["would_have"] = attempt.would_have if attempt else "", expect.would_have
    if expect.answer:
        found["answer"], wanted["answer"] = str(stage.answer), str(expect.answer)
    differences = [f"{name} is {found[name]!r}, not {wanted[name]!r}" for name in wanted if found[name] != wanted[name]]
    if expect.events and attempt and attempt.event_names != expect.events:
        differences.append(f"events are {attempt.event_names}, not {expect.events}")
    differences += [f"nothing audited as {name!r}" for name in expect.audited if name not in audit.activities]
    subjects = mailbox.subjects
    differences += [
        f"no letter about {words!r} in {subjects}"
        for words in expect.letters
        if not any(words.casefold() in subject.casefold() for subject in subjects)
    ]
    said = " ".join(one.page.text for one in (stage.desk, stage.phone) if one.has_page)
    if expect.says and expect.says.casefold() not in said.casefold():
        differences.append(f"no page says {expect.says!r}, but: {said}")
    return differences


def _document(houses: Installation, paper: Paper) -> Document:
    document = Document(houses).of_kind(paper.kind).of(paper.given_names, paper.surname, picture=paper.portrait_of)
    return _PAPER_FAULTS[paper.fault](document) if paper.fault else document


def _face(houses: Installation, shown: Shown) -> Face:
    face = Face(houses, person=shown.person)
    return _FACE_FAULTS[shown.fault](face) if shown.fault else face

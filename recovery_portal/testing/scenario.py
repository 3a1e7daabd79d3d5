"""A scenario: one journey written down, with what must come of it. Read strictly from YAML.

A journey is always the same row of steps. A scenario says who comes with what, what happens ``before`` a step, what
is done ``instead`` of one, where it ends, and what is expected.
"""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

FOLDER: Final = Path(__file__).parent / "scenarios"
STEPS: Final = (
    "start",
    "arrive",
    "details",
    "document",
    "selfie",
    "receive",
    "return",
    "join",
    "present",
    "face",
    "number",
    "reveal",
    "sign_in",
    "passkey",
)
"""In this order. ``join`` is left out on one device, ``number`` where no number is asked for."""

INSTEAD: Final[dict[str, tuple[str, ...]]] = {
    "start": ("find_no_entry", "withhold_consent", "cancel"),
    "arrive": ("decline", "use_the_code_twice"),
    "details": ("refuse_biometrics", "cancel"),
    "document": ("send_no_photo", "send_a_broken_photo"),
    "selfie": ("leave_photos_out", "move_the_camera"),
    "receive": ("enter_a_wrong_code", "redeem_twice"),
    "return": ("cancel",),
    "join": ("decline", "use_the_code_twice", "let_a_stranger_join_first"),
    "present": (
        "refuse",
        "replay",
        "tamper",
        "sign_for_another_nonce",
        "sign_for_another_audience",
        "sign_with_another_key",
        "leave_a_claim_out",
        "show_an_older_credential",
        "answer_on_another_device",
        "carry_it_to_another_browser",
        "find_the_request_gone",
    ),
    "face": ("cancel", "leave_photos_out", "send_photos_twice", "move_the_camera"),
    "number": ("choose_a_wrong_number", "choose_none"),
    "reveal": ("ask_on_the_other_device", "ask_twice", "cancel"),
    "sign_in": ("enter_a_wrong_pass", "use_the_pass_twice", "look_elsewhere_first", "find_the_pass_gone"),
    "passkey": ("without_user_verification", "for_another_site", "replay_the_registration"),
}
FAULTS: Final[dict[str, tuple[str, ...]]] = {
    "document": ("glare", "blur", "cut", "check_digit", "printed_name", "expired"),
    "face": ("printed", "dark", "hidden", "still"),
}
OUTCOMES: Final = (
    "none",
    "started",
    "atProvider",
    "awaitingPresentation",
    "presented",
    "awaitingNumber",
    "matched",
    "passIssued",
    "signedIn",
    "completed",
    "evaluated",
    "refused",
    "mismatched",
    "unavailable",
    "expired",
    "cancelled",
)


class ScenarioInvalid(ValueError):
    """A scenario that cannot be run; the message is one sentence, with the nearest valid choice."""


@dataclass(frozen=True)
class Person:
    """Whose account it is. ``unknown``: the name is nobody's."""

    given_name: str = "Vera"
    surname: str = "Lindqvist"
    unknown: bool = False
    has_signed_in: bool = True
    account_enabled: bool = True
    excluded: bool = False
    namesake: bool = False


@dataclass(frozen=True)
class Paper:
    """The document in their hand."""

    kind: str = "passport"
    given_names: str = "Vera"
    surname: str = "Lindqvist"
    portrait_of: str = "vera"
    fault: str = ""


@dataclass(frozen=True)
class Shown:
    """Who is before the camera."""

    person: str = "vera"
    fault: str = ""


@dataclass(frozen=True)
class Expected:
    """``pages`` maps a step to the heading that the acting person reads after it."""

    outcome: str
    reason: str = ""
    would_have: str = ""
    pages: dict[str, str] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)
    audited: list[str] = field(default_factory=list)
    says: str = ""
    answer: int = 0


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    expect: Expected
    covers: list[str] = field(default_factory=list)
    device: str = "phone"
    parts: str = "scripted"
    person: Person = field(default_factory=Person)
    profile: dict[str, Any] = field(default_factory=dict)
    tap_policy: dict[str, Any] = field(default_factory=dict)
    document: Paper = field(default_factory=Paper)
    documents: list[Paper] = field(default_factory=list)
    selfie: Shown = field(default_factory=Shown)
    selfies: list[Shown] = field(default_factory=list)
    face_check: list[Shown] = field(default_factory=list)
    before: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    instead: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    ends_after: str = "passkey"


ACTIONS: Final[dict[str, str]] = {
    "clock": "seconds, minutes, hours or days to move on, like {minutes: 31}",
    "network": "what breaks, like {provider: off} or {status_list: 900} (milliseconds) or {provider: 25%}",
    "mend": "true: nothing is broken any more",
    "person": "changed fields of the directory user, like {surname: Baker}",
    "profile": "changed fields of the recovery profile",
    "tap_policy": "changed fields of the Temporary Access Pass policy",
    "owner": "`disown`: the owner follows the link in the letter and stops it",
    "another_start": "true: the same person begins once more, in another browser",
    "namesake": "true: somebody of the same names joins the directory",
}


@cache
def catalogue() -> dict[str, Scenario]:
    """Every scenario of the catalogue by its name. Raises ScenarioInvalid."""
    found = [read(path) for path in sorted(FOLDER.glob("*.yaml"))]
    return {scenario.name: scenario for scenario in found}


def find(name: str) -> Scenario:
    """Raises ScenarioInvalid with the nearest name."""
    known = catalogue()
    if name not in known:
        raise ScenarioInvalid(f"There is no scenario {name!r}.{nearest(name, known)}")
    return known[name]


def read(path: Path) -> Scenario:
    """One file. Raises ScenarioInvalid."""
    try:
        written = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, OSError, ValueError, LookupError, AttributeError, RecursionError) as error:
        first = " ".join(str(error).split())
        raise ScenarioInvalid(f"{path.name} is not readable YAML: {first}") from error
    return made(path.stem, written)


def made(name: str, written: object) -> Scenario:
    """A scenario from what was written. Raises ScenarioInvalid."""
    scenario = _filled(Scenario, written, name, given={"name": name})
    _check(scenario)
    return scenario


def nearest(word: str, choices: Any) -> str:
    """A sentence that helps: `` Did you mean …?`` or what there is."""
    listed = [str(choice) for choice in choices]
    close = difflib.get_close_matches(str(word), listed, n=1, cutoff=0.5)
    if close:
        return f" Did you mean {close[0]!r}?"
    return f" There is: {', '.join(listed)}." if len(listed) <= 20 else ""


_NESTED: Final = {"Expected": Expected, "Person": Person, "Paper": Paper, "Shown": Shown}


def _filled(shape: type, written: object, where: str, *, given: dict[str, Any] | None = None) -> Any:
    if not isinstance(written, dict):
        raise ScenarioInvalid(f"{where} is a mapping, not {_kind(written)}.")
    fields = {one.name: one for one in dataclasses.fields(shape)}
    filled: dict[str, Any] = dict(given or {})
    for key, value in written.items():
        if key not in fields or key in (given or {}):
            raise ScenarioInvalid(f"{where} has no {key!r}.{nearest(str(key), [f for f in fields if f not in filled])}")
        filled[key] = _value(str(fields[key].type), value, f"{where}: {key}")
    missing = [
        one.name
        for one in fields.values()
        if one.name not in filled and one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise ScenarioInvalid(f"{where} lacks {missing[0]!r}.")
    return shape(**filled)


def _value(kind: str, value: Any, where: str) -> Any:
    if kind in _NESTED:
        return _filled(_NESTED[kind], value, where)
    if kind.startswith("list["):
        if not isinstance(value, list):
            raise ScenarioInvalid(f"{where} is a list, not {_kind(value)}.")
        inner = kind[5:-1]
        return [_value(inner, one, where) for one in value]
    wanted = {"str": str, "bool": bool, "int": int}.get(kind, dict)
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise ScenarioInvalid(f"{where} is {_WORDS[wanted]}, not {_kind(value)}.")
    return value


_WORDS: Final = {str: "text", bool: "true or false", int: "a whole number", dict: "a mapping", list: "a list"}


def _kind(value: object) -> str:
    return "nothing" if value is None else _WORDS.get(type(value), type(value).__name__)


def _one_of(word: object, choices: Any, where: str) -> None:
    if word not in choices:
        raise ScenarioInvalid(f"{where} cannot be {word!r}.{nearest(str(word), choices)}")


def _check(scenario: Scenario) -> None:
    name = scenario.name
    _one_of(scenario.device, ("phone", "desktop"), f"{name}: device")
    _one_of(scenario.parts, ("scripted", "real"), f"{name}: parts")
    _one_of(scenario.ends_after, STEPS, f"{name}: ends_after")
    _one_of(scenario.expect.outcome, OUTCOMES, f"{name}: expect: outcome")
    for paper in (scenario.document, *scenario.documents):
        _one_of(paper.kind, ("passport", "identity_card", "driving_licence"), f"{name}: document: kind")
        _one_of(paper.fault, ("", *FAULTS["document"]), f"{name}: document: fault")
    for shown in (scenario.selfie, *scenario.selfies, *scenario.face_check):
        _one_of(shown.person, ("vera", "abel", "jun"), f"{name}: person before the camera")
        _one_of(shown.fault, ("", *FAULTS["face"]), f"{name}: fault before the camera")
    for step, other in scenario.instead.items():
        _one_of(step, STEPS, f"{name}: instead")
        _one_of(other, INSTEAD[step], f"{name}: instead of {step}")
    for step, actions in scenario.before.items():
        _one_of(step, STEPS, f"{name}: before")
        if not isinstance(actions, list) or not all(isinstance(one, dict) and len(one) == 1 for one in actions):
            raise ScenarioInvalid(f"{name}: before {step} is a list of single actions.")
        for action in actions:
            _one_of(next(iter(action)), ACTIONS, f"{name}: before {step}")
    for step in scenario.expect.pages:
        _one_of(step, STEPS, f"{name}: expect: pages")
    for step in scenario.left_out:
        _one_of(step, STEPS, f"{name}: left_out")
    last = STEPS.index(scenario.ends_after)
    for step in (*scenario.instead, *scenario.before, *scenario.expect.pages):
        if STEPS.index(step) > last:
            raise ScenarioInvalid(f"{name}: {step} comes after {scenario.ends_after}, where the scenario ends.")
    if scenario.device == "desktop" and "join" in (*scenario.instead, *scenario.before):
        raise ScenarioInvalid(f"{name}: on one device there is nothing to join; say device: phone.")

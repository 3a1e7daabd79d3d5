"""What a scenario must not say: unknown words, fields that nothing has, steps that never come (pure)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, get_args

from . import strict, wishes
from .scenario_words import ACTIONS, FAULTS, INSTEAD, OUTCOMES, STEPS, WORDS_OF, ScenarioInvalid, check_one_of

if TYPE_CHECKING:
    from .scenario import Paper, Scenario, Shown

_UNITS: Final = ("seconds", "minutes", "hours", "days")
_RATE: Final = re.compile(r"\d{1,2}%|100%")
_LONGEST_MS: Final = 60_000
_FURTHEST: Final = 100_000
_MOST: Final = 20


def check(scenario: Scenario) -> None:
    """Raises ScenarioInvalid."""
    name = scenario.name
    check_one_of(scenario.device, ("phone", "desktop"), f"{name}: device")
    check_one_of(scenario.parts, ("scripted", "real"), f"{name}: parts")
    check_one_of(scenario.ends_after, STEPS, f"{name}: ends_after")
    check_one_of(scenario.expect.outcome, OUTCOMES, f"{name}: expect: outcome")
    _check_fields(wishes.NewProfile, {"name": "x"}, scenario.profile, f"{name}: profile")
    _check_fields(wishes.TapPolicy, {}, scenario.tap_policy, f"{name}: tap_policy")
    for many in (scenario.documents, scenario.selfies, scenario.face_check):
        if len(many) > _MOST:
            raise ScenarioInvalid(f"{name}: nobody tries more than {_MOST} times.")
    for paper in (scenario.document, *scenario.documents):
        _check_paper(paper, name)
    for shown in (scenario.selfie, *scenario.selfies, *scenario.face_check):
        _check_shown(shown, name)
    for step, other in scenario.instead.items():
        check_one_of(step, STEPS, f"{name}: instead")
        check_one_of(other, INSTEAD[step], f"{name}: instead of {step}")
    for step, actions in scenario.before.items():
        check_one_of(step, STEPS, f"{name}: before")
        if not isinstance(actions, list) or not all(isinstance(one, dict) and len(one) == 1 for one in actions):
            raise ScenarioInvalid(f"{name}: before {step} is a list of single actions.")
        for action in actions:
            _check_action(action, f"{name}: before {step}")
    for step in (*scenario.expect.pages, *scenario.left_out):
        check_one_of(step, STEPS, f"{name}: expect: pages" if step in scenario.expect.pages else f"{name}: left_out")
    _check_order(scenario)


def _check_order(scenario: Scenario) -> None:
    name, last = scenario.name, STEPS.index(scenario.ends_after)
    for step in (*scenario.instead, *scenario.before, *scenario.expect.pages):
        if STEPS.index(step) > last:
            raise ScenarioInvalid(f"{name}: {step} comes after {scenario.ends_after}, where the scenario ends.")
        if step in scenario.left_out:
            raise ScenarioInvalid(f"{name}: {step} is left out.")
    if scenario.device == "desktop" and "join" in (*scenario.instead, *scenario.before):
        raise ScenarioInvalid(f"{name}: on one device there is nothing to join; say device: phone.")


def _check_paper(paper: Paper, name: str) -> None:
    check_one_of(paper.kind, ("passport", "identity_card", "driving_licence"), f"{name}: document: kind")
    check_one_of(paper.fault, ("", *FAULTS["document"]), f"{name}: document: fault")
    check_one_of(paper.portrait_of, _PEOPLE, f"{name}: document: portrait_of")


def _check_shown(shown: Shown, name: str) -> None:
    check_one_of(shown.person, _PEOPLE, f"{name}: person before the camera")
    check_one_of(shown.fault, ("", *FAULTS["face"]), f"{name}: fault before the camera")


_PEOPLE: Final = ("vera", "abel", "jun")


def _check_fields(shape: type[Any], given: dict[str, Any], fields: Any, where: str) -> None:
    """What the control API would say to them, said before anything is begun."""
    if not isinstance(fields, dict):
        raise ScenarioInvalid(f"{where} is a mapping of fields.")
    try:
        strict.read(shape, {**given, **{str(name): value for name, value in fields.items()}})
    except strict.InputRefused as refused:
        raise ScenarioInvalid(f"{where}: {refused.reason}") from refused


def _check_action(action: dict[str, Any], where: str) -> None:
    (act, about), *_ = action.items()
    check_one_of(act, ACTIONS, where)
    if act in WORDS_OF:
        check_one_of(about, WORDS_OF[act], f"{where}: {act}")
    else:
        _CHECKS[act](about, f"{where}: {act}")


def _check_clock(about: Any, where: str) -> None:
    if not isinstance(about, dict) or not about:
        raise ScenarioInvalid(f"{where} is a mapping like {{minutes: 31}}.")
    for unit, number in about.items():
        check_one_of(unit, _UNITS, where)
        if type(number) not in {int, float} or not abs(number) <= _FURTHEST:
            raise ScenarioInvalid(f"{where}: {unit} is a number up to {_FURTHEST}.")


def _check_network(about: Any, where: str) -> None:
    if not isinstance(about, dict) or not about:
        raise ScenarioInvalid(f"{where} is a mapping like {{provider: off}}.")
    for target, fault in about.items():
        check_one_of(target, get_args(wishes.Target), where)
        is_gone = fault is False or fault == "off"  # YAML reads a bare `off` as false
        is_slow = type(fault) is int and 0 <= fault <= _LONGEST_MS
        if not (is_gone or is_slow or (isinstance(fault, str) and _RATE.fullmatch(fault))):
            raise ScenarioInvalid(f"{where}: {target} is off, milliseconds up to {_LONGEST_MS}, or a rate like 25%.")


def _check_true(about: Any, where: str) -> None:
    if about is not True:
        raise ScenarioInvalid(f"{where} is true, or is not said.")


_CHECKS: Final[dict[str, Callable[[Any, str], None]]] = {
    "clock": _check_clock,
    "network": _check_network,
    "mend": _check_true,
    "another_start": _check_true,
    "namesake": _check_true,
    "person": lambda about, where: _check_fields(wishes.NewUser, {"user_principal_name": "x"}, about, where),
    "profile": lambda about, where: _check_fields(wishes.NewProfile, {"name": "x"}, about, where),
    "tap_policy": lambda about, where: _check_fields(wishes.TapPolicy, {}, about, where),
}

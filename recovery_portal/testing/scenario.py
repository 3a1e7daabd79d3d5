"""A scenario: one journey written down, with what must come of it. Read strictly from YAML.

A journey is always the same row of steps. A scenario says who comes with what, what happens ``before`` a step, what
is done ``instead`` of one, where it ends, and what is expected.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from . import scenario_checks
from .scenario_words import ScenarioInvalid, nearest

FOLDER: Final = Path(__file__).parent / "scenarios"
_LONGEST: Final = 200


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
        raise ScenarioInvalid(f"{path.name} is not readable YAML: {_where(error)}") from error
    return made(path.stem, written)


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return " ".join(str(error).split())
    problem = getattr(error, "problem", None) or "it breaks off"
    return f"{' '.join(problem.split())} (line {mark.line + 1}, column {mark.column + 1})."


def made(name: str, written: object) -> Scenario:
    """A scenario from what was written. Raises ScenarioInvalid."""
    scenario = _filled(Scenario, written, name, given={"name": name})
    scenario_checks.check(scenario)
    return scenario


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
    if isinstance(value, str) and (len(value) > _LONGEST or not value.isprintable()):
        raise ScenarioInvalid(f"{where} is one line of at most {_LONGEST} characters.")
    return value


_WORDS: Final = {str: "text", bool: "true or false", int: "a whole number", dict: "a mapping", list: "a list"}


def _kind(value: object) -> str:
    return "nothing" if value is None else _WORDS.get(type(value), type(value).__name__)

"""Writes docs/testing/reference.md from the code and the catalogue: ``python -m recovery_portal.testing.reference``."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from typing import Any, Final

from . import scenario, scenario_words

OBJECTS: Final = {
    "visitor": "visitor.Visitor",
    "phone": "visitor.Visitor",
    "face": "people.Face",
    "document": "documents.Document",
    "wallet": "wallet.Wallet",
    "passkey": "authenticator.SoftwareAuthenticator",
    "recover": "recovering.recover",
    "directory_user": "directory.DirectoryUser",
    "directory_group": "directory.DirectoryGroup",
    "recovery_profile": "directory.Profile",
    "tap_policy": "directory.TapPolicy",
    "operator": "directory.Operator",
    "mailbox": "surroundings.Mailbox",
    "audit_trail": "surroundings.AuditTrail",
    "recovery_clock": "surroundings.RecoveryClock",
    "faults": "surroundings.Faults",
    "claims_extension": "claims_extension.ClaimsExtension",
    "scenario_run": "scenario_run.Outcome",
    "browser_visitor": "visitor.Visitor",
    "browser_phone": "visitor.Visitor",
    "browser_passkey": "browser_walking.BrowserPasskey",
    "recovery": "installation.Installation",
    "recovery_client": "client.RecoveryClient",
}
"""What each fixture gives, in the order of the reference."""
_MODULES: Final = ("plugin", "fixtures", "fixtures_around", "fixtures_browser")


def fixtures() -> dict[str, str]:
    """What each public fixture of the plugin says about itself."""
    found: dict[str, str] = {}
    for module in _MODULES:
        for name, value in vars(_imported(module)).items():
            function = getattr(value, "_fixture_function", None)
            if function is not None and not name.startswith("_"):
                found[name] = inspect.getdoc(function) or ""
    return found


def as_markdown() -> str:
    """The whole document."""
    return "\n".join([*_fixtures(), *_scenario_format(), *_catalogue()]) + "\n"


def _fixtures() -> Iterator[str]:
    yield "# Reference of the testers' kit"
    yield ""
    yield "Written by `make reference` from the code and the catalogue."
    yield ""
    yield "## Fixtures"
    described = fixtures()
    shown: set[str] = set()
    for name, dotted in OBJECTS.items():
        yield ""
        yield f"### `{name}`"
        yield ""
        yield _one_line(described[name])
        if dotted in shown:
            continue
        shown.add(dotted)
        module, _, own = dotted.rpartition(".")
        thing = getattr(_imported(module), own)
        if inspect.isfunction(thing):
            yield ""
            yield f"`{own}{_signature(thing)}` — {_one_line(inspect.getdoc(thing))}"
            continue
        members = list(_members(thing))
        if members:
            yield ""
            yield from members


def _members(thing: type) -> Iterator[str]:
    for name, member in vars(thing).items():
        if name.startswith("_") or not (inspect.isfunction(member) or isinstance(member, property)):
            continue
        shown = name if isinstance(member, property) else f"{name}{_signature(member)}"
        said = _one_line(inspect.getdoc(member))
        yield f"- `{shown}`{f' — {said}' if said else ''}"


def _scenario_format() -> Iterator[str]:
    yield ""
    yield "## Scenario files"
    yield ""
    yield "Steps, in this order: " + ", ".join(f"`{step}`" for step in scenario_words.STEPS) + "."
    yield ""
    yield "| step | what may be done `instead` |"
    yield "|---|---|"
    for step, others in scenario_words.INSTEAD.items():
        yield f"| `{step}` | {', '.join(f'`{other}`' for other in others)} |"
    yield ""
    yield "| `before` a step | what it takes |"
    yield "|---|---|"
    for action, takes in scenario_words.ACTIONS.items():
        yield f"| `{action}` | {takes} |"
    yield ""
    for what, faults in scenario_words.FAULTS.items():
        yield f"- faults of the {what}: {', '.join(f'`{fault}`' for fault in faults)}"
    yield f"- outcomes: {', '.join(f'`{outcome}`' for outcome in scenario_words.OUTCOMES)}"


def _catalogue() -> Iterator[str]:
    known = scenario.catalogue()
    yield ""
    yield f"## The catalogue: {len(known)} scenarios"
    yield ""
    yield "`covers`: F1 to F10 are the known failures of the original, V and S the list of attacks in"
    yield "`tests/unit/test_threats.py`."
    yield ""
    yield "| name | what happens | outcome | reason | covers |"
    yield "|---|---|---|---|---|"
    for one in known.values():
        covers = " ".join(one.covers)
        yield f"| `{one.name}` | {one.title} | {one.expect.outcome} | {one.expect.reason} | {covers} |"


def _imported(module: str) -> Any:
    return importlib.import_module(f"recovery_portal.testing.{module}")


def _signature(function: Any) -> str:
    signature = inspect.signature(function)
    shown = []
    kinds = inspect.Parameter
    stars: dict[Any, str] = {kinds.VAR_POSITIONAL: "*", kinds.VAR_KEYWORD: "**"}
    parameters = [one for one in signature.parameters.values() if one.name != "self"]
    starred = False
    for one in parameters:
        if one.kind is kinds.KEYWORD_ONLY and not starred:
            starred = True
            shown.append("*")
        star = stars.get(one.kind, "")
        starred = starred or one.kind is kinds.VAR_POSITIONAL
        has_default = one.default is not kinds.empty
        shown.append(f"{star}{one.name}{f'={one.default!r}' if has_default else ''}")
    return f"({', '.join(shown)})"


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split()).replace("``", "`")


if __name__ == "__main__":
    sys.stdout.write(as_markdown())

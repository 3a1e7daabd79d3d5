"""A run as a file: what was done, what came of it and what was said, so that it can be walked again (pure).

A bundle is JSON. ``scenario`` is what the catalogue's files hold: where the run was not a scenario's, it is inferred
from what happened, and says so. Nothing personal is in it: whoever walks it again is a synthetic person.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from difflib import ndiff
from typing import Any, Final

from . import shapes
from .journal import in_order
from .scenario import Scenario, catalogue

FORMAT: Final = "recovery-portal-run/1"
_UNTOLD: Final = frozenset({"preflightFailed", "presentationRefused", "numberRefused", "userCancelled", "passRefused"})
_DOCUMENT_FAULTS: Final = {
    "document_expired": "expired",
    "mrz_check_digit_wrong": "check_digit",
    "printed_name_differs": "printed_name",
    "mrz_not_found": "cut",
    "mrz_unreadable": "glare",
}
_FACE_FAULTS: Final = {
    "flat_picture": "printed",
    "too_dark": "dark",
    "no_face": "hidden",
    "turn_too_small": "still",
}
_ENDS_AFTER: Final = {
    "started": "start",
    "unavailable": "start",
    "atProvider": "selfie",
    "awaitingPresentation": "return",
    "presented": "present",
    "checkingFace": "face",
    "faceChecked": "face",
    "awaitingNumber": "face",
    "mismatched": "face",
    "evaluated": "face",
    "matched": "face",
    "passIssued": "reveal",
    "signedIn": "sign_in",
    "completed": "passkey",
}
# Steps of two runs are compared by what was asked and answered; what is published is fetched once and kept a while.
_PUBLISHED: Final = frozenset({"published document", "published keys", "status list"})
_NOT_COMPARED: Final = _PUBLISHED | {"credential offer link", "presentation request link", "nonce"}


class BundleInvalid(ValueError):
    """A file that is no bundle, or none that can be walked again; the message is one sentence."""


@dataclass(frozen=True)
class Bundle:
    scenario: dict[str, Any]
    is_inferred: bool
    attempt: dict[str, Any]
    journal: list[dict[str, Any]]


def packed(
    attempt: shapes.Attempt,
    entries: Iterable[shapes.JournalEntry],
    proofing: shapes.Proofing | None,
) -> bytes:
    """The bundle's bytes, with a scenario inferred from what happened."""
    told = {name: value for name, value in asdict(attempt).items() if name not in _PERSONAL}
    whole = {
        "format": FORMAT,
        "scenario": inferred(attempt, proofing),
        "inferred": True,
        "attempt": told,
        "journal": [asdict(entry) for entry in in_order(entries)],
    }
    return _written(whole)


def of_scenario(packed: bytes, scenario: Mapping[str, Any]) -> bytes:
    """The same bundle by whoever knows what was played."""
    return _written(json.loads(packed) | {"scenario": dict(scenario), "inferred": False})


def _written(whole: Mapping[str, Any]) -> bytes:
    return json.dumps(whole, indent=1, ensure_ascii=False).encode()


_PERSONAL: Final = frozenset({"user_principal_name", "match_detail"})


def read(data: bytes) -> Bundle:
    """Raises BundleInvalid."""
    try:
        found = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BundleInvalid("This file is no JSON in UTF-8.") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise BundleInvalid(f"This file is no bundle: its format is not {FORMAT}.")
    wanted = {"scenario": dict, "inferred": bool, "attempt": dict, "journal": list}
    for name, kind in wanted.items():
        if not isinstance(found.get(name), kind):
            raise BundleInvalid(f"The bundle lacks {name}.")
    if not isinstance(found["attempt"].get("state"), str) or not isinstance(found["attempt"].get("events"), list):
        raise BundleInvalid("The bundle does not say what came of the run.")
    return Bundle(found["scenario"], found["inferred"], found["attempt"], found["journal"])


def inferred(attempt: shapes.Attempt, proofing: shapes.Proofing | None) -> dict[str, Any]:
    """A scenario that leads where this run led, as far as what is on record says how.

    Who was refused by the portal itself, or stopped, did something that no record tells: the catalogue's first scenario
    that ends so stands for it.
    """
    events = attempt.event_names
    expected = {"outcome": attempt.state, "reason": attempt.reason, "events": events}
    if events and events[-1] in _UNTOLD and (like := _alike(attempt)):
        return {**like, "expect": expected}
    scenario: dict[str, Any] = {
        "title": f"A recorded run that ended as {attempt.state}",
        "profile": dict(attempt.terms),
        "ends_after": _last_step(attempt, proofing),
        "device": "desktop" if attempt.devices == ["starter"] and _came_home(attempt) else "phone",
        "expect": expected,
    }
    documents, selfies = _at_the_provider(proofing)
    if documents:
        scenario["documents"] = documents
    if selfies:
        scenario["selfies"] = selfies
    if tries := [_shown(one.reason) for one in attempt.face_checks if one.status in {"passed", "failed", "unusable"}]:
        scenario["face_check"] = tries
    if "identityMismatched" in events or "evaluationMismatched" in events:
        scenario["person"] = {"surname": "Archer"}
    if proofing is not None and proofing.verdict == "declined":
        scenario["left_out"] = ["receive"]
    if ending := _ending(attempt):
        scenario |= ending
    return scenario


def _alike(attempt: shapes.Attempt) -> dict[str, Any] | None:
    for one in catalogue().values():
        if (one.expect.outcome, one.expect.reason) == (attempt.state, attempt.reason):
            return as_written(one)
    return None


def as_written(scenario: Scenario) -> dict[str, Any]:
    """A scenario as its file would hold it."""
    return {name: value for name, value in asdict(scenario).items() if name != "name"}


def _came_home(attempt: shapes.Attempt) -> bool:
    return "presentationVerified" in attempt.event_names


def _last_step(attempt: shapes.Attempt, proofing: shapes.Proofing | None) -> str:
    """After which step nothing more came."""
    reached = attempt.events[-1].source if attempt.events else ""
    if attempt.state == "refused":
        return {"atProvider": "return", "awaitingPresentation": "present", "awaitingNumber": "number"}.get(
            reached, "face"
        )
    if attempt.state in {"cancelled", "expired"}:
        return _ENDS_AFTER.get(reached, "start")
    if attempt.state == "atProvider" and proofing is None:
        return "start"
    return _ENDS_AFTER[attempt.state]


def _at_the_provider(proofing: shapes.Proofing | None) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Which documents and which faces lead to the provider's decisions, round by round."""
    documents: list[dict[str, str]] = []
    selfies: list[dict[str, str]] = []
    for decision in proofing.decisions if proofing else []:
        if fault := _DOCUMENT_FAULTS.get(decision.reason):
            documents.append({"fault": fault})
            continue
        if not documents or documents[-1]:
            documents.append({})  # what was wrong with the one before is so no longer
        selfies.append(_shown(decision.reason))
    return documents, selfies


def _shown(reason: str) -> dict[str, str]:
    if reason in {"below_threshold", "face_mismatch"}:
        return {"person": "abel"}
    return {"fault": _FACE_FAULTS[reason]} if reason in _FACE_FAULTS else {}


def _ending(attempt: shapes.Attempt) -> dict[str, Any]:
    """How a run was stopped from outside."""
    last = attempt.events[-1].event if attempt.events else ""
    following = {"start": "arrive", "selfie": "receive", "return": "present", "present": "face", "face": "reveal"}
    step = following.get(_ENDS_AFTER.get(attempt.events[-1].source if attempt.events else "", ""), "")
    if not step:
        return {}
    before = {
        "lifetimeEnded": {"clock": {"hours": 3}},
        "operatorCancelled": {"operator": "cancel"},
        "ownerDisowned": {"owner": "disown"},
        "replaced": {"another_start": True},
    }.get(last)
    return {"before": {step: [before]}, "ends_after": step} if before else {}


def differences(bundle: Bundle, attempt: shapes.Attempt | None, entries: Iterable[shapes.JournalEntry]) -> list[str]:
    """What came otherwise than it is recorded: outcome, reason, events, and who said what to whom."""
    if attempt is None:
        return ["no attempt was begun"]
    told = bundle.attempt
    found: list[str] = []
    for name, was, now in (("state", told["state"], attempt.state), ("reason", told.get("reason", ""), attempt.reason)):
        if was != now:
            found.append(f"{name}: recorded {was!r}, now {now!r}")
    was_events = [str(event.get("event")) for event in told["events"] if isinstance(event, Mapping)]
    found += [f"event {line}" for line in _changed(was_events, attempt.event_names)]
    was_said = _said(entry for entry in bundle.journal if isinstance(entry, Mapping))
    found += [f"message {line}" for line in _changed(was_said, _said(asdict(entry) for entry in in_order(entries)))]
    return found


def _said(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """Each message once, in order: where both ends wrote it down, as it arrived."""
    arrived: list[str] = []
    for entry in entries:
        kind = str(entry.get("kind"))
        if entry.get("direction") == "in" and kind not in _NOT_COMPARED:
            arrived.append(f"{entry.get('sender')} -> {entry.get('receiver')}: {kind} ({entry.get('status')})")
    return arrived


def _changed(was: list[str], now: list[str]) -> list[str]:
    signs = {"- ": "only recorded", "+ ": "only now"}
    return [f"{signs[line[:2]]}: {line[2:]}" for line in ndiff(was, now) if line[:2] in signs]

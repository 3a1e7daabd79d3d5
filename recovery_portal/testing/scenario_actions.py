"""What happens around a journey, before one of its steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .directory import DOMAIN
from .scenario import ScenarioInvalid, nearest
from .surroundings import TARGETS, Faults, Mailbox, RecoveryClock

if TYPE_CHECKING:
    from .scenario_run import Stage


def act(stage: Stage, action: dict[str, Any]) -> None:
    """One action: a mapping of its name to what it is about."""
    (name, about), *_ = action.items()
    ACTIONS[name](stage, about)


def _clock(stage: Stage, about: dict[str, float]) -> None:
    RecoveryClock(stage.houses.client).forward(**about)


def _network(stage: Stage, about: dict[str, Any]) -> None:
    faults = Faults(stage.houses.client)
    for target, fault in about.items():
        if target not in TARGETS:
            raise ScenarioInvalid(f"{stage.scenario.name}: network has no {target!r}.{nearest(target, TARGETS)}")
        if fault in {"off", False}:  # YAML reads a bare `off` as false
            faults.turn_off(target)
        elif isinstance(fault, int):
            faults.slow_down(target, milliseconds=fault)
        else:
            faults.fail_sometimes(target, rate=float(str(fault).removesuffix("%")) / 100)


def _mend(stage: Stage, about: bool) -> None:
    Faults(stage.houses.client).mend()


def _person(stage: Stage, about: dict[str, Any]) -> None:
    stage.person.change(**about)


def _profile(stage: Stage, about: dict[str, Any]) -> None:
    stage.profile.change(**about)


def _tap_policy(stage: Stage, about: dict[str, Any]) -> None:
    stage.tap_policy.change(**about)


def _owner(stage: Stage, about: str) -> None:
    mailbox = Mailbox(stage.houses.client)
    letter = next(one for one in reversed(mailbox.letters()) if "/recover/not-me/" in one.body)
    owner = stage.open_browser("Mozilla/5.0 (Macintosh) Safari/605")
    owner.follow_link(mailbox.link_in(letter, "/recover/not-me/")).press("This was not me, stop it")


def _another_start(stage: Stage, about: bool) -> None:
    stage.open_browser("Mozilla/5.0 (X11; Linux) Firefox/140").start_recovery()


def _namesake(stage: Stage, about: bool) -> None:
    stage.person.another(stage.person.given_name, stage.person.surname, user_principal_name=f"later.namesake@{DOMAIN}")


ACTIONS: dict[str, Callable[[Stage, Any], None]] = {
    "clock": _clock,
    "network": _network,
    "mend": _mend,
    "person": _person,
    "profile": _profile,
    "tap_policy": _tap_policy,
    "owner": _owner,
    "another_start": _another_start,
    "namesake": _namesake,
}

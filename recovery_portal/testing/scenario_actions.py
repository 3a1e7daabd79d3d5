"""What happens around a journey, before one of its steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .directory import DOMAIN
from .pages import NotOnThisPage
from .surroundings import Faults, Mailbox, RecoveryClock

if TYPE_CHECKING:
    from .scenario_run import Stage
    from .visitor import Visitor


def act(stage: Stage, action: dict[str, Any]) -> None:
    """One action: a mapping of its name to what it is about."""
    (name, about), *_ = action.items()
    ACTIONS[name](stage, about)


def _clock(stage: Stage, about: dict[str, float]) -> None:
    RecoveryClock(stage.houses.client).forward(**about)


def _network(stage: Stage, about: dict[str, Any]) -> None:
    faults = Faults(stage.houses.client)
    for target, fault in about.items():
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


def _operator(stage: Stage, about: str) -> None:
    _AT_THE_CONSOLE[about](stage)


def _at_the_attempt(stage: Stage, name: str = "first") -> Visitor:
    """Somebody who administers authentication, signed in and looking at the attempt."""
    made = stage.houses.client.seed_operator(_ROLE, user_principal_name=f"{name}.operator@{DOMAIN}")
    desk = stage.open_browser("Mozilla/5.0 (X11; Linux) Chrome/140")
    desk.sign_in_with_password(made.password, made.user_principal_name)
    attempt = stage.attempt()
    if attempt is None:
        raise NotOnThisPage("There is no attempt yet for an operator to look at.")
    return desk.follow_link(f"{stage.houses.portal}/admin/account-recovery/attempts/{attempt.id}/")


def _cancel(stage: Stage) -> None:
    _at_the_attempt(stage).press("Cancel this attempt")


def _block(stage: Stage) -> None:
    console = _at_the_attempt(stage).click("Block further attempts of this account")
    console.press("Block", {"Reason": "The owner called."})


def _lift_the_block(stage: Stage) -> None:
    _at_the_attempt(stage).click("Lift the block of this account").press("Lift the block")


def _uphold(stage: Stage) -> None:
    _at_the_attempt(stage).click("Review the refusal").press("Let the refusal stand", {"Why": "Nobody called."})


def _overrule(stage: Stage) -> None:
    """One proposes, another approves and hands out the pass."""
    first = _at_the_attempt(stage).click("Review the refusal")
    first.press("Propose to overrule", {"Why": "Seen in person, with the passport in hand."})
    second = _at_the_attempt(stage, "second").click("Read the review")
    second.press("Approve", {"Why": "Called back at the number on file."})
    second.press("Issue the Temporary Access Pass")
    shown = second.page.by_id("passcode")
    if shown is None:
        raise NotOnThisPage(f"No pass is shown on {second.heading!r} ({second.page.path}).")
    stage.passcode = shown.text


_ROLE = "Authentication Administrator"
_AT_THE_CONSOLE: dict[str, Callable[[Stage], None]] = {
    "cancel": _cancel,
    "block": _block,
    "lift_the_block": _lift_the_block,
    "uphold": _uphold,
    "overrule": _overrule,
}

ACTIONS: dict[str, Callable[[Stage, Any], None]] = {
    "clock": _clock,
    "network": _network,
    "mend": _mend,
    "person": _person,
    "profile": _profile,
    "tap_policy": _tap_policy,
    "owner": _owner,
    "operator": _operator,
    "another_start": _another_start,
    "namesake": _namesake,
}

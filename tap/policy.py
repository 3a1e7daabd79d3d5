"""The law of Temporary Access Passes, as functions of plain values (facts: the original's policy and pass states)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from .errors import IssueRefused

SHORTEST_LIFETIME, LONGEST_LIFETIME = 10, 43_200  # minutes; thirty days
SHORTEST_PASSCODE, LONGEST_PASSCODE = 8, 48  # characters
REGISTRATION_WINDOW = timedelta(minutes=10)  # after signing in with a one-time pass
FARTHEST_START = timedelta(days=30)  # how far ahead a pass may be scheduled

TRIES_BEFORE_LOCK = 10
FIRST_LOCK = timedelta(seconds=60)
LONGEST_LOCK = timedelta(minutes=10)  # below the shortest useful lifetime: a stranger's guessing delays the owner only
TRIES_BEFORE_WITHDRAWAL = 100  # NIST SP 800-63B-4 3.2.2: no more consecutive failures than this, ever


class Usability(StrEnum):
    """``methodUsabilityReason`` of the original."""

    ENABLED_BY_POLICY = "EnabledByPolicy"
    DISABLED_BY_POLICY = "DisabledByPolicy"
    EXPIRED = "Expired"
    NOT_YET_VALID = "NotYetValid"
    ONE_TIME_USED = "OneTimeUsed"


class Policy(Protocol):
    """What the rules need to know of the policy row."""

    minimum_lifetime_minutes: int
    maximum_lifetime_minutes: int
    default_lifetime_minutes: int
    default_length: int
    is_usable_once: bool


def contradictions(policy: Policy) -> Iterator[tuple[str, str]]:
    """Field and sentence for everything in ``policy`` that cannot be; empty for a sound policy."""
    lifetimes = (
        ("minimum_lifetime_minutes", policy.minimum_lifetime_minutes),
        ("maximum_lifetime_minutes", policy.maximum_lifetime_minutes),
        ("default_lifetime_minutes", policy.default_lifetime_minutes),
    )
    for field, minutes in lifetimes:
        if not SHORTEST_LIFETIME <= minutes <= LONGEST_LIFETIME:
            yield field, f"A lifetime is between {SHORTEST_LIFETIME} and {LONGEST_LIFETIME} minutes."
    if policy.minimum_lifetime_minutes > policy.maximum_lifetime_minutes:
        yield "minimum_lifetime_minutes", "The minimum lifetime must not exceed the maximum lifetime."
    elif not policy.minimum_lifetime_minutes <= policy.default_lifetime_minutes <= policy.maximum_lifetime_minutes:
        yield "default_lifetime_minutes", "The default lifetime must lie between the minimum and the maximum."
    if not SHORTEST_PASSCODE <= policy.default_length <= LONGEST_PASSCODE:
        yield "default_length", f"The length is between {SHORTEST_PASSCODE} and {LONGEST_PASSCODE} characters."


def lifetime(policy: Policy, requested_minutes: int | None) -> int:
    """Minutes that a new pass lives. Raises IssueRefused(lifetime_out_of_policy) with the original's sentence."""
    if requested_minutes is None:
        return policy.default_lifetime_minutes
    shortest, longest = policy.minimum_lifetime_minutes, policy.maximum_lifetime_minutes
    if not shortest <= requested_minutes <= longest:
        raise IssueRefused(
            "lifetime_out_of_policy",
            f"Invalid LifetimeInMinutes specified. The valid range between {shortest} and {longest}.",
        )
    return requested_minutes


def usable_once(policy: Policy, requested: bool | None) -> bool:
    """Whether a new pass is one-time. Raises IssueRefused(multi_use_not_allowed) under a one-time policy."""
    if policy.is_usable_once and requested is False:
        raise IssueRefused("multi_use_not_allowed", "The policy requires one-time Temporary Access Passes.")
    return policy.is_usable_once if requested is None else requested


def start(at: datetime, requested: datetime | None) -> datetime:
    """When a new pass becomes valid. Raises IssueRefused(start_out_of_range); a moment just past counts as now."""
    if requested is None:
        return at
    if requested < at - timedelta(minutes=5):
        raise IssueRefused("start_out_of_range", "The start of a Temporary Access Pass cannot lie in the past.")
    if requested > at + FARTHEST_START:
        raise IssueRefused("start_out_of_range", "A Temporary Access Pass can start at most 30 days from now.")
    return max(requested, at)


def usability(
    *,
    is_usable_once: bool,
    start_at: datetime,
    expires_at: datetime,
    redeemed_at: datetime | None,
    covered: bool,
    only_one_time: bool,
    at: datetime,
) -> Usability:
    """State of a pass at ``at``, in the original's order: used, expired, not yet valid, policy, usable.

    ``covered``: the policy is on and includes the user. ``only_one_time``: the policy asks for one-time passes now.
    """
    if is_usable_once and redeemed_at is not None:
        return Usability.ONE_TIME_USED
    if at >= expires_at:
        return Usability.EXPIRED
    if at < start_at:
        return Usability.NOT_YET_VALID
    if not covered or (only_one_time and not is_usable_once):
        return Usability.DISABLED_BY_POLICY
    return Usability.ENABLED_BY_POLICY


def registration_until(*, is_usable_once: bool, redeemed_at: datetime, expires_at: datetime) -> datetime:
    """Until when a person signed in with a pass may register a method: ten minutes for a one-time pass, never past
    the pass itself."""
    if is_usable_once:
        return min(redeemed_at + REGISTRATION_WINDOW, expires_at)
    return expires_at


def lock_after(failures: int) -> timedelta | None:
    """How long the pass is locked after the ``failures``-th wrong try in a row: none, 60 s, then doubling."""
    if failures == 0 or failures % TRIES_BEFORE_LOCK:
        return None
    doublings = failures // TRIES_BEFORE_LOCK - 1
    return min(FIRST_LOCK * 2**doublings, LONGEST_LOCK)


def is_external_guest(*, user_type: str, user_principal_name: str) -> bool:
    """A guest whose home is another directory; the original marks such names with ``#EXT#``."""
    return user_type == "Guest" and "#ext#" in user_principal_name.lower()

"""What a person can do with a pass: issue, redeem, revoke; and change the policy that governs them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Coalesce

from accounts import flows as accounts
from accounts import notices
from accounts.audit import flows as audit
from accounts.models import DirectoryGroup, User

from . import passcode as passcodes
from . import policy as rules
from . import throttle
from .errors import IssueRefused, PolicyInvalid, Refusal
from .models import TemporaryAccessPass, TemporaryAccessPassPolicy
from .policy import Usability
from .queries import find_pass, get_policy, may_issue, usability

SERVICE = "Authentication Methods"
METHOD = "Temporary Access Pass"

_REFUSAL_OF_STATE = {
    Usability.ONE_TIME_USED: Refusal.ALREADY_USED,
    Usability.EXPIRED: Refusal.EXPIRED,
    Usability.NOT_YET_VALID: Refusal.WRONG_PASSCODE,
    Usability.DISABLED_BY_POLICY: Refusal.BLOCKED_BY_POLICY,
}


@dataclass(frozen=True)
class IssuedPass:
    """A new pass with its passcode: the only moment the passcode exists outside the person's hands."""

    record: TemporaryAccessPass
    passcode: str = field(repr=False)


@dataclass(frozen=True)
class Redeemed:
    """The passcode was right and the pass good. ``register_until``: when the duty to register a method runs out."""

    record: TemporaryAccessPass
    register_until: datetime


@dataclass(frozen=True)
class NotRedeemed:
    """The passcode was not accepted; ``refusal`` and ``reason`` are for operators. ``retry_at``: end of a lock."""

    refusal: Refusal
    reason: str
    retry_at: datetime | None = None


def issue(
    *,
    user: User,
    issued_by: User | None,
    at: datetime,
    lifetime_minutes: int | None = None,
    is_usable_once: bool | None = None,
    start_at: datetime | None = None,
    correlation_id: str = "",
    application: str = "",
) -> IssuedPass:
    """Give ``user`` a new pass in place of the one they may have. ``issued_by`` None means a recovery, or the program
    that ``application`` names. One that was used already and is replaced by somebody else takes the sessions of the
    user with it, as a revoked one does.

    Raises IssueRefused when the policy, the kind of account or the issuer forbids it; then the old pass stays. It does
    not ask whether the policy covers the user: such a pass is made and is unusable, as in the original.
    """
    if issued_by is not None and issued_by.pk == user.pk:
        raise IssueRefused("own_account", "Nobody issues a Temporary Access Pass for themselves.")
    _check_may_manage(user, issued_by, application)
    if rules.is_external_guest(user_type=user.user_type, user_principal_name=user.user_principal_name):
        raise IssueRefused("external_guest", "Temporary Access Pass cannot be added to an external guest user.")
    by_operator = issued_by is not None or bool(application)
    policy = get_policy()
    minutes = rules.lifetime(policy, lifetime_minutes)
    once = rules.usable_once(policy, is_usable_once)
    start = rules.start(at, start_at)
    passcode = passcodes.draw(policy.default_length)
    passcode_hash = passcodes.hashed(passcode)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two issuers at once: the later one replaces
        replaced = TemporaryAccessPass.objects.select_for_update().filter(user=user).first()
        if replaced is not None:
            replaced.delete()
            if by_operator and replaced.redeemed_at is not None:
                accounts.end_other_sessions(user=user, at=at)
        record = TemporaryAccessPass.objects.create(
            user=user,
            passcode_hash=passcode_hash,
            created_at=at,
            start_at=start,
            expires_at=TemporaryAccessPass.end_of(start, minutes),
            lifetime_minutes=minutes,
            is_usable_once=once,
            issued_by=issued_by,
            correlation_id=correlation_id,
        )
        throttle.forgive(user)  # guesses at the old passcode say nothing about the new one
        audit.record(
            activity="Admin registered security info" if by_operator else "Temporary Access Pass issued",
            reason="Admin registered Temporary Access Pass method for user" if by_operator else "issued by a recovery",
            at=at,
            target=user,
            initiated_by=issued_by,
            application=application,
            details={
                "method": METHOD,
                "methodId": str(record.pk),
                "startDateTime": start.isoformat(),
                "lifetimeInMinutes": str(minutes),
                "isUsableOnce": str(once).lower(),
            },
            correlation_id=correlation_id,
            service=SERVICE,
        )
        notices.send(user=user, notice="pass_issued", at=at, context={"expires_at": _utc(record.expires_at)})
    return IssuedPass(record, passcode)


def redeem(*, user: User, passcode: str, at: datetime) -> Redeemed | NotRedeemed:
    """Try ``passcode`` for ``user`` and spend the pass: of several tries at once with a one-time pass one succeeds.

    Wrong tries are counted here, so a caller must not roll its transaction back on a refusal; auditing the sign-in is
    the caller's. Every road costs one Argon2 comparison, whether there is a pass or not.
    """
    passcode = passcodes.entered(passcode)
    record = find_pass(user)
    if record is None:
        passcodes.spend_time()
        return NotRedeemed(Refusal.NO_PASS, "no pass")
    # The try is paid for before it is looked at: parallel guesses cannot share one.
    attempt = throttle.take_try(user, at)
    if attempt.locked_until is not None:
        passcodes.spend_time()
        return NotRedeemed(Refusal.LOCKED, "locked", attempt.locked_until)
    if not passcodes.matches(passcode, record.passcode_hash):
        if attempt.failures >= rules.TRIES_BEFORE_WITHDRAWAL:
            _withdraw(user, at)
        return NotRedeemed(Refusal.WRONG_PASSCODE, "wrong passcode")
    state = usability(record, at)
    if state is not Usability.ENABLED_BY_POLICY:
        return NotRedeemed(_REFUSAL_OF_STATE[state], state.value)
    if not _spend(record, at):
        return NotRedeemed(Refusal.ALREADY_USED, "used, replaced or revoked a moment ago")
    throttle.forgive(user)
    until = rules.registration_until(is_usable_once=record.is_usable_once, redeemed_at=at, expires_at=record.expires_at)
    return Redeemed(record, until)


def _spend(record: TemporaryAccessPass, at: datetime) -> bool:
    """Compare-and-set: the row must still be the one whose hash was compared."""
    same = TemporaryAccessPass.objects.filter(pk=record.pk, passcode_hash=record.passcode_hash, expires_at__gt=at)
    if record.is_usable_once:
        return same.filter(redeemed_at=None).update(redeemed_at=at) == 1
    return same.update(redeemed_at=Coalesce("redeemed_at", at)) == 1


def withdraw(*, user: User, pass_id: UUID, by: User | None, application: str, at: datetime) -> bool:
    """As ``revoke``, for an operator or a program that names the pass: False when it is not the one there is.

    Raises IssueRefused (own_account, not_permitted).
    """
    if by is not None and by.pk == user.pk:
        raise IssueRefused("own_account", "Operators do not manage their own Temporary Access Pass.")
    _check_may_manage(user, by, application)
    with transaction.atomic():
        if not TemporaryAccessPass.objects.select_for_update().filter(user=user, pk=pass_id).exists():
            return False
        return revoke(user=user, revoked_by=by, application=application, at=at)


def _check_may_manage(user: User, operator: User | None, application: str) -> None:
    """Programs by themselves leave operators' passes alone: else a program's secret were worth an operator's."""
    refused = (operator is not None and not may_issue(operator, user)) or (bool(application) and user.is_operator)
    if refused:
        raise IssueRefused("not_permitted", "Insufficient privileges to manage this user's Temporary Access Pass.")


def revoke(*, user: User, revoked_by: User | None, at: datetime, application: str = "") -> bool:
    """Delete the user's pass; False when there was none. ``revoked_by`` may be the user; None means the system, or the
    program that ``application`` names.

    A pass that was used already and is revoked by somebody else takes the sessions of the user with it.
    """
    by_operator = bool(application) or (revoked_by is not None and revoked_by.pk != user.pk)
    with transaction.atomic():
        record = TemporaryAccessPass.objects.select_for_update().filter(user=user).first()
        if record is None or not discard(user=user):
            return False
        if by_operator and record.redeemed_at is not None:
            accounts.end_other_sessions(user=user, at=at)
        audit.record(
            activity="Admin deleted security info" if by_operator else "User deleted security info",
            reason=f"{METHOD} deleted",
            at=at,
            target=user,
            initiated_by=revoked_by,
            application=application,
            details={"method": METHOD},
            service=SERVICE,
        )
        notices.send(user=user, notice="pass_revoked", at=at)
    return True


def discard(*, user: User) -> bool:
    """Delete the user's pass and nothing else: the caller audits and tells the person. False when there was none."""
    with transaction.atomic():
        if not TemporaryAccessPass.objects.filter(user=user).delete()[0]:
            return False
        throttle.forgive(user)
    return True


def _withdraw(user: User, at: datetime) -> None:
    with transaction.atomic():
        if not discard(user=user):
            return
        audit.record(
            activity="Temporary Access Pass withdrawn",
            result="failure",
            reason=f"{rules.TRIES_BEFORE_WITHDRAWAL} wrong passcodes in a row",
            at=at,
            target=user,
            details={"method": METHOD},
            service=SERVICE,
        )
        notices.send(user=user, notice="pass_withdrawn", at=at)


def change_policy(
    *, changes: Mapping[str, Any], changed_by: User | None, application: str, at: datetime
) -> TemporaryAccessPassPolicy:
    """Set fields of the policy; groups are given as lists. Raises PolicyInvalid, and then nothing is changed."""
    with transaction.atomic():
        policy = TemporaryAccessPassPolicy.objects.select_for_update().get(pk=get_policy().pk)
        words: dict[str, str] = {}
        for name, value in changes.items():
            before = getattr(policy, name)
            if name in {"include_groups", "exclude_groups"}:
                words[name] = f"{_names(before.all())} -> {_names(value)}"
                before.set(value)
            else:
                words[name] = f"{before} -> {value}"
                setattr(policy, name, value)
        for field_name, sentence in rules.contradictions(policy):
            raise PolicyInvalid("policy_contradicts_itself", f"{sentence} ({field_name})")
        policy.save()
        record_policy_change(policy=policy, changed_by=changed_by, application=application, changes=words, at=at)
    return policy


def _names(groups: Iterable[DirectoryGroup]) -> str:
    return ", ".join(sorted(str(group) for group in groups))


def record_policy_change(
    *,
    policy: TemporaryAccessPassPolicy,
    changed_by: User | None,
    changes: Mapping[str, str],
    at: datetime,
    application: str = "",
) -> None:
    """Audit that the policy was edited; ``changes`` maps a setting to ``old -> new``."""
    audit.record(
        activity="Authentication Methods Policy Update",
        at=at,
        initiated_by=changed_by,
        application=application,
        details={"policy": METHOD, "state": policy.state, **changes},
        service=SERVICE,
        category="ApplicationManagement",
    )


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"

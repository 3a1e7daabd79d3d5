"""Which profile holds for whom, and what happened so far."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import DirectoryGroup, User
from accounts.queries import find_user
from accounts.signin.decoys import stranger
from recovery_portal.kit import tokens

from . import decoys
from .bindings import CLAIM, Binding, Known, find_date
from .machine import TABLE, State
from .matching import Name
from .models import (
    Assistance,
    AttemptDevice,
    AttemptRequest,
    AttemptReview,
    IdentityRecord,
    RecoveryAttempt,
    RecoveryBlock,
    RecoveryPolicy,
    RecoveryProfile,
)
from .models.identity import document_number_mac
from .models.review import OVERRULE_LIFETIME, REFUSALS, REVIEW_WINDOW

ENABLED = Q(state=RecoveryProfile.State.ENABLED)
# While recovery is stopped no profile holds for anybody, whatever its own state is.
_STOPPED = Exists(RecoveryPolicy.objects.filter(stopped_at__isnull=False))
IN_FORCE = ENABLED & ~_STOPPED


@dataclass(frozen=True)
class Eligibility:
    """The profile that wins, or why none does.

    Reasons: stopped, excluded_group, not_in_scope, never_signed_in, account_disabled, blocked. ``considered`` lists
    each enabled profile in order with what it said; it is filled by :func:`explain` only.
    """

    profile: RecoveryProfile | None
    reason: str = ""
    considered: list[tuple[str, str]] = field(default_factory=list)


def find_profile_for(user: User) -> RecoveryProfile | None:
    """The enabled profile of lowest priority number that includes ``user``; None for excluded people. One query."""
    included = DirectoryGroup.objects.filter(recovery_profiles=OuterRef("pk"), members=user.pk)
    excluded = DirectoryGroup.objects.filter(excluded_from_recovery__isnull=False, members=user.pk)
    return (
        RecoveryProfile.objects.filter(IN_FORCE)
        .filter(Q(include_all_users=True) | Exists(included))
        .exclude(Exists(excluded))
        .select_related("provider")
        .order_by("priority", "name")
        .first()
    )


def find_profile_for_name(account_name: str) -> RecoveryProfile | None:
    """The profile under which a name walks: the person's own, else one drawn by the name, so that neither the provider
    on the information page nor the page at the end proves an account. None while no profile is enabled.

    Like all that a visitor waits for, it asks the same of the database for every name."""
    user = find_user(account_name)
    own = find_profile_for(user or stranger())
    drawn = decoys.one_of(account_name, list(_within_reach()))
    return own if user is not None and own is not None else drawn


def _within_reach() -> Iterator[RecoveryProfile]:
    """The enabled profiles under which anybody can walk at all: none below one that includes everybody."""
    for profile in RecoveryProfile.objects.filter(IN_FORCE).select_related("provider").order_by("priority", "name"):
        yield profile
        if profile.include_all_users:
            return


def eligibility(user: User) -> Eligibility:
    """Whether the entry is shown to ``user``: in scope, not excluded, enabled, and signed in at least once before."""
    # Always every question, whatever the first answers: how long it takes says nothing about the account (ASVS 6.3.8).
    profile, excluded = find_profile_for(user), _is_excluded(user)
    blocked, stopped = is_blocked(user), is_stopped()
    if stopped:
        return Eligibility(None, "stopped")
    if not user.account_enabled:
        return Eligibility(None, "account_disabled")
    if blocked:
        return Eligibility(None, "blocked")
    if profile is None:
        return Eligibility(None, "excluded_group" if excluded else "not_in_scope")
    if user.last_sign_in_at is None:
        return Eligibility(None, "never_signed_in")
    return Eligibility(profile)


def _is_excluded(user: User) -> bool:
    return user.directory_groups.filter(excluded_from_recovery__isnull=False).exists()


def is_stopped() -> bool:
    """Whether an operator has stopped recovery altogether."""
    return RecoveryPolicy.objects.filter(stopped_at__isnull=False).exists()


def is_blocked(user: User) -> bool:
    """Whether an operator has stopped recoveries of this account."""
    return RecoveryBlock.objects.filter(user=user.pk, lifted_at=None).exists()


def explain(user: User) -> Eligibility:
    """Like :func:`eligibility`, with every enabled profile's answer, for operators."""
    found = eligibility(user)
    groups = set(user.directory_groups.values_list("pk", flat=True))
    considered = []
    enabled = RecoveryProfile.objects.filter(ENABLED).order_by("priority", "name")
    for profile in enabled.prefetch_related("include_groups"):
        includes = profile.include_all_users or any(group.pk in groups for group in profile.include_groups.all())
        verdict = "wins" if found.profile == profile else "includes" if includes else "does not include"
        considered.append((profile.name, verdict))
    return Eligibility(found.profile, found.reason, considered)


def users_touched_by(profile: RecoveryProfile) -> QuerySet[User]:
    """The people for whom ``profile`` would win if it were enabled, whatever its state is now."""
    policy = RecoveryPolicy.objects.first()
    excluded = list(policy.excluded_groups.all()) if policy else []
    return users_in(profile, groups=list(profile.include_groups.all()), excluded=excluded, own=profile.pk)


def users_in(
    profile: RecoveryProfile,
    *,
    groups: Collection[DirectoryGroup],
    excluded: Collection[DirectoryGroup],
    own: UUID | str | None,
) -> QuerySet[User]:
    """The same for a profile that may not be saved yet: ``own`` is the key of the one that it would replace."""
    included = Q() if profile.include_all_users else Q(directory_groups__in=groups)
    earlier = RecoveryProfile.objects.filter(ENABLED).filter(
        Q(priority__lt=profile.priority) | Q(priority=profile.priority, name__lt=profile.name)
    )
    if own is not None:
        earlier = earlier.exclude(pk=own)
    users = User.objects.filter(included, account_enabled=True).exclude(directory_groups__in=excluded)
    if earlier.filter(include_all_users=True).exists():
        return User.objects.none()
    return users.exclude(directory_groups__recovery_profiles__in=earlier).distinct()


def names_of_others(
    user: User, *, bindings: Collection[Binding] = (), claims: Mapping[str, str] | None = None
) -> Iterator[Name]:
    """Given name and surname of everybody else in the directory who has both, disabled accounts included; of those for
    whom ``bindings`` hold as well, where there are any."""
    rows = User.objects.exclude(pk=user.pk).exclude(given_name="").exclude(surname="").order_by()
    for binding in bindings:
        rows = rows.filter(**_agreeing(binding, (claims or {}).get(CLAIM[binding], "")))
    for given, family in rows.values_list("given_name", "surname").iterator(chunk_size=5000):
        yield Name(given, family)


def _agreeing(binding: Binding, claim: str) -> dict[str, object]:
    match binding:
        case Binding.DATE_OF_BIRTH:
            return {"identity_record__date_of_birth": find_date(claim) or date.max}
        case Binding.EMPLOYEE_ID:
            return {"employee_id__iexact": claim.strip()}
        case Binding.DOCUMENT_NUMBER:
            return {"identity_record__document_number_mac": document_number_mac(claim) or "none"}


def known_of(user: User) -> Known:
    """What the organisation knows of ``user`` besides the name."""
    record = IdentityRecord.objects.filter(user=user).first() or IdentityRecord()
    return _Known(user.employee_id, record)


@dataclass(frozen=True)
class _Known:
    employee_id: str
    record: IdentityRecord

    def is_document_number(self, number: str) -> bool:
        return self.record.is_document_number(number)

    def is_date_of_birth(self, value: date | None) -> bool:
        return self.record.is_date_of_birth(value)


def find_device(secret: str) -> AttemptDevice | None:
    """The device whose cookie says ``secret``, with its attempt."""
    return (
        AttemptDevice.objects.select_related("attempt__user", "attempt__face_check", "attempt__proofing")
        .prefetch_related("attempt__devices")
        .filter(secret_digest=tokens.digest(secret))
        .first()
    )


def find_request(device: AttemptDevice, *, same_device: bool) -> AttemptRequest | None:
    """The newest presentation request made for ``device``."""
    return (
        AttemptRequest.objects.select_related("request")
        .filter(device=device, request__same_device=same_device)
        .order_by("-id")
        .first()
    )


def active_attempts() -> QuerySet[RecoveryAttempt]:
    return RecoveryAttempt.objects.filter(state__in=[state.value for state in TABLE.active])


def waiting_for_assistance(at: datetime) -> QuerySet[Assistance]:
    """People whom an operator has to make sure of, the longest wait first."""
    return (
        Assistance.objects.filter(status__in=[Assistance.Status.WAITING, Assistance.Status.CONFIRMED])
        .filter(attempt__state=State.AWAITING_ASSISTANCE, attempt__expires_at__gt=at, attempt__user__isnull=False)
        .select_related("attempt__profile", "confirmed_by", "device")
        .order_by("asked_at", "id")
    )


def reviewable(at: datetime) -> QuerySet[RecoveryAttempt]:
    """Refused attempts of people that the help desk may still look at, newest first, with their review if any."""
    waiting = (
        Q(review__isnull=True)
        | Q(review__status=AttemptReview.Status.PROPOSED)
        | Q(review__status=AttemptReview.Status.APPROVED, review__decided_at__gt=at - OVERRULE_LIFETIME)
    )
    return (
        RecoveryAttempt.objects.filter(state__in=REFUSALS, ended_at__gt=at - REVIEW_WINDOW, user__isnull=False)
        .filter(waiting)
        .select_related("review__proposed_by", "review__decided_by", "profile")
        .order_by("-ended_at", "-id")
    )

"""Reading passes and the policy."""

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet, Value

from accounts.models import User

from . import policy as rules
from .models import PolicyState, TemporaryAccessPass, TemporaryAccessPassPolicy


def get_policy() -> TemporaryAccessPassPolicy:
    """The organisation's policy; made with the original's defaults when there is none yet."""
    policy, _ = TemporaryAccessPassPolicy.objects.get_or_create(pk=TemporaryAccessPassPolicy.THE_ROW)
    return policy


def policy_covers(user: User, policy: TemporaryAccessPassPolicy | None = None) -> bool:
    """Whether ``user`` may sign in with a pass at all: policy on, user included, not excluded.

    Exclusion wins. A pass can be *issued* for anybody; outside the policy it is of no use.
    """
    policy = policy or get_policy()
    if policy.state != PolicyState.ENABLED:
        return False
    if policy.exclude_groups.filter(members=user).exists():
        return False
    return policy.include_all_users or policy.include_groups.filter(members=user).exists()


def covered_users() -> QuerySet[User]:
    """Everybody for whom ``policy_covers`` is true, as one query."""
    policy = get_policy()
    if policy.state != PolicyState.ENABLED:
        return User.objects.none()
    users = User.objects.exclude(directory_groups__in=policy.exclude_groups.all())
    if not policy.include_all_users:
        users = users.filter(directory_groups__in=policy.include_groups.all())
    return users.distinct()


def find_pass(user: User) -> TemporaryAccessPass | None:
    """The user's pass in whatever state, or None."""
    found = TemporaryAccessPass.objects.filter(user=user).first()
    if found is not None:
        found.user = user  # known already: nobody need ask for it again
    return found


def with_policy(passes: QuerySet[TemporaryAccessPass]) -> QuerySet[TemporaryAccessPass]:
    """The same passes, each knowing what the policy says of it: ``usability`` then asks the database nothing more."""
    covered = Exists(covered_users().order_by().filter(pk=OuterRef("user_id")))
    return passes.annotate(is_covered=covered, must_be_once=Value(get_policy().is_usable_once))


def usability(access_pass: TemporaryAccessPass, at: datetime) -> rules.Usability:
    """``methodUsabilityReason`` of a pass at ``at``, under the policy as it is now."""
    covered, only_one_time = getattr(access_pass, "is_covered", None), getattr(access_pass, "must_be_once", None)
    if covered is None or only_one_time is None:
        policy = get_policy()
        covered, only_one_time = policy_covers(access_pass.user, policy), policy.is_usable_once
    return rules.usability(
        is_usable_once=access_pass.is_usable_once,
        start_at=access_pass.start_at,
        expires_at=access_pass.expires_at,
        redeemed_at=access_pass.redeemed_at,
        covered=covered,
        only_one_time=only_one_time,
        at=at,
    )


def may_issue(operator: User, user: User) -> bool:
    """Whether ``operator`` may issue or revoke ``user``'s pass: never their own, and operators' passes only with the
    further permission (the original's Privileged Authentication Administrator)."""
    if operator.pk == user.pk or not operator.has_perm("tap.add_temporaryaccesspass"):
        return False
    if user.is_superuser:
        return operator.is_superuser
    return not user.is_staff or operator.has_perm("tap.issue_for_operators")

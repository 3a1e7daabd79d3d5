"""For how many people each profile wins, counted once for all of them."""

from collections import defaultdict
from uuid import UUID

from accounts.models import DirectoryGroup, User

from .models import RecoveryPolicy, RecoveryProfile


def users_in_scope() -> dict[UUID, int]:
    """Enabled accounts by the enabled profile that wins for them; a disabled profile is not in it. Five queries,
    however many profiles there are."""
    profiles = list(
        RecoveryProfile.objects.filter(state=RecoveryProfile.State.ENABLED)
        .prefetch_related("include_groups")
        .order_by("priority", "name")
    )
    excluded_groups = list(RecoveryPolicy.objects.values_list("excluded_groups", flat=True))
    wanted = {group.pk for profile in profiles for group in profile.include_groups.all()}
    wanted |= {group for group in excluded_groups if group is not None}
    members = _members(wanted)
    taken: set[UUID] = set()
    for excluded in excluded_groups:
        taken |= members[excluded]
    everybody = User.objects.filter(account_enabled=True).count()
    counts: dict[UUID, int] = {}
    for profile in profiles:
        if profile.include_all_users:
            counts[profile.pk] = everybody - len(taken)
            return counts | {later.pk: 0 for later in profiles if later.pk not in counts}
        theirs: set[UUID] = set()
        for group in profile.include_groups.all():
            theirs |= members[group.pk]
        counts[profile.pk] = len(theirs - taken)
        taken |= theirs
    return counts


def _members(groups: set[UUID]) -> dict[UUID | None, set[UUID]]:
    found: dict[UUID | None, set[UUID]] = defaultdict(set)
    rows = DirectoryGroup.members.through.objects.filter(directorygroup__in=groups, user__account_enabled=True)
    for group, user in rows.values_list("directorygroup_id", "user_id"):
        found[group].add(user)
    return found

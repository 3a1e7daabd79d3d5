"""What operators change, audited with before and after."""

from collections.abc import Mapping
from datetime import datetime

from accounts.audit import flows as audit
from accounts.models import User

from ..models import RecoveryProfile

CATEGORY = "Policy"


def record_profile_change(
    *,
    profile: RecoveryProfile,
    changed_by: User | None,
    changes: Mapping[str, str],
    created: bool,
    at: datetime,
    application: str = "",
) -> None:
    """``changes`` maps a field to ``old -> new``, or to its value for a new profile (facts 1.12). ``application`` names
    the program that did it where no person stands behind it."""
    profile.modified_at = at
    RecoveryProfile.objects.filter(pk=profile.pk).update(modified_at=at)
    audit.record(
        activity="Account Recovery policy created" if created else "Account Recovery settings updated",
        at=at,
        initiated_by=changed_by,
        application=application,
        details={"profile": profile.name, "profileId": str(profile.pk), **changes},
        category=CATEGORY,
    )


def record_profile_removal(
    *, profile: RecoveryProfile, changed_by: User | None, at: datetime, application: str = ""
) -> None:
    """Note that ``profile`` is about to go."""
    audit.record(
        activity="Account Recovery policy deleted",
        at=at,
        initiated_by=changed_by,
        application=application,
        details={"profile": profile.name, "profileId": str(profile.pk)},
        category=CATEGORY,
    )


def record_exclusion_change(
    *, changed_by: User | None, before: list[str], groups: list[str], at: datetime, application: str = ""
) -> None:
    audit.record(
        activity="Account Recovery settings updated",
        at=at,
        initiated_by=changed_by,
        application=application,
        details={"excludedGroups": f"{', '.join(before) or 'no group'} -> {', '.join(groups) or 'no group'}"},
        category=CATEGORY,
    )

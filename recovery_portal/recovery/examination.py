"""What the doctor asks about profiles: who would set out on a recovery that cannot end well."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from recovery_portal.kit.doctor import Finding, ok, problem, warning
from tap.queries import covered_users

from . import queries
from .models import RecoveryProfile


def profiles(at: datetime) -> Iterator[Finding]:
    """Counts only: a report must not list people."""
    enabled = list(RecoveryProfile.objects.filter(queries.ENABLED).select_related("provider"))
    if not enabled:
        yield warning("profiles", "No recovery profile is enabled: nobody is offered to recover an account.")
    for profile in enabled:
        yield from _profile(profile)


def _profile(profile: RecoveryProfile) -> Iterator[Finding]:
    if not profile.provider.enabled:
        yield problem("profiles", f"{profile.name}: its provider, {profile.provider.name}, is disabled.")
    people = queries.users_touched_by(profile)
    total = people.count()
    if not total:
        yield warning("profiles", f"{profile.name}: it is enabled and holds for nobody.")
        return
    uncovered = people.exclude(pk__in=covered_users().values("pk")).count()
    if uncovered:
        yield problem(
            "profiles",
            f"{profile.name}: {uncovered} of {total} people are outside the Temporary Access Pass policy and could"
            " not finish a recovery. Include their groups in the policy.",
        )
    nameless = people.filter(Q(given_name="") | Q(surname="")).count()
    if nameless:
        yield warning("profiles", f"{profile.name}: {nameless} of {total} people lack a given name or a surname.")
    if not uncovered and profile.provider.enabled:
        yield ok("profiles", f"{profile.name} holds for {total} people.")

"""A proposed change in words: what it would be instead of what it is, and for whom."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.models import DirectoryGroup, User
from recovery_portal.kit import clock

from .. import queries
from ..errors import ProposalRefused
from ..flows import proposing
from ..models import Proposal, RecoveryPolicy, RecoveryProfile
from .access import operator_of

Line = tuple[str | Promise, str | Promise, str | Promise]
_NOTHING = "–"


def propose(request: HttpRequest, profile: RecoveryProfile | None, **change: Any) -> None:
    """Have somebody else agree on what was refused because it gives more, and say so. Raises ProfileRefused."""
    try:
        made = proposing.propose_change(profile=profile, by=operator_of(request), at=clock.now(), **change)
    except ProposalRefused as refused:
        if refused.code == "not_permitted":
            raise PermissionDenied from refused
        if refused.code == "pending_already":
            told: str | Promise = _(
                "This would let more people recover, or by less proof, and another such change waits for approval."
            )
        else:  # what had to be agreed on is another matter by now
            told = _("Somebody else has changed something meanwhile. Please look again.")
        messages.error(request, str(told))
        return
    done = _("This lets more people recover, or by less proof: it was not done, and waits for another operator.")
    messages.warning(
        request,
        format_html(
            '{} <a href="{}">{}</a>', done, reverse("console:proposal", args=[made.pk]), _("Look at the proposal")
        ),
    )


def lines(proposal: Proposal) -> list[Line]:
    """What differs: name, as it is, as it would be. Of what is not there any more nothing can be said."""
    try:
        return list(_lines(proposal))
    except ProposalRefused:
        return []


def touched(proposal: Proposal) -> QuerySet[User]:
    """For whom the profile would win as it is proposed."""
    profile = proposal.profile
    if profile is None:
        return User.objects.none()
    change = proposal.change
    try:
        fields = proposing.changed_fields(change)
        groups = _groups(change.get("groups"), list(profile.include_groups.all()))
        excluded = _groups(change.get("excluded"), _excluded())
    except ProposalRefused:
        return User.objects.none()
    wanted = RecoveryProfile(pk=profile.pk, priority=profile.priority, name=profile.name)
    wanted.include_all_users = fields.get("include_all_users", profile.include_all_users)
    wanted.priority, wanted.name = fields.get("priority", profile.priority), fields.get("name", profile.name)
    return queries.users_in(wanted, groups=groups, excluded=excluded, own=profile.pk)


def _lines(proposal: Proposal) -> Iterator[Line]:
    change, profile = proposal.change, proposal.profile
    if profile is not None:
        for name, value in proposing.changed_fields(change).items():
            column = RecoveryProfile._meta.get_field(name)
            assert isinstance(column, models.Field)
            before, after = _shown(column, getattr(profile, name)), _shown(column, value)
            if before != after:
                yield column.verbose_name, before, after
        if "groups" in change:
            before, after = _names(profile.include_groups.all()), _names(proposing.changed_groups(change["groups"]))
            if before != after:
                yield _("include groups"), before, after
    if "excluded" in change:
        before, after = _names(_excluded()), _names(proposing.changed_groups(change["excluded"]))
        if before != after:
            yield _("excluded groups"), before, after


def _shown(column: "models.Field[Any, Any]", value: Any) -> str | Promise:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(map(str, value)) or _NOTHING
    if column.choices:
        return dict(column.flatchoices).get(value, str(value))
    return _NOTHING if value in (None, "") else str(value)


def _groups(keys: list[str] | None, otherwise: list[DirectoryGroup]) -> list[DirectoryGroup]:
    return otherwise if keys is None else proposing.changed_groups(keys)


def _excluded() -> list[DirectoryGroup]:
    policy = RecoveryPolicy.objects.first()
    return list(policy.excluded_groups.all()) if policy else []


def _names(groups: Any) -> str:
    return ", ".join(sorted(map(str, groups))) or _NOTHING

"""Account recovery home: is it set up, what needs attention, and where do people stop."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from recovery_portal.kit import clock

from .. import scopes
from ..funnel import Row, Share, Slice, funnel, shares
from ..models import RecoveryProfile
from ..reasons import in_words
from . import checklist
from .access import answer, page
from .forms import FunnelForm

WINDOW = timedelta(days=30)
_BAR_HEIGHT, _BAR_GAP, _LABEL_WIDTH, _BAR_WIDTH = 22, 8, 190, 380


@dataclass(frozen=True)
class Bar:
    """One bar of the chart, in the units of its view box."""

    label: str | Promise
    y: int
    text_y: int
    width: float
    value: str
    value_x: float


@page("recovery.view_recoveryprofile")
def home(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    profiles = list(RecoveryProfile.objects.select_related("provider__condition"))
    in_scope = scopes.users_in_scope()
    context: dict[str, Any] = {
        "tasks": checklist.tasks(),
        "modes": [(mode.label, _in_mode(profiles, mode, in_scope)) for mode in RecoveryProfile.Mode],
        "disabled": [profile for profile in profiles if profile.state == RecoveryProfile.State.DISABLED],
        "notices": list(checklist.notices(profiles, in_scope)),
    }
    if request.user.has_perm("recovery.view_recoveryattempt"):
        form = FunnelForm(request.GET)
        of = Slice(since=at - WINDOW, **form.chosen())
        rows = funnel(of)
        names = {profile.pk: profile.name for profile in profiles}
        providers = {profile.provider_id: profile.provider.name for profile in profiles}
        context |= {
            "form": form,
            "rows": rows,
            "bars": _bars(rows),
            "chart_height": len(rows) * (_BAR_HEIGHT + _BAR_GAP),
            "by_profile": _named(shares(of, "profile_id"), names, _("deleted profile")),
            "by_provider": _named(shares(of, "provider_id"), providers, _("another provider")),
            "refusals": [(code, in_words(code), n) for code, n in checklist.refusals(at)],
            "overdue": checklist.overdue(at),
        }
    return answer(request, "home.html", _("Account recovery"), **context)


def _in_mode(
    profiles: Iterable[RecoveryProfile], mode: RecoveryProfile.Mode, in_scope: dict[UUID, int]
) -> list[tuple[RecoveryProfile, int]]:
    enabled = RecoveryProfile.State.ENABLED
    return [(p, in_scope.get(p.pk, 0)) for p in profiles if p.mode == mode and p.state == enabled]


def _bars(rows: Iterable[Row]) -> list[Bar]:
    bars = []
    for number, row in enumerate(rows):
        y, width = number * (_BAR_HEIGHT + _BAR_GAP), round(_BAR_WIDTH * row.share / 100, 1)
        value = f"{row.reached} ({row.share:g} %)"
        bars.append(Bar(row.step.label, y, y + 16, max(width, 1), value, _LABEL_WIDTH + width + 8))
    return bars


def _named(found: Iterable[Share], names: dict[Any, str], otherwise: str | Promise) -> list[tuple[object, Share]]:
    return [(names.get(share.key, otherwise), share) for share in found]

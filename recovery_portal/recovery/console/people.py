"""Before anybody tries: which profile wins for somebody, what the match would say, and who would fail."""

from collections import Counter
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.audit import flows as audit
from recovery_portal.kit import clock
from recovery_portal.kit.tables import csv_answer

from .. import preflight, queries, readiness
from ..matching import Name
from ..models import RecoveryProfile
from ..reasons import in_words
from ..simulation import simulate
from .access import answer, operator_of, page
from .forms import ExplainForm, SimulatorForm

_PAGE = 100


@page("recovery.view_recoveryprofile", "accounts.view_user")
@require_safe
def explain(request: HttpRequest) -> HttpResponse:
    """Which profile wins for one user and why, or why none does."""
    form = ExplainForm(request.GET or None)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        user = form.cleaned_data["account"]
        found = queries.explain(user)
        obstacle = preflight.obstacle_of_user(user)
        context |= {"person": user, "found": found, "obstacle": in_words(obstacle), "code": obstacle}
    return answer(request, "explain.html", _("Which profile wins"), **context)


@page("accounts.view_user", "recovery.view_match_detail")
def simulator(request: HttpRequest) -> HttpResponse:
    """Names of a credential against an account. By POST: names of people do not belong in logs of addresses."""
    form = SimulatorForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        context["person"] = typed["account"]
        presented = Name(typed["first_name"], typed["last_name"])
        context["compared"] = simulate(presented=presented, user=typed["account"], rules=form.rules())
    return answer(request, "simulator.html", _("Match simulator"), **context)


@page("recovery.view_recoveryprofile", "accounts.view_user")
@require_safe
def ready(request: HttpRequest, profile_id: UUID) -> HttpResponse:
    """A profile's people, and what would stop each."""
    profile = get_object_or_404(RecoveryProfile, pk=profile_id)
    people = readiness.assess(profile)
    counts = Counter(code for person in people for code in person.codes)
    code = request.GET.get("code", "")
    shown = [person for person in people if (code in person.codes if code in readiness.CODES else person.codes)]
    context = {
        "profile": profile,
        "total": len(people),
        "ready": sum(person.is_ready for person in people),
        "counts": [(each, in_words(each), counts[each]) for each in readiness.CODES],
        "rows": Paginator([(p, [in_words(each) for each in p.codes]) for p in shown], _PAGE).get_page(
            request.GET.get("page")
        ),
        "code": code if code in readiness.CODES else "",
    }
    if request.user.has_perm("recovery.view_match_detail"):
        outcomes = Counter(person.evaluated for person in people if person.evaluated)
        context["evaluated"] = [(in_words(outcome), n) for outcome, n in outcomes.most_common()]
        context["would_match"] = Counter(way for person in people for way in person.would_match).most_common()
    return answer(request, "readiness.html", _("Readiness of %(profile)s") % {"profile": profile}, **context)


@page("recovery.view_recoveryprofile", "accounts.view_user", "recovery.view_match_detail")
@require_safe
def ready_csv(request: HttpRequest, profile_id: UUID) -> HttpResponseBase:
    """The same as a file. That it left the house is audited."""
    profile = get_object_or_404(RecoveryProfile, pk=profile_id)
    people = readiness.assess(profile)
    audit.record(
        activity="Account Recovery readiness exported",
        at=clock.now(),
        initiated_by=operator_of(request),
        details={"profile": profile.name, "profileId": str(profile.pk), "rows": str(len(people))},
        category="Policy",
    )
    header = ("userPrincipalName", "displayName", "ready", *readiness.CODES, "evaluated", "wouldMatchWith")
    rows = (
        (p.account_name, p.display_name, *(_yes(f) for f in (p.is_ready, *_facts(p))), p.evaluated, _words(p))
        for p in people
    )
    return csv_answer("readiness", header, rows)


def _facts(person: readiness.Person) -> list[bool]:
    return [code in person.codes for code in readiness.CODES]


def _words(person: readiness.Person) -> str:
    return " ".join(person.would_match)


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"

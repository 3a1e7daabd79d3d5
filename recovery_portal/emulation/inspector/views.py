"""Pages of the inspector, for operators who may read attempts."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from recovery_portal.recovery.console.access import page

from .. import clock, faults, parts, queries
from . import gathering
from .diagram import draw
from .story import parties, tell

_SHOWN = 50


@page("recovery.view_recoveryattempt", "recovery.view_match_detail")
@require_safe
def attempts(request: HttpRequest) -> HttpResponse:
    """The newest attempts, and what is set in this house."""
    context = {
        "attempts": queries.attempts(None, newest=_SHOWN),
        "clock": clock.setting(),
        "faults": faults.current(),
        "parts": parts.current(),
    }
    return render(request, "emulation/attempts.html", context)


@page("recovery.view_recoveryattempt", "recovery.view_match_detail")
@require_safe
def attempt(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """One attempt as a sequence diagram, with every message beside it."""
    found = queries.find_attempt(str(attempt_id))
    if found is None:
        raise Http404
    entries, silent = gathering.journal_of(found.id)
    proofing = gathering.proofing_of(found.id)
    steps = tell(found, entries, proofing)
    context = {
        "attempt": found,
        "steps": steps,
        "diagram": draw(steps, parties(steps)),
        "silent": silent,
        "messages_counted": sum(step.is_message for step in steps),
    }
    return render(request, "emulation/attempt.html", context)


@page("recovery.view_recoveryattempt", "recovery.view_match_detail")
@require_safe
def bundle(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """The run as a file that ``manage.py replay`` walks again."""
    found = queries.find_attempt(str(attempt_id))
    if found is None:
        raise Http404
    packed = gathering.bundle_of(found)
    name = f"recovery-{found.id[:8]}.json"
    disposition = f'attachment; filename="{name}"'
    return HttpResponse(packed, content_type="application/json", headers={"Content-Disposition": disposition})

"""The brake: recovery stopped for everybody, and let go on."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.operators import Operator
from recovery_portal.kit import clock

from ..errors import ProfileRefused
from ..flows import stopping
from ..flows.safeguarding import the_policy
from ..models import RecoveryAttempt
from .access import answer, operator_of, page


@page(stopping.CHANGES_POLICY)
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest) -> HttpResponse:
    """Say what will happen; then stop, or go on."""
    policy = the_policy()
    if request.method == "POST":
        by, at = Operator(user=operator_of(request)), clock.now()
        try:
            if request.POST.get("act") == "resume":
                stopping.resume(by=by, at=at)
                messages.success(request, _("Account recovery goes on."))
            else:
                stopping.stop(by=by, at=at)
                messages.success(request, _("Account recovery is stopped."))
        except ProfileRefused as refused:
            raise PermissionDenied from refused
        return redirect("console:home")
    running = RecoveryAttempt.objects.active().count()
    return answer(request, "stop.html", _("Stop account recovery"), policy=policy, running=running)

"""Where an operator's link leads: looking at it uses nothing up, the button signs in."""

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from recovery_portal.kit import clock

from .. import policy
from ..errors import OperatorRefused
from ..flows import operating


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    try:
        if request.method != "POST":
            operator = operating.open_link(token, at=clock.now())
            return render(request, "provider/operator.html", {"operator": operator})
        operator = operating.use_link(token, at=clock.now())
    except OperatorRefused:
        return render(request, "provider/no_entry.html", status=400)
    login(request, operator)  # with another session key than before
    request.session.set_expiry(policy.OPERATOR_SHIFT)
    return redirect("admin:index")

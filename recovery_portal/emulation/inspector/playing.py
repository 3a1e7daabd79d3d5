"""The scenario picker: a journey of the catalogue, played against the running houses while somebody waits."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from recovery_portal.recovery.console.access import page
from recovery_portal.testing import scenario
from recovery_portal.testing.answers import ControlError
from recovery_portal.testing.scenario_words import ScenarioInvalid

from ..flows import playing

# Who plays a scenario makes people, profiles and passes, and moves the clock.
_MAY = ("accounts.add_user", "recovery.change_recoveryprofile", "recovery.view_recoveryattempt")


@page(*_MAY, "recovery.view_match_detail")
@require_http_methods(["GET", "HEAD", "POST"])
def scenarios(request: HttpRequest) -> HttpResponse:
    """The catalogue; by POST one of it is played, and its attempt shown."""
    if request.method == "POST":
        return _play(request, request.POST.get("scenario", ""))
    return render(request, "emulation/scenarios.html", {"scenarios": scenario.catalogue().values()})


def _play(request: HttpRequest, name: str) -> HttpResponse:
    try:
        chosen = scenario.find(name)
        outcome = playing.play(chosen)
    except (ScenarioInvalid, ControlError) as error:
        messages.error(request, str(error))
        return redirect("emulation-scenarios")
    for difference in outcome.differences:
        messages.warning(request, difference)
    if outcome.passed:
        messages.success(request, _("It came out as the scenario says: %(title)s") % {"title": chosen.title})
    if outcome.attempt is None:
        return redirect("emulation-scenarios")
    return redirect("emulation-attempt", attempt_id=outcome.attempt.id)

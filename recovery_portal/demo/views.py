"""The visitor's first page in emulation: three houses, six people, what to do."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from recovery_portal.demo import people
from recovery_portal.demo.organisation import EMPLOYEES


@require_safe
def tour(request: HttpRequest) -> HttpResponse:
    context = {
        "employees": EMPLOYEES,
        "moving": people.MOVING,
        "provider_name": settings.PROVIDER_NAME,
        "provider_url": settings.PROVIDER_BASE_URL,
        "wallet_name": settings.WALLET_NAME,
        "wallet_url": settings.WALLET_URL,
        "control_room": bool(settings.EMULATION_TOKEN),
    }
    return render(request, "demo/tour.html", context)


@require_safe
def picture(request: HttpRequest, person: str, name: str) -> HttpResponse:
    """One photo of a synthetic person, to be downloaded and used as a selfie."""
    return HttpResponse(people.jpeg(person, name), content_type="image/jpeg")

"""What every page knows: whose house it is, and whether this is an emulation."""

from django.conf import settings
from django.http import HttpRequest


def house(request: HttpRequest) -> dict[str, object]:
    return {
        "brand": settings.HOUSE_BRAND,
        "house_name": settings.HOUSE_NAME,
        "organisation_name": settings.ORGANISATION_NAME,
        "help_desk": settings.HELP_DESK_CONTACT,
        "emulation": settings.EMULATION,
    }

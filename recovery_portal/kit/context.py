"""What every page knows: whose house it is, and whether this is an emulation."""

from django.conf import settings
from django.http import HttpRequest


def house(request: HttpRequest) -> dict[str, object]:
    # Where one process serves every house, what chose the house by its host has written down which one it is.
    brand = getattr(request, "house", settings.HOUSE_BRAND)
    return {
        "brand": brand,
        "house_name": settings.HOUSE_NAME if brand == settings.HOUSE_BRAND else settings.HOUSE_NAMES[brand],
        "organisation_name": settings.ORGANISATION_NAME,
        "help_desk": settings.HELP_DESK_CONTACT,
        "emulation": settings.EMULATION,
    }

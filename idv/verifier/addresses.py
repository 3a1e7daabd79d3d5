"""Where wallets reach this portal. Known without loading every page of it, because test suites ask again and again."""

from django.conf import settings
from django.urls import reverse

#: The part of the portal's addresses that is this room's; ``recovery_portal.urls`` mounts it there.
MOUNTED_AT = "verifier/"
_ROOM = "idv.verifier.urls"


def of_request(reference: str) -> str:
    """The ``request_uri`` behind which a signed request waits."""
    return _absolute(reverse("request", urlconf=_ROOM, args=[reference]))


def of_response(reference: str) -> str:
    """The ``response_uri`` that the wallet's answer is posted to."""
    return _absolute(reverse("response", urlconf=_ROOM, args=[reference]))


def _absolute(path: str) -> str:
    return f"{settings.PORTAL_BASE_URL}/{MOUNTED_AT}{path.lstrip('/')}"

"""Where wallets reach this portal. Known without loading a single page, because test suites ask again and again."""

from django.conf import settings

#: The part of the portal's addresses that is this room's; ``recovery_portal.urls`` mounts it there.
MOUNTED_AT = "verifier/"
#: What ``urls`` puts before the reference of a request.
REQUESTS, RESPONSES = "requests/", "responses/"


def of_request(reference: str) -> str:
    """The ``request_uri`` behind which a signed request waits."""
    return f"{settings.PORTAL_BASE_URL}/{MOUNTED_AT}{REQUESTS}{reference}"


def of_response(reference: str) -> str:
    """The ``response_uri`` that the wallet's answer is posted to."""
    return f"{settings.PORTAL_BASE_URL}/{MOUNTED_AT}{RESPONSES}{reference}"

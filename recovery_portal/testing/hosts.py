"""One process, three houses: the host of a request says which one it is for."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

URLCONFS = {"portal": "recovery_portal.urls", "provider": "idv.provider.urls", "wallet": "idv.wallet.urls"}


def origins() -> dict[str, str]:
    """House by origin."""
    return {
        settings.PORTAL_BASE_URL: "portal",
        settings.PROVIDER_BASE_URL: "provider",
        settings.WALLET_URL: "wallet",
    }


class HouseByHost:
    """A host that is no house's is left to ``ROOT_URLCONF``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        house = origins().get(f"{request.scheme}://{request.get_host()}")
        if house is not None:
            request.urlconf = URLCONFS[house]
            request.house = house  # type: ignore[attr-defined]
        return self.get_response(request)

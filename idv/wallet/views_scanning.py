"""The door of a scanned QR code: from the camera picture by picture, or as a photo that was taken before."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from idv.wallet import links, scanning
from idv.wallet.browser import for_open_wallet
from idv.wallet.errors import LinkRefused
from idv.wallet.pages import page
from idv.wallet.sealing import OpenWallet
from idv.wallet.views import place_of
from recovery_portal.kit import clock, images, ratelimit

_SENTENCES: dict[str, Promise] = {
    "code_not_found": _("No QR code can be seen in the picture. Come closer, and keep the whole code in sight."),
    "codes_many": _("More than one code can be seen. Keep only one of them in the picture."),
    "link_unknown": _("That code is nothing a wallet can use. Scan the one on the page that asks or offers."),
    "link_too_long": _("That code holds too much. Ask the other side for a shorter one."),
    "rate_limited": _("Too many pictures. Wait a minute, then go on."),
    "no_photo": _("Choose a photo of the code, or use the camera."),
}
_PICTURES_A_MINUTE = 150


@for_open_wallet
@require_http_methods(["GET", "POST"])
def scan(request: HttpRequest, opened: OpenWallet) -> HttpResponse:
    """Scripts ask with ``Accept: application/json`` and go where ``next`` says; a form is led there."""
    if request.method == "GET":
        return page(request, "scan", {"here": "scan"})
    leads_to, sentence = _look(request, opened)
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return JsonResponse({"next": leads_to, "message": str(sentence)})
    if leads_to is None:
        response = page(request, "scan", {"here": "scan", "sentence": sentence})
        response.status_code = 422
        return response
    return HttpResponse(status=303, headers={"Location": leads_to})


def _look(request: HttpRequest, opened: OpenWallet) -> tuple[str | None, Promise | str]:
    photo = request.FILES.get("photo")
    if photo is None:
        return None, _SENTENCES["no_photo"]
    try:
        ratelimit.hit("wallet-scan", str(opened.wallet.pk), limit=_PICTURES_A_MINUTE, period_s=60)
        link = links.keep(opened=opened, text=scanning.link_in(photo.read()), at=clock.now())
    except images.ImageRefused as refused:
        return None, refused.sentence
    except (LinkRefused, ratelimit.RateLimited) as refused:
        return None, _SENTENCES[refused.code]
    return reverse(place_of(link), args=[link.pk]), ""

"""The specimen desk, in an emulation only: a document for a demo person or any name, with a demo face or one's own."""

import base64

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from idv.face.errors import FaceUnusable
from recovery_portal.kit import clock, http_peer, images, ratelimit

from .. import demo_faces
from ..flows import specimens
from ..forms import SpecimenForm


@require_http_methods(["GET", "HEAD", "POST"])
def desk(request: HttpRequest) -> HttpResponse:
    if not settings.EMULATION:
        raise Http404("no specimens outside an emulation")
    form = SpecimenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            ratelimit.hit("provider-specimen", http_peer.address(request), limit=20, period_s=60)
            return _document(request, form)
        except ratelimit.RateLimited:
            form.add_error(None, _("That was a lot of documents. Wait a minute, then go on."))
        except (images.ImageRefused, FaceUnusable) as refused:
            form.add_error(None, str(refused.sentence))
    steps = [{"key": "portrait", "instruction": _("A photo of yourself, looking straight ahead"), "hint": ""}]
    context = {"form": form, "steps": steps, "own_photo": request.GET.get("own") == "1" or request.POST.get("own")}
    return render(request, "provider/desk.html", context)


def _document(request: HttpRequest, form: SpecimenForm) -> HttpResponse:
    wanted = form.cleaned_data
    drawn = specimens.draw_specimen(
        kind=wanted["kind"],
        given_names=wanted["given_names"],
        surname=wanted["surname"],
        date_of_birth=wanted["date_of_birth"],
        portrait=_portrait(request, wanted["face"]),
        at=clock.now(),
    )
    pages = [
        {
            "side": side,
            "name": f"specimen-{wanted['kind']}-{side}.jpg",
            "address": "data:image/jpeg;base64," + base64.b64encode(drawn.jpeg(side)).decode("ascii"),
        }
        for side in drawn.pages
    ]
    return render(request, "provider/specimen.html", {"pages": pages, "holder": drawn.holder})


def _portrait(request: HttpRequest, face: str) -> bytes:
    upload = request.FILES.get("frame_portrait")
    if upload is not None:
        return images.accept(upload.read()).jpeg
    if face:
        return demo_faces.portrait(face)
    raise images.ImageRefused("empty", "neither a photo nor a demo face")

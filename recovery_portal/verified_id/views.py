"""Pages of somebody who has presented a credential to another program and is asked for a Face Check."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from idv.face import errors as face_errors
from idv.face import liveness
from idv.verifier.errors import FaceCheckRefused, NotCollectable
from idv.verifier.machine import FaceCheckStatus
from recovery_portal.kit import clock, http_peer, images, ratelimit, streams
from recovery_portal.kit.machine import IllegalTransition

from . import flows
from .machine import Status
from .models import ServiceRequest

_SESSION = "verified_id_request"
_ONCE_MORE = _("The photos could not be used. Please take them again; the order may have changed.")
_NOT_YOU = _(
    "We could not confirm that it is you. Find even light, take off glasses and anything that covers your face, and try"
    " again."
)
View = Callable[..., HttpResponseBase]


def _seated(view: View) -> View:
    """The request that this browser came back for; anybody else finds nothing here."""

    @wraps(view)
    @never_cache
    def wrapped(request: HttpRequest) -> HttpResponseBase:
        key = request.session.get(_SESSION)
        row = ServiceRequest.objects.select_related("presentation").filter(pk=key).first() if key else None
        if row is None:
            return render(request, "verified_id/nothing.html", status=404)
        return view(request, row)

    return wrapped


@require_safe
@never_cache
def arrive(request: HttpRequest, key: UUID) -> HttpResponse:
    """Where the wallet sends the browser (OpenID4VP 1.0 8.2). The code is burned and leaves the address at once."""
    try:
        ratelimit.hit("verified-id-arrive", http_peer.address(request), limit=60, period_s=60)
        row = ServiceRequest.objects.select_related("presentation").filter(pk=key).first()
        if row is None or row.presentation is None:
            return render(request, "verified_id/nothing.html", status=404)
        flows.arrive(row=row, response_code=request.GET.get("response_code", ""), at=clock.now())
    except (NotCollectable, ratelimit.RateLimited):
        return render(request, "verified_id/nothing.html", status=404)
    request.session.cycle_key()
    request.session[_SESSION] = str(row.pk)
    return redirect("verified_id:step")


@require_safe
@_seated
def step(request: HttpRequest, row: ServiceRequest) -> HttpResponse:
    """`/verified-id/`: whatever comes next."""
    match row.status:
        case Status.VERIFIED | Status.FAILED:
            context = {"row": row, "is_verified": row.status == Status.VERIFIED}
            return render(request, "verified_id/ended.html", context)
        case Status.CHECKING:
            context = {"row": row, "status_url": reverse("verified_id:status"), "message": _CHECKING}
            return render(request, "verified_id/checking.html", context)
        case Status.PRESENTED if row.consented_at is None:
            return render(request, "verified_id/consent.html", {"row": row})
    return _capture(request, row, _last_problem(row))


@require_POST
@_seated
def agree(request: HttpRequest, row: ServiceRequest) -> HttpResponse:
    flows.agree(row=row, at=clock.now())
    return redirect("verified_id:step")


@require_POST
@_seated
def submit(request: HttpRequest, row: ServiceRequest) -> HttpResponse:
    """The photos that the challenge asks for. A photo that is none leaves everything as it was."""
    at = clock.now()
    face_check = flows.running_face_check(row=row, at=at) if row.status == Status.PRESENTED else None
    if face_check is None:
        return redirect("verified_id:step")
    uploads = liveness.gather(face_check.challenge, request.FILES.getlist)
    frames = {name: upload.read() for name, upload in uploads.items()}
    try:
        flows.submit_frames(row=row, challenge=request.POST.get("challenge", ""), frames=frames, at=at)
    except images.ImageRefused as refused:
        return _again(request, row, refused.sentence)
    except FaceCheckRefused as refused:
        return _again(request, row, face_errors.SENTENCES.get(refused.code, _ONCE_MORE))
    except IllegalTransition:
        return redirect("verified_id:step")  # another tab was quicker
    return redirect("verified_id:step")


@require_POST
@_seated
def movement(request: HttpRequest, row: ServiceRequest) -> HttpResponse:
    """For who cannot turn their head or close their eyes, the camera moves instead."""
    wanted = liveness.Movement.CAMERA if request.POST.get("movement") == "camera" else liveness.Movement.HEAD
    if row.status == Status.PRESENTED:
        flows.running_face_check(row=row, at=clock.now(), movement=wanted)
    return redirect("verified_id:step")


@require_safe
@_seated
def no_camera(request: HttpRequest, row: ServiceRequest) -> HttpResponse:
    return render(request, "verified_id/no_camera.html", {"row": row})


@require_http_methods(["POST"])
@_seated
def cancel(request: HttpRequest, row: ServiceRequest) -> HttpResponse:
    flows.cancel(row=row, at=clock.now())
    return redirect("verified_id:step")


@require_safe
@_seated
def status(request: HttpRequest, row: ServiceRequest) -> HttpResponseBase:
    """For the page that waits: where to go when the worker has decided."""

    def look() -> dict[str, Any]:
        now = ServiceRequest.objects.filter(pk=row.pk).first()
        if now is None:
            raise Http404("gone")
        is_over = now.status != Status.CHECKING
        return {"next": reverse("verified_id:step") if is_over else None, "message": str(_CHECKING), "progress": None}

    return streams.answer(request, look)


_CHECKING = _("We compare your photos with the portrait of your Verified ID.")


def _again(request: HttpRequest, row: ServiceRequest, problem: "str | Promise") -> HttpResponse:
    row.refresh_from_db()
    return _capture(request, row, problem, status=422)


def _capture(request: HttpRequest, row: ServiceRequest, problem: "str | Promise", status: int = 200) -> HttpResponse:
    face_check = flows.running_face_check(row=row, at=clock.now()) if row.status == Status.PRESENTED else None
    if face_check is None:
        return redirect("verified_id:step")
    context = {
        "row": row,
        "steps": [liveness.step(key).as_dict() for key in face_check.challenge],
        "challenge": face_check.pk,
        "is_still": liveness.movement_of(face_check.challenge) is liveness.Movement.CAMERA,
        "problem": problem,
        "expires_at": face_check.expires_at,
    }
    return render(request, "verified_id/face.html", context, status=status)


def _last_problem(row: ServiceRequest) -> "str | Promise":
    last = (
        row.presentation.face_checks.exclude(decided_at=None).order_by("-number").first() if row.presentation else None
    )
    if last is None:
        return ""
    if last.status == FaceCheckStatus.FAILED:
        return _NOT_YOU
    return face_errors.SENTENCES.get(last.reason_code, _ONCE_MORE)

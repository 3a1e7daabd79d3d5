"""The Face Check: capture, and the wait for the worker."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from idv.face import liveness
from idv.verifier.errors import FaceCheckRefused
from idv.verifier.machine import FaceCheckStatus
from idv.verifier.models import FaceCheck
from recovery_portal.kit import clock, images, streams

from .. import flows, sentences
from ..models import RecoveryAttempt
from ..pages import Page
from .present import mark, status_url, waiting_message
from .seat import Seat, find_seat, home, page, seated


@page(Page.FACE, "GET", "HEAD", "POST")
def face(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`/recover/face/`: the photos that the challenge asks for. A photo that is none leaves everything as it was."""
    if request.method == "POST":
        return _submit(request, seat)
    return _capture(request, seat, sentences.after_face_check(seat.attempt))


@page(Page.FACE, "POST")
def movement(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`/recover/face/movement/`: for who cannot turn their head or close their eyes, the camera moves instead."""
    wanted = liveness.Movement.CAMERA if request.POST.get("movement") == "camera" else liveness.Movement.HEAD
    flows.running_face_check(attempt=seat.attempt, at=clock.now(), movement=wanted)
    seat.attempt.refresh_from_db()
    return home(seat)


def _submit(request: HttpRequest, seat: Seat) -> HttpResponse:
    at = clock.now()
    face_check = flows.running_face_check(attempt=seat.attempt, at=at)
    if face_check is None:
        return home(seat)
    uploads = liveness.gather(face_check.challenge, request.FILES.getlist)
    frames = {name: upload.read() for name, upload in uploads.items()}
    try:
        flows.submit_frames(attempt=seat.attempt, challenge=request.POST.get("challenge", ""), frames=frames, at=at)
    except images.ImageRefused as refused:
        seat.attempt.refresh_from_db()
        return _capture(request, seat, refused.sentence, status=422)
    except FaceCheckRefused as refused:
        seat.attempt.refresh_from_db()
        return _capture(request, seat, sentences.face_refusal(refused.code), status=422)
    return home(seat)


def _capture(request: HttpRequest, seat: Seat, problem: object, status: int = 200) -> HttpResponse:
    face_check = flows.running_face_check(attempt=seat.attempt, at=clock.now())
    if face_check is None:
        return home(seat)
    context = {
        "attempt": seat.attempt,
        "steps": [liveness.step(key).as_dict() for key in face_check.challenge],
        "challenge": face_check.pk,
        "is_still": liveness.movement_of(face_check.challenge) is liveness.Movement.CAMERA,
        "problem": problem,
        "expires_at": face_check.expires_at,
    }
    return render(request, "recovery/face.html", context, status=status)


@page(Page.CHECKING)
def checking(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`/recover/checking/`: a worker compares; the page follows."""
    context = {"status_url": status_url(Page.CHECKING), "message": waiting_message(seat)}
    return render(request, "recovery/checking.html", context)


@seated("GET")
def status(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """`/recover/status/`: where this device should be, for the page that waits."""
    own, seen = request.GET.get("page", ""), request.GET.get("seen", "")

    def look() -> dict[str, Any]:
        now = find_seat(request)
        if now is None:
            raise Http404("takes no part any more")
        moved = now.page.value != own
        if not moved and now.page is Page.PRESENT:
            moved = seen != mark(now, clock.now())
        return {
            "next": now.url if moved else None,
            "message": str(waiting_message(now)),
            "progress": _progress(now.attempt),
        }

    return streams.answer(request, look)


def _progress(attempt: RecoveryAttempt) -> int | None:
    """Percent of the Face Check, as coarse as it is known: waiting for a worker, or measured by one."""
    face_check: FaceCheck | None = attempt.face_check
    if face_check is None or face_check.status != FaceCheckStatus.CHECKING:
        return None
    return 60 if face_check.claimed_at else 20

"""The pages on which the person does the work, one view a page."""

from collections.abc import Callable, Iterable, Mapping

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from idv.face import liveness
from idv.face.errors import sentence as face_sentence
from recovery_portal.kit import clock, images, tokens

from ..document.errors import sentence as document_sentence
from ..errors import PhotosSeenBefore, StepPaused
from ..flows import steps
from ..forms import DetailsForm, DocumentForm
from ..models import ProofingSession
from .visit import Role, page, to_current_page

_PAGE_SIDE = 2560  # pixels; a document's small print needs more than a face
_OWN_SENTENCES = {
    "portrait_unusable": gettext_lazy(
        "The portrait on the document could not be seen well. Photograph it again without glare."
    ),
    "other_country": gettext_lazy(
        "This document is from another country than the one you chose. Choose again or use another one."
    ),
}


@page("details")
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest, proofing: ProofingSession, role: Role) -> HttpResponse:
    form = DetailsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        applicant = steps.Applicant(name=form.cleaned_data["name"], email=form.cleaned_data["email"])
        steps.give_details(proofing=proofing, applicant=applicant, at=clock.now())
        return to_current_page(proofing, role)
    return render(request, "provider/details.html", {"proofing": proofing, "form": form})


@page("details")
@require_POST
def without_biometrics(request: HttpRequest, proofing: ProofingSession, role: Role) -> HttpResponse:
    steps.refuse_biometrics(proofing=proofing, at=clock.now())
    return to_current_page(proofing, role)


@page("document")
@require_http_methods(["GET", "HEAD", "POST"])
def document(request: HttpRequest, proofing: ProofingSession, role: Role) -> HttpResponse:
    form = DocumentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        steps.choose_document(
            proofing=proofing, country=form.cleaned_data["country"], kind=form.cleaned_data["kind"], at=clock.now()
        )
        return to_current_page(proofing, role)
    return render(request, "provider/document.html", {"proofing": proofing, "form": form})


@page("document-tips", "document-photos")
@require_POST
def another_document(request: HttpRequest, proofing: ProofingSession, role: Role) -> HttpResponse:
    steps.want_another_document(proofing=proofing, at=clock.now())
    return to_current_page(proofing, role)


@page("document-tips")
@require_http_methods(["GET", "HEAD", "POST"])
def document_tips(request: HttpRequest, proofing: ProofingSession, role: Role) -> HttpResponse:
    if request.method == "POST":
        steps.read_document_tips(proofing=proofing, at=clock.now())
        return to_current_page(proofing, role)
    return render(request, "provider/document_tips.html", {"proofing": proofing})


@page("document-photos")
@require_http_methods(["GET", "HEAD", "POST"])
def document_photos(request: HttpRequest, proofing: ProofingSession, role: Role) -> HttpResponse:
    paused = _paused(request, proofing, of_document=True)
    if paused is not None:
        return paused
    sides = steps.sides_of(proofing)
    errors: dict[str, str] = {}
    if request.method == "POST":
        uploads = {side: files[0] for side in sides if (files := request.FILES.getlist(f"frame_{side}"))}
        accepted, errors = _accept(
            uploads, missing=[side for side in sides if side not in uploads], max_side=_PAGE_SIDE
        )
        if not errors:
            try:
                steps.submit_document(proofing=proofing, images=accepted, at=clock.now())
                return to_current_page(proofing, role)
            except PhotosSeenBefore:
                errors[sides[0]] = _("This photo has been looked at and could not be used. Take a new one.")
    context = {"proofing": proofing, "steps": [_side_step(proofing, side, errors) for side in sides], "errors": errors}
    context["advice"] = _advice(proofing, document_sentence)
    return render(request, "provider/document_photos.html", context, status=422 if errors else 200)


@page("selfie-tips")
@require_http_methods(["GET", "HEAD", "POST"])
def selfie_tips(request: HttpRequest, proofing: ProofingSession, role: Role) -> HttpResponse:
    paused = _paused(request, proofing, of_document=False)
    if paused is not None:
        return paused
    if request.method == "POST":
        steps.read_selfie_tips(proofing=proofing, at=clock.now())
        return to_current_page(proofing, role)
    return render(
        request, "provider/selfie_tips.html", {"proofing": proofing, "advice": _advice(proofing, face_sentence)}
    )


@page("selfie")
@require_http_methods(["GET", "HEAD", "POST"])
def selfie(request: HttpRequest, proofing: ProofingSession, role: Role) -> HttpResponse:
    at = clock.now()
    errors: dict[str, str] = {}
    late = not steps.challenge_is_live(proofing, at=at)
    if late:
        steps.renew_challenge(proofing=proofing, at=at)
    elif request.method == "POST":
        # Photos that were taken for an earlier challenge, in another tab, do not count for this one.
        late = not tokens.same(request.POST.get("challenge", ""), proofing.challenge_nonce)
    if request.method == "POST" and not late:
        uploads = liveness.gather(proofing.challenge, request.FILES.getlist)
        gaps = liveness.missing(proofing.challenge, uploads)
        accepted, errors = _accept(uploads, gaps, max_side=liveness.PHOTO_SIDE)
        if not errors:
            steps.submit_selfie(proofing=proofing, frames=accepted, at=at)
            return to_current_page(proofing, role)
    context = {
        "proofing": proofing,
        "steps": [liveness.step(key).as_dict() | {"error": errors.get(key, "")} for key in proofing.challenge],
        "errors": errors,
        "challenge": proofing.challenge_nonce,
        "is_still": liveness.movement_of(proofing.challenge) is liveness.Movement.CAMERA,
        "still_head_allowed": settings.PROVIDER_STILL_HEAD_ALLOWED,
        "late": late and request.method == "POST",
    }
    return render(request, "provider/selfie.html", context, status=422 if errors else 200)


@page("selfie")
@require_POST
def movement(request: HttpRequest, proofing: ProofingSession, role: Role) -> HttpResponse:
    """For who cannot turn their head or close their eyes: the camera moves instead."""
    wanted = liveness.Movement.CAMERA if request.POST.get("movement") == "camera" else liveness.Movement.HEAD
    steps.renew_challenge(proofing=proofing, at=clock.now(), movement=wanted)
    return to_current_page(proofing, role)


@page("document-photos", "selfie-tips", "selfie")
@require_safe
def no_camera(request: HttpRequest, proofing: ProofingSession, role: Role) -> HttpResponse:
    return render(request, "provider/no_camera.html", {"proofing": proofing, "help_desk": settings.HELP_DESK_CONTACT})


@page("checking")
@require_safe
def checking(request: HttpRequest, proofing: ProofingSession, role: Role) -> HttpResponse:
    return render(request, "provider/checking.html", {"proofing": proofing, "page": "checking"})


def _accept(
    uploads: Mapping[str, UploadedFile], missing: Iterable[str], *, max_side: int
) -> tuple[dict[str, images.AcceptedImage], dict[str, str]]:
    """The photos through the one gate, and a sentence for each that did not pass or did not come."""
    accepted = {}
    errors = {key: _("This photo is missing. Take it, or choose a file.") for key in missing}
    for name, upload in uploads.items():
        try:
            accepted[name] = images.accept(upload.read(), max_side=max_side)
        except images.ImageRefused as refused:
            errors[name] = str(refused.sentence)
    return accepted, errors


def _paused(request: HttpRequest, proofing: ProofingSession, *, of_document: bool) -> HttpResponse | None:
    """The page that says how long, while the step is paused."""
    try:
        steps.require_no_pause(proofing, at=clock.now())
    except StepPaused as pause:
        context = {
            "proofing": proofing,
            "until": pause.until,
            "of_document": of_document,
            "advice": _advice(proofing, document_sentence if of_document else face_sentence),
        }
        return render(request, "provider/pause.html", context, status=429 if request.method == "POST" else 200)
    return None


def _side_step(proofing: ProofingSession, side: str, errors: dict[str, str]) -> dict[str, object]:
    if proofing.document_kind == "passport":
        words = (_("Photograph the page with your picture"), _("The two lines of letters at the bottom must be sharp."))
    elif side == "front":
        words = (_("Photograph the front"), _("The side with your picture."))
    else:
        words = (_("Photograph the back"), _("The side with the code or the lines of letters."))
    # Most cards have their zone on the back; of those that have it in front nothing is asked there.
    zone = {"passport": "front", "identity_card": "back"}.get(proofing.document_kind) == side
    return {"key": side, "instruction": words[0], "hint": words[1], "error": errors.get(side, ""), "zone": zone}


def _advice(proofing: ProofingSession, sentence: Callable[[str], object]) -> str:
    """What to do better this time, from the stored reason of the last try."""
    code = proofing.retake_code
    return str(_OWN_SENTENCES.get(code) or sentence(code)) if code else ""

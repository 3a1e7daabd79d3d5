"""What the verifier announces, heard here. Each receiver calls one flow inside the announcer's transaction."""

from datetime import datetime

from django.dispatch import receiver

from idv.verifier.models import FaceCheck, PresentationRequest
from idv.verifier.signals import face_check_decided, presentation_answered, request_fetched


@receiver(request_fetched, dispatch_uid="verified_id.request_fetched")
def on_fetched(request: PresentationRequest, at: datetime, **_: object) -> None:
    from . import flows

    flows.fetched(presentation=request, at=at)


@receiver(presentation_answered, dispatch_uid="verified_id.presentation_answered")
def on_presentation(request: PresentationRequest, at: datetime, **_: object) -> None:
    from . import flows

    flows.answered(presentation=request, at=at)


@receiver(face_check_decided, dispatch_uid="verified_id.face_check_decided")
def on_face_check(face_check: FaceCheck, at: datetime, **_: object) -> None:
    from . import flows

    flows.face_decided(face_check=face_check, at=at)

"""What other rooms announce, heard here. Each receiver calls one flow inside the announcer's transaction.

The flows are loaded with the first announcement: every command of the portal loads this module, and few announce.
"""

import logging
from datetime import datetime

from django.dispatch import receiver

from accounts.models import User
from accounts.signals import authenticator_registered, signed_in
from idv.verifier.models import FaceCheck, IdentityProvider, PresentationRequest
from idv.verifier.signals import face_check_decided, presentation_answered, provider_edited, provider_held
from recovery_portal.kit.errors import DomainError

log = logging.getLogger(__name__)


@receiver(presentation_answered, dispatch_uid="recovery.presentation_answered")
def on_presentation(request: PresentationRequest, at: datetime, **_: object) -> None:
    from . import flows

    try:
        flows.hear_answer(request=request, at=at)
    except DomainError as moved:  # the wallet's answer stands even when the attempt has ended meanwhile
        log.info("presentation %s moved nothing: %s", request.pk, moved.code)


@receiver(face_check_decided, dispatch_uid="recovery.face_check_decided")
def on_face_check(face_check: FaceCheck, at: datetime, **_: object) -> None:
    from . import flows

    try:
        flows.conclude(face_check=face_check, at=at)
    except DomainError as moved:
        log.info("face check %s moved nothing: %s", face_check.pk, moved.code)


@receiver(signed_in, dispatch_uid="recovery.signed_in")
def on_sign_in(user: User, method: str, at: datetime, **_: object) -> None:
    from . import flows

    flows.signed_in(user=user, method=method, at=at)


@receiver(authenticator_registered, dispatch_uid="recovery.authenticator_registered")
def on_registration(user: User, kind: str, at: datetime, **_: object) -> None:
    from . import flows

    flows.registered(user=user, kind=kind, at=at)


@receiver(provider_held, dispatch_uid="recovery.provider_held")
def on_provider_held(provider: IdentityProvider, **_: object) -> bool:
    from .flows import holding

    return holding.is_held(provider)


@receiver(provider_edited, dispatch_uid="recovery.provider_edited")
def on_provider_edited(
    provider: IdentityProvider, by: User, changes: dict[str, str], at: datetime, **_: object
) -> None:
    from .flows import providers

    providers.record_change(provider=provider, by=by, changes=changes, at=at)

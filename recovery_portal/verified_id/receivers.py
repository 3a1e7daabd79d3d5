"""What the verifier announces, heard here. Each receiver calls one flow inside the announcer's transaction."""

from datetime import datetime

from django.dispatch import receiver

from accounts.models import User
from accounts.operators import Operator
from idv.issuer.models import Contract, IssuedCredential, Offer
from idv.issuer.signals import (
    contract_saved,
    credential_issued,
    credential_revoked,
    offer_ended,
    offer_fetched,
    wallet_reported,
)
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


@receiver(offer_fetched, dispatch_uid="verified_id.offer_fetched")
def on_offer_fetched(offer: Offer, at: datetime, **_: object) -> None:
    from . import issuing

    issuing.fetched(offer=offer, at=at)


@receiver(credential_issued, dispatch_uid="verified_id.credential_issued")
def on_issued(offer: Offer, at: datetime, **_: object) -> None:
    from . import issuing

    issuing.handed_over(offer=offer, at=at)


@receiver(wallet_reported, dispatch_uid="verified_id.wallet_reported")
def on_report(offer: Offer, at: datetime, is_kept: bool, **_: object) -> None:
    from . import issuing

    issuing.reported(offer=offer, is_kept=is_kept, at=at)


@receiver(offer_ended, dispatch_uid="verified_id.offer_ended")
def on_offer_ended(offer: Offer, at: datetime, reason: str, **_: object) -> None:
    from . import issuing

    issuing.ended(offer=offer, reason=reason, at=at)


@receiver(contract_saved, dispatch_uid="verified_id.contract_saved")
def on_contract(
    contract: Contract, is_new: bool, changes: dict[str, str], by: User | Operator, at: datetime, **_: object
) -> None:
    from . import auditing

    auditing.record_contract(contract=contract, is_new=is_new, changes=changes, by=by, at=at)


@receiver(credential_revoked, dispatch_uid="verified_id.credential_revoked")
def on_revocation(credential: IssuedCredential, by: User | Operator, at: datetime, **_: object) -> None:
    from . import auditing

    auditing.record_revocation(credential=credential, by=by, at=at)

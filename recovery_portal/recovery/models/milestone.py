"""How far attempts come and how long each step takes, kept so that reading it costs the same however it is sliced."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ..machine import Event

if TYPE_CHECKING:
    from .attempt import RecoveryAttempt


class Milestone(models.Model):
    """The first time an attempt reached a step. A projection of its events, written with them and never changed.

    ``milliseconds`` is the time since the milestone before. ``started_at``, ``profile_id`` and ``provider_id`` are the
    attempt's own, copied so that the funnel of a month is read from one index.
    """

    class Step(models.TextChoices):
        STARTED = "started", _("Started")
        SENT = "sent", _("Sent to the provider")
        PROOFED = "proofed", _("Verified by the provider")
        PRESENTED = "presented", _("Credential presented")
        FACE = "face", _("Face Check passed")
        MATCHED = "matched", _("Account matched")
        PASS = "pass", _("Pass issued")
        SIGNED_IN = "signedIn", _("Signed in with the pass")
        REGISTERED = "registered", _("Method registered")

    attempt = models.ForeignKey("RecoveryAttempt", models.CASCADE, related_name="milestones")
    step = models.CharField(max_length=12, choices=Step)
    at = models.DateTimeField()
    milliseconds = models.PositiveBigIntegerField()
    started_at = models.DateTimeField()
    profile_id = models.UUIDField(null=True)
    provider_id = models.UUIDField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["attempt", "step"], name="recovery_milestone_once"),
            models.CheckConstraint(
                condition=Q(
                    step__in=[
                        "started", "sent", "proofed", "presented", "face", "matched", "pass", "signedIn", "registered"
                    ]
                ),
                name="recovery_milestone_step",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["started_at", "step", "milliseconds", "profile_id", "provider_id", "attempt"],
                name="recovery_funnel",
            )
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.step}"


STEP_OF: Final[dict[Event, Milestone.Step]] = {
    Event.STARTED: Milestone.Step.STARTED,
    Event.SENT_TO_PROVIDER: Milestone.Step.SENT,
    Event.PROVIDER_VERIFIED: Milestone.Step.PROOFED,
    Event.PRESENTATION_VERIFIED: Milestone.Step.PRESENTED,
    Event.FACE_CHECK_PASSED: Milestone.Step.FACE,
    Event.ASSISTANCE_GRANTED: Milestone.Step.MATCHED,
    Event.IDENTITY_MATCHED: Milestone.Step.MATCHED,
    Event.IDENTITY_MATCHED_NUMBER_DUE: Milestone.Step.MATCHED,
    Event.EVALUATION_MATCHED: Milestone.Step.MATCHED,
    Event.PASS_ISSUED: Milestone.Step.PASS,
    Event.PASS_REDEEMED: Milestone.Step.SIGNED_IN,
    Event.AUTHENTICATOR_REGISTERED: Milestone.Step.REGISTERED,
}


def note(attempt: "RecoveryAttempt", event: Event, *, at: datetime) -> None:
    """Remember that ``attempt`` reached a step by ``event``; nothing when it was there before, or it is no step."""
    step = STEP_OF.get(event)
    if step is None:
        return
    before = Milestone.objects.filter(attempt=attempt).order_by("-at", "-id").values_list("at", flat=True).first()
    passed = 0 if before is None else max(0, int((at - before).total_seconds() * 1000))
    row = Milestone(
        attempt=attempt,
        step=step,
        at=at,
        milliseconds=passed,
        started_at=attempt.started_at,
        profile_id=attempt.terms_json.get("profile_id"),
        provider_id=attempt.terms_json.get("provider_id"),
    )
    Milestone.objects.bulk_create([row], ignore_conflicts=True)

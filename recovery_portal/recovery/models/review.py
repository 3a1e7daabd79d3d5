"""What operators decide about people and refusals: who may not try again, and which refusal two of them overrule."""

import uuid
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ..machine import State
from .attempt import RecoveryAttempt

# A refusal older than this is no reason to hand out a pass: the person tries again.
REVIEW_WINDOW: Final = timedelta(days=7)
# Who asked for help waits for it today.
OVERRULE_LIFETIME: Final = timedelta(hours=24)
REFUSALS: Final = (State.REFUSED.value, State.MISMATCHED.value)


class RecoveryBlock(models.Model):
    """Nobody may begin a recovery of this account until an operator lifts the block. Lifted ones stay on record."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="recovery_blocks", verbose_name=_("user")
    )
    reason = models.CharField(_("reason"), max_length=200)
    blocked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("blocked by")
    )
    blocked_at = models.DateTimeField(_("blocked"), db_index=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("lifted by")
    )
    lifted_at = models.DateTimeField(_("lifted"), null=True)

    class Meta:
        verbose_name = _("recovery block")
        verbose_name_plural = _("recovery blocks")
        ordering = ["-blocked_at"]
        default_permissions = ("add", "view", "delete")
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(lifted_at__isnull=True), name="recovery_one_block"),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False),
                name="recovery_block_lifted_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.blocked_at:%Y-%m-%d %H:%M}"


class AttemptReview(models.Model):
    """A refused attempt as the help desk sees it. To overrule the refusal takes two operators; one may let it stand."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("Overruling proposed")
        APPROVED = "approved", _("Overruled")
        REJECTED = "rejected", _("Overruling rejected")
        UPHELD = "upheld", _("Refusal stands")
        SPENT = "spent", _("Overruled, pass issued")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    attempt = models.OneToOneField(RecoveryAttempt, models.CASCADE, related_name="review")
    status = models.CharField(_("status"), max_length=8, choices=Status)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("proposed"))
    justification = models.CharField(_("justification"), max_length=500)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    spent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    spent_at = models.DateTimeField(_("pass issued"), null=True)

    class Meta:
        verbose_name = _("review of a refused attempt")
        verbose_name_plural = _("reviews of refused attempts")
        ordering = ["-proposed_at"]
        default_permissions = ("view",)
        permissions = [("review_attempt", _("Can propose and decide to overrule a refused recovery"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["proposed", "approved", "rejected", "upheld", "spent"]),
                name="recovery_review_status",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["approved", "spent"])
                | (Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="recovery_review_needs_two",
            ),
            models.CheckConstraint(
                condition=Q(status="spent", spent_by__isnull=False, spent_at__isnull=False)
                | (~Q(status="spent") & Q(spent_by__isnull=True, spent_at__isnull=True)),
                name="recovery_review_spent_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.status}"

    def is_good(self, at: datetime) -> bool:
        """Whether a pass may be issued on it now."""
        return (
            self.status == self.Status.APPROVED
            and self.decided_at is not None
            and at < self.decided_at + OVERRULE_LIFETIME
        )

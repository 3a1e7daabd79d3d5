"""What one operator proposes and another one decides."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .profile import RecoveryProfile


class Proposal(models.Model):
    """To switch a profile to Production, to change what is there so that more people recover or by less proof, or to
    do without approvals from now on. ``fingerprint`` is the profile as it stood when it was proposed: what changed
    since was not looked at by whoever proposed it. A change without a profile is one of the exclusions."""

    class Kind(models.TextChoices):
        PRODUCTION = "production", _("Switch to Production")
        CHANGE = "change", _("Change what is in Production")
        NO_APPROVAL = "noApproval", _("Do without approvals")

    class Decision(models.TextChoices):
        PENDING = "pending", _("Waiting")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("proposal"), max_length=12, choices=Kind)
    profile = models.ForeignKey(
        RecoveryProfile, models.CASCADE, null=True, related_name="proposals", verbose_name=_("profile")
    )
    change = models.JSONField(_("change"), default=dict, blank=True, editable=False)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed"))
    decision = models.CharField(_("decision"), max_length=10, choices=Decision, default=Decision.PENDING)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True)

    class Meta:
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")
        ordering = ["-proposed_at"]
        default_permissions = ("view",)
        permissions = [("decide_proposal", _("Can approve or reject what another operator proposes"))]
        constraints = [
            models.UniqueConstraint(
                fields=["profile"], condition=Q(decision="pending", kind="production"), name="recovery_one_proposal"
            ),
            models.UniqueConstraint(
                fields=["profile"], condition=Q(decision="pending", kind="change"), name="recovery_one_change"
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(decision="pending", kind="change", profile__isnull=True),
                name="recovery_one_change_of_exclusions",
            ),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(decision="pending", kind="noApproval"), name="recovery_one_waiver"
            ),
            models.CheckConstraint(
                condition=~Q(decision="approved") | ~Q(decided_by=F("proposed_by")), name="recovery_approved_by_another"
            ),
            models.CheckConstraint(
                condition=Q(kind="production", profile__isnull=False)
                | Q(kind="change")
                | Q(kind="noApproval", profile__isnull=True),
                name="recovery_proposal_says_what",
            ),
        ]

    def __str__(self) -> str:
        about = f": {self.profile}" if self.profile else ""
        return f"{self.get_kind_display()}{about}"

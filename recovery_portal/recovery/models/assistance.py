"""A person without a camera, and the operators who make sure who it is."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from recovery_portal.kit import vault

from .attempt import RecoveryAttempt
from .device import AttemptDevice

_SEALED_FOR = "recovery:assistance"


class Assistance(models.Model):
    """What one attempt asked of an operator instead of a Face Check.

    ``code`` stands on the page of the browser that asked, and nowhere else: who tells it to the operator sits there.
    It is sealed so that the page can be reloaded, and goes with the decision.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waits for an operator")
        CONFIRMED = "confirmed", _("Waits for a second operator")
        GRANTED = "granted", _("Granted")
        REFUSED = "refused", _("Refused")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    attempt = models.OneToOneField(RecoveryAttempt, models.CASCADE, related_name="assistance")
    device = models.ForeignKey(AttemptDevice, models.CASCADE, related_name="+")
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.WAITING)
    operators_needed = models.PositiveSmallIntegerField()
    asked_at = models.DateTimeField(_("asked"))
    code_sealed = models.BinaryField(null=True)
    code_tries = models.PositiveSmallIntegerField(default=0)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    method = models.CharField(_("how it was made sure"), max_length=500, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)
    note = models.CharField(_("note"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("assisted recovery")
        verbose_name_plural = _("assisted recoveries")
        ordering = ["asked_at"]
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["asked_at"], condition=Q(status__in=["waiting", "confirmed"]), name="recovery_assistance_open"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["waiting", "confirmed", "granted", "refused"]),
                name="recovery_assistance_status",
            ),
            models.CheckConstraint(condition=Q(operators_needed__in=[1, 2]), name="recovery_assistance_one_or_two"),
            models.CheckConstraint(
                condition=~Q(status__in=["confirmed", "granted"])
                | (Q(confirmed_by__isnull=False, confirmed_at__isnull=False) & ~Q(method="")),
                name="recovery_assistance_confirmed_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status="granted")
                | (
                    Q(decided_by__isnull=False, decided_at__isnull=False)
                    & (Q(operators_needed=1) | ~Q(decided_by=F("confirmed_by")))
                ),
                name="recovery_assistance_needs_two",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.status}"

    @property
    def code(self) -> str:
        """What the page shows; empty once it is decided."""
        return "" if self.code_sealed is None else vault.open(bytes(self.code_sealed), purpose=_SEALED_FOR).decode()

    @staticmethod
    def sealed(code: str) -> bytes:
        return vault.seal(code.encode(), purpose=_SEALED_FOR)

"""The devices of an attempt, how a phone joins, what each was asked to present and what its person agreed to."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from idv.verifier.models import PresentationRequest
from recovery_portal.kit import vault

from .attempt import RecoveryAttempt

if TYPE_CHECKING:
    from datetime import datetime

_SEALED_FOR = "recovery:hand-off"


class AttemptDevice(models.Model):
    """A browser that takes part. It proves itself by a cookie of which only the digest is here."""

    class Role(models.TextChoices):
        STARTER = "starter", _("Browser that started")
        COMPANION = "companion", _("Phone")

    attempt = models.ForeignKey(RecoveryAttempt, models.CASCADE, related_name="devices")
    role = models.CharField(_("role"), max_length=9, choices=Role)
    secret_digest = models.CharField(max_length=64, unique=True, editable=False)
    browser = models.CharField(_("browser"), max_length=64, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    joined_at = models.DateTimeField(_("joined"))

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        ordering = ["joined_at", "id"]
        default_permissions = ("view",)
        constraints = [
            # One of each: a second phone would be somebody else's.
            models.UniqueConstraint(fields=["attempt", "role"], name="recovery_one_device_per_role"),
            models.CheckConstraint(condition=Q(role__in=["starter", "companion"]), name="recovery_device_role"),
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.browser}"


class HandOff(models.Model):
    """The QR code that lets one phone join: single use, short-lived, renewable (RFC 10027 6.1).

    The token is sealed beside its digest so that the page that shows the code can be reloaded.
    """

    attempt = models.ForeignKey(RecoveryAttempt, models.CASCADE, related_name="hand_offs")
    token_digest = models.CharField(max_length=64, unique=True)
    token_sealed = models.BinaryField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    declined_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(declined_at__isnull=True), name="recovery_hand_off_one_answer"
            )
        ]

    @property
    def token(self) -> str:
        return vault.open(self.token_sealed, purpose=_SEALED_FOR).decode()

    @staticmethod
    def sealed(token: str) -> bytes:
        return vault.seal(token.encode(), purpose=_SEALED_FOR)

    def is_open(self, at: "datetime") -> bool:
        return self.used_at is None and self.declined_at is None and at < self.expires_at


class AttemptRequest(models.Model):
    """Which device a presentation request was made for: the Face Check is done there and nowhere else."""

    attempt = models.ForeignKey(RecoveryAttempt, models.CASCADE, related_name="requests")
    device = models.ForeignKey(AttemptDevice, models.CASCADE, related_name="requests")
    request = models.OneToOneField(PresentationRequest, models.CASCADE, related_name="recovery")

    class Meta:
        ordering = ["id"]
        default_permissions = ()


class Consent(models.Model):
    """What the person at a device agreed to, by the version of the text they read (SP 800-63A-4 A4, GDPR 9(2)(a))."""

    class Kind(models.TextChoices):
        RECOVERY = "recovery", _("Recovery and privacy notice")
        BIOMETRICS = "biometrics", _("Comparison of the face")

    attempt = models.ForeignKey(RecoveryAttempt, models.CASCADE, related_name="consents")
    device = models.ForeignKey(AttemptDevice, models.CASCADE, related_name="consents")
    kind = models.CharField(_("consent"), max_length=10, choices=Kind)
    text_version = models.CharField(_("text version"), max_length=16)
    given_at = models.DateTimeField(_("given"))

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["given_at", "id"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["attempt", "device", "kind"], name="recovery_consent_once"),
            models.CheckConstraint(condition=Q(kind__in=["recovery", "biometrics"]), name="recovery_consent_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.text_version})"

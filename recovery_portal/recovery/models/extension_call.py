"""The log of calls to extensions. It names claims and never tells what they said."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .attempt import RecoveryAttempt
from .extension import ClaimExtension


class ExtensionCall(models.Model):
    """One call with all its tries. ``attempt`` is empty for one that an operator made to test the extension."""

    class Outcome(models.TextChoices):
        PASSED = "passed", _("Passed")
        FAILED = "failed", _("Failed")
        ERROR = "error", _("Error")

    extension = models.ForeignKey(
        ClaimExtension, models.SET_NULL, null=True, related_name="calls", verbose_name=_("extension")
    )
    extension_name = models.CharField(_("name"), max_length=120)
    attempt = models.ForeignKey(RecoveryAttempt, models.CASCADE, null=True, related_name="extension_calls")
    correlation_id = models.CharField(_("correlation id"), max_length=36, db_index=True)
    at = models.DateTimeField(_("time"), db_index=True)
    duration_ms = models.PositiveIntegerField(_("milliseconds"))
    tries = models.PositiveSmallIntegerField(_("tries"))
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome)
    error_code = models.PositiveIntegerField(_("error"), null=True)
    failed_claims = models.JSONField(_("failed claims"), default=list)

    class Meta:
        verbose_name = _("call of an extension")
        verbose_name_plural = _("calls of extensions")
        ordering = ["-at", "-id"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="error", error_code__isnull=False)
                | Q(outcome__in=["passed", "failed"], error_code__isnull=True),
                name="recovery_call_error_has_a_code",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.extension_name} {self.outcome}"

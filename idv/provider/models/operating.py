"""What operators did here."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .issuance import IssuedCredential


class StatusChange(models.Model):
    """That the credentials of one verification were revoked, suspended or resumed: why, by whom and when."""

    proofing_reference = models.CharField(_("reference of the verification"), max_length=64, db_index=True)
    status = models.PositiveSmallIntegerField(_("status"), choices=IssuedCredential.Status)
    reason = models.CharField(_("reason"), max_length=200)
    by = models.CharField(_("by"), max_length=150)
    at = models.DateTimeField(_("at"))
    credentials = models.PositiveIntegerField(_("credentials"))

    class Meta:
        verbose_name = _("status change")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["-at"], name="provider_status_change_at")]
        constraints = [models.CheckConstraint(condition=~models.Q(reason=""), name="provider_status_reason_given")]

    def __str__(self) -> str:
        return f"{self.proofing_reference}: {self.get_status_display()}"


class OperatorLink(models.Model):
    """A link that lets an operator in, once."""

    operator = models.CharField(max_length=150)
    token_digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

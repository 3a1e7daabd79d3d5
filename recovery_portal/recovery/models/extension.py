"""Somebody else's word on the claims of a credential: where to ask, when, and what was answered (facts 1.6)."""

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

SHORTEST_TIMEOUT_MS, LONGEST_TIMEOUT_MS = 200, 2_000
MOST_RETRIES = 1
MOST_EXTENSIONS = 100


class ClaimExtension(models.Model):
    """A custom authentication extension for the event ``onVerifiedIdClaimValidation``: an API of the organisation that
    says whether the claims of a credential are its employee's. Asked only once an operator has granted it the right to
    receive them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    display_name = models.CharField(_("name"), max_length=120, unique=True)
    description = models.CharField(_("description"), max_length=1024, blank=True)
    target_url = models.URLField(
        _("target URL"), max_length=400, help_text=_("https, on the host that the resource id names.")
    )
    resource_id = models.CharField(
        _("resource id"),
        max_length=400,
        help_text=_("api://host-of-the-target/application-id of the app registration that stands for the API."),
    )
    timeout_ms = models.PositiveIntegerField(
        _("time limit in milliseconds"),
        default=LONGEST_TIMEOUT_MS,
        validators=[MinValueValidator(SHORTEST_TIMEOUT_MS), MaxValueValidator(LONGEST_TIMEOUT_MS)],
    )
    maximum_retries = models.PositiveSmallIntegerField(
        _("tries after a failed one"), default=MOST_RETRIES, validators=[MaxValueValidator(MOST_RETRIES)]
    )
    claims = models.JSONField(_("claims sent besides the names"), default=list, blank=True)
    granted_at = models.DateTimeField(_("permission granted"), null=True, blank=True, editable=False)
    granted_claims = models.JSONField(_("claims granted"), default=list, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), editable=False)

    class Meta:
        verbose_name = _("custom authentication extension")
        verbose_name_plural = _("custom authentication extensions")
        ordering = ["display_name"]
        permissions = [("grant_claimextension", _("Can grant an extension the right to receive claims"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(timeout_ms__range=(SHORTEST_TIMEOUT_MS, LONGEST_TIMEOUT_MS)),
                name="recovery_extension_timeout",
            ),
            models.CheckConstraint(condition=Q(maximum_retries__lte=MOST_RETRIES), name="recovery_extension_retries"),
        ]

    def __str__(self) -> str:
        return self.display_name


class ExtensionListener(models.Model):
    """Which extension hears of the event. Of several for one extension the lowest priority counts; without any the
    extension is not asked, and whoever should have been asked about is refused."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    display_name = models.CharField(_("name"), max_length=120, blank=True)
    priority = models.PositiveIntegerField(_("priority"), default=500)
    extension = models.ForeignKey(
        ClaimExtension, models.PROTECT, related_name="listeners", verbose_name=_("custom authentication extension")
    )
    include_all_applications = models.BooleanField(_("all applications"), default=True)
    include_applications = models.JSONField(_("application ids"), default=list, blank=True)
    events_flow_id = models.CharField(max_length=64, blank=True)
    timeout_ms = models.PositiveIntegerField(_("time limit in milliseconds"), null=True, blank=True)
    maximum_retries = models.PositiveSmallIntegerField(_("tries after a failed one"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), editable=False)

    class Meta:
        verbose_name = _("event listener")
        verbose_name_plural = _("event listeners")
        ordering = ["priority", "created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(timeout_ms__isnull=True) | Q(timeout_ms__range=(SHORTEST_TIMEOUT_MS, LONGEST_TIMEOUT_MS)),
                name="recovery_listener_timeout",
            ),
            models.CheckConstraint(
                condition=Q(maximum_retries__isnull=True) | Q(maximum_retries__lte=MOST_RETRIES),
                name="recovery_listener_retries",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name or str(self.pk)

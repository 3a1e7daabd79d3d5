"""The audit trail: what happened, to whom, by whom. Rows are written once and never changed."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.audit import chain


class AuditIsAppendOnly(TypeError):
    """Somebody tried to change or delete what has happened."""


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    def update(self, **kwargs: Any) -> int:
        raise AuditIsAppendOnly("audit events are never changed")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AuditIsAppendOnly("audit events are never deleted")

    def bulk_create(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("update_conflicts") or kwargs.get("ignore_conflicts") or len(args) > 2:
            raise AuditIsAppendOnly("audit events are never changed, nor left out")
        return super().bulk_create(*args, **kwargs)

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        raise AuditIsAppendOnly("audit events are never changed")


class AuditEvent(models.Model):
    """One activity, named as the original names it (Graph: directoryAudit). Holds no secret and no biometric data.

    Names are copied beside the references, so that the row still says who it was when the directory has moved on.
    """

    class Result(models.TextChoices):
        SUCCESS = "success", _("Success")
        FAILURE = "failure", _("Failure")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(_("time"), db_index=True, editable=False)
    activity = models.CharField(_("activity"), max_length=128, db_index=True, editable=False)
    result = models.CharField(_("result"), max_length=8, choices=Result.choices, editable=False)
    reason = models.CharField(_("reason"), max_length=256, blank=True, editable=False)
    service = models.CharField(_("service"), max_length=64, editable=False)
    category = models.CharField(_("category"), max_length=64, editable=False)
    correlation_id = models.CharField(_("correlation id"), max_length=64, blank=True, db_index=True, editable=False)
    target = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="audit_events", editable=False
    )
    target_name = models.CharField(_("target"), max_length=254, blank=True, editable=False)
    initiated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="initiated_audit_events", editable=False
    )
    initiated_by_name = models.CharField(_("initiated by"), max_length=254, blank=True, editable=False)
    details = models.JSONField(_("details"), default=dict, editable=False)
    mac = models.CharField(max_length=64, default="", editable=False)
    sequence = models.BigIntegerField(_("number"), null=True, unique=True, editable=False)
    link = models.CharField(max_length=64, default="", editable=False)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ("-at", "-id")
        default_permissions = ("view",)
        indexes = (
            models.Index(fields=["at"], condition=models.Q(sequence__isnull=True), name="accounts_audit_unsealed"),
            models.Index(fields=["category", "-at", "-id"], name="accounts_audit_by_category"),
        )
        constraints = (
            models.CheckConstraint(condition=models.Q(result__in=["success", "failure"]), name="accounts_audit_result"),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}Z {self.activity} ({self.result})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AuditIsAppendOnly("audit events are never changed")
        self.mac = chain.mac_of(self)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AuditIsAppendOnly("audit events are never deleted")


class AuditChainHead(models.Model):
    """The one row that knows the last number and link. Its UPDATE is the lock under which links are made."""

    THE_ROW = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ROW, editable=False)
    sequence = models.BigIntegerField(default=0)
    link = models.CharField(max_length=64, default="")

    class Meta:
        default_permissions = ()
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="accounts_audit_one_head"),)

    def __str__(self) -> str:
        return f"{self.sequence}:{self.link}"

"""Requests of other programs, and the calls that tell them what became of each."""

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from idv.issuer.models import Offer
from idv.verifier.models import PresentationRequest
from recovery_portal.api.models import AppRegistration
from recovery_portal.kit import vault
from recovery_portal.kit.machine import IllegalTransition

from .machine import NOT_ISSUED, TABLE, TOLD, Event, Status

_SEALED_FOR = "verified-id:callback-headers"


class ServiceRequest(models.Model):
    """One createPresentationRequest or createIssuanceRequest. The headers of its callbacks are the program's secrets
    and lie sealed."""

    class Kind(models.TextChoices):
        PRESENTATION = "presentation", _("presentation")
        ISSUANCE = "issuance", _("issuance")

    id = models.UUIDField(_("request id"), primary_key=True, default=uuid.uuid4, editable=False)
    app = models.ForeignKey(AppRegistration, models.CASCADE, verbose_name=_("program"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.PRESENTATION)
    offer = models.OneToOneField(Offer, models.SET_NULL, null=True, related_name="asked_by")
    presentation = models.OneToOneField(PresentationRequest, models.SET_NULL, null=True, related_name="asked_by")
    status = models.CharField(
        _("status"), max_length=12, choices=[(s.value, s.value) for s in Status], default=Status.WAITING.value
    )
    client_name = models.CharField(_("name shown"), max_length=120)
    callback_url = models.CharField(_("callback"), max_length=2048)
    callback_state = models.CharField(max_length=1024, blank=True)
    headers_sealed = models.BinaryField()
    constraints = models.JSONField(default=list)
    threshold = models.PositiveSmallIntegerField(_("Face Check threshold"), null=True)
    consented_at = models.DateTimeField(_("Face Check agreed to"), null=True)
    error_code = models.CharField(_("error"), max_length=64, blank=True)
    reason_code = models.CharField(_("reason"), max_length=64, blank=True)
    score = models.FloatField(null=True)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"))
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("Verified ID request")
        verbose_name_plural = _("Verified ID requests")
        ordering = ("-created_at", "-id")
        default_permissions = ("add", "view")
        permissions = (("issue_credentials", _("Can let programs issue credentials for them")),)
        indexes = (
            models.Index(fields=["expires_at"], condition=Q(ended_at__isnull=True), name="verified_id_running"),
            models.Index(fields=["-created_at", "-id"], name="verified_id_newest"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(status__in=[s.value for s in Status]), name="verified_id_status"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=False, status__in=sorted(s.value for s in TABLE.terminal))
                | Q(ended_at__isnull=True, status__in=sorted(s.value for s in TABLE.active)),
                name="verified_id_ended_when_terminal",
            ),
            models.CheckConstraint(
                condition=Q(kind="presentation", offer__isnull=True) | Q(kind="issuance", presentation__isnull=True),
                name="verified_id_one_kind",
            ),
            models.CheckConstraint(
                condition=Q(threshold__isnull=True) | Q(threshold__gte=50, threshold__lte=100),
                name="verified_id_threshold_50_to_100",
            ),
        )

    def __str__(self) -> str:
        return f"{self.client_name} {self.status}"

    @property
    def headers(self) -> dict[str, str]:
        opened: dict[str, str] = json.loads(vault.open(self.headers_sealed, purpose=_SEALED_FOR))
        return opened

    @staticmethod
    def sealed(headers: Mapping[str, str]) -> bytes:
        return vault.seal(json.dumps(dict(headers)).encode(), purpose=_SEALED_FOR)

    def apply(self, event: Event, *, at: datetime, **facts: Any) -> None:
        """Move by the table, as a compare-and-set, and note the call that tells of it. Raises IllegalTransition."""
        source = Status(self.status)
        target = TABLE.next_state(source, event)
        facts["status"] = target.value
        if target in TABLE.terminal:
            facts["ended_at"] = at
        with transaction.atomic():
            if not ServiceRequest.objects.filter(pk=self.pk, status=source.value).update(**facts):
                raise IllegalTransition("request_moved", f"{self.pk} left {source} before {event}")
            for name, value in facts.items():
                setattr(self, name, value)
            if target in TOLD and target is not source:
                is_not_issued = target is Status.FAILED and self.kind == self.Kind.ISSUANCE
                told = NOT_ISSUED if is_not_issued else TOLD[target]
                Callback.objects.create(request=self, event=told, created_at=at, due_at=at)


class Callback(models.Model):
    """One call to a program. What it says is made when it is sent: no claim lies here."""

    request = models.ForeignKey(ServiceRequest, models.CASCADE, related_name="callbacks")
    event = models.CharField(_("event"), max_length=32)
    created_at = models.DateTimeField(_("created"))
    due_at = models.DateTimeField(_("due"))
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    outcome = models.CharField(_("last outcome"), max_length=64, blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    given_up_at = models.DateTimeField(_("given up"), null=True)

    class Meta:
        verbose_name = _("callback")
        verbose_name_plural = _("callbacks")
        ordering = ("created_at", "id")
        default_permissions = ("view",)
        indexes = (
            models.Index(
                fields=["due_at"],
                condition=Q(delivered_at__isnull=True, given_up_at__isnull=True),
                name="verified_id_callback_due",
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=["request", "event"], name="verified_id_told_once"),
            models.CheckConstraint(
                condition=Q(delivered_at__isnull=True) | Q(given_up_at__isnull=True),
                name="verified_id_callback_one_end",
            ),
        )

    def __str__(self) -> str:
        return self.event

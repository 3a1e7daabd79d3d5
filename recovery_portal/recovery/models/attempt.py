"""One person's recovery of one account, and the row for each step of it."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.audit import flows as audit
from idv.verifier.models import FaceCheck, ProofingRequest
from recovery_portal.kit import masking

from ..errors import AttemptMoved
from ..machine import AUDIT, GRANTED, TABLE, Event, State
from . import milestone
from .profile import RecoveryProfile, Terms

if TYPE_CHECKING:
    from accounts.models import User

    from .device import AttemptDevice


class AttemptQuerySet(models.QuerySet["RecoveryAttempt"]):
    def active(self) -> "AttemptQuerySet":
        return self.filter(state__in=[state.value for state in TABLE.active])


class RecoveryAttempt(models.Model):
    """Who asked, under which terms, how far it came. ``user`` is empty for a name the directory does not know: such an
    attempt walks the same road and ends like a mismatch. ``state`` is written by :meth:`apply` alone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    correlation_id = models.CharField(_("correlation id"), max_length=36, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="recovery_attempts", verbose_name=_("user")
    )
    account_name = models.CharField(_("account name"), max_length=254, db_index=True)
    profile = models.ForeignKey(
        RecoveryProfile, models.SET_NULL, null=True, related_name="attempts", verbose_name=_("profile")
    )
    terms_json = models.JSONField(_("terms"), default=dict)
    state = models.CharField(
        _("state"), max_length=24, choices=[(s.value, s.value) for s in State], default=State.STARTED.value
    )
    reason_code = models.CharField(_("reason"), max_length=64, blank=True)
    started_at = models.DateTimeField(_("started"), db_index=True)
    moved_at = models.DateTimeField(_("last step"))
    expires_at = models.DateTimeField(_("expires"), db_index=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    proofing = models.ForeignKey(ProofingRequest, models.SET_NULL, null=True, related_name="+")
    face_check = models.ForeignKey(FaceCheck, models.SET_NULL, null=True, related_name="+")
    face_device = models.ForeignKey("AttemptDevice", models.SET_NULL, null=True, related_name="+")
    match_detail = models.JSONField(_("match detail"), default=dict)
    # What a worker has found out and nobody sees before its time: how long an extension takes says nothing then.
    verdict_json = models.JSONField(default=dict, editable=False)
    verdict_due_at = models.DateTimeField(null=True, editable=False)
    would_have = models.CharField(_("in Production"), max_length=64, blank=True)
    pairing_number = models.PositiveSmallIntegerField(null=True, editable=False)
    pairing_choices = models.JSONField(default=list, editable=False)
    pass_expires_at = models.DateTimeField(_("pass expires"), null=True)

    objects = AttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("recovery attempt")
        verbose_name_plural = _("recovery attempts")
        ordering = ["-started_at"]
        indexes = [
            models.Index(
                fields=["-ended_at"], condition=Q(state__in=["refused", "mismatched"]), name="recovery_refused_lately"
            )
        ]
        permissions = [
            ("cancel_recoveryattempt", _("Can cancel a recovery attempt")),
            ("view_match_detail", _("Can read scores and match details of recovery attempts")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[s.value for s in State]), name="recovery_attempt_state"),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(state__in=sorted(s.value for s in GRANTED)),
                name="recovery_one_granted_attempt_per_user",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=sorted(s.value for s in GRANTED)) | Q(user__isnull=False),
                name="recovery_granted_only_to_a_user",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=False, state__in=sorted(s.value for s in TABLE.terminal))
                | Q(ended_at__isnull=True, state__in=sorted(s.value for s in TABLE.active)),
                name="recovery_ended_when_terminal",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_name} {self.started_at:%Y-%m-%d %H:%M} {self.state}"

    @property
    def terms(self) -> Terms:
        return Terms(**self.terms_json)

    @property
    def masked_account(self) -> str:
        return masking.masked_account_name(self.account_name)

    @property
    def is_active(self) -> bool:
        return State(self.state) in TABLE.active

    @property
    def starter(self) -> "AttemptDevice | None":
        return next((d for d in self.devices.all() if d.role == "starter"), None)

    @property
    def companion(self) -> "AttemptDevice | None":
        return next((d for d in self.devices.all() if d.role == "companion"), None)

    @property
    def reveal_device_id(self) -> int | None:
        """Which device may show the pass: the one that did the Face Check, unless the terms name the starting one."""
        if self.terms.reveals_in_starting_browser:
            return self.starter.pk if self.starter else None
        return self.face_device_id

    @classmethod
    def begin(
        cls, *, user: "User | None", account_name: str, profile: RecoveryProfile, at: datetime
    ) -> "RecoveryAttempt":
        """A new attempt with its first event."""
        with transaction.atomic():
            attempt = cls.objects.create(
                correlation_id=str(uuid.uuid4()),
                user=user,
                account_name=account_name,
                profile=profile,
                terms_json=profile.terms().as_json(),
                started_at=at,
                moved_at=at,
                expires_at=at + timedelta(seconds=settings.RECOVERY_ATTEMPT_LIFETIME_S),
            )
            attempt._remember(Event.STARTED, source="", at=at, reason="", details={})
        return attempt

    def apply(
        self,
        event: Event,
        *,
        at: datetime,
        reason: str = "",
        details: Mapping[str, str] | None = None,
        initiated_by: "User | None" = None,
        **facts: Any,
    ) -> None:
        """Move by the table, as a compare-and-set that writes ``facts`` in the same UPDATE, and append the event.

        ``reason`` is a stable code; ``details`` go to the audit. Every step gives the attempt its whole lifetime again,
        never beyond RECOVERY_ATTEMPT_LONGEST_S from its start. Raises IllegalTransition, AttemptMoved.
        """
        source = State(self.state)
        target = TABLE.next_state(source, event)
        facts |= {"state": target.value, "moved_at": at, "reason_code": reason}
        if target in TABLE.terminal:
            facts["ended_at"] = at
        else:
            facts.setdefault("expires_at", self._expiry_after(at))
        with transaction.atomic():
            if not RecoveryAttempt.objects.filter(pk=self.pk, state=source.value).update(**facts):
                raise AttemptMoved("attempt_moved", f"{self.pk} left {source} before {event}")
            for name, value in facts.items():
                setattr(self, name, value)
            self._remember(event, source=source.value, at=at, reason=reason, details=details, initiated_by=initiated_by)

    def _expiry_after(self, at: datetime) -> datetime:
        idle = at + timedelta(seconds=settings.RECOVERY_ATTEMPT_LIFETIME_S)
        longest = self.started_at + timedelta(seconds=settings.RECOVERY_ATTEMPT_LONGEST_S)
        return max(self.expires_at, min(idle, longest))

    def _remember(
        self,
        event: Event,
        *,
        source: str,
        at: datetime,
        reason: str,
        details: Mapping[str, str] | None,
        initiated_by: "User | None" = None,
    ) -> None:
        activities = AUDIT[event]
        AttemptEvent.objects.create(
            attempt=self,
            event=event.value,
            source=source,
            target=self.state,
            at=at,
            reason=reason,
            activities=[activity.name for activity in activities],
        )
        milestone.note(self, event, at=at)
        told = {"accountName": self.account_name, "profile": self.terms.profile_name, "mode": self.terms.mode}
        for activity in activities:
            audit.record(
                activity=activity.name,
                result=activity.result,
                at=at,
                target=self.user,
                initiated_by=initiated_by,
                reason=reason,
                details=told | dict(details or {}),
                correlation_id=self.correlation_id,
            )


class AttemptEvent(models.Model):
    """One step of an attempt, written by :meth:`RecoveryAttempt.apply` with the move itself and never changed."""

    attempt = models.ForeignKey(RecoveryAttempt, models.CASCADE, related_name="events")
    event = models.CharField(_("event"), max_length=32)
    source = models.CharField(_("from"), max_length=24, blank=True)
    target = models.CharField(_("to"), max_length=24)
    at = models.DateTimeField(_("time"))
    reason = models.CharField(_("reason"), max_length=64, blank=True)
    activities = models.JSONField(_("audit activities"), default=list)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["at", "id"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(condition=Q(event__in=[e.value for e in Event]), name="recovery_event_known"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S} {self.event}"

"""The live face against the presented portrait. Rows keep figures and reason codes, never an image or a vector."""

import uuid
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from recovery_portal.kit.machine import IllegalTransition

from ..machine import FACE_CHECKS, FaceCheckEvent, FaceCheckStatus
from .presentation import PresentationRequest


class FaceCheck(models.Model):
    """One try. ``challenge`` is the order of poses the server drew for it; it is answered before ``expires_at``."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(PresentationRequest, on_delete=models.CASCADE, related_name="face_checks")
    number = models.PositiveSmallIntegerField()
    status = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in FaceCheckStatus], default=FaceCheckStatus.CAPTURING.value
    )
    challenge = models.JSONField()
    threshold = models.PositiveSmallIntegerField()
    score = models.FloatField(null=True)
    reason_code = models.CharField(max_length=64, blank=True)
    portrait_quality = models.CharField(max_length=8, blank=True)
    engine = models.CharField(max_length=60, blank=True)
    engine_version = models.CharField(max_length=60, blank=True)
    calibration = models.CharField(max_length=120, blank=True)
    liveness_engine = models.CharField(max_length=120, blank=True)
    liveness_measures = models.JSONField(default=dict)
    frames = models.PositiveSmallIntegerField(default=0)
    milliseconds = models.PositiveIntegerField(null=True)
    runs = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    submitted_at = models.DateTimeField(null=True)
    enqueued_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("Face Check")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["request", "number"], name="verifier_face_check_numbered"),
            models.UniqueConstraint(
                fields=["request"],
                condition=models.Q(status__in=["capturing", "checking"]),
                name="verifier_one_running_face_check",
            ),
            models.UniqueConstraint(
                fields=["request"], condition=models.Q(status="passed"), name="verifier_one_passed_face_check"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=[s.value for s in FaceCheckStatus]),
                name="verifier_face_check_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(threshold__gte=50, threshold__lte=100), name="verifier_threshold_50_to_100"
            ),
            models.CheckConstraint(
                # A comparison with NULL is not false in SQL, so "there is a score" is said by itself.
                condition=~models.Q(status="passed") | models.Q(score__isnull=False, score__gte=models.F("threshold")),
                name="verifier_passed_means_threshold_reached",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.status}"

    def apply(self, event: FaceCheckEvent, *, at: datetime, **fields: Any) -> None:
        """Move by the table, as a compare-and-set that writes ``fields`` too. Raises IllegalTransition when it lost."""
        source = FaceCheckStatus(self.status)
        target = FACE_CHECKS.next_state(source, event)
        fields["status"] = target.value
        if target in FACE_CHECKS.terminal:
            fields["decided_at"] = at
        if not FaceCheck.objects.filter(pk=self.pk, status=source.value).update(**fields):
            raise IllegalTransition("face_check_moved", f"{self.pk} left {source} before {event}")
        for name, value in fields.items():
            setattr(self, name, value)


class SealedImage(models.Model):
    """A photo that waits for the worker, sealed under its request's key; deleted by the UPDATE that decides."""

    face_check = models.ForeignKey(FaceCheck, on_delete=models.CASCADE, related_name="images")
    key = models.CharField(max_length=32)
    sealed = models.BinaryField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["face_check", "key"], name="verifier_one_photo_per_pose")]

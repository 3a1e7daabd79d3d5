"""One person's proofing: its state, its devices, its photos and its decision."""

import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from recovery_portal.kit import vault

from ..errors import ProofingMoved
from ..machine import TABLE, Event, State
from .parties import RelyingParty

DOCUMENT_KINDS = [
    ("passport", _("Passport")),
    ("driving_licence", _("Driver's License")),
    ("identity_card", _("Identity card")),
]


def _new_personal_key() -> bytes:
    return secrets.token_bytes(32)


class ProofingSession(models.Model):
    """One visit of one person, from the portal's request to the answer it gets.

    Everything personal is sealed under ``personal_key``, which exists only here: emptying it erases the person from
    every copy of the sealed columns (``erase_person``).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=64, unique=True)  # proofingReference on the credential and in the result
    relying_party = models.ForeignKey(RelyingParty, on_delete=models.PROTECT, related_name="proofings")
    redirect_uri = models.CharField(max_length=500)
    client_state = models.CharField(max_length=2048)
    client_nonce = models.CharField(max_length=2048)
    code_challenge = models.CharField(max_length=128)
    high_assurance = models.BooleanField(default=False)  # two readers must agree on the document

    state = models.CharField(max_length=20, default=State.STARTED)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    requested_from = models.CharField(
        max_length=100, blank=True
    )  # the browser that the portal sent, for the phone page

    personal_key = models.BinaryField(default=_new_personal_key)
    applicant_sealed = models.BinaryField(null=True, blank=True)
    document_sealed = models.BinaryField(null=True, blank=True)
    portrait_sealed = models.BinaryField(null=True, blank=True)

    country = models.CharField(max_length=3, blank=True)
    document_kind = models.CharField(max_length=20, blank=True, choices=DOCUMENT_KINDS)
    challenge = models.JSONField(default=list)
    challenge_nonce = models.CharField(max_length=64, blank=True)  # comes back with the photos taken for it
    challenge_expires_at = models.DateTimeField(null=True, blank=True)
    retake_code = models.CharField(max_length=50, blank=True)  # why the last photos were unusable
    document_tries = models.PositiveSmallIntegerField(default=0)
    selfie_tries = models.PositiveSmallIntegerField(default=0)
    paused_until = models.DateTimeField(null=True, blank=True)  # no photos before, after too many that were no use
    refused_photos = models.JSONField(default=list, blank=True)  # fingerprints of a document's photos that were no use

    round = models.PositiveSmallIntegerField(default=0)  # one per decision that is asked for
    progress = models.PositiveSmallIntegerField(null=True, blank=True)  # percent
    enqueued_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    verdict = models.CharField(max_length=10, blank=True, choices=[("verified", "verified"), ("declined", "declined")])
    reason_code = models.CharField(max_length=50, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[s.value for s in State]), name="provider_proofing_state"),
            models.CheckConstraint(
                condition=Q(verdict="verified") | ~Q(state__in=["verified", "offered", "issued"]),
                name="provider_issued_only_when_verified",
            ),
        ]
        indexes = [
            # What waits for a worker, in its order: few rows among all that were ever made.
            models.Index(fields=["enqueued_at"], condition=Q(state="checking"), name="provider_waiting_for_worker")
        ]

    def __str__(self) -> str:
        return f"{self.relying_party_id} {self.created_at:%Y-%m-%d %H:%M} {self.state}"

    def apply(self, event: Event, *, at: datetime, reason: str = "", **changes: Any) -> None:
        """Move by ``event`` and write ``changes`` in the same compare-and-set; the only writer of ``state``.

        Raises IllegalTransition when the table refuses, ProofingMoved when somebody else was quicker.
        """
        source = State(self.state)
        target = TABLE.next_state(source, event)
        with transaction.atomic():
            moved = ProofingSession.objects.filter(pk=self.pk, state=source).update(state=target, **changes)
            if not moved:
                raise ProofingMoved(f"{self.pk} left {source} before {event}")
            self.events.create(event=event, source=source, target=target, at=at, reason=reason)
        self.state = target
        for name, value in changes.items():
            setattr(self, name, value)

    def seal(self, data: bytes, *, purpose: str) -> bytes:
        return vault.seal(data, purpose=f"proofing-{purpose}", derived_from=bytes(self.personal_key))

    def open(self, sealed: bytes | memoryview, *, purpose: str) -> bytes:
        """Raises VaultError, also after the person was erased."""
        return vault.open(bytes(sealed), purpose=f"proofing-{purpose}", derived_from=bytes(self.personal_key))

    def fingerprint(self, images: Mapping[str, bytes]) -> str:
        """The same for the same images, in this proofing alone: it tells nobody who meets the image elsewhere."""
        told = b"".join(hashlib.sha256(key.encode() + b"\0" + images[key]).digest() for key in sorted(images))
        return hmac.new(bytes(self.personal_key), told, hashlib.sha256).hexdigest()[:32]

    def document(self) -> dict[str, str]:
        """What was read from the document; empty before the decision and after the person was erased."""
        if self.document_sealed is None:
            return {}
        fields: dict[str, str] = json.loads(self.open(self.document_sealed, purpose="document"))
        return fields

    def portrait(self) -> bytes | None:
        return None if self.portrait_sealed is None else self.open(self.portrait_sealed, purpose="portrait")


class ProofingEvent(models.Model):
    """What happened to a proofing, in order; no personal data."""

    proofing = models.ForeignKey(ProofingSession, on_delete=models.CASCADE, related_name="events")
    event = models.CharField(max_length=30)
    source = models.CharField(max_length=20)
    target = models.CharField(max_length=20)
    at = models.DateTimeField()
    reason = models.CharField(max_length=50, blank=True)

    class Meta:
        ordering = ["id"]


class HandOff(models.Model):
    """The link in the QR code that lets one phone join; whoever comes first uses it up."""

    proofing = models.ForeignKey(ProofingSession, on_delete=models.CASCADE, related_name="hand_offs")
    token_digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)


class ProofingConsent(models.Model):
    """That somebody agreed, to which text, and when. Says nothing about who: it outlives the person's data."""

    class Kind(models.TextChoices):
        TERMS = "terms"
        BIOMETRICS = "biometrics"

    proofing = models.ForeignKey(ProofingSession, on_delete=models.CASCADE, related_name="consents")
    kind = models.CharField(max_length=12, choices=Kind)
    text_version = models.CharField(max_length=20)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["proofing", "kind"], name="provider_one_consent_per_kind")]


class Photo(models.Model):
    """A sealed photo that waits for the decision; deleted in the transaction that records it."""

    proofing = models.ForeignKey(ProofingSession, on_delete=models.CASCADE, related_name="photos")
    purpose = models.CharField(max_length=10, choices=[("document", "document"), ("selfie", "selfie")])
    key = models.CharField(max_length=20)  # front, back, or a pose of the liveness challenge
    sealed = models.BinaryField()
    taken_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["proofing", "key"], name="provider_one_photo_per_key")]


class ProofingDecision(models.Model):
    """What one round of checks found, for the operator. No image, no vector, no name."""

    class Outcome(models.TextChoices):
        VERIFIED = "verified"
        DECLINED = "declined"
        REVIEW = "review"
        DOCUMENT_UNUSABLE = "documentUnusable"
        SELFIE_UNUSABLE = "selfieUnusable"

    proofing = models.ForeignKey(ProofingSession, on_delete=models.CASCADE, related_name="decisions")
    round = models.PositiveSmallIntegerField()
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome)
    reason_code = models.CharField(_("reason"), max_length=50, blank=True)
    decided_at = models.DateTimeField(_("decided at"))
    score = models.FloatField(_("score"), null=True, blank=True)  # confidence 0-100
    threshold = models.PositiveSmallIntegerField(_("threshold"))
    engine = models.CharField(max_length=50, blank=True)
    engine_version = models.CharField(max_length=50, blank=True)
    calibration = models.CharField(max_length=80, blank=True)
    milliseconds = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("decision")
        ordering = ["-decided_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["proofing", "round"], name="provider_one_decision_per_round")]
        indexes = [models.Index(fields=["-decided_at", "-id"], name="provider_decided_at")]

    def __str__(self) -> str:
        return f"{self.outcome} {self.reason_code}".strip()


class ProofingReview(models.Model):
    """What a person said about a border case: why, by whom and when. One for each proofing."""

    proofing = models.OneToOneField(ProofingSession, on_delete=models.CASCADE, related_name="review")
    accepted = models.BooleanField(_("accepted"))
    reason = models.CharField(_("reason"), max_length=200)
    by = models.CharField(_("by"), max_length=150)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("review")
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="provider_review_reason_given")]

    def __str__(self) -> str:
        return f"{self.by} {self.at:%Y-%m-%d %H:%M}"


class DecisionCheck(models.Model):
    """One check inside a decision. ``weight`` says what its failure led to."""

    class Weight(models.TextChoices):
        DECISIVE = "decisive"  # ends the proofing
        RETAKE = "retake"  # a better photo mends it
        NOTED = "noted"  # for the operator; nothing hangs on it alone

    decision = models.ForeignKey(ProofingDecision, on_delete=models.CASCADE, related_name="checks")
    name = models.CharField(_("check"), max_length=40)
    ok = models.BooleanField(_("passed"))
    reason_code = models.CharField(_("reason"), max_length=50, blank=True)
    weight = models.CharField(_("weight"), max_length=8, choices=Weight, default=Weight.DECISIVE)

    class Meta:
        verbose_name = _("check")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class AuthorizationCode(models.Model):
    """The one-time code a browser carries home; exchanged once for the signed result."""

    proofing = models.ForeignKey(ProofingSession, on_delete=models.CASCADE, related_name="codes")
    code_digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

"""What a wallet remembers. Everything personal is sealed under the wallet's master key (see `sealing`)."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class Wallet(models.Model):
    """One person's wallet in one browser. Without the PIN nothing in it can be read, by nobody."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    browser_digest = models.CharField(max_length=64, unique=True)
    pin_salt = models.BinaryField(max_length=16)
    master_key_sealed = models.BinaryField()
    failed_attempts = models.PositiveIntegerField(default=0)
    paused_until_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"wallet {self.pk}"


class HeldCredential(models.Model):
    """A Verified ID: one data set, in one or more copies that differ in key and salt."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    wallet = models.ForeignKey(Wallet, on_delete=models.CASCADE, related_name="credentials")
    issuer = models.CharField(max_length=512, help_text="The credential's own `iss`, as verified.")
    issuer_address = models.CharField(max_length=512, help_text="The credential issuer the wallet talked to.")
    issuer_name = models.CharField(max_length=120)
    credential_type = models.CharField(max_length=512)
    format = models.CharField(max_length=20, default="dc+sd-jwt")
    display = models.JSONField(default=dict, help_text="name, description; nothing personal")
    labels = models.JSONField(default=list, help_text="[{path, label}] from the issuer's metadata")
    notification_sealed = models.BinaryField(null=True, blank=True)
    received_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-received_at", "id"]

    def __str__(self) -> str:
        return f"{self.credential_type} from {self.issuer}"


class CredentialCopy(models.Model):
    """One issued copy with its own holder key, so that two verifiers cannot tell that they saw the same person."""

    credential = models.ForeignKey(HeldCredential, on_delete=models.CASCADE, related_name="copies")
    compact_sealed = models.BinaryField()
    key_sealed = models.BinaryField()
    times_presented = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["times_presented", "id"]

    def __str__(self) -> str:
        return f"copy {self.pk} of {self.credential_id}"


class IncomingLink(models.Model):
    """An offer or a request that waits for the person. Its content is a bearer secret, so it is sealed."""

    class Kind(models.TextChoices):
        OFFER = "offer"
        REQUEST = "request"

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted"
        SHARED = "shared"
        DECLINED = "declined"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    wallet = models.ForeignKey(Wallet, on_delete=models.CASCADE, related_name="incoming_links")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    content_sealed = models.BinaryField()
    created_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True, default="")
    credential = models.ForeignKey(HeldCredential, null=True, blank=True, on_delete=models.SET_NULL)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["offer", "request"]), name="wallet_link_kind"),
            models.CheckConstraint(
                condition=Q(outcome__in=["", "accepted", "shared", "declined", "failed"]), name="wallet_link_outcome"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class SharingRecord(models.Model):
    """Who asked for what, when, and what the person answered. Names of claims only, never their values."""

    class Answer(models.TextChoices):
        SHARED = "shared"
        DECLINED = "declined"
        FAILED = "failed"

    wallet = models.ForeignKey(Wallet, on_delete=models.CASCADE, related_name="sharing_records")
    credential = models.ForeignKey(HeldCredential, null=True, blank=True, on_delete=models.SET_NULL)
    credential_name = models.CharField(max_length=120, blank=True)
    verifier_name = models.CharField(max_length=120)
    verifier_address = models.CharField(max_length=512)
    verifier_client_id = models.CharField(max_length=512)
    purpose = models.CharField(max_length=300, blank=True)
    claims = models.JSONField(default=list, help_text="labels of the claims that were asked for")
    answer = models.CharField(max_length=16, choices=Answer.choices)
    answered_at = models.DateTimeField()

    class Meta:
        ordering = ["-answered_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(answer__in=["shared", "declined", "failed"]), name="wallet_sharing_answer"
            )
        ]

    def __str__(self) -> str:
        return f"{self.answer}: {self.verifier_name}"

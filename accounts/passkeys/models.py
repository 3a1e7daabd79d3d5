"""Records of passkeys and of the challenges they answer."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class PasskeyQuerySet(models.QuerySet["Passkey"]):
    def usable(self) -> "PasskeyQuerySet":
        return self.filter(removed_at=None, suspended_at=None)

    def on_file(self) -> "PasskeyQuerySet":
        return self.filter(removed_at=None)


class Passkey(models.Model):
    """A public key bound to a user. Removed or suspended, never deleted: the record of every authenticator
    ever bound is kept (SP 800-63B-4 §4.1)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="passkeys")
    name = models.CharField(_("name"), max_length=64)
    credential_id = models.BinaryField(max_length=1023, unique=True, editable=False)
    public_key = models.BinaryField(editable=False)
    sign_count = models.PositiveBigIntegerField(default=0, editable=False)
    aaguid = models.CharField(max_length=36, blank=True, editable=False)
    transports = models.JSONField(default=list, editable=False)
    backup_eligible = models.BooleanField(_("may be synced"), editable=False)
    backed_up = models.BooleanField(_("is synced"), editable=False)
    created_at = models.DateTimeField(_("created"), editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    suspended_at = models.DateTimeField(_("suspended"), null=True, editable=False)
    removed_at = models.DateTimeField(_("removed"), null=True, editable=False)

    objects = PasskeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("passkey")
        verbose_name_plural = _("passkeys")
        ordering = ("created_at",)
        constraints = (
            # WebAuthn L3 §6.1.3: a credential cannot be backed up (BS) that is not eligible for it (BE).
            models.CheckConstraint(
                condition=models.Q(backed_up=False) | models.Q(backup_eligible=True),
                name="accounts_passkey_bs_needs_be",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.user})"

    @property
    def kind(self) -> str:
        """Graph's `passkeyType`."""
        return "synced" if self.backup_eligible else "deviceBound"


class PasskeyChallengeQuerySet(models.QuerySet["PasskeyChallenge"]):
    def expired(self, *, at: datetime) -> "PasskeyChallengeQuerySet":
        return self.filter(expires_at__lte=at)


class PasskeyChallenge(models.Model):
    """A question asked once: of one browser, for one ceremony, for a few minutes (ASVS 6.7.2)."""

    class Ceremony(models.TextChoices):
        SIGN_IN = "signIn"
        REGISTRATION = "registration"

    challenge_digest = models.CharField(max_length=64, primary_key=True)
    ceremony = models.CharField(max_length=16, choices=Ceremony.choices)
    browser_digest = models.CharField(max_length=64)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    objects = PasskeyChallengeQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.ceremony} challenge of {self.created_at:%Y-%m-%d %H:%M:%S}Z"

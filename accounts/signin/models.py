"""Records of authenticator apps (TOTP, RFC 6238), and of how often somebody failed in a row."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class AuthenticatorAppQuerySet(models.QuerySet["AuthenticatorApp"]):
    def usable(self) -> "AuthenticatorAppQuerySet":
        return self.on_file().filter(suspended_at=None)

    def on_file(self) -> "AuthenticatorAppQuerySet":
        return self.filter(removed_at=None)


class AuthenticatorApp(models.Model):
    """A shared secret in somebody's authenticator app, sealed at rest; written once a first code has confirmed it.
    Removed or suspended, never deleted (SP 800-63B-4 §4.1)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="authenticator_apps")
    name = models.CharField(_("name"), max_length=64)
    secret_sealed = models.BinaryField(editable=False)
    # The last 30-second step that was accepted: RFC 6238 §5.2 asks that no code is accepted twice.
    last_step = models.BigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("created"), editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    suspended_at = models.DateTimeField(_("suspended"), null=True, editable=False)
    removed_at = models.DateTimeField(_("removed"), null=True, editable=False)

    objects = AuthenticatorAppQuerySet.as_manager()

    class Meta:
        verbose_name = _("authenticator app")
        verbose_name_plural = _("authenticator apps")
        ordering = ("created_at",)

    def __str__(self) -> str:
        return f"{self.name} ({self.user})"


class FailureStreak(models.Model):
    """Consecutive failures with one method of one account name, from browsers that never signed in to it.

    SP 800-63B-4 §3.2.2 allows at most 100. Browsers that have signed in before are not counted here, so that a
    stranger who fails on purpose does not lock the owner out. Kept by a keyed digest of the name typed, known or not:
    both cost the same time, and what people type by mistake is not written down.
    """

    account = models.CharField(max_length=64)
    method = models.CharField(max_length=64)
    failures = models.PositiveIntegerField(default=0)
    last_failure_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["account", "method"], name="accounts_one_streak_per_method"),)

    def __str__(self) -> str:
        return f"{self.failures} × {self.method}"

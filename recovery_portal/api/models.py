"""The shell's own records: programs that may ask for tokens, how they prove who they are, and the key tokens are
signed with."""

import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from recovery_portal.kit import clock
from recovery_portal.kit.keystore import AbstractSigningKey

from . import permissions


def known_permissions(names: Any) -> None:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValidationError(_("Permissions are a list of names."), code="invalid")
    if wrong := permissions.unknown(names):
        raise ValidationError(_("Unknown permission: %(name)s"), params={"name": wrong[0]}, code="unknown_permission")


class AppRegistration(models.Model):
    """A program. What it may do by itself is ``app_permissions``; what it may do for a person who signed in is
    ``delegated_permissions``, and never more than that person may."""

    id = models.UUIDField(_("client id"), primary_key=True, default=uuid.uuid4, editable=False)
    display_name = models.CharField(_("name"), max_length=120, unique=True)
    enabled = models.BooleanField(_("enabled"), default=True)
    app_permissions = models.JSONField(
        _("application permissions"), default=list, blank=True, validators=[known_permissions]
    )
    delegated_permissions = models.JSONField(
        _("delegated permissions"), default=list, blank=True, validators=[known_permissions]
    )
    redirect_uris = models.JSONField(_("redirect URIs"), default=list, blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("app registration")
        verbose_name_plural = _("app registrations")
        ordering = ("display_name",)

    def __str__(self) -> str:
        return self.display_name


class AppSecret(models.Model):
    """A client secret. It is shown once; here is its digest (256 random bits need no slow hash)."""

    app = models.ForeignKey(AppRegistration, models.CASCADE, related_name="secrets")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(_("begins with"), max_length=3, editable=False)
    description = models.CharField(_("description"), max_length=120, blank=True)
    created_at = models.DateTimeField(_("created"), editable=False)
    expires_at = models.DateTimeField(_("expires"), editable=False)

    class Meta:
        verbose_name = _("client secret")
        verbose_name_plural = _("client secrets")
        ordering = ("created_at",)

    def __str__(self) -> str:
        return f"{self.hint}…"


class AppCertificate(models.Model):
    """A certificate whose key signs the program's assertions (RFC 7523). Named by its SHA-256 thumbprint."""

    app = models.ForeignKey(AppRegistration, models.CASCADE, related_name="certificates")
    pem = models.TextField(_("certificate"), help_text=_("PEM; the private key stays with the program."))
    thumbprint = models.CharField(_("thumbprint"), max_length=64, unique=True, editable=False)
    thumbprint_sha1 = models.CharField(max_length=40, editable=False)
    created_at = models.DateTimeField(_("created"), editable=False)
    expires_at = models.DateTimeField(_("expires"), editable=False)

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        ordering = ("created_at",)

    def __str__(self) -> str:
        return self.thumbprint


class SpentAssertion(models.Model):
    """An assertion's ``jti``; the constraint refuses it the second time."""

    app = models.ForeignKey(AppRegistration, models.CASCADE)
    jti_digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["app", "jti_digest"], name="api_assertion_used_once"),)


class AuthorizationCode(models.Model):
    """A person's consent on its way to the program (RFC 6749 4.1 with PKCE): one use, one minute."""

    digest = models.CharField(max_length=64, primary_key=True)
    app = models.ForeignKey(AppRegistration, models.CASCADE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    scopes = models.JSONField()
    redirect_uri = models.CharField(max_length=500)
    code_challenge = models.CharField(max_length=128)
    nonce = models.CharField(max_length=256, blank=True)
    wants_refresh = models.BooleanField(default=False)
    signed_in_with = models.CharField(max_length=64, blank=True)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)


class RefreshToken(models.Model):
    """One link of a chain: used once for the next, which has the same ``family`` and the same end."""

    digest = models.CharField(max_length=64, primary_key=True)
    family = models.UUIDField(db_index=True)
    app = models.ForeignKey(AppRegistration, models.CASCADE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    scopes = models.JSONField()
    session_epoch = models.PositiveIntegerField()
    signed_in_with = models.CharField(max_length=64, default="")
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)


class DeviceAuthorization(models.Model):
    """A program without a browser waits for a person elsewhere (RFC 8628). Of both codes only digests are here."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        ALLOWED = "allowed", _("Allowed")
        DECLINED = "declined", _("Declined")

    device_digest = models.CharField(max_length=64, primary_key=True)
    user_digest = models.CharField(max_length=64)
    app = models.ForeignKey(AppRegistration, models.CASCADE)
    scopes = models.JSONField()
    wants_refresh = models.BooleanField(default=False)
    signed_in_with = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    session_epoch = models.PositiveIntegerField(null=True)
    interval_s = models.PositiveSmallIntegerField()
    next_poll_at = models.DateTimeField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["user_digest"], condition=models.Q(state="pending"), name="api_device_one_waiting_code"
            ),
            models.CheckConstraint(
                condition=models.Q(state="pending", user__isnull=True, used_at__isnull=True)
                | models.Q(state__in=["allowed", "declined"], user__isnull=False),
                name="api_device_answered_by_somebody",
            ),
        )


class TokenKey(AbstractSigningKey):
    """The key that access tokens are signed with."""

    public_jwk = models.JSONField()
    use = models.CharField(max_length=8, default="sig", editable=False)

    class Meta(AbstractSigningKey.Meta):
        verbose_name = _("token key")
        constraints = (
            models.UniqueConstraint(
                fields=["use"], condition=models.Q(retired_at__isnull=True), name="api_one_active_token_key"
            ),
        )

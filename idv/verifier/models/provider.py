"""The providers we trust, our own key, and what we asked a provider to prove."""

import uuid
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from idv.protocol import identity_assurance
from recovery_portal.kit.keystore import AbstractSigningKey


def default_algorithms() -> list[str]:
    return ["ES256"]


def plain_issuer(value: str) -> None:
    """An issuer identifier is an https (or, in emulation, http) URL without query and fragment (RFC 8414 2)."""
    parts = urlsplit(value)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.query or parts.fragment:
        raise ValidationError(_("Enter the provider's address without query or fragment."), code="issuer_invalid")
    if value.endswith("/"):
        raise ValidationError(_("Leave out the slash at the end."), code="issuer_invalid")


class IdentityProvider(models.Model):
    """An identity verification provider that operators registered. Its documents are kept here for a short time."""

    class Protocol(models.TextChoices):
        PROOFING = "proofing", _("Issues a Verified ID after a proofing")
        OIDC = "oidc", _("OpenID Connect with verified claims")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120, unique=True)
    issuer = models.CharField(_("address"), max_length=255, unique=True, validators=[plain_issuer])
    client_id = models.CharField(
        _("our client id there"), max_length=255, help_text=_("The name under which the provider knows this portal.")
    )
    description = models.TextField(_("description"), blank=True)
    contact = models.EmailField(_("contact"), blank=True)
    enabled = models.BooleanField(_("enabled"), default=True)
    allowed_vcts = models.JSONField(
        _("credential types"),
        default=list,
        blank=True,
        help_text=_("The only credential types accepted from this provider."),
    )
    protocol = models.CharField(
        _("protocol"),
        max_length=8,
        choices=Protocol,
        default=Protocol.PROOFING,
        help_text=_("An OpenID provider says itself who somebody is; nothing then goes through a wallet."),
    )
    trust_frameworks = models.JSONField(
        _("trust frameworks"),
        default=list,
        blank=True,
        help_text=_("The only ones accepted from an OpenID provider; when empty, any that it names."),
    )
    pinned_algorithms = models.JSONField(_("signature algorithms"), default=default_algorithms)
    trusted_certificates = models.TextField(
        _("certification authorities"),
        blank=True,
        help_text=_("PEM. When empty, credentials are checked with the keys that the provider publishes."),
    )
    metadata = models.JSONField(default=dict, editable=False)
    metadata_fetched_at = models.DateTimeField(null=True, editable=False)
    result_keys = models.JSONField(default=dict, editable=False)
    result_keys_fetched_at = models.DateTimeField(null=True, editable=False)
    credential_keys = models.JSONField(default=dict, editable=False)
    credential_keys_fetched_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("identity verification provider")
        verbose_name_plural = _("identity verification providers")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(protocol__in=["proofing", "oidc"]), name="verifier_provider_protocol"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def issues_credentials(self) -> bool:
        return self.protocol == self.Protocol.PROOFING

    def clean(self) -> None:
        """What would otherwise fail in the middle of somebody's recovery. Raises ValidationError."""
        wrong: dict[str, Any] = {}
        for name in ("allowed_vcts", "pinned_algorithms", "trust_frameworks"):
            value = getattr(self, name)
            if not isinstance(value, list) or not all(isinstance(item, str) and 0 < len(item) <= 255 for item in value):
                wrong[name] = ValidationError(_("Enter a JSON list of texts."), code="list_invalid")
        if "allowed_vcts" not in wrong and self.issues_credentials and not self.allowed_vcts:
            wrong["allowed_vcts"] = ValidationError(_("Enter a JSON list of texts."), code="list_invalid")
        known = ["ES256"] if self.issues_credentials else list(identity_assurance.ALGORITHMS)
        if "pinned_algorithms" not in wrong and not (
            self.pinned_algorithms and set(self.pinned_algorithms) <= set(known)
        ):
            told = _("Of this provider these are verified: %(known)s.") % {"known": ", ".join(known)}
            wrong["pinned_algorithms"] = ValidationError(told, code="algorithm_unsupported")
        if wrong:
            raise ValidationError(wrong)

    def forget_documents(self) -> None:
        """Drop what was fetched; the caller saves."""
        self.metadata, self.result_keys, self.credential_keys = {}, {}, {}
        self.metadata_fetched_at = self.result_keys_fetched_at = self.credential_keys_fetched_at = None


class TypeAuthority(models.Model):
    """Certification authorities for one credential type of a provider: they alone certify keys for that type."""

    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="type_authorities")
    vct = models.CharField(_("credential type"), max_length=255)
    certificates = models.TextField(_("certification authorities"), help_text=_("PEM."))

    class Meta:
        verbose_name = _("authority for one credential type")
        verbose_name_plural = _("authorities for one credential type")
        constraints = [models.UniqueConstraint(fields=["provider", "vct"], name="verifier_type_authority_once")]

    def __str__(self) -> str:
        return self.vct

    def clean(self) -> None:
        """An empty or broken bundle would fail in the middle of somebody's recovery. Raises ValidationError."""
        try:
            if not x509.load_pem_x509_certificates(self.certificates.encode("ascii")):
                raise ValueError
        except ValueError as error:
            message = _("Paste certificates in PEM form.")
            raise ValidationError({"certificates": message}, code="certificates_invalid") from error


class VerifierKey(AbstractSigningKey):
    """The key this portal signs its requests with, as a client of providers and as a verifier of credentials."""

    use = models.CharField(max_length=8, default="sig", editable=False)
    trust_anchor = models.TextField(blank=True)  # PEM of the development CA, for wallets that want to trust it

    class Meta(AbstractSigningKey.Meta):
        verbose_name = _("verifier key")
        constraints = [
            # Two processes that provision at once: the database lets one of them win.
            models.UniqueConstraint(
                fields=["use"], condition=models.Q(retired_at__isnull=True), name="verifier_one_active_key"
            ),
        ]


class ProofingRequest(models.Model):
    """One person sent to a provider. ``state`` is kept as a digest and burned by the UPDATE that reads it."""

    class Status(models.TextChoices):
        SENT = "sent", _("sent")
        RETURNED = "returned", _("returned")
        VERIFIED = "verified", _("verified")
        DECLINED = "declined", _("declined")
        REFUSED = "refused", _("refused")
        EXPIRED = "expired", _("expired")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.ForeignKey(IdentityProvider, on_delete=models.PROTECT, related_name="proofings")
    correlation_id = models.CharField(max_length=64, db_index=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.SENT)
    redirect_uri = models.CharField(max_length=500)
    state_digest = models.CharField(max_length=64, unique=True)
    nonce = models.CharField(max_length=64, unique=True)
    code_verifier_sealed = models.BinaryField(null=True)
    authorization_url = models.TextField()
    high_assurance = models.BooleanField(default=False)  # asked for, and required of the answer
    proofing_reference = models.CharField(max_length=128, blank=True)
    reason_code = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("proofing request")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["provider", "-created_at"], name="verifier_proofings_lately")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["sent", "returned", "verified", "declined", "refused", "expired"]),
                name="verifier_proofing_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(status="sent") | models.Q(code_verifier_sealed__isnull=True),
                name="verifier_proofing_verifier_burned",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.status} {self.created_at:%Y-%m-%d %H:%M}"


class SpentResult(models.Model):
    """The ``jti`` of a signed result that was accepted; the unique constraint refuses it the second time."""

    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE)
    jti_digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "jti_digest"], name="verifier_result_used_once")]

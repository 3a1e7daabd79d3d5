"""Contracts that operators wrote, offers that programs made under them, and what came of those."""

import json
import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from idv.protocol import dcql
from recovery_portal.kit import vault
from recovery_portal.kit.keystore import AbstractSigningKey

from . import contracts, policy


class IssuerKey(AbstractSigningKey):
    """The key that credentials of the organisation are signed with."""

    use = models.CharField(max_length=8, default="sig", editable=False)

    class Meta(AbstractSigningKey.Meta):
        verbose_name = _("issuer key")
        constraints = (
            models.UniqueConstraint(fields=["use"], condition=Q(retired_at__isnull=True), name="issuer_one_active_key"),
        )


class Contract(models.Model):
    """One type of credential that programs may have issued: its claims, how long it is good for, its form."""

    class Format(models.TextChoices):
        SD_JWT = dcql.FORMAT, _("SD-JWT VC: claims are disclosed one by one")
        JWT_VC = dcql.JWT_FORMAT, _("W3C credential as a JWT: shown whole")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120, unique=True)
    type_name = models.CharField(
        _("credential type"), max_length=60, unique=True, help_text=_("Such as VerifiedEmployee. It cannot be changed.")
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    format = models.CharField(_("form"), max_length=16, choices=Format, default=Format.SD_JWT)
    claims = models.JSONField(
        _("claims"), help_text=_("A JSON list of objects with input, output, label and required.")
    )
    validity_days = models.PositiveSmallIntegerField(
        _("valid for days"),
        default=180,
        validators=[MinValueValidator(1), MaxValueValidator(policy.VALIDITY_DAYS_MAX)],
    )
    allow_expiration_override = models.BooleanField(
        _("programs may set the end"), default=False, help_text=_("allowOverrideValidityIntervalOnIssuance")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("credential contract")
        verbose_name_plural = _("credential contracts")
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                condition=~Q(type_name__iexact="VerifiedIdentity"), name="issuer_no_contract_for_identities"
            ),
            models.CheckConstraint(
                condition=Q(validity_days__gte=1, validity_days__lte=policy.VALIDITY_DAYS_MAX),
                name="issuer_contract_validity",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raises ValidationError for what no credential could say."""
        wrong = {
            "type_name": contracts.complaint_about_type(self.type_name),
            "claims": contracts.complaint_about_claims(self.claims),
        }
        if told := {name: ValidationError(text, code="contract_invalid") for name, text in wrong.items() if text}:
            raise ValidationError(told)

    @property
    def vct(self) -> str:
        return f"{settings.PORTAL_BASE_URL}/verified-id/types/{self.type_name}"

    @property
    def claim_names(self) -> list[str]:
        return [claim["output"] for claim in self.claims]

    @property
    def required_names(self) -> list[str]:
        return [claim["output"] for claim in self.claims if claim["required"]]


class Offer(models.Model):
    """A pre-authorized offer (OpenID4VCI 1.0 section 4): one code, at most one PIN, one use.

    ``correlation_id`` is the caller's name for it. Secrets and claims lie sealed until the credential is issued.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    contract = models.ForeignKey(Contract, models.CASCADE, related_name="offers")
    correlation_id = models.CharField(max_length=64, db_index=True)
    reference_digest = models.CharField(max_length=64, unique=True)
    code_digest = models.CharField(max_length=64, unique=True)
    secrets_sealed = models.BinaryField(null=True)
    claims_sealed = models.BinaryField(null=True)
    pin_digits = models.PositiveSmallIntegerField(null=True)
    wrong_pins = models.PositiveSmallIntegerField(default=0)
    credential_expires_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    redeemed_at = models.DateTimeField(null=True)
    locked_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    issued_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(issued_at__isnull=True) | Q(secrets_sealed__isnull=True, claims_sealed__isnull=True),
                name="issuer_issued_offer_is_empty",
            ),
        )

    def seal(self, members: dict[str, Any], *, purpose: str) -> bytes:
        return vault.seal(json.dumps(members).encode(), purpose=f"issuer-{purpose}", derived_from=self.id.bytes)

    def open(self, sealed: bytes | memoryview | None, *, purpose: str) -> dict[str, Any]:
        """Raises VaultError, also when it was erased since."""
        if sealed is None:
            raise vault.VaultError("forgotten", f"{purpose} of offer {self.pk} was erased")
        members: dict[str, Any] = json.loads(
            vault.open(bytes(sealed), purpose=f"issuer-{purpose}", derived_from=self.id.bytes)
        )
        return members


class AccessToken(models.Model):
    """A bearer token for one offer's credential."""

    offer = models.OneToOneField(Offer, models.CASCADE, related_name="access_token")
    token_digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)


class IssuanceNonce(models.Model):
    """A ``c_nonce`` that somebody asked for (OpenID4VCI 1.0 section 7); deleted when it is used."""

    nonce_digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)


class IssuedCredential(models.Model):
    """That a credential exists, and whether it still counts. Nothing of what it says."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="credentials", verbose_name=_("contract"))
    offer = models.OneToOneField(Offer, models.SET_NULL, null=True, related_name="credential")
    correlation_id = models.CharField(_("request id"), max_length=64, db_index=True)
    status_list = models.PositiveIntegerField()
    status_index = models.PositiveIntegerField()
    notification_digest = models.CharField(max_length=64, db_index=True)
    issued_at = models.DateTimeField(_("issued at"))
    expires_at = models.DateTimeField(_("expires at"))
    revoked_at = models.DateTimeField(_("revoked at"), null=True)

    class Meta:
        verbose_name = _("credential of the organisation")
        verbose_name_plural = _("credentials of the organisation")
        ordering = ("-issued_at", "-id")
        default_permissions = ("view",)
        permissions = (("revoke_issuedcredential", _("Can revoke credentials of the organisation")),)
        indexes = (models.Index(fields=["-issued_at", "-id"], name="issuer_credential_issued_at"),)
        constraints = (
            models.UniqueConstraint(fields=["status_list", "status_index"], name="issuer_status_index_once"),
        )

    def __str__(self) -> str:
        return f"{self.contract_id} {self.correlation_id}"

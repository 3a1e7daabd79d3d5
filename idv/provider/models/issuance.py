"""From the offer to the credential and its status."""

import json
import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from recovery_portal.kit import vault

from .parties import WalletClient
from .proofing import ProofingSession


class CredentialOffer(models.Model):
    """A pre-authorized offer (OpenID4VCI 1.0 section 4): one code, one transaction code, one use.

    Code, offer address and transaction code are sealed as well as digested, because the page that shows them may be
    reloaded; ``claims_sealed`` is set for test offers, which have no proofing behind them. A test offer may also be
    answered late (``ready_after_s``, in seconds) or, late, not at all (``is_denied``).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    proofing = models.ForeignKey(
        ProofingSession, null=True, blank=True, on_delete=models.CASCADE, related_name="offers"
    )
    reference_digest = models.CharField(max_length=64, unique=True)
    code_digest = models.CharField(max_length=64, unique=True)
    secrets_sealed = models.BinaryField(null=True, blank=True)
    claims_sealed = models.BinaryField(null=True, blank=True)
    configuration_id = models.CharField(max_length=60, default="VerifiedIdentity")
    ready_after_s = models.PositiveIntegerField(null=True, blank=True)
    is_denied = models.BooleanField(default=False)
    wrong_tx_codes = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    locked_at = models.DateTimeField(null=True, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)
    redeemed_at = models.DateTimeField(null=True, blank=True)
    issued_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["proofing"],
                condition=Q(superseded_at__isnull=True, redeemed_at__isnull=True),
                name="provider_one_open_offer_per_proofing",
            )
        ]

    def seal(self, members: dict[str, Any], *, purpose: str) -> bytes:
        return vault.seal(json.dumps(members).encode(), purpose=f"offer-{purpose}", derived_from=self.id.bytes)

    def open(self, sealed: bytes | memoryview, *, purpose: str) -> dict[str, Any]:
        """Raises VaultError."""
        members: dict[str, Any] = json.loads(
            vault.open(bytes(sealed), purpose=f"offer-{purpose}", derived_from=self.id.bytes)
        )
        return members


class AccessToken(models.Model):
    """A token for one offer's credential: for its bearer, or for the holder of the key ``dpop_jkt`` (RFC 9449).

    ``client_id`` is empty in the anonymous pre-authorized flow. ``identifiers`` names what the wallet asked for by
    ``authorization_details``; then only these names count (OpenID4VCI 1.0 section 8.2).
    """

    offer = models.OneToOneField(CredentialOffer, on_delete=models.CASCADE, related_name="access_token")
    token_digest = models.CharField(max_length=64, unique=True)
    dpop_jkt = models.CharField(max_length=43, blank=True)
    client_id = models.CharField(max_length=255, blank=True)
    identifiers = models.JSONField(default=list)
    expires_at = models.DateTimeField(db_index=True)


class WalletAuthorization(models.Model):
    """What a wallet pushed (RFC 9126), and the code that the person's consent turned it into."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(WalletClient, on_delete=models.CASCADE, related_name="authorizations")
    reference_digest = models.CharField(max_length=64, unique=True)
    redirect_uri = models.CharField(max_length=500)
    client_state = models.CharField(max_length=2048, blank=True)
    code_challenge = models.CharField(max_length=43)
    dpop_jkt = models.CharField(max_length=43, blank=True)
    # The key of the attested instance that pushed it: no other instance may redeem its code.
    instance_jkt = models.CharField(max_length=43, blank=True, default="")
    configuration_id = models.CharField(max_length=60)
    wants_identifiers = models.BooleanField(default=False)
    issuer_state_digest = models.CharField(max_length=64, blank=True)
    pushed_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    offer = models.ForeignKey(
        CredentialOffer, null=True, blank=True, on_delete=models.CASCADE, related_name="authorizations"
    )
    code_digest = models.CharField(max_length=64, unique=True, null=True, blank=True)
    code_expires_at = models.DateTimeField(null=True, blank=True)
    code_used_at = models.DateTimeField(null=True, blank=True)


class DeferredIssuance(models.Model):
    """A credential that was asked for and is not decided yet (OpenID4VCI 1.0 section 9)."""

    offer = models.OneToOneField(CredentialOffer, on_delete=models.CASCADE, related_name="deferral")
    transaction_digest = models.CharField(max_length=64, unique=True)
    holder_jwks = models.JSONField()
    ready_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)


class IssuanceNonce(models.Model):
    """A ``c_nonce`` that somebody asked for (OpenID4VCI 1.0 section 7); deleted when it is used."""

    nonce_digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)


class StatusListRecord(models.Model):
    """One published status list. The newest that is not full takes new credentials."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField()


class IssuedCredential(models.Model):
    """That a credential exists, and whether it still counts. Nothing of what it says."""

    class Status(models.IntegerChoices):
        VALID = 0, _("valid")
        INVALID = 1, _("revoked")
        SUSPENDED = 2, _("suspended")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    offer = models.ForeignKey(CredentialOffer, null=True, on_delete=models.SET_NULL, related_name="credentials")
    proofing_reference = models.CharField(_("reference of the verification"), max_length=64, db_index=True)
    status_list = models.ForeignKey(StatusListRecord, on_delete=models.PROTECT, related_name="credentials")
    status_index = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(_("status"), choices=Status, default=Status.VALID)
    status_reason = models.CharField(_("why"), max_length=200, blank=True)
    status_changed_at = models.DateTimeField(_("since"), null=True, blank=True)
    notification_digest = models.CharField(max_length=64, db_index=True)
    notification_event = models.CharField(_("the wallet said"), max_length=30, blank=True)
    issued_at = models.DateTimeField(_("issued at"))
    expires_at = models.DateTimeField(_("expires at"))

    class Meta:
        verbose_name = _("issued credential")
        ordering = ["-issued_at", "-id"]
        indexes = [models.Index(fields=["-issued_at", "-id"], name="provider_credential_issued_at")]
        constraints = [
            models.UniqueConstraint(fields=["status_list", "status_index"], name="provider_status_index_once"),
            models.CheckConstraint(condition=Q(status__in=[0, 1, 2]), name="provider_status_known"),
        ]

    def __str__(self) -> str:
        return f"{self.proofing_reference} #{self.status_index}"

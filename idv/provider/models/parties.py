"""Who talks to the provider, with which keys, and what they asked for."""

import uuid

from django.db import models
from django.db.models import Q

from recovery_portal.kit.keystore import AbstractSigningKey


class RelyingParty(models.Model):
    """A portal that may send people here. Registered by an operator, never by itself."""

    client_id = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=100)
    redirect_uris = models.JSONField(default=list)
    jwks_uri = models.URLField(max_length=500, blank=True)
    jwks = models.JSONField(null=True, blank=True)
    enabled = models.BooleanField(default=True)
    high_assurance = models.BooleanField(default=False)  # for all of its people, whatever a request asks for
    manual_review = models.BooleanField(default=False)  # border cases wait for an operator instead of being declined
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "relying parties"
        constraints = [
            models.CheckConstraint(
                condition=Q(jwks__isnull=False) | ~Q(jwks_uri=""), name="provider_relying_party_has_keys"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ProviderKey(AbstractSigningKey):
    """The provider's own keys. A key signs one kind of thing only, so that one signature cannot pass for another."""

    class Use(models.TextChoices):
        ROOT = "root", "development CA"
        CREDENTIAL = "credential", "credentials and status lists"
        RESULT = "result", "proofing results"
        ENCRYPTION = "encryption", "requests that wallets encrypt"

    use = models.CharField(max_length=10, choices=Use)

    class Meta(AbstractSigningKey.Meta):
        constraints = [
            # Two processes that start together cannot end with two active keys of one use.
            models.UniqueConstraint(
                fields=["use"], condition=Q(retired_at__isnull=True), name="provider_key_one_active_per_use"
            )
        ]

    def __str__(self) -> str:
        return f"{self.use} {self.kid}"


class WalletAttester(models.Model):
    """A maker of wallets whose word for them is believed: by its JWK set, by certificates under an authority, or both.

    Registered by an operator; without any, attestations are neither asked for nor looked at.
    """

    issuer = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=100)
    jwks = models.JSONField(null=True, blank=True)
    authorities = models.TextField(blank=True, help_text="PEM certificates")
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(jwks__isnull=False) | ~Q(authorities=""), name="provider_wallet_attester_has_keys"
            )
        ]

    def __str__(self) -> str:
        return self.name


class WalletClient(models.Model):
    """A wallet that may use the authorization code flow. Registered by an operator: its redirects must be its own.

    A public client (RFC 6749 section 2.1): PKCE, DPoP and the registered redirect tie the code to it; with an
    ``attester`` every instance of it must bring that one's attestation. The pre-authorized flow needs no registration.
    """

    client_id = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=100)
    redirect_uris = models.JSONField(default=list)
    attester = models.ForeignKey(
        WalletAttester, null=True, blank=True, on_delete=models.PROTECT, related_name="wallets"
    )
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class PushedRequest(models.Model):
    """What a relying party pushed (RFC 9126); a browser may bring its ``request_uri`` once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    relying_party = models.ForeignKey(RelyingParty, on_delete=models.CASCADE, related_name="pushed_requests")
    reference_digest = models.CharField(max_length=64, unique=True)
    redirect_uri = models.CharField(max_length=500)
    client_state = models.CharField(max_length=2048)
    client_nonce = models.CharField(max_length=2048)
    code_challenge = models.CharField(max_length=128)
    high_assurance = models.BooleanField(default=False)
    pushed_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)


class SeenAssertion(models.Model):
    """A ``jti`` of a request object or client assertion that was used; kept until it would be stale anyway."""

    issuer = models.CharField(max_length=300)
    jti_digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "jti_digest"], name="provider_jti_once")]

"""What we asked a wallet to present, and what came back."""

import uuid
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from recovery_portal.kit import vault
from recovery_portal.kit.machine import IllegalTransition

from ..machine import REQUESTS, RequestEvent, RequestStatus
from ..own import OwnCredential
from .provider import IdentityProvider, VerifierKey

WAITING = [RequestStatus.OPEN.value, RequestStatus.ANSWERED.value]


class PresentationRequest(models.Model):
    """One OpenID4VP request. What must stay secret lies sealed under ``seal_key``, which dies with the request."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Whose credential is asked for: a provider's, or of a type that the organisation issues itself.
    provider = models.ForeignKey(IdentityProvider, on_delete=models.PROTECT, null=True, related_name="presentations")
    own_vct = models.CharField(max_length=255, blank=True)
    own_claims = models.JSONField(default=list)
    own_required = models.JSONField(default=list)
    own_portrait = models.CharField(max_length=60, blank=True)
    signing_key = models.ForeignKey(VerifierKey, on_delete=models.PROTECT, related_name="+")
    correlation_id = models.CharField(max_length=64, blank=True, db_index=True)
    proofing_reference = models.CharField(max_length=128, blank=True)
    purpose = models.CharField(max_length=300)
    account_hint = models.CharField(max_length=200, blank=True)
    same_device = models.BooleanField()
    return_path = models.CharField(max_length=200, blank=True)
    # Masked and shortened like everything the consent page shows: "Firefox on Windows", never an address.
    asked_from = models.CharField(max_length=64, blank=True)
    response_mode = models.CharField(max_length=16, default="direct_post.jwt")
    credential_format = models.CharField(max_length=16, default="dc+sd-jwt")
    # True: part of every request object, so that wallets that do not know its type refuse. False: only for wallets
    # that say they understand it.
    demands_transaction_data = models.BooleanField(default=False)
    # Names of claims asked for beyond those that every recovery needs (claims.FURTHER).
    further_claims = models.JSONField(default=list)
    allows_revoked = models.BooleanField(default=False)
    wants_receipt = models.BooleanField(default=False)
    status = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in RequestStatus], default=RequestStatus.OPEN.value
    )
    reason_code = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    reference_digest = models.CharField(max_length=64, unique=True)
    client_id = models.CharField(max_length=300)
    authorization_request_uri = models.TextField()
    wallet_link = models.TextField()
    seal_key = models.BinaryField(null=True)
    secrets_sealed = models.BinaryField(null=True)
    encryption_key_digest = models.CharField(max_length=64, unique=True)
    response_code_digest = models.CharField(max_length=64, null=True, unique=True)
    claims_sealed = models.BinaryField(null=True)
    credential_issuer = models.CharField(max_length=255, blank=True)
    credential_vct = models.CharField(max_length=255, blank=True)
    credential_issued_at = models.DateTimeField(null=True)
    credential_expires_at = models.DateTimeField(null=True)
    credential_status = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    answered_at = models.DateTimeField(null=True)
    collected_at = models.DateTimeField(null=True)
    forgotten_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("presentation request")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(provider__isnull=False, own_vct="")
                | (models.Q(provider__isnull=True) & ~models.Q(own_vct="")),
                name="verifier_one_issuer_asked",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=[s.value for s in RequestStatus]),
                name="verifier_request_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(response_mode__in=["direct_post", "direct_post.jwt"]),
                name="verifier_response_mode_known",
            ),
            models.CheckConstraint(
                condition=models.Q(credential_format__in=["dc+sd-jwt", "jwt_vc_json", "any"]),
                name="verifier_credential_format_known",
            ),
            models.UniqueConstraint(
                fields=["correlation_id"],
                condition=models.Q(status__in=WAITING) & ~models.Q(correlation_id=""),
                name="verifier_one_waiting_request",
            ),
            models.CheckConstraint(
                condition=models.Q(claims_sealed__isnull=True)
                | models.Q(status__in=[RequestStatus.ANSWERED.value, RequestStatus.COLLECTED.value]),
                name="verifier_claims_only_when_answered",
            ),
            models.CheckConstraint(
                condition=models.Q(secrets_sealed__isnull=True) | models.Q(status=RequestStatus.OPEN.value),
                name="verifier_secrets_only_while_open",
            ),
            models.CheckConstraint(
                condition=models.Q(forgotten_at__isnull=True)
                | models.Q(seal_key__isnull=True, secrets_sealed__isnull=True, claims_sealed__isnull=True),
                name="verifier_forgotten_is_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def asked_of(self) -> IdentityProvider | OwnCredential:
        """Whose credential it is about."""
        if self.provider is not None:
            return self.provider
        return OwnCredential(
            vct=self.own_vct,
            claims=tuple(self.own_claims),
            required=tuple(self.own_required),
            portrait=self.own_portrait,
        )

    def seal(self, data: bytes, *, purpose: str) -> bytes:
        """``data`` under this request's own key. Raises VaultError when the request was forgotten."""
        return vault.seal(data, purpose=f"verifier.{purpose}:{self.pk}", derived_from=self._key())

    def open(self, sealed: bytes | memoryview | None, *, purpose: str) -> bytes:
        """What ``seal`` put away. Raises VaultError, also when it was erased since."""
        if sealed is None:
            raise vault.VaultError("forgotten", f"{purpose} of request {self.pk} was erased")
        return vault.open(sealed, purpose=f"verifier.{purpose}:{self.pk}", derived_from=self._key())

    def _key(self) -> bytes:
        if self.seal_key is None:
            raise vault.VaultError("forgotten", f"request {self.pk} was forgotten")
        return bytes(self.seal_key)

    def apply(self, event: RequestEvent, *, at: datetime, **fields: Any) -> None:
        """Move by the table, as a compare-and-set that writes ``fields`` too. Raises IllegalTransition when it lost.

        Leaving ``open`` destroys the nonce, state and decryption key in the same UPDATE.
        """
        source = RequestStatus(self.status)
        target = REQUESTS.next_state(source, event)
        fields["status"] = target.value
        if source is RequestStatus.OPEN:
            fields["secrets_sealed"] = None
        if target not in {RequestStatus.ANSWERED, RequestStatus.COLLECTED}:
            fields |= {"claims_sealed": None, "seal_key": None, "forgotten_at": at}
        if not PresentationRequest.objects.filter(pk=self.pk, status=source.value).update(**fields):
            raise IllegalTransition("request_moved", f"{self.pk} left {source} before {event}")
        for name, value in fields.items():
            setattr(self, name, value)

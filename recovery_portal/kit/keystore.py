"""A house's private keys at rest: one abstract row, sealed; the rooms turn PEM into keys."""

from django.db import models

from . import vault


class AbstractSigningKey(models.Model):
    """One private key with its certificate chain. A retired key still verifies; the newest active one signs."""

    kid = models.CharField(max_length=86, unique=True)
    private_key_sealed = models.BinaryField()
    certificate_chain = models.JSONField(default=list)  # PEM texts, leaf first
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["-created_at"]

    def seal_private_key(self, pem: bytes) -> None:
        self.private_key_sealed = vault.seal(pem, purpose=f"signing-key:{self._meta.label_lower}")

    def open_private_key(self) -> bytes:
        return vault.open(self.private_key_sealed, purpose=f"signing-key:{self._meta.label_lower}")

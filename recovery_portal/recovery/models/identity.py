"""What the organisation knows of a person beyond the directory's own fields, where a profile compares it."""

from datetime import date

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from recovery_portal.kit import tokens, vault

from ..bindings import document_number_form

_PURPOSE = "recovery.document-number"


class IdentityRecord(models.Model):
    """Date of birth and document number of one person. The number is kept as a keyed digest: it can be compared with
    one that is presented, and not be read."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="identity_record", verbose_name=_("user")
    )
    date_of_birth = models.DateField(_("date of birth"), null=True, blank=True)
    document_number_mac = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name = _("identity record")
        verbose_name_plural = _("identity records")
        ordering = ["user__user_principal_name"]

    def __str__(self) -> str:
        return str(self.user)

    def set_document_number(self, number: str) -> None:
        """An empty one takes it away."""
        self.document_number_mac = document_number_mac(number)

    def is_document_number(self, number: str) -> bool:
        mac = document_number_mac(number)
        return bool(mac) and tokens.same(mac, self.document_number_mac)

    def is_date_of_birth(self, value: date | None) -> bool:
        return value is not None and value == self.date_of_birth


def document_number_mac(number: str) -> str:
    """The keyed digest of a number as it is compared; empty for one without any letter or digit."""
    form = document_number_form(number)
    return vault.mac(form.encode(), purpose=_PURPOSE) if form else ""

"""Phone numbers and a mail address on file beside the directory's own, as the original lists them among the methods.

Nobody signs in with them here, and nothing is sent to a phone: the mail address hears of every change of the account
(SP 800-63B-4 §4.6), the numbers are for the help desk to call back.
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ContactMethod(models.Model):
    """One of each kind at most."""

    class Kind(models.TextChoices):
        MOBILE = "mobile", _("Mobile phone")
        ALTERNATE_MOBILE = "alternateMobile", _("Alternate mobile phone")
        OFFICE = "office", _("Office phone")
        EMAIL = "email", _("Mail address")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="contact_methods")
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    value = models.CharField(_("number or address"), max_length=254)
    created_at = models.DateTimeField(_("added"))

    class Meta:
        verbose_name = _("contact method")
        verbose_name_plural = _("contact methods")
        ordering = ("kind",)
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=["user", "kind"], name="accounts_one_contact_of_a_kind"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["mobile", "alternateMobile", "office", "email"]),
                name="accounts_contact_kind",
            ),
            models.CheckConstraint(condition=~models.Q(value=""), name="accounts_contact_is_something"),
        )

    def __str__(self) -> str:
        return self.kind

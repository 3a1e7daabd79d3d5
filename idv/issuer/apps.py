from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IssuerConfig(AppConfig):
    """The organisation as an issuer of credentials of its own, beside and apart from the identity it verifies."""

    name = "idv.issuer"
    label = "issuer"
    verbose_name = _("Credentials of the organisation")
    default_auto_field = "django.db.models.BigAutoField"

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VerifierConfig(AppConfig):
    """The relying party's side of identity verification: provider client, presentation requests, Face Check."""

    name = "idv.verifier"
    label = "verifier"
    verbose_name = _("Identity verification")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks  # noqa: F401 - registers the system check

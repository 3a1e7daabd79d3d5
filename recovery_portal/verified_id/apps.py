from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VerifiedIdConfig(AppConfig):
    name = "recovery_portal.verified_id"
    label = "verified_id"
    verbose_name = _("Verified ID requests")

    def ready(self) -> None:
        from recovery_portal.verified_id import receivers  # noqa: F401 - connecting is the import's purpose

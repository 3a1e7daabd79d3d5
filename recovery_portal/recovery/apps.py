from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecoveryConfig(AppConfig):
    name = "recovery_portal.recovery"
    label = "recovery"
    verbose_name = _("Account recovery")

    def ready(self) -> None:
        from recovery_portal.recovery import checks, receivers  # noqa: F401 - connecting is the import's purpose

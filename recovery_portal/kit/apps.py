from django.apps import AppConfig


class KitConfig(AppConfig):
    name = "recovery_portal.kit"
    label = "kit"

    def ready(self) -> None:
        from recovery_portal.kit import checks  # noqa: F401  registering is the import's purpose

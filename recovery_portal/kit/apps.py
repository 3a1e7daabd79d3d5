from django.apps import AppConfig


class KitConfig(AppConfig):
    name = "recovery_portal.kit"
    label = "kit"

    def ready(self) -> None:
        from django_structlog.signals import bind_extra_request_metadata

        from recovery_portal.kit import checks, logs  # noqa: F401  registering is the import's purpose

        bind_extra_request_metadata.connect(logs.bind_address)

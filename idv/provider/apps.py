from django.apps import AppConfig


class ProviderConfig(AppConfig):
    """The identity verification provider: its own process, database, keys and brand."""

    name = "idv.provider"
    label = "provider"
    default_auto_field = "django.db.models.BigAutoField"

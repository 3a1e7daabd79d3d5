from django.apps import AppConfig


class EmulationConfig(AppConfig):
    """The control room of an emulation. It keeps nothing in the database: what it knows dies with the cache."""

    name = "recovery_portal.emulation"
    label = "emulation"

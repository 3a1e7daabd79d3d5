from django.apps import AppConfig


class KitConfig(AppConfig):
    name = "recovery_portal.kit"
    label = "kit"

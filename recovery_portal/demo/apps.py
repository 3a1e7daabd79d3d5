from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "recovery_portal.demo"
    label = "demo"

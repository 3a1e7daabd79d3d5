from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TapConfig(AppConfig):
    name = "tap"
    label = "tap"
    verbose_name = _("Temporary Access Pass")

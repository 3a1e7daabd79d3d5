from django.apps import AppConfig


class WalletConfig(AppConfig):
    name = "idv.wallet"
    label = "wallet"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Wallet"

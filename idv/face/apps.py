from django.apps import AppConfig


class FaceConfig(AppConfig):
    """An app only for its checks and commands: it keeps nothing."""

    name = "idv.face"
    label = "face"

    def ready(self) -> None:
        from idv.face import checks  # noqa: F401  registering is the import's purpose

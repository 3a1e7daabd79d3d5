"""What a flow refuses, told with where in the document it stood."""

from recovery_portal.kit.errors import DomainError

from .document import ConfigRefused


class refused_at:
    """What a flow refuses is told with where in the document it stood."""

    def __init__(self, where: str) -> None:
        self.where = where

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DomainError) and not isinstance(error, ConfigRefused):
            raise ConfigRefused("invalid", f"{self.where}: {error.reason or error.code}") from error

"""What every room raises when nothing happened."""


class DomainError(Exception):
    """A refusal with a stable ``code`` (for machines and logs) and a ``reason`` (for operators, never for visitors)."""

    def __init__(self, code: str, reason: str = "") -> None:
        super().__init__(f"{code}: {reason}" if reason else code)
        self.code = code
        self.reason = reason

"""Who is calling: a program by itself, or a program for a person who signed in."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Caller:
    """``permissions`` already includes what each permission includes. ``user`` is None for a program by itself."""

    app_id: UUID
    app_name: str
    permissions: frozenset[str]
    user: Any  # the directory stands above the shell, so that its model cannot be named here

    # What DRF asks of whoever stands in `request.user`.
    is_authenticated = True

    @property
    def application(self) -> str:
        """The program's name for the audit, where no person stands behind the call."""
        return "" if self.user is not None else f"{self.app_name} ({self.app_id})"

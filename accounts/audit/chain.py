"""What makes a changed or missing audit row show: a keyed digest of each row, and a chain through all of them (pure).

The key is derived from ``VAULT_KEY``: who can write to the database but not read the key can make neither.
"""

import json
from datetime import UTC, datetime
from typing import Any, Protocol

from recovery_portal.kit import vault

_PURPOSE = "accounts:audit"
_FIELDS = ("activity", "result", "reason", "service", "category", "correlation_id", "target_name", "initiated_by_name")


class Row(Protocol):
    """An audit event, of today's model or of a migration's."""

    id: Any
    at: datetime
    target_id: Any
    initiated_by_id: Any
    details: Any


def mac_of(row: Row) -> str:
    """The digest of everything a row says."""
    told = {name: getattr(row, name) for name in _FIELDS}
    told |= {
        "id": str(row.id),
        "at": row.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "target": str(row.target_id or ""),
        "initiated_by": str(row.initiated_by_id or ""),
        "details": row.details,
    }
    text = json.dumps(told, sort_keys=True, separators=(",", ":"))
    return vault.mac(text.encode(), purpose=_PURPOSE)


def link_of(before: str, mac: str, sequence: int) -> str:
    """The link of row ``sequence``: it stands for this row and for every one before it."""
    return vault.mac(f"{sequence}|{before}|{mac}".encode(), purpose=_PURPOSE)

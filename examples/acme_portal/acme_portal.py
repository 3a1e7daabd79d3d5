"""The whole of Acme's portal: a word of welcome that knows whether the account was recovered lately.

It hears of recoveries by reading the audit, as any program with `AuditLog.Read.All` may.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

RECOVERED = "User completed account recovery"
FAILED = {
    "User account not matched or validated",
    "User failed face check comparison",
    "User failed document validation",
}


class AuditEntry(Protocol):
    """What Acme reads of an audit row."""

    at: str
    activity: str
    target: str


@dataclass(frozen=True)
class Welcome:
    text: str
    is_urgent: bool = False


def welcome(account: str, audit: Iterable[AuditEntry], *, now: datetime) -> Welcome:
    """What somebody reads who has just signed in."""
    lately = [row for row in audit if now - datetime.fromisoformat(row.at) < timedelta(days=1)]
    if any(row.activity == RECOVERED for row in lately):
        return Welcome(
            f"Welcome back, {account}. Your account was recovered today: please look through your devices.", True
        )
    if any(row.activity in FAILED for row in lately):
        return Welcome(f"Welcome, {account}. Somebody tried to recover your account today.", True)
    return Welcome(f"Welcome, {account}.")

"""The whole document, out and in. In: all of it or nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.audit import flows as audit
from accounts.operators import Operator

from .changes import Change
from .document import VERSION, ConfigRefused, require_known
from .sections import SECTIONS


def export() -> dict[str, Any]:
    """Everything that is set up, without a secret."""
    return {"version": VERSION, **{section.name: section.tell() for section in SECTIONS}}


def apply(data: Mapping[str, Any], *, by: Operator, at: datetime, dry_run: bool = False) -> list[Change]:
    """Bring the document in and say what differed. What it does not mention stays; nothing is deleted.

    A dry run does the same and undoes it, so that it finds what the real one would refuse. Raises ConfigRefused.
    """
    require_known(data, ("version", *(section.name for section in SECTIONS)), "the document")
    if data.get("version") != VERSION:
        raise ConfigRefused("invalid", f"version is not {VERSION}")
    with transaction.atomic():
        changes = [
            change
            for section in SECTIONS
            if section.name in data
            for change in section.apply(data[section.name], by=by, at=at)
        ]
        if dry_run:
            transaction.set_rollback(True)
        elif changes:
            audit.record(
                activity="Configuration imported",
                at=at,
                initiated_by=by.user,
                application=by.application,
                details={"changes": str(len(changes))},
                category="Policy",
            )
    return changes

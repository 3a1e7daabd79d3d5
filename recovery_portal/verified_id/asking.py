"""Which claims a request is about, and whether a credential satisfies its constraints (pure; facts 5.1)."""

from collections.abc import Mapping, Sequence
from typing import Any


def first_failed(constraints: Sequence[Mapping[str, Any]], claims: Mapping[str, str]) -> str:
    """The claim of the first constraint that does not hold, or nothing. All must hold; case does not count."""
    for constraint in constraints:
        name = str(constraint["claimName"])
        value = claims.get(name, "").casefold()
        if "values" in constraint:
            holds = value in {str(wanted).casefold() for wanted in constraint["values"]}
        elif "startsWith" in constraint:
            holds = value.startswith(str(constraint["startsWith"]).casefold())
        else:
            holds = str(constraint["contains"]).casefold() in value
        if not value or not holds:
            return name
    return ""

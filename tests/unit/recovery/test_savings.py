"""The estimate against the original's own example, and at its edges."""

from decimal import Decimal
from typing import Any

import pytest

from recovery_portal.recovery.savings import Assumptions, estimate

EXAMPLE: dict[str, Any] = {
    "users": 112,
    "monthly_percent": Decimal(3),
    "help_desk_cost": Decimal(60),
    "help_desk_minutes": Decimal(60),
    "self_service_cost": Decimal(2),
    "self_service_minutes": Decimal(5),
}


def test_the_example_of_the_original() -> None:
    found = estimate(Assumptions(**EXAMPLE))
    assert (found.recoveries, found.saving, found.hours) == (Decimal("3.36"), Decimal("194.88"), Decimal("3.1"))
    assert found.help_desk_cost - found.self_service_cost == found.saving


@pytest.mark.parametrize(
    ("changes", "saving", "hours"),
    [
        ({"users": 0}, "0.00", "0.0"),
        ({"monthly_percent": Decimal(0)}, "0.00", "0.0"),
        ({"self_service_cost": Decimal(100)}, "-134.40", "3.1"),
        ({"users": 100_000_000, "monthly_percent": Decimal(100)}, "5800000000.00", "91666666.7"),
    ],
)
def test_the_edges(changes: dict[str, Any], saving: str, hours: str) -> None:
    found = estimate(Assumptions(**(EXAMPLE | changes)))
    assert (found.saving, found.hours) == (Decimal(saving), Decimal(hours))

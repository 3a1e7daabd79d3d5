"""What self-service saves against the help desk: the original's estimate (facts 1.13), to the cent."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

_CENT, _TENTH = Decimal("0.01"), Decimal("0.1")


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """``monthly_percent`` of all users lose everything each month. Costs are for one recovery, minutes lost in one."""

    users: int
    monthly_percent: Decimal
    help_desk_cost: Decimal
    help_desk_minutes: Decimal
    self_service_cost: Decimal
    self_service_minutes: Decimal


@dataclass(frozen=True)
class Estimate:
    """For one month. Negative where self-service costs more."""

    recoveries: Decimal
    help_desk_cost: Decimal
    self_service_cost: Decimal
    help_desk_hours: Decimal
    self_service_hours: Decimal
    saving: Decimal
    hours: Decimal


def estimate(given: Assumptions) -> Estimate:
    """n recoveries, each at the difference of cost and of minutes."""
    n = given.users * given.monthly_percent / 100
    by_desk, by_self = n * given.help_desk_cost, n * given.self_service_cost
    desk_hours, self_hours = n * given.help_desk_minutes / 60, n * given.self_service_minutes / 60
    return Estimate(
        n.quantize(_CENT, ROUND_HALF_UP),
        by_desk.quantize(_CENT, ROUND_HALF_UP),
        by_self.quantize(_CENT, ROUND_HALF_UP),
        desk_hours.quantize(_TENTH, ROUND_HALF_UP),
        self_hours.quantize(_TENTH, ROUND_HALF_UP),
        (by_desk - by_self).quantize(_CENT, ROUND_HALF_UP),
        (desk_hours - self_hours).quantize(_TENTH, ROUND_HALF_UP),
    )

"""A meter's own log of what was used (R17)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from .common import Direction, EnergyUnit, Fuel


@dataclass(frozen=True, slots=True)
class Interval:
    """What was used in one period.

    Attributes:
        start: its start.
        end: its end.
        amount: in the unit of the profile; None where the meter has no value.
    """

    start: datetime
    end: datetime
    amount: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumptionProfile:
    """A stretch of a meter's own log (R17).

    Attributes:
        fuel: of which meter.
        direction: what came in, or went out.
        unit: the unit of every amount.
        intervals: oldest first, without overlap.
        more_available: the meter holds more than one answer carried.
    """

    fuel: Fuel
    direction: Direction
    unit: EnergyUnit
    intervals: tuple[Interval, ...]
    more_available: bool = False

"""Readings arrive in parts: a link reads some fields in every cycle, the others in turn."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, Final

from .cad.models import ElectricityReading, Fuel, GasReading, Reading

READINGS: Final[Mapping[Fuel, type[Reading]]] = {
    Fuel.ELECTRICITY: ElectricityReading,
    Fuel.GAS: GasReading,
}
FIELDS: Final[Mapping[Fuel, tuple[str, ...]]] = {
    fuel: tuple(
        item.name
        for item in fields(model)
        if item.name not in ("received_at", "metered_at")
    )
    for fuel, model in READINGS.items()
}
"""What a reading may say, beside when."""

_EVERY_CYCLE: Final = frozenset({"import_kwh", "export_kwh", "power_kw", "total"})
"""Fields that a link reads in every cycle; the others take turns."""

_WITHIN_CYCLE: Final = 0.8
"""Cycles for which such a field stands when a later part of the same cycle leaves it out.
Left out of the next cycle, it is invalid."""

_TURNS: Final = 30
"""Cycles for which any other field stands until its turn comes again."""


@dataclass(slots=True)
class ReadingParts:
    """What a meter has said of each field, and when."""

    fuel: Fuel
    cycle: timedelta
    """Between two readings."""
    _said: dict[str, tuple[datetime, Any]] = field(default_factory=dict)

    def remember(self, name: str, value: Any, at: datetime) -> None:
        """Take a field that was said before a restart."""
        self._said[name] = (at, value)

    def complete(self, reading: Reading) -> tuple[dict[str, Any], int]:
        """Add to a reading what earlier parts said that still stands.

        Returns:
            The fields, and how many were said for the first time. A mapping, of registers by
            tier or block, is none of these.
        """
        at, said = reading.received_at, self._said
        values, first = {}, 0
        for name in FIELDS[self.fuel]:
            value = getattr(reading, name)
            if isinstance(value, Mapping):
                # Registers by tier or block: those that were not read this time still stand.
                if value:
                    said[name] = (
                        at,
                        {**said[name][1], **value} if name in said else value,
                    )
                value = said[name][1] if name in said else value
            elif value is not None:
                first += name not in said
                said[name] = (at, value)
            elif name in said and at - said[name][0] < self.cycle * (
                _WITHIN_CYCLE if name in _EVERY_CYCLE else _TURNS
            ):
                value = said[name][1]
            values[name] = value
        return values, first

"""Readings arrive in parts: a link reads some fields in every cycle, the others in turn."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Final, NamedTuple

from ..cad.models import ElectricityReading, Fuel, GasReading, Reading

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

_SAYS: Final = {fuel: attrgetter(*names) for fuel, names in FIELDS.items()}
_MAPPINGS: Final = frozenset(
    item.name
    for model in READINGS.values()
    for item in fields(model)
    if item.default_factory is dict
)
"""Fields that hold registers by tier or block: those that were not read this time still stand."""

_EVERY_CYCLE: Final = frozenset({"import_kwh", "export_kwh", "power_kw", "total"})
"""Fields that a link reads in every cycle; the others take turns."""

_WITHIN_CYCLE: Final = 0.8
"""Cycles for which such a field stands when a later part of the same cycle leaves it out.
Left out of the next cycle, it is invalid."""

_TURNS: Final = 30
"""Cycles for which any other field stands until its turn comes again."""


class Part(NamedTuple):
    """What one part of a reading brought.

    Attributes:
        said: the fields that it says.
        ended: the fields that it does not say, and that stand no longer.
        proofs: how many fields were said for the first time; registers by tier or block do not count.
    """

    said: frozenset[str]
    ended: frozenset[str]
    proofs: int


@dataclass(slots=True)
class ReadingParts:
    """What a meter has said, and for how long it stands.

    Attributes:
        fuel: the meter's.
        cycle: between two readings.
        values: what stands now, by field. Whoever judges a value puts the good one in its place.
    """

    fuel: Fuel
    cycle: timedelta
    values: dict[str, Any] = field(init=False)
    _shortly: timedelta = field(init=False)
    _long: timedelta = field(init=False)
    _until: dict[str, datetime] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Know nothing yet."""
        self._shortly, self._long = self.cycle * _WITHIN_CYCLE, self.cycle * _TURNS
        self.values = {
            name: {} if name in _MAPPINGS else None for name in FIELDS[self.fuel]
        }

    def remember(self, name: str, value: Mapping[Any, Any]) -> None:
        """Take registers by tier or block that were said before a restart."""
        self.values[name] = value

    def take(self, reading: Reading) -> Part:
        """Take what a part says; what it leaves out stands on for its time."""
        at, values = reading.received_at, self.values
        said = set()
        for name, value in zip(
            FIELDS[self.fuel], _SAYS[self.fuel](reading), strict=True
        ):
            if value is None:
                continue
            if name in _MAPPINGS:
                if not value:
                    continue
                value = {**values[name], **value}
            else:
                self._until[name] = at + (
                    self._shortly if name in _EVERY_CYCLE else self._long
                )
            values[name] = value
            said.add(name)
        ended = [name for name, until in self._until.items() if until <= at]
        for name in ended:
            del self._until[name]
            values[name] = None
        new = said - self._known - _MAPPINGS
        self._known |= new
        return Part(frozenset(said), frozenset(ended), len(new))

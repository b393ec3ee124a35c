"""Which quirk each server of a hub has, and half hours that are off by two."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from ...cad.models import (
    ConsumptionProfile,
    Direction,
    ElectricityReading,
    EnergyUnit,
    Fuel,
    GasReading,
)
from ..const import ClusterId
from ..quirks import QUIRKS, Quirk
from ..values.price import label_text
from ..values.profile import suspected_factor
from ..values.time import half_hour_start
from .const import LOGGER
from .discovery import endpoints_with
from .record import HanRecord

_MANUFACTURER: Final = 0x0004
_MODEL: Final = 0x0005

_MARKS: Final = 96
"""Half hours of which registers are kept: two days."""

_SHORTEST: Final = timedelta(hours=2)
"""What a profile must cover for its comparison, so that the reading's delay does not count."""


def quirk_of(record: HanRecord, endpoint: int) -> Quirk:
    """Return what differs at a server, by its maker and model and what it measures.

    An endpoint without a Basic cluster is taken for the same device as the first that has one.
    """
    place = record.endpoints[endpoint]
    basic = place.static_of(ClusterId.BASIC)
    if not basic:
        first = endpoints_with(record, ClusterId.BASIC)[:1]
        basic = (
            {} if not first else record.endpoints[first[0]].static_of(ClusterId.BASIC)
        )
    return QUIRKS.match(
        label_text(basic.get(_MANUFACTURER)),
        label_text(basic.get(_MODEL)),
        place.static_of(ClusterId.METERING),
    )


def _registers(
    reading: ElectricityReading | GasReading,
) -> Iterator[tuple[EnergyUnit, Decimal | None]]:
    if isinstance(reading, ElectricityReading):
        yield EnergyUnit.KILOWATT_HOUR, reading.import_kwh
    elif reading.total is not None:
        yield EnergyUnit.KILOWATT_HOUR, reading.total.energy_kwh
        yield EnergyUnit.CUBIC_METRE, reading.total.volume_m3


class HalfHourCheck:
    """Compares the half hours of meters with their registers, and says once where they differ.

    Some meters log kW where kWh are due. Nothing is changed by what is found: a log
    entry names the quirk that mends it.
    """

    def __init__(self) -> None:
        """Start without registers."""
        self._marks: dict[tuple[Fuel, EnergyUnit], dict[datetime, Decimal]] = {}
        self._told: set[Fuel] = set()

    def note(self, reading: ElectricityReading | GasReading) -> None:
        """Keep the registers of the first reading in the first minute of each half hour."""
        at = reading.metered_at or reading.received_at
        if at.minute % 30:
            # Its register has moved on since the half hour.
            return
        mark = half_hour_start(at)
        for unit, register in _registers(reading):
            if register is not None:
                marks = self._marks.setdefault((reading.fuel, unit), {})
                marks.setdefault(mark, register)
                if len(marks) > _MARKS:
                    del marks[min(marks)]

    def compare(self, profile: ConsumptionProfile) -> None:
        """Log once if a meter's half hours are off by two from its register."""
        marks = self._marks.get((profile.fuel, profile.unit))
        if not marks or profile.direction is not Direction.IMPORT:
            return
        begins = [one.start for one in profile.intervals if one.start in marks]
        ends = [one.end for one in profile.intervals if one.end in marks]
        if not begins or not ends or ends[-1] - begins[0] < _SHORTEST:
            return
        begin, end = begins[0], ends[-1]
        covered = tuple(
            one for one in profile.intervals if one.start >= begin and one.end <= end
        )
        factor = suspected_factor(
            replace(profile, intervals=covered), marks[end] - marks[begin]
        )
        if factor not in (None, Decimal(1)) and profile.fuel not in self._told:
            self._told.add(profile.fuel)
            LOGGER.warning(
                "The half hours that the %s meter logs are wrong: they would have to be multiplied by %s to agree with "
                "its register. Please report the meter's maker and model, so that a quirk can put this right",
                profile.fuel,
                factor,
            )

"""What is known of one meter, put together from everything that its link hands up."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from ..cad.models import (
    Direction,
    ElectricityReading,
    Fuel,
    GasAmount,
    GasReading,
    MeterIdentity,
    Provenance,
    Reading,
    Tariff,
)
from ..cad.pacing import FLOORS, JITTER
from .model_json import from_json, to_json
from .parts import FIELDS, READINGS, ReadingParts
from .registers import Register, Verdict
from .today import DayCount

CYCLES_MISSED: Final = 3
"""Readings in a row that may be missed before a meter's values are stale."""


_REGISTERS: Final[Mapping[Fuel, frozenset[str]]] = {
    Fuel.ELECTRICITY: frozenset({"import_kwh", "export_kwh", "tier_import_kwh"}),
    Fuel.GAS: frozenset({"total", "conversion"}),
}
"""Fields that a restart does not make old: a register stands still while nobody looks."""

_GAS_UNITS: Final = ("energy_kwh", "volume_m3")
_CALCULATED_STEP: Final = Decimal("0.000001")
_SHOWN_STEP: Final = Decimal("0.001")


@dataclass(slots=True, kw_only=True)
class MeterState:
    """One meter as Home Assistant shows it.

    Attributes:
        fuel: what it measures.
        own_from: from when on its use is this household's, which is when consent was given: what the
            meter itself counted from before is an earlier tenant's.
        interval: between readings, where the user wants them further apart than pacing does.
        heard: monotonic time of the last reading, or of the start; None while there is no meter.
        stale: whether readings have been missing for too long.
        withheld: whether nothing of it may be shown, for want of consent or since it is another's.
        tariff: what holds for import.
        export_tariff: what holds for export, where the network speaks of it.
        identity: what the meter says of itself.
        registers: by name, such as "import_kwh".
        days: today by register.
        used: registers that have been above zero.
        proofs: grows whenever the meter shows that it has something more.
        news: the fields of the reading that its last part said, or that stand no longer.
    """

    fuel: Fuel
    own_from: datetime | None = None
    interval: timedelta | None = None
    heard: float | None = None
    stale: bool = False
    withheld: bool = False
    tariff: Tariff | None = None
    export_tariff: Tariff | None = None
    identity: MeterIdentity | None = None
    registers: dict[str, Register] = field(default_factory=dict)
    days: dict[str, DayCount] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    proofs: int = 0
    news: frozenset[str] = frozenset()
    _parts: ReadingParts = field(init=False)
    _reading: Reading | None = field(default=None, init=False)
    _newest: Reading | None = field(default=None, init=False)
    """The part that came last, as long as nobody has wanted the whole."""

    def __post_init__(self) -> None:
        """Know nothing yet."""
        self._parts = ReadingParts(self.fuel, self.cycle)

    @property
    def cycle(self) -> timedelta:
        """Between two readings: as pacing allows, or as far apart as the user wants."""
        return max(FLOORS[self.fuel], self.interval or FLOORS[self.fuel])

    @property
    def stale_after(self) -> timedelta:
        """The silence that makes the meter stale: its cycles with their jitter, and time for a reply."""
        return self.cycle * CYCLES_MISSED * (1 + JITTER) + timedelta(seconds=2)

    @property
    def reading(self) -> Reading | None:
        """The last reading, complete, its registers judged; None before the first."""
        if self._newest is not None:
            self._complete(self._newest)
        return self._reading

    def _complete(self, newest: Reading) -> None:
        """Make the whole reading of what stands; of most electricity readings nobody wants it."""
        self._newest = None
        self._reading = type(newest)(
            received_at=newest.received_at,
            metered_at=newest.metered_at,
            **self._parts.values,
        )

    def value(self, name: str) -> Any:
        """Return a field of the last reading, without making the whole of it; None before the first.

        Args:
            name: as in `cad.models`; not when it was read.
        """
        if self._newest is not None:
            return self._parts.values[name]
        return None if self._reading is None else getattr(self._reading, name)

    @property
    def electricity(self) -> ElectricityReading | None:
        """The last reading of an electricity meter."""
        return (
            reading if isinstance(reading := self.reading, ElectricityReading) else None
        )

    @property
    def gas(self) -> GasReading | None:
        """The last reading of a gas meter."""
        return reading if isinstance(reading := self.reading, GasReading) else None

    def take_reading(self, reading: Reading, monotonic: float) -> list[str]:
        """Take a reading, or a part of one.

        Returns:
            Names of registers of which a value was refused for the first time since a good one.
        """
        part = self._parts.take(reading)
        self.news = part.said | part.ended
        self.proofs += part.proofs
        values: dict[str, Any] = self._parts.values
        refused: list[str] = []
        if isinstance(reading, ElectricityReading):
            self._judge_electricity(reading, values, refused)
            self._newest = reading
        else:
            if "total" in part.said:
                self._judge_gas(values, reading.received_at, refused)
            # What comes next is judged beside it.
            self._complete(reading)
        self.heard, self.stale = monotonic, False
        return refused

    def take_tariff(self, tariff: Tariff) -> None:
        """Take a tariff; the link has put its parts together."""
        self.proofs += 1
        if tariff.direction is Direction.EXPORT:
            self.export_tariff = tariff
        else:
            self.tariff = tariff

    def is_exchanged(self, identity: MeterIdentity) -> bool:
        """Whether an identity is another meter's than the one that is known: its serial number says so."""
        before = self.identity and self.identity.serial_number
        return bool(
            before and identity.serial_number and before != identity.serial_number
        )

    def take_identity(self, identity: MeterIdentity) -> bool:
        """Take what the meter says of itself; a new serial number is a new meter, whose registers start anew.

        Returns:
            Whether it is another meter than before.
        """
        self.proofs += 1
        before = self.identity
        if before is None:
            self.identity = identity
            return False
        is_new = self.is_exchanged(identity)
        # Identities arrive in parts; what one leaves out holds on, unless the meter is another.
        kept = (
            {}
            if is_new
            else {
                item.name: getattr(before, item.name)
                for item in fields(identity)
                if getattr(identity, item.name) in (None, "")
            }
        )
        self.identity = replace(identity, **kept)
        if is_new:
            self.start_anew()
        return is_new

    def start_anew(self) -> None:
        """Take the next registers as they come: another meter counts, or a person says that they are right."""
        for register in self.registers.values():
            register.start_anew()
        for day in self.days.values():
            day.start_anew()

    def roll_over(self, now: datetime) -> None:
        """Begin a new day where the clock has."""
        for day in self.days.values():
            day.roll_over(now)

    def refused_since(self) -> datetime | None:
        """When the longest run of refused registers that still lasts began."""
        times = [
            register.refused_since
            for register in self.registers.values()
            if register.refused_since is not None
        ]
        return min(times) if times else None

    def _judge_electricity(
        self, said: ElectricityReading, values: dict[str, Any], refused: list[str]
    ) -> None:
        """Put good registers in the place of those that a reading says."""
        at = said.received_at
        if said.import_kwh is not None:
            values["import_kwh"] = self._judge(
                "import_kwh", said.import_kwh, at, refused, values["day_import_kwh"]
            )
        if said.export_kwh is not None:
            values["export_kwh"] = self._judge(
                "export_kwh", said.export_kwh, at, refused
            )
        for tier, value in said.tier_import_kwh.items():
            good = self._judge(f"tier_{tier}_import_kwh", value, at, refused)
            if good is None:
                del values["tier_import_kwh"][tier]
            else:
                values["tier_import_kwh"][tier] = good

    def _judge_gas(
        self, values: dict[str, Any], at: datetime, refused: list[str]
    ) -> None:
        total: GasAmount = values["total"]
        judged: dict[str, Decimal | None] = {"energy_kwh": None, "volume_m3": None}
        day: GasAmount | None = values["day"]
        measured = next(
            (unit for unit in _GAS_UNITS if _is_measured(total, unit)), None
        )
        if measured is None:
            values["total"] = None
            return
        (other,) = (unit for unit in _GAS_UNITS if unit != measured)
        self._gas_is_measured_in(measured)
        before = self.registers[measured].value if measured in self.registers else None
        said: Decimal = getattr(total, measured)
        good = self._judge(measured, said, at, refused, _count(day, measured))
        judged[measured] = good
        if (calculated := getattr(total, other)) is not None:
            if _is_measured(total, other):
                judged[other] = self._judge(
                    other, calculated, at, refused, _count(day, other)
                )
            elif good is not None:
                judged[other] = self._advance(
                    other,
                    calculated,
                    ratio=calculated / said if said else None,
                    step=None if before is None else good - before,
                    at=at,
                    day=day,
                )
        values["total"] = replace(
            total, energy_kwh=judged["energy_kwh"], volume_m3=judged["volume_m3"]
        )

    def _gas_is_measured_in(self, unit: str) -> None:
        """Start anew where a meter now measures in the other unit."""
        total = self.gas and self.gas.total
        if total and not _is_measured(total, unit):
            for name in _GAS_UNITS:
                if name in self.registers:
                    self.registers[name].start_anew()
                    self.days[name].start_anew()

    def _advance(
        self,
        name: str,
        calculated: Decimal,
        *,
        ratio: Decimal | None,
        step: Decimal | None,
        at: datetime,
        day: GasAmount | None,
    ) -> Decimal:
        """Move a calculated register on by what was used, at the calorific value in force.

        Multiplying the whole register by today's calorific value would revalue years of
        gas at every change of it, by hundreds of kWh up or down.
        """
        register = self.registers.setdefault(name, Register(self.fuel))
        if register.value is None or step is None:
            register.value = calculated
        elif ratio is not None and step:
            register.value = (register.value + step * ratio).quantize(_CALCULATED_STEP)
        register.at = at
        self.days.setdefault(name, DayCount()).read(
            register.value, at, _count(day, name), self.own_from
        )
        return register.value.quantize(_SHOWN_STEP)

    def _judge(
        self,
        name: str,
        value: Decimal,
        at: datetime,
        refused: list[str],
        meter_count: Decimal | None = None,
    ) -> Decimal | None:
        """Return a register's value if it is good, else the last good one."""
        if (register := self.registers.get(name)) is None:
            register = self.registers[name] = Register(self.fuel)
        verdict = register.offer(value, at)
        if verdict is Verdict.ACCEPTED:
            if value and name not in self.used:
                self.used.add(name)
                self.proofs += 1
            if not name.startswith("tier"):
                if (day := self.days.get(name)) is None:
                    day = self.days[name] = DayCount()
                day.read(value, at, meter_count, self.own_from)
        elif verdict is not Verdict.WAITING and register.refused_since == at:
            refused.append(name)
        return register.value

    def as_dict(self) -> dict[str, Any]:
        """Return as JSON what a restart needs. The supply number is not needed."""
        return {
            "reading": to_json(self.reading),
            "tariff": to_json(self.tariff),
            "export_tariff": to_json(self.export_tariff),
            "identity": to_json(self.identity and replace(self.identity, site_id=None)),
            "registers": {
                name: register.as_dict() for name, register in self.registers.items()
            },
            "days": {name: day.as_dict() for name, day in self.days.items()},
        }

    @classmethod
    def from_dict(
        cls,
        fuel: Fuel,
        data: Mapping[str, Any],
        *,
        now: datetime,
        monotonic: float,
        is_last: bool,
        interval: timedelta | None = None,
    ) -> MeterState:
        """Return what `as_dict` wrote.

        What tells of a moment (power, supply, alarms) is left out where it is stale by now.

        Args:
            fuel: of which meter.
            data: the JSON.
            now: the time, UTC.
            monotonic: the same on the monotonic clock.
            is_last: whether nothing was read after it was written. If not, registers may
                have been shown that are ahead of these, so they wait for a reading; but
                nothing below these will be believed.
            interval: see the attribute.

        Raises:
            KeyError, TypeError, ValueError, ArithmeticError: it was not written by `as_dict`.
        """
        state = cls(
            interval=interval,
            fuel=fuel,
            tariff=_optional(Tariff, data["tariff"]),
            export_tariff=_optional(Tariff, data["export_tariff"]),
            identity=_optional(MeterIdentity, data["identity"]),
            registers={
                name: Register.from_dict(fuel, item)
                for name, item in data["registers"].items()
            },
            days={
                name: DayCount.from_dict(item) for name, item in data["days"].items()
            },
        )
        state.used.update(
            name for name, register in state.registers.items() if register.value
        )
        state._reading = reading = _optional(READINGS[fuel], data["reading"])
        if reading is not None:
            state.heard = monotonic
            is_old = now - reading.received_at > state.stale_after
            keep = set() if is_old else {*FIELDS[fuel]}
            keep = keep | _REGISTERS[fuel] if is_last else keep - _REGISTERS[fuel]
            for name in keep:
                if isinstance(value := getattr(reading, name), Mapping) and value:
                    state._parts.remember(name, value)
            state._reading = type(reading)(
                received_at=reading.received_at,
                metered_at=reading.metered_at,
                **{name: getattr(reading, name) for name in keep},
            )
        state.roll_over(now)
        return state


def _optional[ModelT](
    model: type[ModelT], data: Mapping[str, Any] | None
) -> ModelT | None:
    return None if data is None else from_json(model, data)


def _count(day: GasAmount | None, unit: str) -> Decimal | None:
    """Return the meter's own count of the day in a unit."""
    count: Decimal | None = None if day is None else getattr(day, unit)
    return count


def _is_measured(amount: GasAmount, unit: str) -> bool:
    provenance: Provenance | None = (
        amount.energy_provenance if unit == "energy_kwh" else amount.volume_provenance
    )
    return provenance is Provenance.MEASURED

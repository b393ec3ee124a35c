"""From the raw attributes of a Metering server to a typed reading.

Two steps, because one part never changes: `MeterScaling` is made once per join from
the static attributes, then each poll's attributes become a reading with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from typing import Any, Final

from ...cad.models import (
    ANY_TIER_BLOCK,
    Direction,
    ElectricityReading,
    EnergyUnit,
    Fuel,
    GasAmount,
    GasConversion,
    GasReading,
    Reading,
    TierBlock,
)
from .registers import REGISTERS, Register, Span
from .sentinels import signed, unsigned
from .status import DeviceType, MeterKind, alarms, supply_state
from .time import snapshot_from_raw
from .units import Formatting, Quantity, Scale, Unit, UnitOfMeasure, bcd_from_raw

type RawAttributes = Mapping[int, object]
"""Attributes of one cluster by id: integers, octet strings, or None where unread."""


class Attribute(IntEnum):
    """Attributes of cluster 0x0702 that are no `Register`."""

    READING_SNAPSHOT_TIME = 0x0007
    CURRENT_BLOCK = 0x000E
    SUPPLY_STATUS = 0x0014
    ACTIVE_REGISTER_TIER_DELIVERED = 0x0020
    STATUS = 0x0200
    UNIT_OF_MEASURE = 0x0300
    MULTIPLIER = 0x0301
    DIVISOR = 0x0302
    SUMMATION_FORMATTING = 0x0303
    DEMAND_FORMATTING = 0x0304
    HISTORICAL_CONSUMPTION_FORMATTING = 0x0305
    METERING_DEVICE_TYPE = 0x0306
    SITE_ID = 0x0307
    METER_SERIAL_NUMBER = 0x0308
    ALTERNATIVE_UNIT_OF_MEASURE = 0x0312
    INSTANTANEOUS_DEMAND = 0x0400


STATIC: Final = (
    Attribute.UNIT_OF_MEASURE,
    Attribute.MULTIPLIER,
    Attribute.DIVISOR,
    Attribute.SUMMATION_FORMATTING,
    Attribute.DEMAND_FORMATTING,
    Attribute.HISTORICAL_CONSUMPTION_FORMATTING,
    Attribute.METERING_DEVICE_TYPE,
    Attribute.SITE_ID,
    Attribute.METER_SERIAL_NUMBER,
    Attribute.ALTERNATIVE_UNIT_OF_MEASURE,
)
"""What does not change while joined: read once, for `MeterScaling` and the identity."""


def raw_integer(attributes: RawAttributes, attribute_id: int) -> int | None:
    """Give an attribute as an integer; None where it is missing or is no integer."""
    value = attributes.get(attribute_id)
    return int(value) if isinstance(value, int) else None


_IMPORT: Final = Register(Direction.IMPORT).attribute_id


def _either(direction: Direction, over: Span) -> tuple[int, int]:
    """Give the attributes of a span, in the meter's unit and in the alternative one."""
    return (
        Register(direction, over).attribute_id,
        Register(direction, over, alternative=True).attribute_id,
    )


_DAY: Final = _either(Direction.IMPORT, Span.DAY)
_WEEK: Final = _either(Direction.IMPORT, Span.WEEK)
_MONTH: Final = _either(Direction.IMPORT, Span.MONTH)

_ELECTRICITY_REGISTERS: Final[Mapping[int, str]] = {
    _IMPORT: "import_kwh",
    Register(Direction.EXPORT).attribute_id: "export_kwh",
    **dict.fromkeys(_DAY, "day_import_kwh"),
    **dict.fromkeys(_either(Direction.EXPORT, Span.DAY), "day_export_kwh"),
    **dict.fromkeys(_WEEK, "week_import_kwh"),
    **dict.fromkeys(_MONTH, "month_import_kwh"),
}
"""Field of a reading by attribute; tiers and blocks are apart."""

_ELECTRICITY_METER: Final = MeterKind(DeviceType.ELECTRIC)
_KILOWATT_HOURS: Final = UnitOfMeasure(Unit.KILOWATT_HOUR)
_UNSCALED: Final = Scale()


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterScaling:
    """How the numbers of one Metering server are to be read.

    Attributes:
        kind: what it measures; an electricity meter where it does not say.
        unit: UnitOfMeasure; kWh where it does not say (SE's default).
        scale: multiplier over divisor, for every value.
        alternative_unit: of the alternative registers, or None.
        summation: how a display shows lifetime registers, or None.
        demand: how a display shows demand, or None.
        historical: how a display shows days, weeks, months and profiles, or None.
    """

    kind: MeterKind = _ELECTRICITY_METER
    unit: UnitOfMeasure = _KILOWATT_HOURS
    scale: Scale = _UNSCALED
    alternative_unit: UnitOfMeasure | None = None
    summation: Formatting | None = None
    demand: Formatting | None = None
    historical: Formatting | None = None

    @classmethod
    def from_attributes(
        cls, attributes: RawAttributes, *, bcd_scale: bool = False
    ) -> MeterScaling:
        """Make it from the static attributes (`STATIC`); each of them may be missing.

        Args:
            attributes: raw values by attribute id.
            bcd_scale: multiplier and divisor are BCD as well (a quirk's business).
        """

        def integer(attribute: Attribute) -> int | None:
            return raw_integer(attributes, attribute)

        def formatting(attribute: Attribute) -> Formatting | None:
            octet = integer(attribute)
            return None if octet is None else Formatting.from_raw(octet)

        unit = UnitOfMeasure.from_raw(integer(Attribute.UNIT_OF_MEASURE))
        return cls(
            kind=MeterKind.from_raw(integer(Attribute.METERING_DEVICE_TYPE))
            or _ELECTRICITY_METER,
            unit=unit or _KILOWATT_HOURS,
            scale=Scale.from_raw(
                integer(Attribute.MULTIPLIER), integer(Attribute.DIVISOR), bcd=bcd_scale
            ),
            alternative_unit=UnitOfMeasure.from_raw(
                integer(Attribute.ALTERNATIVE_UNIT_OF_MEASURE)
            ),
            summation=formatting(Attribute.SUMMATION_FORMATTING),
            demand=formatting(Attribute.DEMAND_FORMATTING),
            historical=formatting(Attribute.HISTORICAL_CONSUMPTION_FORMATTING),
        )

    def value(self, raw: int | None, *, alternative: bool = False) -> Decimal | None:
        """Scale a valid raw value into its unit; None stays None, so does broken BCD.

        One multiplier and divisor serve both units (seen at British meters).
        """
        unit = self.alternative_unit if alternative else self.unit
        if raw is None or unit is None:
            return None
        if unit.bcd:
            digits = bcd_from_raw(abs(raw))
            if digits is None:
                return None
            raw = -digits if raw < 0 else digits
        return self.scale.apply(raw)

    def energy_kwh(
        self, raw: int | None, *, alternative: bool = False
    ) -> Decimal | None:
        """Scale a valid raw value into kWh; None where its unit is no energy."""
        unit = self.alternative_unit if alternative else self.unit
        value = self.value(raw, alternative=alternative)
        return None if value is None or unit is None else unit.unit.to_kwh(value)

    def volume_m3(
        self, raw: int | None, *, alternative: bool = False
    ) -> Decimal | None:
        """Scale a valid raw value into m³; None where its unit is no volume."""
        unit = self.alternative_unit if alternative else self.unit
        value = self.value(raw, alternative=alternative)
        return None if value is None or unit is None else unit.unit.to_m3(value)

    def power_kw(self, demand: int | None) -> Decimal | None:
        """Scale InstantaneousDemand (int24, negative is export) into kW.

        Args:
            demand: as read, signed or bare two's complement.
        """
        value = self.value(signed(demand, 24))
        return None if value is None else self.unit.unit.to_kw(value)

    @property
    def profile_unit(self) -> EnergyUnit | None:
        """The unit in which profiles come out: kWh or m³; None for other quantities."""
        match self.unit.unit.quantity:
            case Quantity.ENERGY:
                return EnergyUnit.KILOWATT_HOUR
            case Quantity.VOLUME:
                return EnergyUnit.CUBIC_METRE
            case _:
                return None


def meter_reading(
    scaling: MeterScaling,
    attributes: RawAttributes,
    *,
    received_at: datetime,
    conversion: GasConversion | None = None,
) -> Reading | None:
    """Make a reading of what one poll brought; whatever is missing in it is None.

    Args:
        scaling: of the server that was read.
        attributes: raw values by attribute id; unknown ids are passed over.
        received_at: when they came, aware.
        conversion: for gas, between volume and energy.

    Returns:
        A reading, or None where the server measures neither electricity nor gas.
    """
    match scaling.kind.fuel:
        case Fuel.ELECTRICITY:
            return _electricity(scaling, attributes, received_at)
        case Fuel.GAS:
            return _gas(scaling, attributes, received_at, conversion)
        case _:
            return None


def _electricity(
    scaling: MeterScaling, attributes: RawAttributes, received_at: datetime
) -> ElectricityReading:
    said: dict[str, Any] = {}
    tiers: dict[Direction, dict[TierBlock, Decimal]] = {}
    for attribute_id, raw in attributes.items():
        if not isinstance(raw, int):
            continue
        if (register := REGISTERS.get(attribute_id)) is None:
            if (state := _ELECTRICITY_STATES.get(attribute_id)) is not None:
                said[state[0]] = state[1](raw, scaling)
            continue
        kwh = scaling.energy_kwh(register.valid(raw), alternative=register.alternative)
        if kwh is None:
            continue
        if (name := _ELECTRICITY_REGISTERS.get(attribute_id)) is not None:
            # The alternative register only stands in for the other.
            if not register.alternative or name not in said:
                said[name] = kwh
        elif register.tier_block != ANY_TIER_BLOCK:
            tiers.setdefault(register.direction, {})[register.tier_block] = kwh
    if tiers:
        tiers_in = tiers.get(Direction.IMPORT, {})
        said["tier_import_kwh"] = _without_blocks(tiers_in)
        said["tier_export_kwh"] = _without_blocks(tiers.get(Direction.EXPORT, {}))
        said["block_import_kwh"] = {
            at: value for at, value in tiers_in.items() if at.block
        }
    return ElectricityReading(received_at=received_at, **said)


def _gas(
    scaling: MeterScaling,
    attributes: RawAttributes,
    received_at: datetime,
    conversion: GasConversion | None,
) -> GasReading:
    def amount(*attribute_ids: int) -> GasAmount | None:
        energy = volume = None
        for attribute_id in attribute_ids:
            register = REGISTERS[attribute_id]
            raw = register.valid(raw_integer(attributes, attribute_id))
            alternative = register.alternative
            energy = (
                scaling.energy_kwh(raw, alternative=alternative)
                if energy is None
                else energy
            )
            volume = (
                scaling.volume_m3(raw, alternative=alternative)
                if volume is None
                else volume
            )
        return GasAmount.measured(
            energy_kwh=energy, volume_m3=volume, conversion=conversion
        )

    tiers = _by_tier(attributes, amount)
    return GasReading(
        received_at=received_at,
        total=amount(_IMPORT),
        day=amount(*_DAY),
        week=amount(*_WEEK),
        month=amount(*_MONTH),
        tier_total=_without_blocks(tiers),
        block_total={at: value for at, value in tiers.items() if at.block},
        conversion=conversion,
        **_states(scaling, attributes),
    )


def _by_tier[T](
    attributes: RawAttributes, read: Callable[[int], T | None]
) -> dict[TierBlock, T]:
    found: dict[TierBlock, T] = {}
    for attribute_id in attributes:
        register = REGISTERS.get(attribute_id)
        if (
            register is not None
            and register.direction is Direction.IMPORT
            and register.tier_block != ANY_TIER_BLOCK
            and (value := read(attribute_id)) is not None
        ):
            found[register.tier_block] = value
    return found


def _without_blocks[T](values: Mapping[TierBlock, T]) -> dict[int, T]:
    return {at.tier: value for at, value in values.items() if not at.block}


def _states(scaling: MeterScaling, attributes: RawAttributes) -> dict[str, Any]:
    """Give the fields of a gas reading that are no registers, as far as they were read."""
    return {
        _STATES[attribute_id][0]: _STATES[attribute_id][1](raw, scaling)
        for attribute_id, raw in attributes.items()
        if attribute_id in _STATES and isinstance(raw, int)
    }


def _active(raw: int, _: MeterScaling) -> int | None:
    # 0 is "no tiers" or "no blocks in use".
    return unsigned(raw, 8) or None


type _State = Callable[[int, MeterScaling], object]

_STATES: Final[Mapping[int, tuple[str, _State]]] = {
    Attribute.READING_SNAPSHOT_TIME: (
        "metered_at",
        lambda raw, _: snapshot_from_raw(raw),
    ),
    Attribute.CURRENT_BLOCK: ("active_block", _active),
    Attribute.SUPPLY_STATUS: ("supply", lambda raw, _: supply_state(raw)),
    Attribute.ACTIVE_REGISTER_TIER_DELIVERED: ("active_tier", _active),
    Attribute.STATUS: ("alarms", lambda raw, scaling: alarms(raw, scaling.kind)),
}
"""Field of a reading, and how to read it, by attribute."""
_ELECTRICITY_STATES: Final = {
    **_STATES,
    Attribute.INSTANTANEOUS_DEMAND: (
        "power_kw",
        lambda raw, scaling: scaling.power_kw(raw),
    ),
}

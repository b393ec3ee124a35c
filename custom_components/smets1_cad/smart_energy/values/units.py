"""Units of measure, scaling, BCD and display formatting (SE D.3.2.2.4).

value = raw x Multiplier / Divisor, in the unit that UnitOfMeasure names. The
formatting octets say only how many digits a display has; they never scale.
"""

from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal
from enum import IntEnum, StrEnum
from typing import Final

from .sentinels import unsigned

BCD_FLAG: Final = 0x80
"""Bit of UnitOfMeasure: values are binary coded decimal in the same integer type."""

# Wider than any register (uint48 x uint24 has 22 digits), so that only a
# division that does not end is ever rounded; apart from the caller's context.
EXACT: Final = Context(prec=40, rounding=ROUND_HALF_EVEN)
"""The decimal context of every scaling here."""


class Quantity(StrEnum):
    """What a unit of measure counts."""

    ENERGY = "energy"
    VOLUME = "volume"
    PRESSURE = "pressure"
    REACTIVE_ENERGY = "reactive_energy"
    NONE = "none"


class Unit(IntEnum):
    """UnitOfMeasure without its BCD bit: attribute 0x0300, 0x0312 and the prices' unit."""

    KILOWATT_HOUR = 0x00
    CUBIC_METRE = 0x01
    CUBIC_FOOT = 0x02
    HUNDRED_CUBIC_FEET = 0x03
    US_GALLON = 0x04
    IMPERIAL_GALLON = 0x05
    BTU = 0x06
    LITRE = 0x07
    KILOPASCAL_GAUGE = 0x08
    KILOPASCAL_ABSOLUTE = 0x09
    THOUSAND_CUBIC_FEET = 0x0A
    UNITLESS = 0x0B
    MEGAJOULE = 0x0C
    KILOVAR_HOUR = 0x0D

    @property
    def quantity(self) -> Quantity:
        """What the unit counts."""
        return _UNITS[self][0]

    @property
    def symbol(self) -> str:
        """The unit of registers, as written: "kWh", "m³"; "" where there is none."""
        return _UNITS[self][1]

    @property
    def rate_symbol(self) -> str:
        """The unit of demand: "kW", "m³/h"; as `symbol` where no rate exists."""
        return _UNITS[self][2]

    def to_kwh(self, value: Decimal) -> Decimal | None:
        """Turn a value of this unit into kWh; None where the unit is no energy."""
        if self is Unit.KILOWATT_HOUR:
            return value
        if self.quantity is not Quantity.ENERGY:
            return None
        return EXACT.divide(EXACT.multiply(value, _UNITS[self][3]), Decimal(3600))

    def to_kw(self, demand: Decimal) -> Decimal | None:
        """Turn a demand of this unit into kW; None where the unit is no energy.

        Demand is per hour, but in MJ per second.
        """
        if self is Unit.KILOWATT_HOUR:
            return demand
        if self is Unit.MEGAJOULE:
            return EXACT.multiply(demand, Decimal(1000))
        return self.to_kwh(demand)

    def to_m3(self, value: Decimal) -> Decimal | None:
        """Turn a value of this unit into m³; None where the unit is no volume."""
        if self.quantity is not Quantity.VOLUME:
            return None
        return EXACT.multiply(value, _UNITS[self][3])


_CUBIC_FOOT_M3: Final = Decimal("0.028316846592")
# Quantity, register symbol, demand symbol, and the size in kJ (energy; a BTU is
# the international table's) or in m³ (volume). Per second where SE says so.
_UNITS: Final[dict[Unit, tuple[Quantity, str, str, Decimal]]] = {
    Unit.KILOWATT_HOUR: (Quantity.ENERGY, "kWh", "kW", Decimal(3600)),
    Unit.CUBIC_METRE: (Quantity.VOLUME, "m³", "m³/h", Decimal(1)),
    Unit.CUBIC_FOOT: (Quantity.VOLUME, "ft³", "ft³/h", _CUBIC_FOOT_M3),
    Unit.HUNDRED_CUBIC_FEET: (Quantity.VOLUME, "CCF", "CCF/h", _CUBIC_FOOT_M3 * 100),
    Unit.US_GALLON: (Quantity.VOLUME, "US gal", "US gal/h", Decimal("0.003785411784")),
    Unit.IMPERIAL_GALLON: (
        Quantity.VOLUME,
        "imp gal",
        "imp gal/h",
        Decimal("0.00454609"),
    ),
    Unit.BTU: (Quantity.ENERGY, "BTU", "BTU/h", Decimal("1.05505585262")),
    Unit.LITRE: (Quantity.VOLUME, "L", "L/h", Decimal("0.001")),
    Unit.KILOPASCAL_GAUGE: (Quantity.PRESSURE, "kPa", "kPa", Decimal(0)),
    Unit.KILOPASCAL_ABSOLUTE: (Quantity.PRESSURE, "kPa", "kPa", Decimal(0)),
    Unit.THOUSAND_CUBIC_FEET: (Quantity.VOLUME, "MCF", "MCF/s", _CUBIC_FOOT_M3 * 1000),
    Unit.UNITLESS: (Quantity.NONE, "", "", Decimal(0)),
    Unit.MEGAJOULE: (Quantity.ENERGY, "MJ", "MJ/s", Decimal(1000)),
    Unit.KILOVAR_HOUR: (Quantity.REACTIVE_ENERGY, "kvarh", "kvar", Decimal(0)),
}


@dataclass(frozen=True, slots=True)
class UnitOfMeasure:
    """UnitOfMeasure as read: the unit, and whether values are BCD."""

    unit: Unit
    bcd: bool = False

    @classmethod
    def from_raw(cls, raw: int | None) -> UnitOfMeasure | None:
        """Take the enum8; None where it is missing or reserved (0x0E to 0x7F, 0x8E to 0xFF)."""
        if raw is None or not 0 <= raw <= 0xFF or raw & ~BCD_FLAG not in Unit:
            return None
        return cls(Unit(raw & ~BCD_FLAG), bool(raw & BCD_FLAG))


def bcd_from_raw(raw: int) -> int | None:
    """Read a non-negative integer whose hexadecimal digits are decimal ones.

    Returns:
        The number, or None where a nibble is no digit (so the value is none).
    """
    digits = f"{raw:x}"
    return int(digits) if digits.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Scale:
    """Multiplier (0x0301) over Divisor (0x0302), shared by all values of a meter.

    The same shape serves block thresholds (Price 0x0202, 0x0203).
    """

    multiplier: int = 1
    divisor: int = 1
    _step: Decimal | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Find the divisor's reciprocal, where it is a power of ten."""
        digits = str(self.divisor)
        is_power = digits == "1" + "0" * (len(digits) - 1)
        step = Decimal((0, (1,), 1 - len(digits))) if is_power else None
        object.__setattr__(self, "_step", step)

    @classmethod
    def from_raw(
        cls, multiplier: int | None, divisor: int | None, *, bcd: bool = False
    ) -> Scale:
        """Take the uint24 attributes; missing, invalid and 0 mean 1.

        Args:
            multiplier: Multiplier as read.
            divisor: Divisor as read.
            bcd: read the two as BCD as well. SE does not say; `bcd_scaling`
                of a quirk decides, plain binary is the default.
        """
        return cls(_factor(multiplier, bcd), _factor(divisor, bcd))

    def apply(self, raw: int) -> Decimal:
        """Give raw x multiplier / divisor; exact where the division ends."""
        value = raw * self.multiplier
        if self._step is not None and value % 10:
            # The same digits as a division gives, which would cut off zeros at the end.
            return EXACT.multiply(Decimal(value), self._step)
        return EXACT.divide(Decimal(value), Decimal(self.divisor))


def _factor(raw: int | None, bcd: bool) -> int:
    value = unsigned(raw, 24)
    if value is not None and bcd:
        value = bcd_from_raw(value)
    return value or 1


@dataclass(frozen=True, slots=True)
class Formatting:
    """A formatting octet (0x0303 to 0x0305, 0x0313, 0x0314): how a display shows a value.

    Attributes:
        digits_left: digits left of the point, 0 to 15.
        digits_right: digits right of it, 0 to 7.
        suppress_leading_zeros: False pads to `digits_left`.
    """

    digits_left: int
    digits_right: int
    suppress_leading_zeros: bool

    @classmethod
    def from_raw(cls, raw: int) -> Formatting:
        """Take the map8: bits 0-2 right, 3-6 left, 7 suppress leading zeros."""
        return cls(raw >> 3 & 0x0F, raw & 0x07, bool(raw & 0x80))

    def display(self, value: Decimal) -> str:
        """Write a scaled value as the meter's display would.

        Digits beyond the last are cut off, as a register's are, not rounded. A
        value with more digits on the left than the display has is written whole.
        """
        cut = value.quantize(
            Decimal(1).scaleb(-self.digits_right), ROUND_DOWN, context=EXACT
        )
        text = f"{abs(cut):f}"
        if not self.suppress_leading_zeros:
            whole, point, rest = text.partition(".")
            text = whole.zfill(self.digits_left) + point + rest
        return f"-{text}" if cut < 0 else text

"""Amounts and registers that a frame itself scales, written out with their unit."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from .const import ClusterId
from .general import AttributeRecord
from .values.currency import Currency
from .values.price import amount, trailing_digits
from .values.sentinels import signed, unsigned
from .values.units import Scale, UnitOfMeasure
from .wire import Fields, Value

type Written = str | None
"""An amount; None where the number is the one that stands for none."""

_TOU_BASED: Final = 0x01

# Amounts of money: the octet with the trailing digit, and what it scales.
_MONEY: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "publish_price": (
        "price_trailing_digit_and_price_tier",
        ("price", "generation_price"),
    ),
    "publish_tariff_information": ("price_trailing_digit", ("standing_charge",)),
    "publish_consolidated_bill": ("bill_trailing_digit", ("consolidated_bill",)),
}
# Other quantities: value, trailing digit, the field of the unit and its symbols.
_QUANTITIES: Final[Mapping[str, tuple[str, str, str, Mapping[int, str]]]] = {
    "publish_price": (
        "alternate_cost_delivered",
        "alternate_cost_trailing_digit",
        "alternate_cost_unit",
        {1: "kg CO2", 2: "kg CO2"},
    ),
    "publish_conversion_factor": (
        "conversion_factor",
        "conversion_factor_trailing_digit",
        "",
        {},
    ),
    "publish_calorific_value": (
        "calorific_value",
        "calorific_value_trailing_digit",
        "calorific_value_unit",
        {1: "MJ/m³", 2: "MJ/kg"},
    ),
    "publish_co2_value": (
        "c_o2_value",
        "c_o2_value_trailing_digit",
        "c_o2_value_unit",
        {1: "kg/kWh", 2: "kg/US gal", 3: "kg/therm"},
    ),
    "publish_currency_conversion": (
        "conversion_factor",
        "conversion_factor_trailing_digit",
        "",
        {},
    ),
}

# Attributes that scale others: of Metering, and of Price.
_UNIT, _MULTIPLIER, _DIVISOR = 0x0300, 0x0301, 0x0302
_ENERGY_CARRIER_UNIT, _ALTERNATIVE_UNIT = 0x0309, 0x0312
_CURRENCY, _DIGITS = 0x0616, 0x0617
_STANDING_CHARGE: Final = 0x0301
_PRICES: Final = range(0x0400, 0x0600)
# Names of what Multiplier and Divisor scale, and endings of what they do not.
_SCALED: Final = ("demand", "summation", "consumption")
_NOT_SCALED: Final = (
    "formatting",
    "time",
    "indicator",
    "period",
    "duration_in_minutes",
    "subintervals",
)


def plain(number: Decimal, unit: str | None = None) -> str:
    """Write a number without needless zeros, and its unit."""
    return f"{number.normalize():f} {unit or ''}".strip()


def _integer(value: Value) -> int:
    return value if isinstance(value, int) else 0


def _symbol(currency: Value) -> str | None:
    known = Currency.from_raw(_integer(currency))
    return None if known is None else known.alpha


def _amount(value: Value, digit: Value, symbol: str | None) -> Written:
    number = amount(_integer(value), trailing_digits(_integer(digit)))
    return None if number is None else plain(number, symbol)


def command_amounts(command: str, fields: Fields) -> dict[str, Written]:
    """Write the amounts of a command."""
    written: dict[str, Written] = {}
    if command in _MONEY:
        digit, names = _MONEY[command]
        symbol = _symbol(fields["currency"])
        for name in names:
            if name in fields:
                written[name] = _amount(fields[name], fields[digit], symbol)
    if command in _QUANTITIES:
        name, digit, unit, symbols = _QUANTITIES[command]
        if name in fields and digit in fields:
            symbol = symbols.get(_integer(fields.get(unit)))
            written[name] = _amount(fields[name], fields[digit], symbol)
    for name in ("price_ratio", "generation_price_ratio"):
        if name in fields:
            ratio = amount(_integer(fields[name]), 1, bits=8)
            written[name] = None if ratio is None else plain(ratio)
    return written


def price_matrix_places(fields: Fields) -> list[str]:
    """Write what each price of PublishPriceMatrix is for."""
    by_tier = bool(_integer(fields["sub_payload_control"]) & _TOU_BASED)
    payload = fields["payload"]
    assert isinstance(payload, tuple)
    numbers = [
        _integer(entry["tier_block_id"])
        for entry in payload
        if isinstance(entry, Mapping)
    ]
    return [_place(number, by_tier) for number in numbers]


def _place(number: int, by_tier: bool) -> str:
    if by_tier:
        return f"tier {number}"
    tier, block = number >> 4, (number & 0x0F) + 1
    return f"tier {tier} block {block}" if tier else f"block {block}"


def attribute_amounts(
    cluster_id: int,
    records: Sequence[AttributeRecord],
    definitions: Mapping[int, Any],
) -> dict[int, Written]:
    """Write the server's registers and prices whose scale the same frame holds.

    Args:
        cluster_id: of the frame.
        records: its attributes.
        definitions: the server's attributes by number.

    Returns:
        What is written, by place among the records.
    """
    values = {r.attribute_id: r.value for r in records if isinstance(r.value, int)}
    places = {n: r for n, r in enumerate(records) if isinstance(r.value, int)}
    if cluster_id == ClusterId.METERING and {_MULTIPLIER, _DIVISOR} <= values.keys():
        return _registers(places, values, definitions)
    if cluster_id == ClusterId.PRICE and _DIGITS in values:
        symbol = _symbol(values.get(_CURRENCY))
        return {
            place: _amount(record.value, values[_DIGITS], symbol)
            for place, record in places.items()
            if record.attribute_id == _STANDING_CHARGE or record.attribute_id in _PRICES
        }
    return {}


def _registers(
    places: Mapping[int, AttributeRecord],
    values: Mapping[int, int],
    definitions: Mapping[int, Any],
) -> dict[int, Written]:
    scale = Scale.from_raw(values[_MULTIPLIER], values[_DIVISOR])
    written: dict[int, Written] = {}
    for place, record in places.items():
        definition = definitions.get(record.attribute_id)
        if definition is None or definition.name.endswith(_NOT_SCALED):
            continue
        if not any(word in definition.name for word in _SCALED):
            continue
        unit = UnitOfMeasure.from_raw(values.get(_unit_attribute(definition.name)))
        if unit is not None and unit.bcd:
            continue
        symbol = None
        if unit is not None:
            rate = "demand" in definition.name
            symbol = unit.unit.rate_symbol if rate else unit.unit.symbol
        low, high = definition.type.min_value, definition.type.max_value
        bits = (high - low).bit_length()
        raw = _integer(record.value)
        known = signed(raw, bits) if low < 0 else unsigned(raw, bits)
        written[place] = None if known is None else plain(scale.apply(known), symbol)
    return written


def _unit_attribute(name: str) -> int:
    """Which attribute holds the unit of a register: SE has three."""
    if "alternative" in name:
        return _ALTERNATIVE_UNIT
    return _ENERGY_CARRIER_UNIT if "energy_carrier" in name else _UNIT

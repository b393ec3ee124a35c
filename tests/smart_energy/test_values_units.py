"""Units, scaling, BCD and formatting, against values seen at real meters."""

from decimal import Context, Decimal, localcontext
import json
from pathlib import Path
import re

from hypothesis import given, strategies as st
import pytest

from custom_components.smets1_cad.smart_energy.values.currency import Currency
from custom_components.smets1_cad.smart_energy.values.sentinels import signed, unsigned
from custom_components.smets1_cad.smart_energy.values.units import (
    Formatting,
    Quantity,
    Scale,
    Unit,
    UnitOfMeasure,
    bcd_from_raw,
)

TYPES = json.loads(
    (Path(__file__).parents[2] / "virtual_han/clusters/types.json").read_text()
)["types"]


@pytest.mark.parametrize("bits", [8, 16, 24, 32, 48, 64])
def test_unsigned_non_values(bits: int) -> None:
    top = int("FF" * (bits // 8), 16)
    assert unsigned(top, bits) is None
    assert unsigned(top - 1, bits) == top - 1
    assert unsigned(0, bits) == 0
    assert unsigned(None, bits) is None


@pytest.mark.parametrize(
    ("raw", "bits", "expected"),
    [
        (0x800000, 24, None),  # reads -8388.608 kW where nobody looks
        (-8388608, 24, None),
        (0xFFFC18, 24, -1000),  # export
        (0xFFFFFC18, 24, -1000),  # the same, as an Eagle gateway prints it
        (-1000, 24, -1000),
        (0x7FFFFF, 24, 8388607),
        (0x0009F3, 24, 2547),
        (0xFFE69AD4, 32, -1664300),
        (0x80, 8, None),
        (None, 24, None),
    ],
)
def test_signed_non_values(raw: int | None, bits: int, expected: int | None) -> None:
    assert signed(raw, bits) == expected


@given(st.integers(-(1 << 23) + 1, (1 << 23) - 1))
def test_signed_takes_both_forms(value: int) -> None:
    octets = value.to_bytes(3, "little", signed=True)
    assert signed(int.from_bytes(octets, "little"), 24) == value
    assert signed(value, 24) == value


def test_every_unit_of_the_tables_has_a_meaning() -> None:
    """The 28 values of the enumeration in the project's cluster tables, BCD ones with their twin."""
    table = {
        int(raw, 16): name for raw, name in TYPES["AmiUnitOfMeasure"]["values"].items()
    }
    for raw, name in table.items():
        meaning = UnitOfMeasure.from_raw(raw)
        assert meaning is not None, name
        assert meaning.bcd is name.endswith("Bcd")
        assert int(meaning.unit) == raw & 0x7F
        assert meaning.unit.symbol or meaning.unit is Unit.UNITLESS
        assert meaning.unit.rate_symbol or meaning.unit is Unit.UNITLESS
    assert {raw for raw in range(256) if UnitOfMeasure.from_raw(raw)} == set(table)


@pytest.mark.parametrize("raw", [None, -1, 0x0E, 0x7F, 0x8E, 0xFF, 0x100, 0x180])
def test_no_unit(raw: int | None) -> None:
    assert UnitOfMeasure.from_raw(raw) is None


@pytest.mark.parametrize(
    ("unit", "kwh"),
    [
        (Unit.KILOWATT_HOUR, "12.5"),
        (Unit.MEGAJOULE, "3.472222222222"),
        (Unit.BTU, "0.003663388377"),  # 1 BTU = 0.00029307107 kWh
    ],
)
def test_energy_in_kwh(unit: Unit, kwh: str) -> None:
    assert unit.quantity is Quantity.ENERGY
    result = unit.to_kwh(Decimal("12.5"))
    assert result is not None
    assert abs(result - Decimal(kwh)) < Decimal("1e-11")
    assert unit.to_m3(Decimal(1)) is None


@pytest.mark.parametrize(
    ("unit", "m3"),
    [
        (Unit.CUBIC_METRE, "1"),
        (Unit.CUBIC_FOOT, "0.028316846592"),
        (Unit.HUNDRED_CUBIC_FEET, "2.8316846592"),
        (Unit.THOUSAND_CUBIC_FEET, "28.316846592"),
        (Unit.US_GALLON, "0.003785411784"),
        (Unit.IMPERIAL_GALLON, "0.00454609"),
        (Unit.LITRE, "0.001"),
    ],
)
def test_volume_in_m3(unit: Unit, m3: str) -> None:
    assert unit.quantity is Quantity.VOLUME
    assert unit.to_m3(Decimal(1)) == Decimal(m3)
    assert unit.to_kwh(Decimal(1)) is None


@pytest.mark.parametrize(
    ("raw", "multiplier", "divisor", "expected"),
    [
        (0x0000004D64CC, 1, 0x3E8, "5072.076"),  # live GB electricity
        (0x00000022D37B, 1, 0x3E8, "2282.363"),  # live GB gas
        (0x000000BE9D1E, 1, 0x3E8, "12492.062"),
        (0x02CB3AD2, 1, 0x3E8, "46873.298"),  # live US electricity
        (0x00014D, 1, 0x3E8, "0.333"),
        (0x0004AD, 1, 0x3E8, "1.197"),
        (0x000CEF, 1, 0x3E8, "3.311"),
        (7, None, None, "7"),
        (7, 0, 0, "7"),
        (7, 0xFFFFFF, 0xFFFFFF, "7"),
        (0xFFFFFFFFFFFE, 0xFFFFFE, 1, str(0xFFFFFFFFFFFE * 0xFFFFFE)),
    ],
)
def test_scaling(
    raw: int, multiplier: int | None, divisor: int | None, expected: str
) -> None:
    assert str(Scale.from_raw(multiplier, divisor).apply(raw)) == expected


@given(
    raw=st.integers(-(1 << 47), (1 << 48) - 1),
    multiplier=st.integers(1, 0xFFFFFF),
    divisor=st.sampled_from([10**power for power in range(8)])
    | st.integers(1, 0xFFFFFF),
)
def test_scaling_is_a_division_to_the_last_digit_that_is_written(
    raw: int, multiplier: int, divisor: int
) -> None:
    by_division = Context(prec=40).divide(Decimal(raw * multiplier), Decimal(divisor))
    assert str(Scale(multiplier, divisor).apply(raw)) == str(by_division)


def test_scale_without_factors_changes_nothing() -> None:
    assert Scale().apply(7) == 7
    assert Scale(divisor=10).apply(7) == Decimal("0.7")


def test_scaling_does_not_depend_on_the_callers_decimal_context() -> None:
    with localcontext() as context:
        context.prec = 3
        assert Scale(1, 1000).apply(5072076) == Decimal("5072.076")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(0x1234, 1234), (0, 0), (0x99, 99), (0x9A, None), (0xF, None), (0x12A4, None)],
)
def test_bcd(raw: int, expected: int | None) -> None:
    assert bcd_from_raw(raw) == expected


def test_bcd_scale() -> None:
    """Divisor 0x1000 is a thousand in BCD, and 4096 in binary."""
    assert Scale.from_raw(1, 0x1000, bcd=True).divisor == 1000
    assert Scale.from_raw(1, 0x1000).divisor == 4096
    assert Scale.from_raw(0xA, 0x1000, bcd=True).multiplier == 1


@pytest.mark.parametrize(
    ("octet", "value", "shown"),
    [
        (0x2B, "5072.076", "05072.076"),  # GB summation: 5 left, 3 right
        (0x00, "2.547", "2"),  # GB demand: shows no decimals, value has three
        (0xB1, "156762.302", "156762.3"),  # US: 6 left, 1 right
        (0xFB, "0.333", "0.333"),  # US: 15 left, zeros suppressed
        (0x2B, "-0.678", "-00000.678"),
        (0x2B, "0.0009", "00000.000"),
        (0x2B, "1234567.8", "1234567.800"),
    ],
)
def test_display(octet: int, value: str, shown: str) -> None:
    assert Formatting.from_raw(octet).display(Decimal(value)) == shown


@given(st.integers(0, 255))
def test_formatting_bits(octet: int) -> None:
    """The octet comes back from its three parts, written as its bits."""
    formatting = Formatting.from_raw(octet)
    bits = f"{formatting.suppress_leading_zeros:01b}{formatting.digits_left:04b}{formatting.digits_right:03b}"
    assert int(bits, 2) == octet


@pytest.mark.parametrize(
    ("raw", "alpha"),
    [(826, "GBP"), (978, "EUR"), (0x348, "USD"), (0x07C, "CAD"), (999, None)],
)
def test_currency(raw: int, alpha: str | None) -> None:
    currency = Currency.from_raw(raw)
    assert currency is not None
    assert currency.alpha == alpha
    assert currency.numeric == raw


@pytest.mark.parametrize("raw", [None, 0, 1000, 0xFFFF])
def test_no_currency(raw: int | None) -> None:
    assert Currency.from_raw(raw) is None


def test_symbols_are_ours() -> None:
    assert (Unit.KILOWATT_HOUR.symbol, Unit.KILOWATT_HOUR.rate_symbol) == ("kWh", "kW")
    assert (Unit.CUBIC_METRE.symbol, Unit.CUBIC_METRE.rate_symbol) == ("m³", "m³/h")
    assert all(
        re.search(r"kPa", unit.symbol)
        for unit in Unit
        if unit.quantity is Quantity.PRESSURE
    )

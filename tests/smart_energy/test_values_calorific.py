"""Gas: conversion factor, calorific value, kWh from m³ and back."""

from decimal import Decimal

from hypothesis import given, strategies as st
import pytest

from custom_components.smets1_cad.cad.models import GasAmount, GasConversion, Provenance
from custom_components.smets1_cad.smart_energy.values.calorific import GasFactors


def conversion(calorific_value: str) -> GasConversion:
    return GasConversion(
        calorific_value=Decimal(calorific_value),
        conversion_factor=Decimal("1.02264"),
        provenance=Provenance.MEASURED,
    )


def test_reference_frames() -> None:
    """GBCS: 102264 with 0x50, 400 with 0x10."""
    factors = (
        GasFactors()
        .with_conversion_factor(102264, 0x50)
        .with_calorific_value(400, 1, 0x10)
    )
    assert factors == GasFactors(Decimal("1.02264"), Decimal("40.0"))
    assert factors.conversion() == GasConversion(
        calorific_value=Decimal("40.0"),
        conversion_factor=Decimal("1.02264"),
        provenance=Provenance.MEASURED,
    )


def test_defaults_of_the_specification() -> None:
    factors = (
        GasFactors()
        .with_conversion_factor(10000000, 0x70)
        .with_calorific_value(40000000, None, 0x60)
    )
    assert factors == GasFactors(Decimal(1), Decimal(40))


@pytest.mark.parametrize(
    ("value", "per_m3"),
    # Industry figures, and ratios between kWh and m³ of six real displays.
    [
        ("39.2", "11.135"),
        ("39.5", "11.221"),
        ("40", "11.363"),
        ("38.9", "11.050"),
        ("40.2", "11.419"),
    ],
)
def test_energy_of_a_cubic_metre(value: str, per_m3: str) -> None:
    energy = conversion(value).energy_kwh(Decimal(1))
    assert abs(energy - Decimal(per_m3)) <= Decimal("0.0009")
    assert abs(conversion(value).kwh_per_m3 - energy) < Decimal("0.000001")


@given(st.decimals(min_value=0, max_value=10**9, places=3))
def test_there_and_back(volume: Decimal) -> None:
    gas = conversion("39.5")
    assert abs(gas.volume_m3(gas.energy_kwh(volume)) - volume) <= Decimal("0.000001")


@pytest.mark.parametrize(
    ("raw", "trailing"),
    [
        (None, 0x50),
        (0xFFFFFFFF, 0x50),
        (0x10000000, 0x70),
        (102264, None),
        (0, 0x50),
        (4, 0x10),
    ],
)
def test_factor_that_cannot_be_is_none(raw: int | None, trailing: int | None) -> None:
    assert GasFactors().with_conversion_factor(raw, trailing).conversion_factor is None


@pytest.mark.parametrize(
    ("raw", "unit", "trailing"),
    [
        (None, 1, 0x10),
        (0xFFFFFFFF, 1, 0),
        (400, 1, 0x00),
        (400, 2, 0x10),
        (400, 1, 0x20),
    ],
)
def test_calorific_value_that_cannot_be_is_none(
    raw: int | None, unit: int, trailing: int
) -> None:
    assert (
        GasFactors().with_calorific_value(raw, unit, trailing).calorific_value is None
    )


@pytest.mark.parametrize(
    ("raw", "value", "factor"),
    [
        (99, None, None),
        (100, Decimal(10), None),
        (1000, Decimal(100), None),
        (1001, None, None),
        (4, None, None),
        (5, None, Decimal("0.5")),
        (20, None, Decimal(2)),
        (21, None, None),
    ],
)
def test_limits_of_what_can_be(
    raw: int, value: Decimal | None, factor: Decimal | None
) -> None:
    """In tenths: 10 to 100 MJ/m³, and 0.5 to 2."""
    said = (
        GasFactors()
        .with_calorific_value(raw, 1, 0x10)
        .with_conversion_factor(raw, 0x10)
    )
    assert said == GasFactors(factor, value)


def test_assumed_values_are_named_calculated() -> None:
    assert GasFactors().conversion() == GasConversion(
        calorific_value=Decimal(40),
        conversion_factor=Decimal("1.02264"),
        provenance=Provenance.CALCULATED,
    )
    own = GasFactors(Decimal("1.03")).conversion(calorific_value=Decimal("39.1"))
    assert own.conversion_factor == Decimal("1.03")
    assert own.calorific_value == Decimal("39.1")
    assert own.provenance is Provenance.CALCULATED


def test_an_amount_needs_a_measurement() -> None:
    assert GasAmount.measured(conversion=conversion("39.5")) is None


def test_both_measured_are_both_kept() -> None:
    amount = GasAmount.measured(
        energy_kwh=Decimal(1), volume_m3=Decimal(2), conversion=conversion("39.5")
    )
    assert amount == GasAmount(
        energy_kwh=Decimal(1),
        energy_provenance=Provenance.MEASURED,
        volume_m3=Decimal(2),
        volume_provenance=Provenance.MEASURED,
    )

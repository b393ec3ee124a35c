"""From raw Metering attributes to readings, with the values of live British meters."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from custom_components.smets1_cad.cad.models import (
    Alarm,
    ElectricityReading,
    EnergyUnit,
    Fuel,
    GasConversion,
    GasReading,
    Provenance,
    SupplyState,
    TierBlock,
)
from custom_components.smets1_cad.smart_energy.values.metering import (
    MeterScaling,
    meter_reading,
)
from custom_components.smets1_cad.smart_energy.values.status import (
    DeviceType,
    MeterKind,
    alarms,
    supply_state,
)
from custom_components.smets1_cad.smart_energy.values.units import Unit, UnitOfMeasure

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CONVERSION = GasConversion(
    calorific_value=Decimal("39.2"),
    conversion_factor=Decimal("1.02264"),
    provenance=Provenance.MEASURED,
)
# Two live captures of a Hildebrand Glow CAD; personal numbers left out.
ELECTRICITY_2020 = {
    0x0000: 0x0000004D64CC, 0x0014: 0x02, 0x0200: 0x00, 0x0300: 0x00, 0x0301: 0x000001,
    0x0302: 0x0003E8, 0x0303: 0x2B, 0x0304: 0x00, 0x0306: 0x00, 0x0400: 0x0009F3,
    0x0401: 0x001F23, 0x0430: 0x004A12, 0x0440: 0x011C3C,
}  # fmt: skip
GAS_2020 = {
    0x0000: 0x00000022D37B, 0x0300: 0x01, 0x0301: 0x000001, 0x0302: 0x0003E8, 0x0303: 0x2B,
    0x0306: 0x80, 0x0312: 0x00, 0x0C01: 0x009A1C, 0x0C30: 0x015DF5, 0x0C40: 0x0440B4,
}  # fmt: skip
ELECTRICITY_2023 = {
    0x0000: 0x000000BE9D1E, 0x0001: 0, 0x0002: 0, 0x0007: 0, 0x0014: 0x02, 0x0200: 0x00,
    0x0300: 0x00, 0x0301: 0x00000001, 0x0302: 0x000003E8, 0x0303: 0x2B, 0x0304: 0x00,
    0x0306: 0x00, 0x0307: b"", 0x0308: b"", 0x0400: 0x00000439, 0x0401: 0x0021AD,
    0x0430: 0x0132B6, 0x0440: 0x017927,
}  # fmt: skip
GAS_2023 = {
    0x0000: 0x00062A4616, 0x0001: 0, 0x0007: 0x2A8C6569, 0x0014: 0x00, 0x0200: 0x00,
    0x0300: 0x00, 0x0301: 0x000001, 0x0302: 0x0003E8, 0x0303: 0x43, 0x0304: 0x9B,
    0x0305: 0x43, 0x0306: 0x80, 0x0400: 0x000000, 0x0401: 0x001BF8,
}  # fmt: skip


def electricity(attributes: dict[int, object]) -> ElectricityReading:
    reading = meter_reading(
        MeterScaling.from_attributes(attributes), attributes, received_at=NOW
    )
    assert isinstance(reading, ElectricityReading)
    return reading


def gas(
    attributes: dict[int, object], conversion: GasConversion | None = None
) -> GasReading:
    reading = meter_reading(
        MeterScaling.from_attributes(attributes),
        attributes,
        received_at=NOW,
        conversion=conversion,
    )
    assert isinstance(reading, GasReading)
    return reading


def test_live_electricity_of_2020() -> None:
    assert electricity(ELECTRICITY_2020) == ElectricityReading(
        received_at=NOW,
        import_kwh=Decimal("5072.076"),
        power_kw=Decimal("2.547"),
        day_import_kwh=Decimal("7.971"),
        week_import_kwh=Decimal("18.962"),
        month_import_kwh=Decimal("72.764"),
        supply=SupplyState.ON,
        alarms=frozenset(),
    )


def test_live_electricity_of_2023() -> None:
    """A snapshot time of 0 is no time."""
    assert electricity(ELECTRICITY_2023) == ElectricityReading(
        received_at=NOW,
        import_kwh=Decimal("12492.062"),
        export_kwh=Decimal(0),
        power_kw=Decimal("1.081"),
        day_import_kwh=Decimal("8.621"),
        week_import_kwh=Decimal("78.518"),
        month_import_kwh=Decimal("96.551"),
        supply=SupplyState.ON,
        alarms=frozenset(),
    )


def test_live_gas_in_m3_with_alternative_kwh() -> None:
    """Volume is measured; the day's energy too, in the alternative unit."""
    reading = gas(GAS_2020, CONVERSION)
    assert reading.total is not None and reading.day is not None
    assert reading.total.volume_m3 == Decimal("2282.363")
    assert reading.total.volume_provenance is Provenance.MEASURED
    # 2282.363 x 1.02264 x 39.2 / 3.6, by bc.
    assert reading.total.energy_kwh == Decimal("25415.055382")
    assert reading.total.energy_provenance is Provenance.CALCULATED
    assert reading.day.energy_kwh == Decimal("39.452")
    assert reading.day.energy_provenance is Provenance.MEASURED
    assert reading.day.volume_provenance is Provenance.CALCULATED
    assert reading.week is not None and reading.week.energy_kwh == Decimal("89.589")
    assert reading.month is not None and reading.month.energy_kwh == Decimal("278.708")
    assert reading.conversion == CONVERSION
    assert reading.supply is None and reading.alarms is None


def test_live_gas_in_kwh() -> None:
    """A mirrored gas meter whose register is energy: nothing is multiplied again."""
    reading = gas(GAS_2023, CONVERSION)
    assert reading.total is not None and reading.day is not None
    assert reading.total.energy_kwh == Decimal("103433.75")
    assert reading.total.energy_provenance is Provenance.MEASURED
    assert reading.total.volume_provenance is Provenance.CALCULATED
    assert reading.day.energy_kwh == Decimal("7.16")
    assert reading.metered_at == datetime(2022, 8, 15, 2, 1, 13, tzinfo=UTC)
    assert reading.supply is SupplyState.OFF
    assert reading.week is None


def test_gas_without_a_conversion_keeps_what_was_measured() -> None:
    total = gas(GAS_2020).total
    assert total is not None
    assert (total.volume_m3, total.energy_kwh) == (Decimal("2282.363"), None)
    assert total.energy_provenance is None


def test_non_values_are_none() -> None:
    reading = electricity(
        {
            0x0000: 0xFFFFFFFFFFFF,
            0x0001: 0xFFFFFFFFFFFF,
            0x0007: 0xFFFFFFFF,
            0x000E: 0xFF,
            0x0014: 0xFF,
            0x0020: 0xFF,
            0x0100: 0xFFFFFFFFFFFF,
            0x0400: 0x800000,
            0x0401: 0xFFFFFF,
            0x0430: 0xFFFFFF,
            0x0440: 0xFFFFFFFF,
        }
    )
    assert reading == ElectricityReading(received_at=NOW)


def test_nothing_read_is_no_zero() -> None:
    assert electricity({}) == ElectricityReading(received_at=NOW)
    assert electricity({0x0000: None, 0x0400: "text"}) == ElectricityReading(
        received_at=NOW
    )
    assert gas({0x0306: 0x01}) == GasReading(received_at=NOW)


@pytest.mark.parametrize("raw", [0xFFFC18, -1000])
def test_export_is_negative_power(raw: int) -> None:
    assert electricity({0x0302: 1000, 0x0400: raw}).power_kw == Decimal(-1)


def test_demand_in_megajoules_is_per_second() -> None:
    assert electricity({0x0300: 0x0C, 0x0302: 1000, 0x0400: 3}).power_kw == Decimal(3)
    assert electricity({0x0300: 0x0C, 0x0000: 36}).import_kwh == Decimal(10)


def test_tiers_and_blocks() -> None:
    reading = electricity(
        {
            0x0302: 1000,
            0x0000: 3000,
            0x0100: 1000,
            0x0102: 2000,
            0x0103: 500,
            0x015E: 7,
            0x0700: 1,
            0x0721: 2,
            0x0921: 3,
            0x0020: 2,
            0x000E: 1,
        }
    )
    assert reading.tier_import_kwh == {
        1: Decimal(1),
        2: Decimal(2),
        48: Decimal("0.007"),
    }
    assert reading.tier_export_kwh == {2: Decimal("0.5")}
    assert reading.block_import_kwh == {
        TierBlock(0, 1): Decimal("0.001"),
        TierBlock(2, 2): Decimal("0.002"),
    }
    assert (reading.active_tier, reading.active_block) == (2, 1)
    assert electricity({0x0020: 0, 0x000E: 0}).active_tier is None


def test_gas_tiers_and_blocks_in_both_units() -> None:
    reading = gas(GAS_2020 | {0x0100: 1000, 0x0710: 2000}, CONVERSION)
    assert reading.tier_total[1].volume_m3 == Decimal(1)
    assert reading.tier_total[1].energy_kwh == CONVERSION.energy_kwh(Decimal(1))
    assert reading.block_total[TierBlock(1, 1)].volume_m3 == Decimal(2)


def test_alternative_day_of_an_electricity_meter() -> None:
    """Only where its own unit gives no day."""
    both = {0x0302: 1000, 0x0312: 0x00, 0x0401: 1000, 0x0C01: 9000}
    assert electricity(both).day_import_kwh == Decimal(1)
    assert electricity(both | {0x0401: None}).day_import_kwh == Decimal(9)
    assert electricity({0x0C01: 9000}).day_import_kwh is None


def test_bcd_values() -> None:
    """UnitOfMeasure 0x80: 0x1234 reads 1234; a nibble above 9 is no value."""
    attributes = {
        0x0300: 0x80,
        0x0302: 1000,
        0x0000: 0x5072076,
        0x0400: -0x1234,
        0x0401: 0xA,
    }
    reading = electricity(attributes)
    assert reading.import_kwh == Decimal("5072.076")
    assert reading.power_kw == Decimal("-1.234")
    assert reading.day_import_kwh is None


def test_bcd_scaling_is_a_choice() -> None:
    attributes = {0x0300: 0x80, 0x0302: 0x1000, 0x0000: 0x2000}
    plain = MeterScaling.from_attributes(attributes)
    bcd = MeterScaling.from_attributes(attributes, bcd_scale=True)
    assert plain.energy_kwh(0x2000) == Decimal(2000) / 4096
    assert bcd.energy_kwh(0x2000) == Decimal(2)


def test_formatting_shows_and_does_not_scale() -> None:
    scaling = MeterScaling.from_attributes(ELECTRICITY_2020)
    assert scaling.summation is not None and scaling.demand is not None
    assert scaling.summation.display(Decimal("5072.076")) == "05072.076"
    assert scaling.demand.digits_right == 0
    assert scaling.power_kw(0x0009F3) == Decimal("2.547")
    assert scaling.historical is None


def test_wrong_quantity_is_no_energy() -> None:
    assert electricity({0x0300: 0x01, 0x0000: 5, 0x0400: 5}) == ElectricityReading(
        received_at=NOW
    )
    assert gas({0x0306: 0x80, 0x0300: 0x0B, 0x0000: 5}).total is None


@pytest.mark.parametrize(
    ("raw", "unit"),
    [(0x00, EnergyUnit.KILOWATT_HOUR), (0x8C, EnergyUnit.KILOWATT_HOUR), (0x01, EnergyUnit.CUBIC_METRE), (0x07, EnergyUnit.CUBIC_METRE), (0x0B, None), (0x0D, None)],
)  # fmt: skip
def test_profile_units(raw: int, unit: EnergyUnit | None) -> None:
    assert MeterScaling.from_attributes({0x0300: raw}).profile_unit is unit


def test_reserved_unit_counts_as_kwh() -> None:
    assert MeterScaling.from_attributes({0x0300: 0x7E}).unit == UnitOfMeasure(
        Unit.KILOWATT_HOUR
    )


@pytest.mark.parametrize("raw", [0x02, 0x81, 0x08, 0x87, 0x05])
def test_other_meters_give_no_reading(raw: int) -> None:
    assert (
        meter_reading(MeterScaling.from_attributes({0x0306: raw}), {}, received_at=NOW)
        is None
    )


@pytest.mark.parametrize(
    ("raw", "kind", "mirrored", "fuel"),
    [
        (0x00, DeviceType.ELECTRIC, False, Fuel.ELECTRICITY),
        (0x01, DeviceType.GAS, False, Fuel.GAS),
        (0x0D, DeviceType.ELECTRIC_PHASE_1, False, Fuel.ELECTRICITY),
        (0x7F, DeviceType.ELECTRIC, True, Fuel.ELECTRICITY),
        (0x80, DeviceType.GAS, True, Fuel.GAS),
        (0x81, DeviceType.WATER, True, None),
        (0x08, DeviceType.PV_GENERATION, False, None),
    ],
)
def test_kinds_of_meter(
    raw: int, kind: DeviceType, mirrored: bool, fuel: Fuel | None
) -> None:
    assert MeterKind.from_raw(raw) == MeterKind(kind, mirrored)
    assert MeterKind(kind, mirrored).fuel is fuel


@pytest.mark.parametrize("raw", [None, 0x10, 0x7E, 0x8F, 0xFE, 0xFF])
def test_reserved_kinds(raw: int | None) -> None:
    assert MeterKind.from_raw(raw) is None


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        (0x00, 0x00, set()),
        (0x00, 0x08, {Alarm.POWER_FAILURE}),
        (0x00, 0x10, {Alarm.POWER_QUALITY}),
        (0x00, 0x80, set()),
        (0x0D, 0x08, {Alarm.POWER_FAILURE}),
        (0x80, 0x08, set()),
        (0x80, 0x10, {Alarm.LOW_PRESSURE}),
        (0x01, 0x80, {Alarm.REVERSE_FLOW}),
        (0x02, 0x98, {Alarm.PIPE_EMPTY, Alarm.LOW_PRESSURE, Alarm.REVERSE_FLOW}),
        (0x05, 0x98, {Alarm.TEMPERATURE_SENSOR, Alarm.BURST, Alarm.FLOW_SENSOR}),
        (0x04, 0x98, set()),
        *(
            (kind, 0x67, {Alarm.CHECK_METER, Alarm.LOW_BATTERY, Alarm.TAMPER, Alarm.LEAK, Alarm.SERVICE_DISCONNECT})
            for kind in (0x00, 0x01, 0x02, 0x04, 0x06)
        ),
    ],
)  # fmt: skip
def test_alarms_by_kind(kind: int, status: int, expected: set[Alarm]) -> None:
    meter = MeterKind.from_raw(kind)
    assert meter is not None
    assert alarms(status, meter) == expected
    assert alarms(None, meter) is None


@pytest.mark.parametrize(
    ("bit", "alarm"),
    [(0x01, Alarm.CHECK_METER), (0x02, Alarm.LOW_BATTERY), (0x04, Alarm.TAMPER), (0x20, Alarm.LEAK), (0x40, Alarm.SERVICE_DISCONNECT)],
)  # fmt: skip
@pytest.mark.parametrize("kind", [0x00, 0x01, 0x02, 0x05, 0x80])
def test_alarms_that_all_kinds_share(kind: int, bit: int, alarm: Alarm) -> None:
    meter = MeterKind.from_raw(kind)
    assert meter is not None
    assert alarms(bit, meter) == {alarm}


@pytest.mark.parametrize(
    ("raw", "state"),
    [(0, SupplyState.OFF), (1, SupplyState.ARMED), (2, SupplyState.ON), (3, None), (0xFF, None), (None, None)],
)  # fmt: skip
def test_supply(raw: int | None, state: SupplyState | None) -> None:
    assert supply_state(raw) is state

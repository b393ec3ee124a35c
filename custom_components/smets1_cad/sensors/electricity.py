"""Sensors of an electricity meter."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from operator import methodcaller
from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import UnitOfEnergy, UnitOfPower

from ..cad.models import Fuel
from ..readings.meter_state import MeterState
from ..readings.news import says
from .common import firmware_sensor, supply_sensor, today_sensor
from .description import MeterSensorDescription

TIERS: Final = 48
"""Tiers that Smart Energy knows."""


def _field(name: str) -> Callable[[MeterState], Any]:
    """Return a function that reads a field of the last reading."""
    return methodcaller("value", name)


def _has(name: str) -> Callable[[MeterState], bool]:
    """Return a function that tells whether the meter has said a field."""
    read = _field(name)
    return lambda meter: read(meter) is not None


def _is_used(meter: MeterState, register: str) -> bool:
    """Whether a register that every meter has is used in this home."""
    return register in meter.used


def _watts(meter: MeterState) -> int | float | None:
    if (power_kw := meter.value("power_kw")) is None:
        return None
    watts = power_kw * 1000
    whole = int(watts)
    return whole if watts == whole else float(watts)


def _tier_register(meter: MeterState, tier: int) -> Decimal | None:
    reading = meter.electricity
    return None if reading is None else reading.tier_import_kwh.get(tier)


def _tier_label(meter: MeterState, tier: int) -> dict[str, Any] | None:
    label = meter.tariff and meter.tariff.tier_labels.get(tier)
    return {"label": label} if label else None


def _tier(tier: int) -> MeterSensorDescription:
    """Return the register of a tier, which appears once it has counted."""
    return MeterSensorDescription(
        key=f"tier_{tier}_import",
        translation_key="tier_import",
        placeholders={"tier": str(tier)},
        fuel=Fuel.ELECTRICITY,
        changed_by=says(Fuel.ELECTRICITY, "tier_import_kwh"),
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=3,
        has_fn=partial(_is_used, register=f"tier_{tier}_import_kwh"),
        value_fn=partial(_tier_register, tier=tier),
        attributes_fn=partial(_tier_label, tier=tier),
    )


ELECTRICITY_SENSORS: Final[tuple[MeterSensorDescription, ...]] = (
    MeterSensorDescription(
        key="import",
        translation_key="import",
        fuel=Fuel.ELECTRICITY,
        changed_by=says(Fuel.ELECTRICITY, "import_kwh"),
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=3,
        has_fn=_has("import_kwh"),
        value_fn=_field("import_kwh"),
    ),
    MeterSensorDescription(
        key="export",
        translation_key="export",
        fuel=Fuel.ELECTRICITY,
        changed_by=says(Fuel.ELECTRICITY, "export_kwh"),
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=3,
        has_fn=partial(_is_used, register="export_kwh"),
        value_fn=_field("export_kwh"),
    ),
    MeterSensorDescription(
        key="power",
        fuel=Fuel.ELECTRICITY,
        changed_by=says(Fuel.ELECTRICITY, "power_kw"),
        native_unit_of_measurement=UnitOfPower.WATT,
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        has_fn=_has("power_kw"),
        value_fn=_watts,
    ),
    today_sensor(
        Fuel.ELECTRICITY,
        "import_today",
        "import_kwh",
        UnitOfEnergy.KILO_WATT_HOUR,
        SensorDeviceClass.ENERGY,
        said_in="import_kwh",
    ),
    supply_sensor(Fuel.ELECTRICITY),
    firmware_sensor(Fuel.ELECTRICITY),
    *(_tier(tier) for tier in range(1, TIERS + 1)),
)

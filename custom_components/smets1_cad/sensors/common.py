"""Sensors that both meters have."""

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory

from ..cad.models import Fuel, SupplyState
from ..readings.meter_state import MeterState
from ..readings.news import says
from .description import MeterSensorDescription

_STEP: Final = Decimal("0.001")


def _today(meter: MeterState, register: str) -> Decimal | None:
    day = meter.days.get(register)
    amount = None if day is None else day.amount
    return None if amount is None else amount.quantize(_STEP)


def _today_since(meter: MeterState, register: str) -> datetime | None:
    day = meter.days.get(register)
    return None if day is None else day.since


def today_sensor(
    fuel: Fuel,
    key: str,
    register: str,
    unit: str,
    device_class: SensorDeviceClass,
    *,
    said_in: str,
    enabled: bool = True,
) -> MeterSensorDescription:
    """Return what a register, which a field of the reading says, has counted since midnight."""
    return MeterSensorDescription(
        key=key,
        translation_key=key,
        fuel=fuel,
        changed_by=says(fuel, said_in),
        native_unit_of_measurement=unit,
        device_class=device_class,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
        entity_registry_enabled_default=enabled,
        has_fn=lambda meter: register in meter.days,
        value_fn=partial(_today, register=register),
        last_reset_fn=partial(_today_since, register=register),
    )


def _supply(meter: MeterState) -> SupplyState | None:
    return None if meter.reading is None else meter.reading.supply


def supply_sensor(fuel: Fuel) -> MeterSensorDescription:
    """Return whether energy flows to the home."""
    return MeterSensorDescription(
        key="supply",
        translation_key="supply",
        fuel=fuel,
        changed_by=says(fuel, "supply"),
        device_class=SensorDeviceClass.ENUM,
        options=[state.value for state in SupplyState],
        has_fn=lambda meter: _supply(meter) is not None,
        value_fn=_supply,
    )


def _firmware(meter: MeterState) -> str | None:
    return (meter.identity and meter.identity.firmware_version) or None


def firmware_sensor(fuel: Fuel) -> MeterSensorDescription:
    """Return the meter's firmware, which holds on while the meter is silent."""
    return MeterSensorDescription(
        key="firmware",
        translation_key="firmware",
        fuel=fuel,
        changed_by=frozenset(),
        entity_category=EntityCategory.DIAGNOSTIC,
        available_fn=lambda _: True,
        has_fn=lambda meter: _firmware(meter) is not None,
        value_fn=_firmware,
    )

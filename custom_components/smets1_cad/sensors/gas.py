"""Sensors of a gas meter, in both units (R12)."""

from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import UnitOfEnergy, UnitOfVolume

from ..cad.models import Fuel, GasAmount, Provenance
from ..readings.meter_state import MeterState
from .common import firmware_sensor, supply_sensor, today_sensor
from .description import MeterSensorDescription


def _total(meter: MeterState) -> GasAmount:
    return (meter.gas and meter.gas.total) or GasAmount()


def _provenance(
    meter: MeterState, provenance: Provenance | None
) -> dict[str, Any] | None:
    """Return how a value came about, and what it was calculated with."""
    if provenance is None:
        return None
    attributes: dict[str, Any] = {"provenance": provenance.value}
    conversion = meter.gas and meter.gas.conversion
    if provenance is Provenance.CALCULATED and conversion:
        attributes["calorific_value"] = float(conversion.calorific_value)
        attributes["conversion_factor"] = float(conversion.conversion_factor)
        attributes["conversion_provenance"] = conversion.provenance.value
    return attributes


GAS_SENSORS: Final[tuple[MeterSensorDescription, ...]] = (
    MeterSensorDescription(
        key="energy",
        translation_key="energy_total",
        fuel=Fuel.GAS,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=3,
        has_fn=lambda meter: _total(meter).energy_kwh is not None,
        value_fn=lambda meter: _total(meter).energy_kwh,
        attributes_fn=lambda meter: _provenance(meter, _total(meter).energy_provenance),
    ),
    MeterSensorDescription(
        key="volume",
        translation_key="volume",
        fuel=Fuel.GAS,
        native_unit_of_measurement=UnitOfVolume.CUBIC_METERS,
        device_class=SensorDeviceClass.GAS,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=3,
        has_fn=lambda meter: _total(meter).volume_m3 is not None,
        value_fn=lambda meter: _total(meter).volume_m3,
        attributes_fn=lambda meter: _provenance(meter, _total(meter).volume_provenance),
    ),
    today_sensor(
        Fuel.GAS,
        "energy_today",
        "energy_kwh",
        UnitOfEnergy.KILO_WATT_HOUR,
        SensorDeviceClass.ENERGY,
        said_in="total",
    ),
    today_sensor(
        Fuel.GAS,
        "volume_today",
        "volume_m3",
        UnitOfVolume.CUBIC_METERS,
        SensorDeviceClass.GAS,
        said_in="total",
        enabled=False,
    ),
    supply_sensor(Fuel.GAS),
    firmware_sensor(Fuel.GAS),
)

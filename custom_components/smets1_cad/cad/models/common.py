"""The words that every reading uses."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Fuel(StrEnum):
    """What a meter measures."""

    ELECTRICITY = "electricity"
    GAS = "gas"


class Direction(StrEnum):
    """Which way energy went, seen from the home."""

    IMPORT = "import"
    """Delivered to the home."""
    EXPORT = "export"
    """Received from the home."""


class Provenance(StrEnum):
    """How a value came about (R12)."""

    MEASURED = "measured"
    """The meter reports it in this unit."""
    CALCULATED = "calculated"
    """Turned into this unit with a calorific value and a conversion factor."""


class EnergyUnit(StrEnum):
    """What a price buys."""

    KILOWATT_HOUR = "kWh"
    CUBIC_METRE = "m³"


class SupplyState(StrEnum):
    """Whether energy flows to the home."""

    OFF = "off"
    ARMED = "armed"
    """Off, and the householder may turn it on at the meter."""
    ON = "on"


class Alarm(StrEnum):
    """A fault that a meter reports in its Status."""

    CHECK_METER = "check_meter"
    LOW_BATTERY = "low_battery"
    TAMPER = "tamper"
    POWER_FAILURE = "power_failure"
    POWER_QUALITY = "power_quality"
    LOW_PRESSURE = "low_pressure"
    LEAK = "leak"
    SERVICE_DISCONNECT = "service_disconnect"
    REVERSE_FLOW = "reverse_flow"
    PIPE_EMPTY = "pipe_empty"
    TEMPERATURE_SENSOR = "temperature_sensor"
    BURST = "burst"
    FLOW_SENSOR = "flow_sensor"


@dataclass(frozen=True, slots=True, order=True)
class TierBlock:
    """A tier and a block of a tariff; 0 where the tariff has none.

    Attributes:
        tier: time-of-use tier, 1 to 48, or 0.
        block: consumption block, 1 to 16, or 0.
    """

    tier: int = 0
    block: int = 0


ANY_TIER_BLOCK: Final = TierBlock()
"""Of a tariff with neither tiers nor blocks."""

"""The sensors, described: one module for each of what they are about."""

from typing import Final

from .cad import CAD_SENSORS
from .electricity import ELECTRICITY_SENSORS
from .gas import GAS_SENSORS
from .tariff import TARIFF_SENSORS

METER_SENSORS: Final = (*ELECTRICITY_SENSORS, *GAS_SENSORS, *TARIFF_SENSORS)

__all__ = ["CAD_SENSORS", "METER_SENSORS"]

"""What kind of meter it is, whether it supplies, and its alarms (SE D.3.2.2.3)."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from ...cad.models import Alarm, Fuel, SupplyState

_MIRROR_OFFSET: Final = 0x7F


class DeviceType(IntEnum):
    """MeteringDeviceType, attribute 0x0306, without the mirror's offset."""

    ELECTRIC = 0
    GAS = 1
    WATER = 2
    THERMAL = 3
    PRESSURE = 4
    HEAT = 5
    COOLING = 6
    ELECTRIC_VEHICLE = 7
    PV_GENERATION = 8
    WIND_GENERATION = 9
    WATER_GENERATION = 10
    MICRO_GENERATION = 11
    SOLAR_HOT_WATER = 12
    ELECTRIC_PHASE_1 = 13
    ELECTRIC_PHASE_2 = 14
    ELECTRIC_PHASE_3 = 15


_FUELS: Final = {
    DeviceType.ELECTRIC: Fuel.ELECTRICITY,
    DeviceType.ELECTRIC_PHASE_1: Fuel.ELECTRICITY,
    DeviceType.ELECTRIC_PHASE_2: Fuel.ELECTRICITY,
    DeviceType.ELECTRIC_PHASE_3: Fuel.ELECTRICITY,
    DeviceType.GAS: Fuel.GAS,
}


@dataclass(frozen=True, slots=True)
class MeterKind:
    """What a Metering server measures, and whether it mirrors a sleeping meter.

    Attributes:
        device_type: what it measures.
        mirrored: the hub holds a copy: 0x7F above the type, so 0x80 is mirrored gas.
    """

    device_type: DeviceType
    mirrored: bool = False

    @classmethod
    def from_raw(cls, raw: int | None) -> MeterKind | None:
        """Take attribute 0x0306; None where it is missing or reserved."""
        if raw is None:
            return None
        mirrored = raw >= _MIRROR_OFFSET
        number = raw - _MIRROR_OFFSET if mirrored else raw
        return cls(DeviceType(number), mirrored) if number in DeviceType else None

    @property
    def fuel(self) -> Fuel | None:
        """The fuel of a consumption meter; None for generation, water, heat."""
        return _FUELS.get(self.device_type)


_COMMON: Final = {
    0x01: Alarm.CHECK_METER,
    0x02: Alarm.LOW_BATTERY,
    0x04: Alarm.TAMPER,
    0x20: Alarm.LEAK,
    0x40: Alarm.SERVICE_DISCONNECT,
}
_ELECTRIC: Final = _COMMON | {0x08: Alarm.POWER_FAILURE, 0x10: Alarm.POWER_QUALITY}
_GAS: Final = _COMMON | {0x10: Alarm.LOW_PRESSURE, 0x80: Alarm.REVERSE_FLOW}
_WATER: Final = _GAS | {0x08: Alarm.PIPE_EMPTY}
_HEAT: Final = _COMMON | {
    0x08: Alarm.TEMPERATURE_SENSOR,
    0x10: Alarm.BURST,
    0x80: Alarm.FLOW_SENSOR,
}
_ALARMS: Final = {
    DeviceType.GAS: _GAS,
    DeviceType.WATER: _WATER,
    DeviceType.THERMAL: _HEAT,
    DeviceType.PRESSURE: _COMMON,
    DeviceType.HEAT: _HEAT,
    DeviceType.COOLING: _HEAT,
}


def alarms(status: int | None, kind: MeterKind) -> frozenset[Alarm] | None:
    """Give the alarms of Status 0x0200; the same bit differs by type of meter.

    Args:
        status: map8, or None where it was not read.
        kind: whose status.

    Returns:
        The alarms, empty where all is well; None where the meter does not say.
        Bits that are reserved for the type are left out.
    """
    if status is None:
        return None
    table = _ALARMS.get(kind.device_type, _ELECTRIC)
    return frozenset(alarm for bit, alarm in table.items() if status & bit)


_SUPPLY: Final = {0: SupplyState.OFF, 1: SupplyState.ARMED, 2: SupplyState.ON}


def supply_state(raw: int | None) -> SupplyState | None:
    """Give SupplyStatus 0x0014; None where it is missing, reserved or 3 ("unchanged")."""
    return None if raw is None else _SUPPLY.get(raw)

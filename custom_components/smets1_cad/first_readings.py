"""What was read while the user watched, kept so that the entry begins with it.

A gas meter may be asked again only half an hour later, so nothing of the first
reading must be lost between the flow and its entry.
"""

from collections.abc import Iterable
from time import monotonic

from .cad.models import (
    CadUpdate,
    ElectricityReading,
    Fuel,
    GasReading,
    MeterIdentity,
    Tariff,
)
from .meter_state import MeterState
from .store import JsonObject


def meters_as_json(meters: dict[Fuel, MeterState], *, ended: bool) -> JsonObject:
    """Return meters as the store's section of readings has them.

    Args:
        meters: what is known of each.
        ended: whether nothing can have been read since.
    """
    return {
        "ended": ended,
        "meters": {fuel.value: meter.as_dict() for fuel, meter in meters.items()},
    }


def collect(updates: Iterable[CadUpdate]) -> dict[Fuel, MeterState]:
    """Return what is known of each meter after some updates."""
    meters: dict[Fuel, MeterState] = {}
    for update in updates:
        match update:
            case ElectricityReading() | GasReading():
                _meter(meters, update.fuel).take_reading(update, monotonic())
            case Tariff():
                _meter(meters, update.fuel).take_tariff(update)
            case MeterIdentity():
                _meter(meters, update.fuel).take_identity(update)
            case _:
                pass
    return meters


def _meter(meters: dict[Fuel, MeterState], fuel: Fuel) -> MeterState:
    return meters.setdefault(fuel, MeterState(fuel=fuel))

"""What was read while the user watched, kept so that the entry begins with it.

A gas meter may be asked again only half an hour later, so nothing of the first
reading must be lost between the flow and its entry.
"""

from collections.abc import Iterable
from time import monotonic

from ..cad.models import (
    CadUpdate,
    ElectricityReading,
    Fuel,
    GasReading,
    MeterIdentity,
    Tariff,
)
from .meter_state import MeterState


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

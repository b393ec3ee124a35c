"""What was read while the user watched, kept so that the entry begins with it.

A gas meter may be asked again only half an hour later, so nothing of the first
reading must be lost between the flow and its entry.
"""

from collections.abc import Iterable
from datetime import datetime
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


def collect(updates: Iterable[CadUpdate], own_from: datetime) -> dict[Fuel, MeterState]:
    """Return what is known of each meter after some updates.

    Args:
        updates: as the link handed them up.
        own_from: see `MeterState`.
    """
    meters: dict[Fuel, MeterState] = {}

    def meter(fuel: Fuel) -> MeterState:
        return meters.setdefault(fuel, MeterState(fuel=fuel, own_from=own_from))

    for update in updates:
        match update:
            case ElectricityReading() | GasReading():
                meter(update.fuel).take_reading(update, monotonic())
            case Tariff():
                meter(update.fuel).take_tariff(update)
            case MeterIdentity():
                meter(update.fuel).take_identity(update)
            case _:
                pass
    return meters

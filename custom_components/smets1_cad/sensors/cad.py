"""Sensors of the CAD itself."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import SIGNAL_STRENGTH_DECIBELS_MILLIWATT, EntityCategory
from homeassistant.util import dt as dt_util

from ..cad.models import Fuel
from ..coordinator import Smets1CadCoordinator
from ..pairing.states import PairingState
from ..readings.news import News
from .description import CadSensorDescription

PACING_REFUSED: Final = "pacing_refused"
"""Name of the link's counter of requests that pacing did not allow."""


def _last_reading(coordinator: Smets1CadCoordinator, fuel: Fuel) -> datetime | None:
    """Return when a meter was read last, to the minute: a state every ten seconds tells no more."""
    meter = coordinator.data.meters.get(fuel)
    if meter is None or meter.reading is None:
        return None
    return meter.reading.received_at.replace(second=0, microsecond=0)


def _has_meter(fuel: Fuel) -> Callable[[Smets1CadCoordinator], bool]:
    return lambda coordinator: fuel in coordinator.data.meters


def _pairing_status(coordinator: Smets1CadCoordinator) -> str | None:
    keeper = coordinator.pairing
    return None if keeper is None else keeper.pairing.state.value


def _next_step(coordinator: Smets1CadCoordinator) -> dict[str, Any] | None:
    """Return what happens next, and whose turn it is (R8)."""
    if (keeper := coordinator.pairing) is None:
        return None
    pairing = keeper.pairing
    following = pairing.next_step(dt_util.utcnow())
    promised = (
        {}
        if pairing.promised_for is None
        else {"promised_for": pairing.promised_for.isoformat()}
    )
    return {
        "next_step": following.step,
        "whose_turn": following.actor.value if following.actor else "nobody",
        **promised,
    }


CAD_SENSORS: Final[tuple[CadSensorDescription, ...]] = (
    CadSensorDescription(
        key="pairing_status",
        translation_key="pairing_status",
        changed_by=frozenset(),
        device_class=SensorDeviceClass.ENUM,
        options=[state.value for state in PairingState],
        entity_category=EntityCategory.DIAGNOSTIC,
        has_fn=lambda coordinator: coordinator.pairing is not None,
        value_fn=_pairing_status,
        attributes_fn=_next_step,
    ),
    CadSensorDescription(
        key="signal_strength",
        native_unit_of_measurement=SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
        device_class=SensorDeviceClass.SIGNAL_STRENGTH,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        needs_han=True,
        has_fn=lambda coordinator: coordinator.link.statistics.signal_rssi is not None,
        value_fn=lambda coordinator: coordinator.link.statistics.signal_rssi,
    ),
    CadSensorDescription(
        key="link_quality",
        translation_key="link_quality",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        needs_han=True,
        has_fn=lambda coordinator: coordinator.link.statistics.signal_lqi is not None,
        value_fn=lambda coordinator: coordinator.link.statistics.signal_lqi,
    ),
    *(
        CadSensorDescription(
            key=f"last_{fuel}_reading",
            translation_key=f"last_{fuel}_reading",
            changed_by=frozenset[News]({fuel}),
            # Of electricity it would write a state every minute.
            entity_registry_enabled_default=fuel is not Fuel.ELECTRICITY,
            device_class=SensorDeviceClass.TIMESTAMP,
            entity_category=EntityCategory.DIAGNOSTIC,
            has_fn=_has_meter(fuel),
            value_fn=partial(_last_reading, fuel=fuel),
        )
        for fuel in Fuel
    ),
    CadSensorDescription(
        key="requests_refused",
        translation_key="requests_refused",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        has_fn=lambda coordinator: (
            PACING_REFUSED in coordinator.link.statistics.counters
        ),
        value_fn=lambda coordinator: coordinator.link.statistics.counters.get(
            PACING_REFUSED
        ),
    ),
    CadSensorDescription(
        key="firmware",
        translation_key="firmware",
        changed_by=frozenset(),
        entity_category=EntityCategory.DIAGNOSTIC,
        has_fn=lambda coordinator: bool(coordinator.cad.firmware),
        value_fn=lambda coordinator: coordinator.cad.firmware or None,
    ),
)

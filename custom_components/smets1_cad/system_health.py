"""System health: how the CADs are, at a glance."""

from typing import Any

from homeassistant.components import system_health
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .cad.models import Fuel
from .const import DOMAIN
from .coordinator import Smets1CadConfigEntry


@callback
def async_register(
    hass: HomeAssistant, register: system_health.SystemHealthRegistration
) -> None:
    """Register the callback that says how the CADs are."""
    register.async_register_info(system_health_info)


async def system_health_info(hass: HomeAssistant) -> dict[str, Any]:
    """Return the state of each link, and how old the last readings are."""
    entries: list[Smets1CadConfigEntry] = hass.config_entries.async_entries(DOMAIN)
    coordinators = [
        entry.runtime_data.coordinator
        for entry in entries
        if entry.state is ConfigEntryState.LOADED
    ]
    info: dict[str, Any] = {
        "cads": len(entries),
        "links": ", ".join(
            coordinator.data.status.state.value for coordinator in coordinators
        )
        or "none",
    }
    for fuel in Fuel:
        ages = [
            dt_util.utcnow() - meter.reading.received_at
            for coordinator in coordinators
            if (meter := coordinator.data.meters.get(fuel)) is not None
            and meter.reading is not None
        ]
        if ages:
            info[f"{fuel}_reading_age"] = f"{max(min(ages).total_seconds(), 0):.0f} s"
    return info

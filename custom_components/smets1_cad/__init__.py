"""A consumer access device (CAD) on a British SMETS1 smart meter's home area network."""

from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_DEVICE
from homeassistant.core import HomeAssistant


@dataclass(kw_only=True)
class Smets1CadRuntimeData:
    """What lives while an entry is loaded."""

    radio_path: str
    """The stick's port. It is not opened before consent is given."""


type Smets1CadConfigEntry = ConfigEntry[Smets1CadRuntimeData]


async def async_setup_entry(hass: HomeAssistant, entry: Smets1CadConfigEntry) -> bool:
    """Set up a CAD from its config entry."""
    entry.runtime_data = Smets1CadRuntimeData(radio_path=entry.data[CONF_DEVICE])
    return True


async def async_unload_entry(hass: HomeAssistant, entry: Smets1CadConfigEntry) -> bool:
    """Unload a CAD."""
    return True

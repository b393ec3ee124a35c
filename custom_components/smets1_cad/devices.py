"""The CAD, the electricity meter and the gas meter as devices.

No serial, supply or MAC number is among what Home Assistant shows of them.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceInfo

from .cad.models import Fuel
from .const import CONF_FIRMWARE, DOMAIN
from .readings.meter_state import MeterState
from .tenancy.epoch import tenancy_scope

CAD_KEY: Final = "cad"


@dataclass(frozen=True, slots=True, kw_only=True)
class CadInfo:
    """What is known of the CAD itself (R22).

    Attributes:
        manufacturer: of the stick or the device, "" unknown.
        model: likewise.
        firmware: its version, "" unknown.
    """

    manufacturer: str = ""
    model: str = ""
    firmware: str = ""


def identifier(entry: ConfigEntry[Any], fuel: Fuel | None) -> tuple[str, str]:
    """Return what identifies the meter of a fuel, or the CAD itself, among the entry's devices."""
    return (DOMAIN, f"{tenancy_scope(entry)}_{fuel or CAD_KEY}")


def device_info(entry: ConfigEntry[Any], fuel: Fuel | None) -> DeviceInfo:
    """Return the link from an entity to its device, which is registered here already."""
    return DeviceInfo(identifiers={identifier(entry, fuel)})


@callback
def async_register_cad(
    hass: HomeAssistant, entry: ConfigEntry[Any], cad: CadInfo
) -> None:
    """Register the CAD, through which the meters are reached."""
    dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={identifier(entry, None)},
        translation_key=CAD_KEY,
        manufacturer=cad.manufacturer or None,
        model=cad.model or None,
        sw_version=cad.firmware or None,
    )


@callback
def async_update_firmware(
    hass: HomeAssistant, entry: ConfigEntry[Any], cad: CadInfo, firmware: str
) -> CadInfo:
    """Take over other firmware than the CAD had, also for the next start; return what is known then."""
    cad = replace(cad, firmware=firmware)
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_FIRMWARE: firmware}
    )
    async_register_cad(hass, entry, cad)
    return cad


@callback
def async_register_meter(
    hass: HomeAssistant, entry: ConfigEntry[Any], meter: MeterState
) -> None:
    """Register a meter, or bring what it says of itself up to date."""
    identity = meter.identity
    dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={identifier(entry, meter.fuel)},
        translation_key=f"{meter.fuel}_meter",
        via_device_id=dr.async_get_device_id_by_identifier(
            hass, identifier(entry, None), config_entry_id=entry.entry_id
        ),
        manufacturer=(identity and identity.manufacturer) or None,
        model=(identity and identity.model) or None,
        sw_version=(identity and identity.firmware_version) or None,
        hw_version=(identity and identity.hardware_version) or None,
    )


def is_stale_device(
    entry: ConfigEntry[Any], device: dr.DeviceEntry, meters: dict[Fuel, MeterState]
) -> bool:
    """Whether a device may be removed by hand: a meter that is not there, or is not heard any more."""
    return not any(
        identifier(entry, fuel) in device.identifiers
        for fuel in (None, *(fuel for fuel, meter in meters.items() if not meter.stale))
    )

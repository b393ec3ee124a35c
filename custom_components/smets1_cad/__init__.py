"""A consumer access device (CAD) on a British SMETS1 smart meter's home area network."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryAuthFailed, ConfigEntryError
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .assembly import async_assemble, async_follow_pairing, async_follow_service
from .cad.errors import CadError
from .cad_secrets import CadNotSetUp
from .consent.watch import ConsentWatch, async_resume_when_valid
from .const import CONF_BOARD, CONF_FIRMWARE, CONF_MANUFACTURER, DOMAIN
from .coordinator import (
    Smets1CadConfigEntry,
    Smets1CadCoordinator,
    Smets1CadRuntimeData,
)
from .devices import CadInfo, identifier, is_stale_device
from .error_words import translated
from .evidence.firmware_log import FirmwareLog
from .leaving.leaving import async_forget_cad
from .leaving.unpairing import Unpairing
from .readings.unread_watch import UnreadWatch
from .retention import async_keep_for
from .services import async_setup_services
from .tenancy.change import async_put_off_removal, async_resume_erasure
from .tenancy.watch import TenancyWatch

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [Platform.BINARY_SENSOR, Platform.BUTTON, Platform.SENSOR]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions, which are there with or without a CAD."""
    async_setup_services(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: Smets1CadConfigEntry) -> bool:
    """Set up a CAD: it reads with consent in force; without, it only follows its pairing."""
    try:
        await async_resume_erasure(hass, entry)
        parts = await async_assemble(hass, entry)
        service = parts.pairing_service(hass)
    except CadNotSetUp as err:
        # What the earlier tenancy had was erased; whoever lives here now begins anew.
        raise ConfigEntryAuthFailed(
            translation_domain=DOMAIN, translation_key="consent_missing"
        ) from err
    except CadError as err:
        raise translated(err, ConfigEntryError) from err
    coordinator = Smets1CadCoordinator(
        hass,
        entry,
        parts.session,
        parts.store,
        cad=CadInfo(
            manufacturer=entry.data.get(CONF_MANUFACTURER, ""),
            model=entry.data.get(CONF_BOARD, ""),
            firmware=entry.data.get(CONF_FIRMWARE, ""),
        ),
        declared=parts.declared,
        pairing=parts.keeper,
    )
    if (grant := parts.grant) is not None:
        await coordinator.async_start(grant)
        entry.async_on_unload(ConsentWatch(hass, entry, grant).start())
        entry.async_on_unload(UnreadWatch(hass, entry, coordinator, grant).start())
    elif parts.keeper is None or (
        parts.record is None and parts.consents.log.damage is None
    ):
        raise ConfigEntryAuthFailed(
            translation_domain=DOMAIN, translation_key="consent_missing"
        )
    else:
        coordinator.async_start_dormant()
        given = parts.consents.grant
        if not parts.consents.is_withdrawn and not (given and given.is_valid):
            entry.async_start_reauth(hass)
            if given is not None and given.revoked is None:
                entry.async_on_unload(async_resume_when_valid(hass, entry, given))
    entry.async_on_unload(async_keep_for(hass, entry, parts.history_kept_for))
    entry.runtime_data = Smets1CadRuntimeData(
        coordinator=coordinator, consents=parts.consents
    )
    tenancy = TenancyWatch(
        hass, entry, parts.store, link=parts.session, consents=parts.consents
    )
    entry.runtime_data.same_people = tenancy.same_people
    entry.runtime_data.cancellation_read = tenancy.cancellation_read
    entry.async_on_unload(await tenancy.async_start())
    if parts.keeper is not None:
        entry.runtime_data.unpairing = unpairing = Unpairing(
            hass,
            entry,
            parts.store,
            keeper=parts.keeper,
            link=parts.session,
            consents=parts.consents,
            service=service,
        )
        entry.async_on_unload(unpairing.start())
        async_follow_service(hass, entry, parts, tenancy.service_said)
        async_follow_pairing(hass, entry, parts)
    entry.async_on_unload(await FirmwareLog(hass, entry, parts.store).async_start())
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: Smets1CadConfigEntry) -> bool:
    """Unload a CAD: the flow of data ends, the pairing stays."""
    if not await hass.config_entries.async_unload_platforms(entry, PLATFORMS):
        return False
    await entry.runtime_data.coordinator.async_stop()
    return True


async def async_remove_entry(hass: HomeAssistant, entry: Smets1CadConfigEntry) -> None:
    """Forget everything that is stored of a CAD, once nothing of it is being erased any more."""
    if not await async_put_off_removal(hass, entry):
        await async_forget_cad(hass, entry)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: Smets1CadConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Let a person remove a meter that is not there any more."""
    if entry.state is not ConfigEntryState.LOADED:
        return True
    coordinator = entry.runtime_data.coordinator
    if not is_stale_device(entry, device, coordinator.data.meters):
        return False
    for meter in list(coordinator.data.meters.values()):
        if identifier(entry, meter.fuel) in device.identifiers:
            coordinator.async_forget_meter(meter)
    return True

"""A consumer access device (CAD) on a British SMETS1 smart meter's home area network."""

from homeassistant.const import CONF_DEVICE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryAuthFailed, ConfigEntryError
from homeassistant.helpers import device_registry as dr

from .cad.clock import SYSTEM_CLOCK
from .cad.errors import CadError
from .cad_secrets import CadSecrets
from .const import CONF_BOARD, CONF_FIRMWARE, CONF_MANUFACTURER, DOMAIN
from .coordinator import (
    Smets1CadConfigEntry,
    Smets1CadCoordinator,
    Smets1CadRuntimeData,
)
from .devices import CadInfo, is_stale_device
from .pairing import Pairing, PairingKeeper
from .service_link import ServiceLink
from .service_watch import ServiceWatch
from .store import CadStore, async_get_store, async_load_consents, async_remove_store
from .zigbee_cad import async_build_session

PLATFORMS = [Platform.BINARY_SENSOR, Platform.SENSOR]


async def async_setup_entry(hass: HomeAssistant, entry: Smets1CadConfigEntry) -> bool:
    """Set up a CAD: with consent in force, and not otherwise."""
    assert entry.unique_id is not None
    try:
        store = await async_get_store(hass, entry.unique_id)
        consents = await async_load_consents(hass, store, SYSTEM_CLOCK)
        session = await async_build_session(hass, store, entry.data[CONF_DEVICE])
        pairing = await _async_load_pairing(store)
        service = await ServiceLink.load(store)
    except CadError as err:
        raise ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key="cad_error",
            translation_placeholders={"error": str(err)},
        ) from err
    grant = consents.grant
    if grant is None or not grant.is_valid:
        raise ConfigEntryAuthFailed(
            translation_domain=DOMAIN, translation_key="consent_missing"
        )
    coordinator = Smets1CadCoordinator(
        hass,
        entry,
        session,
        store,
        cad=CadInfo(
            manufacturer=entry.data.get(CONF_MANUFACTURER, ""),
            model=entry.data.get(CONF_BOARD, ""),
            firmware=entry.data.get(CONF_FIRMWARE, ""),
        ),
        declared=grant.record.identity,
        pairing=pairing,
    )
    await coordinator.async_start(grant)
    if pairing is not None and service is not None:
        watch = ServiceWatch(
            hass,
            entry,
            pairing,
            service,
            CadSecrets.from_dict(await store.secrets.load()).install_code,
            on_open=session.join_now,
            on_tenancy_change=lambda when: None,
        )
        entry.async_on_unload(watch.start())
    entry.runtime_data = Smets1CadRuntimeData(coordinator=coordinator)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def _async_load_pairing(store: CadStore) -> PairingKeeper | None:
    """Return the request, None if none was ever written down.

    Raises:
        StoreError: what is stored cannot be read.
    """
    data = await store.pairing.load()
    if data is None:
        return None
    return PairingKeeper(Pairing.from_dict(data), store.pairing.save)


async def async_unload_entry(hass: HomeAssistant, entry: Smets1CadConfigEntry) -> bool:
    """Unload a CAD: the flow of data ends, the pairing stays."""
    if not await hass.config_entries.async_unload_platforms(entry, PLATFORMS):
        return False
    await entry.runtime_data.coordinator.async_stop()
    return True


async def async_remove_entry(hass: HomeAssistant, entry: Smets1CadConfigEntry) -> None:
    """Forget everything that is stored of a CAD, whether or not it can be read."""
    assert entry.unique_id is not None
    await async_remove_store(hass, entry.unique_id)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: Smets1CadConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Let a person remove a meter that is not there any more."""
    return is_stale_device(entry, device, entry.runtime_data.coordinator.data.meters)

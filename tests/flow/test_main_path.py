"""The whole flow on a virtual network: from the stick to entities."""

import asyncio
from unittest.mock import AsyncMock

from custom_components.smets1_cad.pairing.states import PairingState
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntryState
from homeassistant.const import CONF_DEVICE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from virtual_han.han import VirtualHan
from virtual_han.supplier import Behaviour, SupplierService

from .walk import HOME, METERS, TICKED, TOKEN, Walk, certificate_text, pairing


async def to_request(walk: Walk, han: VirtualHan) -> None:
    """Go as far as the choice of the route, with the virtual network's stick."""
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: han.url})
    await walk.choose("cad", "certificate_text")
    await walk.fill("certificate_text", certificate=certificate_text(han))
    await walk.fill("home", **HOME)
    await walk.fill("fuels", fuels="both", ihd="none")
    await walk.fill("meters", **METERS)
    await walk.fill("consent", **TICKED)
    await walk.fill("pairing_details")


async def test_from_the_stick_to_entities(hass: HomeAssistant, han: VirtualHan) -> None:
    walk = Walk(hass)
    await to_request(walk, han)
    await walk.choose("request", "email")
    await walk.fill("email", sent=True)
    han.admit()
    await walk.choose("wait", "join")
    await walk.watch()
    assert (await pairing(hass)).state is PairingState.PAIRED
    # There is no MPAN on such a hub to compare by itself, so the person compares the serial numbers.
    assert walk.at["description_placeholders"] == {
        "electricity": "`E6S00012345678`",
        "gas": "`G4K00098765432`",
    }
    await walk.fill("joined")
    entry = walk.entry
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    states = {
        entity.original_device_class: hass.states.get(entity.entity_id)
        for entity in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
    }
    # What was read while the person watched is there at once.
    assert {"energy", "power", "gas"} <= {str(kind) for kind in states}
    registers = [
        state
        for state in hass.states.async_all("sensor")
        if state.attributes.get("device_class") == "energy"
        and state.entity_id.endswith("import")
    ]
    assert registers
    assert all(float(state.state) > 0 for state in registers)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert not any(han.referee.counts().values())


async def test_r8_a_request_by_service_is_followed_once_it_is_sent(
    hass: HomeAssistant, han: VirtualHan, service: SupplierService, ports: AsyncMock
) -> None:
    """Set up and finished without sending; sent later by pairing service, and the dialog closed."""
    service.desk.behaviour = Behaviour(acknowledge_after=0, decide_after=0)
    walk = Walk(hass)
    await to_request(walk, han)
    await walk.choose("request", "finish")
    entry = walk.entry
    await hass.async_block_till_done()
    await walk.reopen(SOURCE_RECONFIGURE)
    await walk.choose("reconfigure", "again")
    await walk.fill("pairing_details")
    await walk.choose("request", "service")
    await walk.fill("service", url=service.url, token=TOKEN)
    await walk.fill("service_quote", accept=True)
    assert walk.at["step_id"] == "wait"
    walk.leave()
    service.desk.work()
    await hass.async_block_till_done()
    runtime = entry.runtime_data
    assert runtime.unpairing.has_service
    for _ in range(50):
        if runtime.unpairing.pairing.state is not PairingState.SENT:
            break
        await asyncio.sleep(0.1)
    assert runtime.unpairing.pairing.state is PairingState.ACCEPTED
    assert await hass.config_entries.async_unload(entry.entry_id)

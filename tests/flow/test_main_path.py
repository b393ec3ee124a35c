"""The whole flow on a virtual network: from the stick to entities."""

from custom_components.smets1_cad.pairing.states import PairingState
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_DEVICE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from virtual_han.han import VirtualHan

from .walk import HOME, METERS, TICKED, Walk, certificate_text, pairing


async def test_from_the_stick_to_entities(hass: HomeAssistant, han: VirtualHan) -> None:
    walk = Walk(hass)
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: han.url})
    await walk.choose("cad", "certificate_text")
    await walk.fill("certificate_text", certificate=certificate_text(han))
    await walk.fill("home", **HOME)
    await walk.fill("fuels", fuels="both", ihd="none")
    await walk.fill("meters", **METERS)
    await walk.fill("consent", **TICKED)
    await walk.fill("pairing_details")
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
    energy = states["energy"]
    assert energy is not None
    assert float(energy.state) > 0
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert not any(han.referee.counts().values())

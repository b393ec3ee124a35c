"""The whole flow on a virtual network: from the stick to entities."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

import pytest

from custom_components.smets1_cad.const import DOMAIN
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.const import CONF_DEVICE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from virtual_han.clock import Clock
from virtual_han.han import HanConfig, VirtualHan

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "socket_enabled")

HOME = {
    "premises": "domestic",
    "relation": "bill_payer_and_occupier",
    "name": "Canary Householder",
    "address": "1 Canary Row",
    "postcode": "N1 9GU",
}
METERS = {
    "mpan": "20 0002 4512 368",
    "mprn": "3938424403",
    "electricity_supplier": "Octopus Energy",
    "gas_supplier": "Octopus Energy",
}


@pytest.fixture
async def han() -> AsyncGenerator[VirtualHan]:
    """A SMETS1 home, whose clock stands still."""
    async with VirtualHan(
        HanConfig(), Clock(datetime(2026, 11, 2, 12, tzinfo=UTC), speed=0)
    ) as han:
        yield han


def certificate_text(han: VirtualHan, suite: int = 1) -> str:
    """Write the stick's credentials as people have them."""
    made = han.credentials(suite)
    return (
        f"CA Public Key: {made.ca_public_key.hex()}\n"
        f"Device Implicit Cert: {made.certificate.hex()}\n"
        f"Device Private Key: {made.private_key.hex()}\n"
    )


class Walk:
    """Someone who walks through the flow."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin outside."""
        self.hass = hass
        self.at: Any = None

    async def begin(self) -> None:
        """Open the dialog."""
        self.at = await self.hass.config_entries.flow.async_init(
            DOMAIN, context={"source": SOURCE_USER}
        )

    async def fill(self, step_id: str, **fields: Any) -> None:
        """Fill in the form that is shown."""
        assert self.at["type"] is FlowResultType.FORM, self.at
        assert self.at["step_id"] == step_id, self.at
        self.at = await self.hass.config_entries.flow.async_configure(
            self.at["flow_id"], fields
        )

    async def choose(self, step_id: str, option: str) -> None:
        """Choose from the menu that is shown."""
        assert self.at["type"] is FlowResultType.MENU, self.at
        assert self.at["step_id"] == step_id, self.at
        self.at = await self.hass.config_entries.flow.async_configure(
            self.at["flow_id"], {"next_step_id": option}
        )

    async def watch(self) -> None:
        """Wait for what is going on."""
        assert self.at["type"] is FlowResultType.SHOW_PROGRESS, self.at
        await self.hass.async_block_till_done()
        self.at = await self.hass.config_entries.flow.async_configure(
            self.at["flow_id"]
        )


async def to_request(walk: Walk, han: VirtualHan) -> None:
    """Go as far as the choice of the route."""
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: han.url})
    await walk.choose("cad", "certificate_text")
    await walk.fill("certificate_text", certificate=certificate_text(han))
    await walk.fill("home", **HOME)
    await walk.fill("fuels", fuels="both", ihd="none")
    await walk.fill("meters", **METERS)
    await walk.fill("consent", consumer=True, pairing=True, history=True)
    await walk.fill("pairing_details")


async def test_from_the_stick_to_entities(hass: HomeAssistant, han: VirtualHan) -> None:
    walk = Walk(hass)
    await to_request(walk, han)
    await walk.choose("request", "email")
    await walk.fill("email", sent=True)
    han.admit()
    await walk.choose("wait", "join")
    await walk.watch()
    await walk.fill("joined")
    assert walk.at["type"] is FlowResultType.CREATE_ENTRY
    entry = walk.at["result"]
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    assert entities
    print(
        {
            entity.entity_id: (
                state.state if (state := hass.states.get(entity.entity_id)) else None
            )
            for entity in entities
        }
    )
    await asyncio.sleep(0.5)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert not any(han.referee.counts().values())

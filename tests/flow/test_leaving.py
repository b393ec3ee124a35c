"""Leaving, on a virtual network and with its supplier: from readings to a stick that knows nothing (R2, R19)."""

import asyncio
from datetime import timedelta
from pathlib import Path

from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.pairing.states import PairingState
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_DEVICE, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from virtual_han.han import VirtualHan
from virtual_han.supplier import Behaviour, SupplierService

from .walk import HOME, METERS, TICKED, TOKEN, Walk, certificate_text, pairing

POWER = "sensor.electricity_meter_power"


async def paired(hass: HomeAssistant, han: VirtualHan, service: SupplierService) -> str:
    """Walk through the flow by way of the pairing service, and join; return the entry's id."""
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
    await walk.choose("request", "service")
    await walk.fill("service", url=service.url, token=TOKEN)
    await walk.fill("service_quote", accept=True)
    han.admit()
    await walk.choose("wait", "join")
    await walk.watch()
    await walk.fill("joined")
    await hass.async_block_till_done()
    entry = walk.entry
    assert entry.state is ConfigEntryState.LOADED
    return str(entry.entry_id)


async def followed(hass: HomeAssistant) -> None:
    """Let the service be asked once more."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=1))
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_from_readings_to_a_stick_that_knows_nothing(
    hass: HomeAssistant, han: VirtualHan, service: SupplierService
) -> None:
    """Withdrawal stops all within a second; the supplier is told, removes the CAD, and the stick forgets."""
    service.desk.behaviour = Behaviour(
        acknowledge_after=0, decide_after=3600, unpair_after=0, poll_after=10
    )
    entry_id = await paired(hass, han, service)
    state = hass.states.get(POWER)
    assert state is not None
    assert state.state != STATE_UNAVAILABLE
    async with asyncio.timeout(1):
        await hass.services.async_call(DOMAIN, "withdraw_consent", blocking=True)
        await hass.async_block_till_done()
    state = hass.states.get(POWER)
    assert state is not None
    assert state.state == STATE_UNAVAILABLE
    asked = len(han.referee.requests)
    await asyncio.sleep(0.5)
    assert len(han.referee.requests) == asked
    answer = await hass.services.async_call(
        DOMAIN, "export_evidence", blocking=True, return_response=True
    )
    assert answer is not None
    evidence = answer["evidence"]
    assert isinstance(evidence, dict)
    assert evidence["cad"]["certificates"][0]["subject"].startswith("00-")  # type: ignore[index, call-overload, union-attr]
    page = Path(str(answer["files"]["page"]))  # type: ignore[index, call-overload]
    assert "Canary Householder" in await hass.async_add_executor_job(page.read_text)
    assert han.ncp.flash.network is not None
    await hass.services.async_call(DOMAIN, "request_unpairing", blocking=True)
    assert (await pairing(hass)).state in {
        PairingState.UNPAIR_SENT,
        PairingState.UNPAIR_ACKNOWLEDGED,
    }
    for _ in range(3):
        await followed(hass)
    assert (await pairing(hass)).state is PairingState.UNPAIRED
    await hass.async_block_till_done()
    assert han.ncp.flash.network is None
    assert not han.hub.members
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"unpaired_{entry_id}")
    assert issue is not None
    assert issue.translation_key == "unpaired"
    assert not any(han.referee.counts().values())
    await hass.config_entries.async_remove(entry_id)
    await hass.async_block_till_done()
    assert not [
        issue.translation_key
        for (domain, _), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN
    ]
    assert not await hass.async_add_executor_job(page.exists)

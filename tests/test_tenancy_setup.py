"""A change of tenancy comes while the entry is being set up or unloaded, or cannot be unloaded: nothing runs beside it (R20)."""

import asyncio
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.erasure import storage
from custom_components.smets1_cad.tenancy import change
from custom_components.smets1_cad.tenancy.end import async_end_tenancy
from custom_components.smets1_cad.tenancy.record import TenancyEnd
from custom_components.smets1_cad.tenancy.tenancies import async_is_erasing
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP

from .fake_link import electricity
from .leaving_home import LeavingHome, LeavingLink

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "PAUSE", 0)


class Slow:
    """Something that takes as long as a test wants, before what it really does."""

    def __init__(self, real: Any) -> None:
        self.real = real
        self.reached = asyncio.Event()
        self.may_end = asyncio.Event()

    async def __call__(self, *args: Any) -> Any:
        self.reached.set()
        await self.may_end.wait()
        return await self.real(*args)


@pytest.mark.parametrize(
    ("part", "state"),
    [
        ("async_forward_entry_setups", ConfigEntryState.SETUP_IN_PROGRESS),
        ("async_unload_platforms", ConfigEntryState.UNLOAD_IN_PROGRESS),
    ],
)
async def test_an_entry_comes_to_rest_first(
    paired: LeavingHome, part: str, state: ConfigEntryState
) -> None:
    """Consent ends at once; then the entry is stopped like any other, and the stick leaves."""
    hass, entry, entries = paired.hass, paired.entry, paired.hass.config_entries
    begun = asyncio.Event()
    if state is ConfigEntryState.SETUP_IN_PROGRESS:
        await entries.async_unload(entry.entry_id)
        paired.link = LeavingLink()
    slow = Slow(getattr(entries, part))
    with patch.object(entries, part, slow):
        moving = hass.async_create_background_task(
            entries.async_setup(entry.entry_id)
            if state is ConfigEntryState.SETUP_IN_PROGRESS
            else entries.async_unload(entry.entry_id),
            "move",
        )
        await slow.reached.wait()
        assert entry.state is state
        grant = (await paired.stored_consents()).grant
        assert grant is not None
        ending = hass.async_create_background_task(
            async_end_tenancy(hass, entry, TenancyEnd.SERVICE, begun=begun.set), "end"
        )
        assert not grant.is_valid
        paired.link.move(LinkState.RUNNING)
        paired.link.hand_up(electricity())
        await begun.wait()
        await hass.async_block_till_done()
        assert await async_is_erasing(hass, entry)
        assert "unpair" not in paired.link.calls
        slow.may_end.set()
        await moving
    report = await ending
    await hass.async_block_till_done(wait_background_tasks=True)
    assert report.pairing_ended
    was_set_up = state is ConfigEntryState.SETUP_IN_PROGRESS
    assert ("unpair" in paired.link.calls) is was_set_up
    assert paired.leave.await_count == (not was_set_up)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert hass.states.get("sensor.electricity_meter_import") is None
    store = await paired.store()
    assert not any(map(store.get, ("readings", "firmware", "notices", "session")))


async def test_what_cannot_be_unloaded_knows_nothing_any_more(
    paired: LeavingHome,
) -> None:
    """Not even when Home Assistant stops, which is when an entry that runs writes what it read last."""
    hass = paired.hass
    coordinator = paired.entry.runtime_data.coordinator
    with patch.object(
        hass.config_entries, "async_unload_platforms", return_value=False
    ):
        await paired.act("change_of_tenancy")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert paired.entry.state is ConfigEntryState.FAILED_UNLOAD
    assert not await async_is_erasing(hass, paired.entry)
    assert not coordinator.data.meters
    assert paired.link.calls[-2:] == ["unpair", "stop"]
    with patch.object(coordinator._keeper, "save") as save:
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        await hass.async_block_till_done()
    save.assert_not_called()
    paired.entry.mock_state(hass, ConfigEntryState.LOADED)


@pytest.mark.parametrize(
    ("state", "is_set_up"),
    [(ConfigEntryState.SETUP_RETRY, True), (ConfigEntryState.FAILED_UNLOAD, False)],
)
async def test_what_is_being_set_up_as_the_erasure_ends_is_set_up_anew(
    paired: LeavingHome, state: ConfigEntryState, is_set_up: bool
) -> None:
    """It has found that something was being erased, and would wait for its next try."""
    await paired.hass.config_entries.async_unload(paired.entry.entry_id)
    async with paired.entry.setup_lock:
        paired.entry.mock_state(paired.hass, ConfigEntryState.SETUP_IN_PROGRESS)
        change._set_up_anew(paired.hass, paired.entry)
        await asyncio.sleep(0)
        paired.entry.mock_state(paired.hass, state)
    await paired.hass.async_block_till_done()
    assert (paired.entry.state is ConfigEntryState.LOADED) is is_set_up

"""An end that comes while the stick is being let in: it leaves a network that only it knows of."""

from collections.abc import Mapping
from typing import Any, cast
from unittest.mock import AsyncMock, patch

import pytest

from custom_components.smets1_cad.cad.link import CadLink
from custom_components.smets1_cad.leaving.stick import async_leave_for_good
from custom_components.smets1_cad.leaving.unpairing import async_leave_network
from custom_components.smets1_cad.smart_energy.eui64 import Eui64
from custom_components.smets1_cad.smart_energy.network import ForeignNetwork, RadioLost
from custom_components.smets1_cad.store import CadStore, async_get_store
from homeassistant.core import HomeAssistant
from virtual_han.han import STICK_EUI64

from .han_session import Killed, session_on
from .virtual import virtual_han

STICK = Eui64(STICK_EUI64)
TRIED: Mapping[str, Any] = {"extended_pan_id": None, "tried": ["01:02"]}


async def store_with(hass: HomeAssistant, record: Mapping[str, Any]) -> CadStore:
    store = await async_get_store(hass, str(STICK))
    await store.session.save(record)
    return store


async def test_a_removed_entry_has_the_stick_leave_what_it_was_told_to_join(
    hass: HomeAssistant, socket_enabled: None
) -> None:
    """The process ended after the join, before it was on record."""
    hass.config.components.add("usb")
    async with virtual_han() as han:
        han.admit()
        record = Killed()
        async with session_on(han, record=record) as _:
            await record.ended.wait()
        assert han.ncp.flash.network is not None
        kept = await record.load()
        assert kept is not None
        assert kept["extended_pan_id"] is None
        store = await store_with(hass, kept)
        with patch(
            "custom_components.smets1_cad.ports.async_scan_serial_ports",
            AsyncMock(return_value=[]),
        ):
            assert await async_leave_for_good(hass, store, han.url, STICK) is None
        assert han.ncp.flash.network is None


@pytest.mark.parametrize(
    "error", [RadioLost("Gone."), ForeignNetwork("Other."), OSError]
)
async def test_a_removed_entry_raises_no_alarm_of_what_was_only_tried(
    hass: HomeAssistant, error: Exception
) -> None:
    """It most likely joined nothing; what is on another network is none of ours."""
    store = await store_with(hass, TRIED)
    leave = AsyncMock(side_effect=error)
    with patch(
        "custom_components.smets1_cad.leaving.stick.async_leave_by_stick", leave
    ):
        assert await async_leave_for_good(hass, store, "/dev/x", STICK) is None
    leave.assert_awaited_once_with(hass, "/dev/x", STICK, "01:02")


@pytest.mark.parametrize(
    ("record", "error", "is_told"),
    [
        (TRIED, ForeignNetwork("Other."), False),
        (TRIED, RadioLost("Gone."), True),
        (TRIED | {"extended_pan_id": "01:02"}, ForeignNetwork("Other."), True),
    ],
)
async def test_an_ended_tenancy_asks_a_stick_that_was_told_to_join(
    hass: HomeAssistant, record: Mapping[str, Any], error: Exception, is_told: bool
) -> None:
    """One on another network joined none of them; what is not known stays on record."""
    store = await store_with(hass, record)
    link = AsyncMock(spec=CadLink)
    link.unpair.side_effect = error
    if is_told:
        with pytest.raises(type(error)):
            await async_leave_network(cast(CadLink, link), store)
    else:
        await async_leave_network(cast(CadLink, link), store)
    link.unpair.assert_awaited_once_with()
    assert await store.session.load() == record


async def test_a_stick_that_was_told_nothing_is_not_asked(hass: HomeAssistant) -> None:
    store = await store_with(hass, {"extended_pan_id": None, "tried": []})
    link = AsyncMock(spec=CadLink)
    await async_leave_network(cast(CadLink, link), store)
    link.unpair.assert_not_awaited()

"""Another stick at the CAD's port: it is neither used nor changed, and nothing is forgotten for it."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from custom_components.smets1_cad.cad.errors import Responsible
from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import ElectricityReading
from custom_components.smets1_cad.smart_energy.eui64 import Eui64
from custom_components.smets1_cad.smart_energy.network import (
    ForeignNetwork,
    RadioLost,
    WrongStick,
)
from virtual_han.han import STICK_EUI64, VirtualHan

from .han_session import Memory, Watched, session_on
from .sticks import OTHER, is_held_off, memory_of, swap
from .virtual import connected, virtual_han

OWN = Eui64(STICK_EUI64)


@pytest.fixture
async def home() -> AsyncGenerator[VirtualHan]:
    """The CAD's HAN, with its stick."""
    async with virtual_han() as han:
        yield han


@pytest.fixture
async def other() -> AsyncGenerator[VirtualHan]:
    """Another HAN, whose stick is on none yet."""
    async with virtual_han(stick_eui64=OTHER, seed=2) as han:
        yield han


async def read(watched: Watched) -> None:
    """Wait for a reading."""
    count = len(watched.told(ElectricityReading))
    await watched.until(lambda: len(watched.told(ElectricityReading)) > count)


async def pair(han: VirtualHan, record: Memory) -> None:
    """Join, and read once."""
    han.admit()
    async with session_on(han, record=record) as watched:
        await read(watched)


@pytest.mark.parametrize("is_paired", [False, True], ids=["blank", "on_a_network"])
async def test_sticks_that_change_places_and_change_back(
    home: VirtualHan, other: VirtualHan, is_paired: bool
) -> None:
    """It is waited for the right one, with which everything goes on as before."""
    if is_paired:
        await pair(other, Memory())
    record = Memory()
    home.admit()
    async with session_on(home, record=record, eui64=OWN) as watched:
        await read(watched)
        before = memory_of(other)
        swap(home, other)
        await watched.until(lambda: is_held_off(watched))
        error = watched.session.status.error
        assert error is not None
        assert error.reason == "wrong_stick"
        assert error.responsible is Responsible.HOUSEHOLDER
        kept = await record.load()
        assert kept is not None
        assert kept["authorised"]
        assert kept["extended_pan_id"] is not None
        swap(home, other)
        assert memory_of(other) == before
        await watched.until_state(LinkState.RUNNING)
        await read(watched)
        assert watched.states.count(LinkState.JOINING) == 1
    assert (OTHER in other.hub.members) is is_paired
    assert home.referee.findings == other.referee.findings == []


async def test_another_stick_from_the_beginning(
    home: VirtualHan, other: VirtualHan
) -> None:
    """No network is looked for with it."""
    other.admit()
    async with session_on(other, eui64=OWN) as watched:
        await watched.until(lambda: is_held_off(watched))
        assert set(watched.states) <= {LinkState.DISCONNECTED}
    assert OTHER not in other.hub.members


async def test_a_stick_that_is_swapped_while_it_is_opened_anew(
    home: VirtualHan, other: VirtualHan
) -> None:
    """A restart takes up no other stick's network; the port is closed again."""
    await pair(other, Memory())
    told: list[str] = []
    async with connected(home) as radio:
        swap(home, other)
        home.ncp.observers.append(lambda name, _: told.append(name))
        with pytest.raises(WrongStick):
            await radio.restart()
        with pytest.raises(RadioLost, match="not connected"):
            await radio.resume()
    assert "networkInit" not in told
    assert "getEui64" in told


@pytest.mark.parametrize(
    ("known", "error"),
    [({"eui64": OWN}, WrongStick), ({}, ForeignNetwork)],
    ids=["own_stick", "any_stick"],
)
async def test_unpairing_takes_no_other_cad_s_stick_off_its_network(
    home: VirtualHan, other: VirtualHan, known: dict[str, Any], error: type[RadioLost]
) -> None:
    """Nothing is forgotten, so that the right stick can leave another time."""
    one, two = Memory(), Memory()
    await pair(home, one)
    await pair(other, two)
    kept, before = one.text, memory_of(other)
    async with session_on(other, record=one, start=False, **known) as watched:
        with pytest.raises(error):
            await watched.session.unpair()
    assert memory_of(other) == before
    assert OTHER in other.hub.members
    assert one.text == kept
    async with session_on(home, record=one, start=False, **known) as watched:
        await watched.session.unpair()
    assert STICK_EUI64 not in home.hub.members


async def test_unpairing_leaves_a_network_that_was_only_tried(
    home: VirtualHan,
) -> None:
    """Home Assistant was killed before anybody heard that the stick was in."""
    await pair(home, Memory())
    record = Memory()
    tried = home.hub.network.extended_pan_id
    await record.save(EMPTY | {"tried": [":".join(f"{octet:02x}" for octet in tried)]})
    async with session_on(home, record=record, start=False, eui64=OWN) as watched:
        await watched.session.unpair()
    assert STICK_EUI64 not in home.hub.members
    assert home.ncp.flash.network is None


@pytest.mark.parametrize("tried", [[], ["00:00:00:00:00:00:00:01"]])
async def test_unpairing_a_stick_that_is_on_no_network(
    home: VirtualHan, tried: list[str]
) -> None:
    """There is nothing to leave, and no more to remember."""
    record = Memory()
    await record.save(EMPTY | {"tried": tried})
    async with session_on(home, record=record, start=False, eui64=OWN) as watched:
        await watched.session.unpair()
    assert await record.load() == EMPTY


EMPTY: dict[str, Any] = {
    "version": 1,
    "extended_pan_id": None,
    "trust_centre": None,
    "tried": [],
    "authorised": False,
    "read_once": [],
    "identified": [],
    "doubted": [],
    "endpoints": {},
}
"""A record of nothing."""

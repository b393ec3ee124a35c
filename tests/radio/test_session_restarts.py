"""Restarts: the join survives them, and so does the pace."""

import asyncio
from datetime import timedelta

import pytest

from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import ElectricityReading, Fuel, GasReading
from custom_components.smets1_cad.cad.pacing import Pacer
from custom_components.smets1_cad.radio import joining
from custom_components.smets1_cad.smart_energy.network import JoinError
from tests.patience import until
from virtual_han.faults import Direction, Fault
from virtual_han.frames import ApsFrame
from virtual_han.han import HUB_EUI64, STICK_EUI64, VirtualHan
from virtual_han.hub import Member
from virtual_han.stick.membership import NetworkState

from .han_session import Killed, Memory, session_on
from .virtual import JumpingClock, connected, eui64, firmware, link_key, virtual_han


@pytest.mark.parametrize(("version", "times"), [(8, 6), (13, 50), (14, 6), (18, 6)])
async def test_restarts_in_a_row(version: int, times: int) -> None:
    """Many processes, one after the other: one join, one key, nothing read twice or too soon."""
    async with virtual_han(**firmware(version)) as han:
        han.admit()
        record, pace = Memory(), Memory()
        readings = joins = keys = 0
        for count in range(times):
            async with session_on(han, record=record, pace=pace) as watched:
                await watched.until_state(LinkState.RUNNING)
                if count % 10 == 0:
                    await watched.until(lambda: bool(watched.told(ElectricityReading)))
                readings += len(watched.told(ElectricityReading))
                joins += LinkState.JOINING in watched.states
                keys += LinkState.KEY_ESTABLISHMENT in watched.states
        assert (joins, keys) == (1, 1)
        assert readings >= -(-times // 10)
        assert han.referee.findings == []


async def test_killed_between_the_join_and_its_record() -> None:
    """The stick is in and no record says so, but the network is one that was tried."""
    async with virtual_han() as han:
        han.admit()
        record, left = Killed(), Memory()
        async with session_on(han, record=record) as watched:
            await record.ended.wait()
        left.text = record.text
        assert STICK_EUI64 in han.hub.members
        async with session_on(han, record=left) as watched:
            await watched.until(lambda: bool(watched.told(ElectricityReading)))
            assert LinkState.JOINING not in watched.states
        assert han.referee.findings == []


@pytest.mark.parametrize("version", [13, 18])
async def test_a_stick_that_does_not_say_that_it_is_in(
    version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked, since a stick that is on a network cannot join one."""
    monkeypatch.setattr(joining, "JOIN_TIMEOUT", 2.0)
    async with virtual_han(**firmware(version)) as han:
        han.admit()
        monkeypatch.setattr(han.ncp, "network_status", lambda status: None)
        async with session_on(han) as watched:
            await watched.until(lambda: bool(watched.told(ElectricityReading)))
        assert han.referee.findings == []


async def test_a_stick_that_is_in_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next try finds it in."""
    async with virtual_han() as han, connected(han) as radio:
        han.admit()
        await radio.resume()
        (beacon,) = await radio.scan([15])
        monkeypatch.setattr(joining, "JOIN_TIMEOUT", 0.0)
        membership, loop = han.ncp.stack.membership, asyncio.get_running_loop()
        is_in = membership._joined
        monkeypatch.setattr(
            membership, "_joined", lambda network: loop.call_later(0.3, is_in, network)
        )
        with pytest.raises(JoinError):
            await radio.join(beacon, link_key(han))
        monkeypatch.undo()
        await until(lambda: han.ncp.stack.state is NetworkState.JOINED)
        network = await radio.join(beacon, link_key(han))
        assert network.trust_centre == eui64(HUB_EUI64)


METERING, DEVICE_TYPE, REGISTER = 0x0702, 0x0306, 0x0000


def strike_when_asked(
    han: VirtualHan, monkeypatch: pytest.MonkeyPatch, attribute: int, fault: Fault
) -> asyncio.Event:
    """Strike the answer to the first read of an attribute of a meter; return what is set then."""
    asked, see = asyncio.Event(), han.hub.hooks.observe

    def request(member: Member, frame: ApsFrame) -> None:
        see(member, frame)
        seen = han.referee.requests[-1]
        if seen.cluster == METERING and attribute in seen.attributes:
            if not asked.is_set():
                han.faults.inject(fault, direction=Direction.TO_DEVICE, seconds=0.1)
            asked.set()

    monkeypatch.setattr(han.hub.hooks, "observe", request)
    return asked


@pytest.mark.parametrize("attribute", [DEVICE_TYPE, REGISTER])
@pytest.mark.parametrize("fault", [Fault.LATE, Fault.LOST])
async def test_a_request_in_flight_when_the_session_stops(
    monkeypatch: pytest.MonkeyPatch, attribute: int, fault: Fault
) -> None:
    """An answer that comes is taken, not told, and not asked for again; one that is lost is missed by nobody."""
    async with virtual_han() as han:
        han.admit()
        asked = strike_when_asked(han, monkeypatch, attribute, fault)
        record, pace = Memory(), Memory()
        async with session_on(han, record=record, pace=pace) as watched:
            await asked.wait()
            told = len(watched.updates)
        assert len(watched.updates) == told
        assert han.faults.struck[fault] == 1
        async with session_on(han, record=record, pace=pace) as watched:
            await watched.until(lambda: bool(watched.told(GasReading)))
            assert watched.session.capabilities.fuels == frozenset(Fuel)
        assert han.referee.findings == []


async def test_reloads_share_one_pacer() -> None:
    """An entry that is reloaded, in one process, does not get a fresh allowance."""
    async with virtual_han() as han:
        han.admit()
        clock, record = JumpingClock(han), Memory()
        pacer = Pacer(clock)
        for _ in range(5):
            async with session_on(
                han, clock=clock, record=record, pacer=pacer
            ) as watched:
                await watched.until_state(LinkState.RUNNING)
                await watched.until(
                    lambda: pacer.wait(han_name(record), Fuel.ELECTRICITY) > timedelta()
                )
        assert han.referee.findings == []


def han_name(record: Memory) -> str:
    """Return what names the HAN to the pacer."""
    assert record.text is not None
    return record.text.split('"trust_centre": "')[1].split('"')[0]

"""A disk that takes nothing for a while: nothing is done that must be remembered, and it is tried again (R15, R16)."""

import asyncio
from collections.abc import Mapping
from typing import Any, override

import pytest

from custom_components.smets1_cad.cad.errors import CadError, NotKept
from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import ElectricityReading, Fuel, GasReading
from custom_components.smets1_cad.smart_energy.session.polling import _Errand
from virtual_han.aps import Fuel as HanFuel
from virtual_han.han import STICK_EUI64, VirtualHan

from .han_session import Memory, session_on
from .virtual import virtual_han


class Disk(Memory):
    """A store on a disk that may be full."""

    def __init__(self, *, is_full: bool = False) -> None:
        """Begin with room, or without."""
        super().__init__()
        self.is_full = is_full
        self.refused = 0

    @override
    async def save(self, data: Mapping[str, Any]) -> None:
        if self.is_full:
            self.refused += 1
            raise CadError("The disk is full.", reason="store_not_written")
        await super().save(data)


def asked(han: VirtualHan, fuel: HanFuel) -> int:
    """Count what a meter was asked."""
    endpoint = han.servers.metering_endpoint(fuel)
    return sum(one.endpoint == endpoint for one in han.referee.requests)


async def test_r15_a_meter_is_not_asked_while_that_cannot_be_stored() -> None:
    async with virtual_han() as han:
        han.admit()
        pace = Disk()
        async with session_on(han, pace=pace) as watched:
            await watched.until(lambda: watched.pacer.granted[Fuel.GAS] > 0)
            pace.is_full, before = True, asked(han, HanFuel.GAS)
            read = len(watched.told(ElectricityReading))
            await watched.until(lambda: pace.refused > 3)
            status = watched.session.status
            assert status.state is LinkState.RUNNING
            assert isinstance(status.error, NotKept)
            assert status.error.reason == "store_not_written"
            assert status.next_attempt is not None
            assert asked(han, HanFuel.GAS) == before
            # Of electricity nothing needs to be stored any more.
            assert len(watched.told(ElectricityReading)) > read
            with pytest.raises(NotKept):
                await watched.session.refresh(Fuel.GAS)
            pace.is_full = False
            await watched.until(lambda: asked(han, HanFuel.GAS) > before)
            await watched.until(lambda: watched.session.status.error is None)
            assert watched.session.status.state is LinkState.RUNNING
        assert han.referee.findings == []


async def test_who_waits_for_a_log_is_told_that_it_is_not_asked_for() -> None:
    """Whether he has just asked, or his request waits for the next time that the meter is read."""
    async with virtual_han() as han:
        han.admit()
        pace = Disk()
        async with session_on(han, pace=pace) as watched:
            await watched.until(lambda: watched.pacer.granted[Fuel.GAS] > 0)
            poller = watched.session._poller
            assert poller is not None
            waiting = _Errand(Fuel.GAS, 0, 0, 2, asyncio.Future())
            poller._errands.append(waiting)
            pace.is_full = True
            with pytest.raises(NotKept):
                await waiting.done
            with pytest.raises(NotKept):
                await watched.session.fetch_profile(Fuel.GAS, han.clock.now(), 2)
            assert poller._errands == []


async def test_what_is_learnt_of_the_hub_may_wait_for_the_disk() -> None:
    async with virtual_han() as han:
        han.admit()
        record = Disk()
        async with session_on(han, record=record) as watched:
            await watched.until(lambda: bool(watched.told(GasReading)))
            poller = watched.session._poller
            assert poller is not None
            record.is_full = True
            poller._link.reader.learnt = True
            await watched.until(lambda: record.refused > 2)
            read = len(watched.told(ElectricityReading))
            await watched.until(lambda: len(watched.told(ElectricityReading)) > read)
            assert watched.session.status.state is LinkState.RUNNING
            record.is_full = False
            await watched.until(lambda: not poller._link.reader.learnt)
            assert "reconnects" not in watched.session.statistics.counters


async def test_r16_no_hub_is_joined_that_could_not_be_put_on_record() -> None:
    async with virtual_han() as han:
        han.admit()
        record = Disk(is_full=True)
        async with session_on(han, record=record) as watched:
            await watched.until(lambda: record.refused > 2)
            assert STICK_EUI64 not in han.hub.members
            assert LinkState.FAILED not in watched.states
            await watched.until(
                lambda: (
                    watched.session.status.state is LinkState.DISCONNECTED
                    and isinstance(watched.session.status.error, NotKept)
                )
            )
            record.is_full = False
            await watched.until_state(LinkState.RUNNING)


async def test_a_removal_that_could_not_be_stored_stays_a_removal() -> None:
    """The CAD does not look for another hub meanwhile."""
    async with virtual_han() as han:
        han.admit()
        record = Disk()
        async with session_on(han, record=record) as watched:
            await watched.until(lambda: bool(watched.told(ElectricityReading)))
            record.is_full = True
            han.hub.unpair(STICK_EUI64)
            await watched.until(lambda: record.refused > 2)
            assert LinkState.FAILED not in watched.states
            joins = watched.session.statistics.counters["joins_tried"]
            record.is_full = False
            await watched.until_state(LinkState.FAILED)
            assert watched.session.status.error is not None
            assert watched.session.status.error.reason == "removed"
            assert watched.session.statistics.counters["joins_tried"] == joins

"""Without consent in force nothing is looked for, joined or read, at whatever stage it ends (R1)."""

import asyncio
from collections.abc import Mapping
from typing import Any, override

import pytest

from custom_components.smets1_cad.cad.link import ConsentMissing, LinkState
from custom_components.smets1_cad.cad.models import ElectricityReading, Fuel
from custom_components.smets1_cad.cad.pacing import TooSoon
from custom_components.smets1_cad.smart_energy.session.errors import NotRunning
from virtual_han.aps import Fuel as HanFuel
from virtual_han.han import STICK_EUI64, VirtualHan

from .han_session import Consent, Memory, Watched, session_on
from .virtual import virtual_han


class SlowMemory(Memory):
    """A store on a disk that takes its time."""

    def __init__(self) -> None:
        """Start with nothing read."""
        super().__init__()
        self.is_asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    @override
    async def load(self) -> Mapping[str, Any] | None:
        self.is_asked.set()
        await self.may_answer.wait()
        return await super().load()


async def ended_for_want_of_consent(watched: Watched) -> None:
    """Wait until the session has ended, with its reason."""
    await watched.until_state(LinkState.FAILED)
    assert isinstance(watched.session.status.error, ConsentMissing)


def bursts(watched: Watched) -> int:
    """Count what the pacer granted."""
    return sum(watched.pacer.granted.values())


async def test_a_fuel_without_consent_is_not_read_when_somebody_asks() -> None:
    async with virtual_han() as han:
        han.admit()
        grant = Consent(fuels=frozenset({Fuel.ELECTRICITY}))
        async with session_on(han, grant=grant) as watched:
            await watched.until(lambda: bool(watched.told(ElectricityReading)))
            with pytest.raises(ConsentMissing, match="gas"):
                await watched.session.refresh(Fuel.GAS)
            with pytest.raises(ConsentMissing, match="gas"):
                await watched.session.fetch_profile(Fuel.GAS, han.clock.now(), 2)
            assert watched.pacer.granted[Fuel.GAS] == 0
        gas = han.servers.metering_endpoint(HanFuel.GAS)
        assert not [
            one
            for one in han.referee.requests
            if (one.endpoint, one.cluster) == (gas, 0x0702)
            and one.attributes[0] < 0x0300
        ]


@pytest.mark.parametrize("is_stopped", [True, False])
async def test_consent_that_ends_while_the_session_starts(is_stopped: bool) -> None:
    async with virtual_han() as han:
        han.admit()
        record = SlowMemory()
        async with session_on(han, record=record, start=False) as watched:
            start = asyncio.create_task(watched.session.start(watched.grant))
            await record.is_asked.wait()
            watched.grant.is_valid = False
            if is_stopped:
                await watched.session.stop()
            record.may_answer.set()
            if is_stopped:
                await start
            else:
                with pytest.raises(ConsentMissing):
                    await start
            await asyncio.sleep(0.1)
            assert watched.states in ([], [LinkState.DISCONNECTED])
        assert STICK_EUI64 not in han.hub.members


async def test_consent_that_ends_while_the_hub_is_looked_for() -> None:
    async with virtual_han() as han, session_on(han) as watched:
        await watched.until_state(LinkState.NOT_JOINED)
        watched.grant.is_valid = False
        han.admit()
        await ended_for_want_of_consent(watched)
        assert STICK_EUI64 not in han.hub.members


async def test_consent_that_ends_while_meters_are_read() -> None:
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            await watched.until(lambda: bool(watched.told(ElectricityReading)))
            watched.grant.is_valid = False
            with pytest.raises(NotRunning):
                await watched.session.refresh(Fuel.ELECTRICITY)
            told, read = len(watched.updates), bursts(watched)
            await ended_for_want_of_consent(watched)
            assert len(watched.updates) == told
            # One burst may have been under way.
            assert bursts(watched) <= read + 1


async def test_consent_that_ends_while_the_way_back_is_looked_for() -> None:
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            await watched.until(lambda: bool(watched.told(ElectricityReading)))
            han.hub.unpair(STICK_EUI64, silently=True)
            await watched.until_state(LinkState.REJOINING)
            watched.grant.is_valid = False
            await ended_for_want_of_consent(watched)


async def test_somebody_who_asks_waits_while_the_hub_is_left_alone() -> None:
    """After failures in a row nobody's click asks the hub: R16."""
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            await watched.until(lambda: bool(watched.told(ElectricityReading)))
            breaker = open_breaker(watched, han)
            read = bursts(watched)
            with pytest.raises(TooSoon) as refused:
                await watched.session.refresh(Fuel.ELECTRICITY)
            assert refused.value.wait.total_seconds() > 10
            with pytest.raises(TooSoon):
                await watched.session.fetch_profile(
                    Fuel.ELECTRICITY, han.clock.now(), 2
                )
            assert breaker.is_open
            assert bursts(watched) == read


def open_breaker(watched: Watched, han: VirtualHan) -> Any:
    """Fail three times in a row for a long rest, and let the floor of pacing pass: no hub fails to order so soon."""
    breaker = watched.session._context.breaker
    breaker._rest = 3600.0
    for _ in range(3):
        breaker.failure()
    han.clock.advance(11)
    return breaker

"""Who waits for his turn while the session ends gets no turn (R1)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from zigpy.types import ZigbeePacket

from custom_components.smets1_cad.cad.link import ConsentMissing, LinkState
from custom_components.smets1_cad.cad.models import ElectricityReading, Fuel
from custom_components.smets1_cad.cad.pacing import Burst
from custom_components.smets1_cad.smart_energy.session.errors import NotRunning

from .han_session import Watched, session_on
from .virtual import virtual_han


@dataclass
class Turn:
    """Somebody who asks for electricity while something else is read, and all that leaves from then on."""

    watched: Watched
    click: asyncio.Task[None]
    read_on: asyncio.Event
    asked: list[Fuel]
    passed: list[ZigbeePacket] = field(default_factory=list)

    async def ended(self) -> BaseException | None:
        """Wait until the one who asks has his answer, or the reason why there is none."""
        await asyncio.wait((self.click,))
        return self.click.exception()


@asynccontextmanager
async def waiting() -> AsyncGenerator[Turn]:
    """Run a session that reads gas for as long as a test wants."""
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            await watched.until(lambda: bool(watched.told(ElectricityReading)))
            poller = watched.session._poller
            assert poller is not None
            reading, read_on = asyncio.Event(), asyncio.Event()
            asked: list[Fuel] = []

            async def read_meters(fuel: Fuel, burst: Any) -> None:
                asked.append(fuel)
                if fuel is Fuel.GAS:
                    reading.set()
                    await read_on.wait()

            poller._link.reader.read_meters = read_meters  # type: ignore[method-assign]
            await reading.wait()
            # Electricity may be asked again, as far as pacing goes.
            han.clock.advance(11)
            asked.clear()
            click = asyncio.create_task(watched.session.refresh(Fuel.ELECTRICITY))
            await asyncio.sleep(0)
            turn = Turn(watched, click, read_on, asked)
            check = watched.session._context.gate.check

            def watching(packet: ZigbeePacket) -> None:
                check(packet)
                turn.passed.append(packet)

            watched.radio.set_gate(watching)
            yield turn


async def test_r1_whose_turn_comes_after_the_withdrawal_is_refused() -> None:
    async with waiting() as turn:
        granted = turn.watched.pacer.granted[Fuel.ELECTRICITY]
        turn.watched.grant.is_valid = False
        await turn.watched.session.stop()
        assert isinstance(await turn.ended(), NotRunning)
        assert turn.asked == []
        assert turn.passed == []
        assert turn.watched.pacer.granted[Fuel.ELECTRICITY] == granted


async def test_r1_whose_turn_comes_before_the_session_notices_is_refused_too() -> None:
    async with waiting() as turn:
        turn.watched.grant.is_valid = False
        turn.read_on.set()
        assert isinstance(await turn.ended(), (ConsentMissing, NotRunning))
        assert turn.asked == []
        assert turn.passed == []


async def test_whose_turn_comes_while_the_entry_is_unloaded_is_refused() -> None:
    """Consent holds, but the stick is about to be closed."""
    async with waiting() as turn:
        await turn.watched.session.stop()
        assert isinstance(await turn.ended(), NotRunning)
        assert turn.asked == []
        assert turn.passed == []


async def test_r1_whose_turn_comes_without_consent_to_that_fuel_is_refused() -> None:
    async with waiting() as turn:
        turn.watched.grant.fuels = frozenset({Fuel.GAS})
        turn.read_on.set()
        error = await turn.ended()
        assert isinstance(error, ConsentMissing)
        assert error.reason == "consent_missing_electricity"
        assert turn.asked == []


async def test_r1_a_request_under_way_is_the_last() -> None:
    """Consent ends within a burst: what the burst was still to ask is neither sent nor counted."""
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            await watched.until(lambda: bool(watched.told(ElectricityReading)))
            poller, context = watched.session._poller, watched.session._context
            assert poller is not None
            reader, heard = poller._link.reader, list[int]()
            bursts: list[Burst] = []

            async def identify(_: Fuel, burst: Burst) -> None:
                """Come between the registers and what else is due."""
                watched.grant.is_valid = False
                bursts.append(burst)
                heard.append(len(han.referee.requests))
                burst.frames = 1
                await reader._exchange.read(
                    reader._exchange.cluster(reader.meters(burst.fuel)[0], 0x0702), [0]
                )

            reader.identify = identify  # type: ignore[method-assign]
            await watched.until_state(LinkState.FAILED)
            assert isinstance(watched.session.status.error, ConsentMissing)
            assert [burst.frames for burst in bursts] == [1]
            assert heard == [len(han.referee.requests)]
            assert context.counters["replies_missed"] == 0

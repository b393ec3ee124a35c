"""Restarts: the join survives them, and so does the pace."""

from datetime import timedelta

from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import ElectricityReading, Fuel
from custom_components.smets1_cad.cad.pacing import Pacer

from .han_session import Memory, session_on
from .virtual import JumpingClock, virtual_han


async def test_fifty_restarts_in_a_row() -> None:
    """Fifty processes, one after the other: one join, one key, nothing read twice or too soon."""
    async with virtual_han() as han:
        han.admit()
        record, pace = Memory(), Memory()
        readings = joins = keys = 0
        for count in range(50):
            async with session_on(han, record=record, pace=pace) as watched:
                await watched.until_state(LinkState.RUNNING)
                if count % 10 == 0:
                    await watched.until(lambda: bool(watched.told(ElectricityReading)))
                readings += len(watched.told(ElectricityReading))
                joins += LinkState.JOINING in watched.states
                keys += LinkState.KEY_ESTABLISHMENT in watched.states
        assert (joins, keys) == (1, 1)
        assert readings >= 5
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

"""A simulated week with every fault at random: what is told is what the meters say."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import override

import pytest

from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import ElectricityReading, Fuel, GasReading
from custom_components.smets1_cad.registers import Register, Verdict
from custom_components.smets1_cad.smart_energy.session import Timings
from tests.patience import PATIENCE, until
from virtual_han.aps import Fuel as HanFuel
from virtual_han.clock import instant
from virtual_han.faults import Fault
from virtual_han.han import VirtualHan

from .han_session import Watched, session_on
from .virtual import JumpingClock, virtual_han

SEED = 20260302
WEEK = timedelta(days=7)
LONGEST = 600
"""Real seconds that the week may take; half a minute by itself, several where others use the machine."""


class TroubledClock(JumpingClock):
    """Each sleep may end in a fault."""

    def __init__(self, han: VirtualHan, random: Random) -> None:
        """Strike with a probability."""
        super().__init__(han, real=0.001)
        self._han = han
        self._random = random

    @override
    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        chance = self._random.random()
        if chance < 0.03:
            self._han.faults.inject(self._random.choice(list(Fault)), seconds=0.02)
        elif chance < 0.2:
            self._han.faults.clear()


def registers(
    han: VirtualHan, watched: Watched, fuel: Fuel
) -> Iterator[tuple[Decimal, Decimal, Verdict]]:
    """Yield each register told, the meter's true one at that time, and the guard's verdict."""
    guard, meter = Register(fuel), han.servers.home.meters[HanFuel(fuel)]
    for reading in watched.updates:
        match reading:
            case ElectricityReading(import_kwh=value) if fuel is Fuel.ELECTRICITY:
                pass
            case GasReading(total=total) if fuel is Fuel.GAS:
                value = None if total is None else total.volume_m3
            case _:
                continue
        if value is not None:
            at = meter.as_of(instant(reading.received_at))
            true = Decimal(meter.raw(meter.delivered.reading(at))) / 1000
            yield value, true, guard.offer(value, reading.received_at)


@pytest.mark.timeout(LONGEST + 2 * PATIENCE)
async def test_a_week_of_trouble() -> None:
    """No register is told that the meter does not show, but for dips that the guard refuses."""
    async with virtual_han() as han:
        han.admit()
        han.hub.keep_alive.base_minutes = 120
        clock = TroubledClock(han, Random(SEED))
        end = clock.now_utc() + WEEK
        async with session_on(
            han,
            clock=clock,
            timings=Timings(reply=0.25),
            intervals={Fuel.ELECTRICITY: timedelta(minutes=20)},
        ) as watched:
            await until(lambda: clock.now_utc() >= end, seconds=LONGEST)
            han.faults.clear()
            await watched.until_state(LinkState.RUNNING)
        assert han.referee.findings == []
        assert sum(count > 0 for count in han.faults.struck.values()) > 12
        for fuel, expected in ((Fuel.ELECTRICITY, 400), (Fuel.GAS, 250)):
            accepted = 0
            for value, true, verdict in registers(han, watched, fuel):
                if verdict is Verdict.ACCEPTED:
                    accepted += 1
                    assert value == true
                else:
                    assert value == 0
            assert accepted > expected

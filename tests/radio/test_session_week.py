"""A simulated week with every fault at random: what is told is what the meters say."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import override

import pytest

from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import ElectricityReading, Fuel, GasReading
from custom_components.smets1_cad.readings.registers import Register, Verdict
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
QUIET = 2 * 3600.0
TIERS = {f"tier {number}" for number in (1, 2, 3, 4)}
LONGEST = 600
"""Real seconds that the week may take; half a minute by itself, several where others use the machine."""


class TroubledClock(JumpingClock):
    """Each sleep may end in a fault, once everything has been read; what has not struck yet comes first."""

    def __init__(self, han: VirtualHan, random: Random) -> None:
        """Strike with a probability."""
        super().__init__(han, real=0.001)
        self._han = han
        self._random = random
        self._quiet_until = self.monotonic() + QUIET

    @override
    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        if self.monotonic() < self._quiet_until:
            return
        chance = self._random.random()
        if chance < 0.03:
            struck = self._han.faults.struck
            due = [fault for fault in Fault if not struck[fault]] or list(Fault)
            self._han.faults.inject(self._random.choice(due), seconds=0.02)
        elif chance < 0.2:
            self._han.faults.clear()


def registers(
    han: VirtualHan, watched: Watched
) -> Iterator[tuple[str, Decimal, Decimal, Verdict]]:
    """Yield the name of each register told, its value, the meter's true one at that time, and the guard's verdict."""
    guards: dict[str, Register] = {}
    for reading in watched.updates:
        if not isinstance(reading, ElectricityReading | GasReading):
            continue
        meter = han.servers.home.meters[HanFuel(reading.fuel)]
        at = meter.as_of(instant(reading.received_at))
        assert meter.received is not None or reading.fuel is Fuel.GAS
        told: dict[str, tuple[Decimal | None, int]] = {}
        if isinstance(reading, GasReading):
            volume = None if reading.total is None else reading.total.volume_m3
            told["gas"] = volume, meter.delivered.reading(at)
        else:
            told["import"] = reading.import_kwh, meter.delivered.reading(at)
            if meter.received is not None:
                told["export"] = reading.export_kwh, meter.received.reading(at)
            tiers = meter.books(at).tiers
            for tier, value in reading.tier_import_kwh.items():
                told[f"tier {tier}"] = value, tiers[tier]
        for name, (value, true) in told.items():
            if value is not None:
                guard = guards.setdefault(name, Register(reading.fuel))
                verdict = guard.offer(value, reading.received_at)
                yield name, value, Decimal(meter.raw(true)) / 1000, verdict


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
        assert {fault for fault in Fault if not han.faults.struck[fault]} == set()
        accepted: Counter[str] = Counter()
        for name, value, true, verdict in registers(han, watched):
            if verdict is Verdict.ACCEPTED:
                accepted[name] += 1
                assert value == true, name
            else:
                assert value == 0, name
        assert accepted.keys() == {"import", "export", "gas", *TIERS}
        assert min(accepted["import"], accepted["export"]) > 400
        assert accepted["gas"] > 250
        assert min(accepted[tier] for tier in TIERS) > 50

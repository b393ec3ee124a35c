"""How often a HAN may be asked (R15)."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
import json
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.smets1_cad.cad.models import Fuel
from custom_components.smets1_cad.cad.pacing import (
    BurstExceeded,
    Pacer,
    TooSoon,
    jittered,
)

from .clocks import SteppedClock

HAN = "00:0d:6f:00:01:02:03:04"
FLOOR = {Fuel.ELECTRICITY: 10.0, Fuel.GAS: 1800.0}


class Memory:
    """A store that survives "processes", and holds only what JSON can."""

    def __init__(self) -> None:
        """Start empty."""
        self.text: str | None = None
        self.saves = 0

    async def load(self) -> Mapping[str, Any] | None:
        """Read back what was saved."""
        return None if self.text is None else json.loads(self.text)

    async def save(self, data: Mapping[str, Any]) -> None:
        """Keep it as text."""
        self.text = json.dumps(data)
        self.saves += 1


async def ask(pacer: Pacer, fuel: Fuel, *, han: str = HAN, frames: int = 1) -> None:
    async with pacer.burst(han, fuel) as burst:
        for _ in range(frames):
            burst.spend()


async def started(clock: SteppedClock, store: Memory | None) -> Pacer:
    pacer = Pacer(clock, store)
    await pacer.load()
    return pacer


@pytest.mark.parametrize("fuel", Fuel)
async def test_r15_floor_per_fuel(fuel: Fuel) -> None:
    """The second request waits out the floor, to the second, and is told when."""
    clock = SteppedClock()
    pacer = await started(clock, None)
    await ask(pacer, fuel)
    clock.advance(FLOOR[fuel] - 0.5)
    with pytest.raises(TooSoon) as refused:
        await ask(pacer, fuel)
    assert refused.value.wait == timedelta(seconds=0.5)
    assert refused.value.next_allowed == clock.now_utc() + timedelta(seconds=0.5)
    assert pacer.next_allowed(HAN, fuel) == refused.value.next_allowed
    assert refused.value.next_allowed.strftime("%H:%M:%S") in str(refused.value)
    assert pacer.refused[fuel] == 1
    clock.advance(0.5)
    await ask(pacer, fuel)
    assert pacer.granted[fuel] == 2


async def test_fuels_and_hans_have_lanes_of_their_own() -> None:
    pacer = await started(SteppedClock(), None)
    await ask(pacer, Fuel.ELECTRICITY)
    await ask(pacer, Fuel.GAS)
    await ask(pacer, Fuel.GAS, han="another hub")
    with pytest.raises(TooSoon):
        await ask(pacer, Fuel.GAS)


async def test_burst_holds_three_frames() -> None:
    pacer = await started(SteppedClock(), None)
    async with pacer.burst(HAN, Fuel.ELECTRICITY) as burst:
        for left in (2, 1, 0):
            burst.spend()
            assert burst.frames_left == left
        with pytest.raises(BurstExceeded):
            burst.spend()


async def test_floor_counts_from_the_end_of_a_burst() -> None:
    """A slow answer may only widen the distance that the hub sees."""
    clock = SteppedClock()
    pacer = await started(clock, None)
    async with pacer.burst(HAN, Fuel.ELECTRICITY) as burst:
        burst.spend()
        clock.advance(7)
        with pytest.raises(TooSoon):
            await ask(pacer, Fuel.ELECTRICITY)
    assert pacer.wait(HAN, Fuel.ELECTRICITY) == timedelta(seconds=10)


async def test_second_caller_is_refused_while_the_first_burst_is_open() -> None:
    """Also after the floor: two callers never overlap."""
    clock = SteppedClock()
    pacer = await started(clock, None)
    await ask(pacer, Fuel.ELECTRICITY)
    clock.advance(10)
    async with pacer.burst(HAN, Fuel.ELECTRICITY) as burst:
        burst.spend()
        clock.advance(100)
        with pytest.raises(TooSoon):
            await ask(pacer, Fuel.ELECTRICITY)


async def test_burst_without_a_frame_costs_nothing() -> None:
    pacer = await started(SteppedClock(), None)
    await ask(pacer, Fuel.GAS, frames=0)
    await ask(pacer, Fuel.GAS)


async def test_failed_burst_counts() -> None:
    """A request that got no answer has still been on the air."""
    pacer = await started(SteppedClock(), None)
    with suppress(TimeoutError):
        async with pacer.burst(HAN, Fuel.GAS) as burst:
            burst.spend()
            raise TimeoutError
    with pytest.raises(TooSoon):
        await ask(pacer, Fuel.GAS)


async def test_concurrent_callers_get_one_burst() -> None:
    pacer = await started(SteppedClock(), Memory())
    results = await asyncio.gather(
        *(ask(pacer, Fuel.ELECTRICITY) for _ in range(20)), return_exceptions=True
    )
    assert sum(result is None for result in results) == 1
    assert sum(isinstance(result, TooSoon) for result in results) == 19


@pytest.mark.parametrize("hours", [-30, -1, 1, 30])
async def test_wall_clock_that_jumps_changes_nothing(hours: int) -> None:
    clock = SteppedClock()
    pacer = await started(clock, None)
    await ask(pacer, Fuel.GAS)
    clock.advance(600)
    clock.jump(hours * 3600)
    assert pacer.wait(HAN, Fuel.GAS) == timedelta(seconds=1200)
    assert pacer.next_allowed(HAN, Fuel.GAS) - clock.now_utc() == timedelta(
        seconds=1200
    )


async def test_restart_knows_when_gas_was_asked() -> None:
    """Both clocks tell the same, so the time between is believed."""
    clock, store = SteppedClock(), Memory()
    await ask(await started(clock, store), Fuel.GAS)
    clock.advance(600)
    pacer = await started(clock, store)
    assert pacer.wait(HAN, Fuel.GAS) == timedelta(seconds=1200)
    clock.advance(1200)
    await ask(pacer, Fuel.GAS)


@pytest.mark.parametrize("what", ["jump_on", "jump_back", "reboot"])
async def test_restart_believes_no_doubtful_clock(what: str) -> None:
    """A moved clock or a reboot costs one floor from the start; it never shortens it."""
    clock, store = SteppedClock(), Memory()
    await ask(await started(clock, store), Fuel.GAS)
    clock.advance(600)
    if what == "reboot":
        clock.reboot()
    else:
        clock.jump(7200 if what == "jump_on" else -7200)
    pacer = await started(clock, store)
    assert pacer.wait(HAN, Fuel.GAS) == timedelta(minutes=30)


async def test_restart_waits_out_short_floors() -> None:
    """Of electricity it is only stored that it was asked: flash is spared."""
    clock, store = SteppedClock(), Memory()
    pacer = await started(clock, store)
    for _ in range(50):
        await ask(pacer, Fuel.ELECTRICITY)
        clock.advance(10)
    assert store.saves == 1
    pacer = await started(clock, store)
    assert pacer.wait(HAN, Fuel.ELECTRICITY) == timedelta(seconds=10)


async def test_killed_in_mid_burst_waits_a_whole_floor() -> None:
    """What is stored before the first frame holds even if nothing is stored after it."""
    clock, store = SteppedClock(), Memory()
    pacer = await started(clock, store)
    async with pacer.burst(HAN, Fuel.GAS) as burst:
        burst.spend()
        frozen = store.text
    store.text = frozen
    clock.advance(900)
    assert (await started(clock, store)).wait(HAN, Fuel.GAS) == timedelta(minutes=30)


async def test_nothing_leaves_that_cannot_be_remembered() -> None:
    class FullDisk(Memory):
        async def save(self, data: Mapping[str, Any]) -> None:
            raise OSError("no space left")

    pacer = await started(SteppedClock(), FullDisk())
    with pytest.raises(OSError, match="no space"):
        async with pacer.burst(HAN, Fuel.GAS):
            pytest.fail("a frame could have left")


async def test_old_lanes_are_forgotten_after_one_more_floor() -> None:
    clock, store = SteppedClock(), Memory()
    await ask(await started(clock, store), Fuel.GAS)
    clock.advance(3 * 86400)
    pacer = await started(clock, store)
    assert pacer.wait(HAN, Fuel.GAS) == timedelta(minutes=30)
    await ask(pacer, Fuel.ELECTRICITY)
    assert store.text is not None
    assert "gas" not in store.text


LANE = {"monotonic": 1.0, "wall": "2026-03-01T12:00:00+00:00", "open": False}


@pytest.mark.parametrize(
    "damaged",
    [
        {"version": 99, "lanes": "another shape"},
        {},
        [],
        "torn",
        {"version": 1},
        {"version": 1, "lanes": [LANE]},
        {"version": 1, "lanes": {"a/steam": LANE}},
        {"version": 1, "lanes": {"a/gas": {}}},
        {"version": 1, "lanes": {"a/gas": LANE | {"wall": "noon"}}},
        {"version": 1, "lanes": {"a/gas": LANE | {"wall": "2026-03-01T12:00:00"}}},
        {"version": 1, "lanes": {"a/gas": LANE | {"monotonic": None}}},
        {"version": 1, "lanes": {"a/gas": LANE | {"monotonic": "1"}}},
        {"version": 1, "lanes": {}, "unknown_since": 5},
    ],
)
async def test_what_cannot_be_read_opens_no_lane(
    damaged: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is known of what was asked, so each fuel waits its floor; the damaged record is kept."""
    clock, store = SteppedClock(), Memory()
    await store.save(damaged)
    pacer = await started(clock, store)
    assert "cannot be read" in caplog.text
    assert pacer.wait(HAN, Fuel.ELECTRICITY) == timedelta(seconds=10)
    assert pacer.wait(HAN, Fuel.GAS) == timedelta(minutes=30)
    clock.advance(10)
    await ask(pacer, Fuel.ELECTRICITY)
    kept = await store.load()
    assert kept is not None
    assert kept["unreadable"] == damaged
    # What was written since tells nothing of gas.
    pacer = await started(clock, store)
    assert pacer.wait(HAN, Fuel.GAS) == timedelta(minutes=30)
    clock.advance(1800)
    await ask(pacer, Fuel.GAS)


async def test_what_was_unknown_is_forgotten_in_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, store = SteppedClock(), Memory()
    await store.save([])
    pacer = await started(clock, store)
    for days in (0, 2):
        clock.advance(1800 + days * 86400)
        pacer = await started(clock, store)
        clock.advance(1800)
        await ask(pacer, Fuel.ELECTRICITY, han=f"on day {days}")
    pacer = await started(clock, store)
    assert pacer.wait(HAN, Fuel.GAS) == timedelta()


async def test_a_pacer_can_be_told_that_nothing_is_known() -> None:
    pacer = await started(SteppedClock(), Memory())
    assert pacer.wait(HAN, Fuel.GAS) == timedelta()
    pacer.hold()
    assert pacer.wait(HAN, Fuel.GAS) == timedelta(minutes=30)


async def test_store_names_no_device() -> None:
    store = Memory()
    await ask(await started(SteppedClock(), store), Fuel.GAS)
    assert store.text is not None
    assert HAN not in store.text
    assert "0d6f" not in store.text.replace(":", "")


def test_jitter_only_lengthens() -> None:
    minute = timedelta(minutes=1)
    spread = [jittered(minute) for _ in range(1000)]
    assert min(spread) >= minute
    assert max(spread) <= minute * 1.05
    assert max(spread) - min(spread) > timedelta(seconds=1)


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(
                ["ask", "ask", "ask", "restart", "reboot", "jump", "damage"]
            ),
            st.sampled_from(list(Fuel)),
            st.floats(0, 2500),
        ),
        max_size=40,
    )
)
def test_no_history_lets_a_fuel_be_asked_too_soon(
    steps: list[tuple[str, Fuel, float]],
) -> None:
    """Whatever happens, true time between the bursts of a fuel is at least its floor."""

    async def run() -> None:
        clock, store = SteppedClock(), Memory()
        pacer = await started(clock, store)
        true = 0.0
        asked: dict[Fuel, float] = {}
        for step, fuel, seconds in steps:
            clock.advance(seconds)
            true += seconds
            if step == "ask":
                try:
                    await ask(pacer, fuel)
                except TooSoon:
                    continue
                if fuel in asked:
                    assert true - asked[fuel] >= FLOOR[fuel] - 1e-6
                asked[fuel] = true
            elif step == "jump":
                clock.jump(seconds * 3 - 3000)
            else:
                if step == "reboot":
                    clock.reboot(5.0)
                    true += 5.0
                if step == "damage":
                    store.text = "[]"
                pacer = await started(clock, store)

    asyncio.run(run())

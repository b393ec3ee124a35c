"""What cannot be remembered is not asked (R15)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, override

import pytest

from custom_components.smets1_cad.cad.errors import CadError, NotKept, Responsible
from custom_components.smets1_cad.cad.models import Fuel

from .clocks import SteppedClock
from .test_pacing import FLOOR, HAN, Memory, ask, started


class Disk(Memory):
    """A store on a disk that may be full."""

    def __init__(self) -> None:
        """Begin with room."""
        super().__init__()
        self.is_full = False

    @override
    async def save(self, data: Mapping[str, Any]) -> None:
        """Keep it as text, if there is room."""
        if self.is_full:
            raise CadError(
                "The disk is full.",
                reason="store_not_written",
                responsible=Responsible.HOUSEHOLDER,
            )
        await super().save(data)


@pytest.mark.parametrize("fuel", Fuel)
async def test_r15_what_is_not_stored_is_not_asked(fuel: Fuel) -> None:
    """Also not the second time, when it looks as if the lane were known; then at once when there is room."""
    clock, disk = SteppedClock(), Disk()
    pacer = await started(clock, disk)
    disk.is_full = True
    for _ in range(3):
        with pytest.raises(NotKept, match="full") as refused:
            await ask(pacer, fuel)
        assert refused.value.reason == "store_not_written"
        assert refused.value.responsible is Responsible.HOUSEHOLDER
    assert disk.text is None
    assert not pacer.granted
    disk.is_full = False
    assert pacer.wait(HAN, fuel) == timedelta()
    await ask(pacer, fuel)
    assert pacer.granted[fuel] == 1
    assert disk.text is not None


async def test_r15_a_lane_that_was_asked_before_stays_as_it_was() -> None:
    clock, disk = SteppedClock(), Disk()
    pacer = await started(clock, disk)
    await ask(pacer, Fuel.GAS)
    clock.advance(FLOOR[Fuel.GAS])
    disk.is_full, stored = True, disk.text
    with pytest.raises(NotKept):
        await ask(pacer, Fuel.GAS)
    disk.is_full = False
    await ask(pacer, Fuel.ELECTRICITY)
    clock.advance(5)
    assert stored is not None
    later = await started(clock, disk)
    assert later.wait(HAN, Fuel.GAS) == timedelta()


async def test_r15_an_end_that_is_not_stored_costs_the_reading_nothing() -> None:
    """A restarted process finds that it was being asked, and waits the whole floor."""
    clock, disk = SteppedClock(), Disk()
    pacer = await started(clock, disk)
    async with pacer.burst(HAN, Fuel.GAS) as burst:
        burst.spend()
        disk.is_full = True
    assert pacer.granted[Fuel.GAS] == 1
    assert pacer.wait(HAN, Fuel.GAS) == timedelta(seconds=1800)
    clock.advance(600)
    later = await started(clock, disk)
    assert later.wait(HAN, Fuel.GAS) == timedelta(seconds=1800)

"""Each thing that can go wrong ends in RUNNING again, and breaks no rule."""

from itertools import product

import pytest

from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import ElectricityReading
from virtual_han.faults import Fault

from .han_session import session_on
from .virtual import firmware, virtual_han


@pytest.mark.parametrize(
    ("fault", "version"),
    [
        *((fault, 13) for fault in Fault),
        # A rejoin and a stick that restarts, by the other commands of other firmware.
        *product((Fault.NETWORK_DOWN, Fault.STICK_RESET), (8, 14, 18)),
    ],
)
async def test_each_fault_ends_in_running_again(fault: Fault, version: int) -> None:
    async with virtual_han(**firmware(version)) as han:
        han.admit()
        async with session_on(han) as watched:
            await watched.until_state(LinkState.RUNNING)
            await watched.until(lambda: bool(watched.told(ElectricityReading)))
            han.faults.inject(fault, count=3)
            await watched.until(lambda: han.faults.struck[fault] > 0)
            struck = len(watched.told(ElectricityReading))
            han.faults.clear()
            await watched.until(
                lambda: (
                    watched.session.status.state is LinkState.RUNNING
                    and len(watched.told(ElectricityReading)) > struck + 5
                ),
            )
        assert han.referee.findings == []

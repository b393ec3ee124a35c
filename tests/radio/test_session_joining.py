"""The session from an unopened stick to readings."""

import time

import pytest

from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import GasReading

from .han_session import session_on
from .virtual import VERSIONS, virtual_han


@pytest.mark.parametrize("version", VERSIONS)
async def test_joins_and_reads_both_meters(version: int) -> None:
    """On EZSP 8, whose firmware takes no key from outside, the stick has its own certificate."""
    stick = (1,) if version == 8 else ()
    async with virtual_han(ezsp_version=version, stick_cbke=stick) as han:
        han.admit()
        began = time.monotonic()
        async with session_on(han) as watched:
            await watched.until(lambda: bool(watched.told(GasReading)))
            assert time.monotonic() - began < 3
            assert watched.states == [
                LinkState.SCANNING,
                LinkState.JOINING,
                LinkState.JOINED,
                LinkState.KEY_ESTABLISHMENT,
                LinkState.DISCOVERING,
                LinkState.RUNNING,
            ]

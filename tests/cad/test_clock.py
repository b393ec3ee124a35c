"""The machine's own clocks."""

from datetime import UTC, datetime
import time

from custom_components.smets1_cad.cad.clock import SYSTEM_CLOCK


async def test_system_clock_is_the_machines() -> None:
    assert abs((SYSTEM_CLOCK.now_utc() - datetime.now(UTC)).total_seconds()) < 5
    assert SYSTEM_CLOCK.now_utc().tzinfo is UTC
    assert abs(SYSTEM_CLOCK.monotonic() - time.monotonic()) < 5
    await SYSTEM_CLOCK.sleep(0)

"""The passing of time, as a thing that can be handed over, so that tests need not wait."""

import asyncio
from datetime import UTC, datetime
import time
from typing import Final, Protocol, override


class Clock(Protocol):
    """Wall clock, monotonic clock and sleep, which belong together."""

    def now_utc(self) -> datetime:
        """Return the wall clock: aware, UTC. It may jump either way at any time."""
        ...

    def monotonic(self) -> float:
        """Return seconds that only ever grow while the machine runs; the zero point means nothing."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds of this clock; at once where that is not positive."""
        ...


class SystemClock(Clock):
    """The machine's own clocks."""

    @override
    def now_utc(self) -> datetime:
        return datetime.now(UTC)

    @override
    def monotonic(self) -> float:
        return time.monotonic()

    @override
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


SYSTEM_CLOCK: Final = SystemClock()

"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta
from typing import override

from custom_components.smets1_cad.cad.clock import Clock


class SteppedClock(Clock):
    """Wall and monotonic clock of one machine, moved by hand; sleeping moves them too."""

    def __init__(self, monotonic: float = 1000.0, wall: datetime | None = None) -> None:
        """Start at some time after booting."""
        self.seconds = monotonic
        self.wall = wall or datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    @override
    def now_utc(self) -> datetime:
        return self.wall

    @override
    def monotonic(self) -> float:
        return self.seconds

    @override
    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds
        self.wall += timedelta(seconds=seconds)

    def jump(self, seconds: float) -> None:
        """Move only the wall clock, as somebody who sets it does."""
        self.wall += timedelta(seconds=seconds)

    def reboot(self, off_for: float = 60.0) -> None:
        """Start the machine anew: the monotonic clock begins again."""
        self.seconds = 20.0
        self.wall += timedelta(seconds=off_for)

"""Leave a struggling hub alone (R16)."""

from typing import Final

from .clock import Clock

FAILURES_TO_OPEN: Final = 3
"""Bursts that failed in a row before the breaker opens."""

FIRST_REST: Final = 60.0
"""Seconds for which the hub is left alone the first time."""

LONGEST_REST: Final = 3600.0
"""Seconds; each further failure doubles the rest up to this."""


class Breaker:
    """Counts failures in a row, and says how long to ask nothing at all.

    After `FAILURES_TO_OPEN` failures in a row the breaker opens for
    `FIRST_REST` seconds. Then one burst may try; if it fails too, the rest
    doubles, up to `LONGEST_REST`. One success closes it and forgets the rest.
    """

    def __init__(self, clock: Clock) -> None:
        """Start closed."""
        self._clock = clock
        self._failures = 0
        self._rest = FIRST_REST
        self._until: float | None = None
        self.openings = 0
        """How often it has opened, for diagnostics."""

    @property
    def failures(self) -> int:
        """Failures in a row."""
        return self._failures

    @property
    def is_open(self) -> bool:
        """Whether the hub is being left alone now."""
        return self.remaining > 0

    @property
    def remaining(self) -> float:
        """Seconds until a burst may try; 0 while closed."""
        if self._until is None:
            return 0.0
        return max(0.0, self._until - self._clock.monotonic())

    def success(self) -> None:
        """Note that the hub answered."""
        self._failures = 0
        self._rest = FIRST_REST
        self._until = None

    def failure(self) -> None:
        """Note that the hub did not answer, or answered with a failure."""
        self._failures += 1
        if self._failures < FAILURES_TO_OPEN:
            return
        self._until = self._clock.monotonic() + self._rest
        self._rest = min(LONGEST_REST, self._rest * 2)
        self.openings += 1

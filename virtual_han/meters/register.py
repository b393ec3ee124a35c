"""Registers that add up the load: exact at any second, with a log of half hours behind them."""

from bisect import bisect_left
from collections.abc import Callable

from ..clock import HALF_HOUR, Instant
from .load import SLOT, slot_weights


class Register:
    """One direction of one meter, in thousandths of a kWh or of a m³.

    The reading at an instant is the reading at installation plus every half
    hour since, plus the part of the current one that has gone by. It never
    falls, and asking twice gives the same answer.
    """

    def __init__(
        self, energy: Callable[[int], int], *, seed: int, origin: Instant, reading: int
    ) -> None:
        """Create a register.

        Args:
            energy: thousandths in a half hour, by its index since 2000.
            seed: spreads a half hour's energy over its slots.
            origin: an instant at which the reading is known.
            reading: the reading at that instant.
        """
        self._energy = energy
        self._seed = seed
        self._first = origin // HALF_HOUR
        self._later = [0]
        self._earlier = [0]
        self._cuts: list[tuple[Instant, Instant | None]] = []
        self._base = reading - self._partial(origin)

    def reading(self, at: Instant) -> int:
        """Return the register in thousandths at an instant."""
        return self._base + self._boundary(at // HALF_HOUR) + self._partial(at)

    def energy(self, half_hour: int) -> int:
        """Return what flowed in a whole half hour, in thousandths."""
        start = half_hour * HALF_HOUR
        full = self._energy(half_hour)
        if not any(cut[0] < start + HALF_HOUR for cut in self._cuts):
            return full
        return full - self._lost(half_hour, HALF_HOUR, full)

    def power(self, at: Instant) -> int:
        """Return the rate of flow: watts, or litres an hour."""
        if any(start <= at and (end is None or at < end) for start, end in self._cuts):
            return 0
        half_hour, second = divmod(at, HALF_HOUR)
        sums = slot_weights(self._seed, half_hour)
        share = sums[second // SLOT + 1] - sums[second // SLOT]
        return round(self._energy(half_hour) * share / sums[-1] * 3600 / SLOT)

    def when(self, reading: int, start: Instant, end: Instant) -> Instant:
        """Return the first second of a span at which the register has come to a reading."""
        return start + bisect_left(
            range(end - start), reading, key=lambda s: self.reading(start + s)
        )

    def cut(self, at: Instant) -> None:
        """Stop the flow from an instant on, as a disconnected supply does."""
        self._forget(at)
        self._cuts.append((at, None))

    def restore(self, at: Instant) -> None:
        """Let it flow again from an instant on."""
        self._forget(at)
        self._cuts = [(start, at if end is None else end) for start, end in self._cuts]

    def _forget(self, at: Instant) -> None:
        """Drop the sums that hold a half hour which is about to change."""
        del self._later[max(1, at // HALF_HOUR - self._first + 1) :]

    def _boundary(self, half_hour: int) -> int:
        """Return what flowed between the origin's half hour and this one, signed."""
        distance = half_hour - self._first
        if distance >= 0:
            while len(self._later) <= distance:
                self._later.append(
                    self._later[-1] + self.energy(self._first + len(self._later) - 1)
                )
            return self._later[distance]
        while len(self._earlier) <= -distance:
            self._earlier.append(
                self._earlier[-1] - self.energy(self._first - len(self._earlier))
            )
        return self._earlier[-distance]

    def _partial(self, at: Instant) -> int:
        half_hour, second = divmod(at, HALF_HOUR)
        if second == 0:
            return 0
        full = self._energy(half_hour)
        return self._flowed(half_hour, second, full) - self._lost(
            half_hour, second, full
        )

    def _flowed(self, half_hour: int, second: int, full: int) -> int:
        """Return what an uncut supply delivers in the first seconds of a half hour."""
        if second >= HALF_HOUR:
            return full
        sums = slot_weights(self._seed, half_hour)
        slot, rest = divmod(second, SLOT)
        gone = sums[slot] * SLOT + (sums[slot + 1] - sums[slot]) * rest
        return full * gone // (sums[-1] * SLOT)

    def _lost(self, half_hour: int, second: int, full: int) -> int:
        """Return what the cuts took from the first seconds of a half hour."""
        start = half_hour * HALF_HOUR
        lost = 0
        for cut, restored in self._cuts:
            first = min(max(cut - start, 0), second)
            last = second if restored is None else min(max(restored - start, 0), second)
            lost += self._flowed(half_hour, last, full) - self._flowed(
                half_hour, first, full
            )
        return lost

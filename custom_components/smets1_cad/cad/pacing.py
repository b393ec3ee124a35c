"""How often a HAN may be asked for changing information (R15).

Per HAN and fuel, registers, demand, price and profile are asked for at most
once per 10 s (electricity) and once per 30 min (gas), whatever wants them. One
such request is a *burst* of at most three frames. The floor counts from the
*end* of a burst, so that a slow radio can only widen the distance that the hub
sees between two of them.

The floor holds across everything:

- callers and entries: there is one `Pacer` per process, and a HAN has one lane
  per fuel in it;
- reloads: the pacer outlives the entries that use it;
- restarts: what was asked is stored *before* the first frame leaves. Elapsed
  time is believed only where the monotonic and the wall clock tell the same
  (then the machine has not rebooted and nobody moved the wall clock). Anything
  else counts from the start of this process, which is never too early. Within
  a process only the monotonic clock counts, so a jump of the wall clock neither
  opens nor blocks a lane.

Where what was stored cannot be read, or was put there by something else than this
(a backup was restored), nothing is known of what was asked: then every lane counts
from the start of this process, and of those that are restarted within a day of it.
What could not be read is kept beside what is stored anew.

Floors of up to a minute are cheaper to wait out again than to write to flash
every time: of those it is only stored that the HAN was ever asked.

Jitter: whoever repeats a request waits the floor plus a random 0 to 5 % (see
`jittered`), so that many homes do not beat in time. Back-off after failures is
the work of `breaker`.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
import hashlib
import logging
import random
from typing import Any, Final, Protocol

from .clock import Clock
from .errors import CadError, NotKept
from .models import Fuel

LOGGER: Final = logging.getLogger(__name__)

FLOORS: Final[Mapping[Fuel, timedelta]] = {
    Fuel.ELECTRICITY: timedelta(seconds=10),
    Fuel.GAS: timedelta(minutes=30),
}
"""Shortest time between two bursts (guidance of 2018, SMETS1)."""

FRAMES_PER_BURST: Final = 3
"""Frames that one request for changing information may consist of."""

JITTER: Final = 0.05
"""Largest random lengthening of an interval, as a fraction of it."""

_WAIT_AGAIN: Final = timedelta(minutes=1)
"""Floors up to this are waited out again after a restart instead of being stored each time."""

_CLOCKS_AGREE: Final = 2.0
"""Seconds by which the two clocks may differ, beside 0.1 % of what has elapsed."""

_KEPT: Final = timedelta(days=1)
"""Stored lanes older than this by the wall clock are dropped when the pacer is loaded."""

_WRITTEN_WITHIN: Final = timedelta(minutes=1)
"""How long a slow disk may take to write a lane."""

_VERSION: Final = 1


class TooSoon(CadError):
    """Raised when a HAN may not be asked yet.

    Attributes:
        wait: how long until it may.
        next_allowed: the same as a time of the wall clock, UTC.
    """

    reason = "too_soon"

    def __init__(self, fuel: Fuel, *, wait: timedelta, now: datetime) -> None:
        """Say when the next request is allowed."""
        self.wait = wait
        self.next_allowed = now + wait
        super().__init__(
            f"The {fuel} meter may be asked at most once in {FLOORS[fuel].total_seconds():.0f} s. "
            f"The next request is allowed at {self.next_allowed:%Y-%m-%d %H:%M:%S} UTC; wait until then."
        )


class BurstExceeded(CadError):
    """Raised when one request would take more frames than a burst may hold."""

    reason = "burst_exceeded"


class PacingStore(Protocol):
    """Keeps one JSON object across restarts. Private, written atomically."""

    async def load(self) -> Mapping[str, Any] | None:
        """Return what was saved last, or None if nothing ever was."""
        ...

    async def save(self, data: Mapping[str, Any]) -> None:
        """Return once the data is on its way to disk for sure.

        Raises:
            CadError: it is not.
        """
        ...


class Burst:
    """The frames of one request for changing information."""

    def __init__(self, fuel: Fuel) -> None:
        """Start with none spent."""
        self.fuel: Final = fuel
        self.frames = 0

    @property
    def frames_left(self) -> int:
        """Frames that may still leave."""
        return FRAMES_PER_BURST - self.frames

    def spend(self) -> None:
        """Count one frame that is about to leave.

        Raises:
            BurstExceeded: it would be the fourth.
        """
        if not self.frames_left:
            raise BurstExceeded(
                f"A request of {FRAMES_PER_BURST} frames is the most that a meter may be asked at once. "
                "Ask for the rest in a later request."
            )
        self.frames += 1


@dataclass(slots=True)
class _Lane:
    """The pace of one fuel in one HAN."""

    last: float | None = None
    """Monotonic time when the last burst ended, or from which it is counted."""
    busy: bool = False


class Pacer:
    """Keeps the pace of every HAN of this process. Create one, `load` it, hand it to every session."""

    def __init__(self, clock: Clock, store: PacingStore | None = None) -> None:
        """Start with a clock, and where to remember."""
        self._clock = clock
        self._store = store
        self._lanes: dict[tuple[str, Fuel], _Lane] = {}
        self._stored: dict[str, dict[str, Any]] = {}
        self._aside: dict[str, Any] = {}
        self._held: float | None = None
        self.granted: Counter[Fuel] = Counter()
        self.refused: Counter[Fuel] = Counter()
        self.join_failed: Final[dict[str, float]] = {}
        """Monotonic time of each CAD's last try to join a HAN, if it was in vain; kept over reloads, too."""

    async def load(self) -> None:
        """Take over what earlier processes asked. Call once, before the first burst."""
        if self._store is None or (saved := await self._store.load()) is None:
            return
        try:
            self._take_over(saved)
        except (
            ArithmeticError,
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
        ) as err:
            LOGGER.warning(
                "When the meters were asked last cannot be read (%s); each is asked again once its whole floor has passed",
                type(err).__name__,
            )
            self._lanes.clear()
            self._stored.clear()
            self._aside = {"unreadable": saved}
            self.hold()

    def was_copied(self, changed_at: datetime) -> bool:
        """Whether what was loaded is older than the file that held it: somebody has put a copy there.

        What such a copy says of the last request may be true of an earlier one only.

        Args:
            changed_at: when the file last changed in any way, as the disk says; a copy cannot set it back.
        """
        stamps = [
            datetime.fromisoformat(each["wall"]) for each in self._stored.values()
        ]
        return bool(stamps) and changed_at - max(stamps) > _WRITTEN_WITHIN

    def hold(self) -> None:
        """Ask nobody before a whole floor has passed, as it is not known what was asked before this process."""
        self._held = self._clock.monotonic()
        for lane in self._lanes.values():
            lane.last = self._held
        self._aside["unknown_since"] = self._clock.now_utc().isoformat()

    def _take_over(self, saved: Mapping[str, Any]) -> None:
        """Take over lanes.

        Raises:
            ArithmeticError, AttributeError, KeyError, TypeError, ValueError: this was not written by a pacer.
        """
        if saved["version"] != _VERSION:
            raise ValueError("It was written by another version")
        now, wall = self._clock.monotonic(), self._clock.now_utc()
        for name, stamp in saved["lanes"].items():
            han, _, fuel_name = name.partition("/")
            fuel = Fuel(fuel_name)
            asked = datetime.fromisoformat(stamp["wall"])
            elapsed = now - stamp["monotonic"]
            if wall - asked > _KEPT and wall - asked > FLOORS[fuel]:
                # Old by the wall clock, which may be wrong: wait once more, then forget.
                self._lanes[han, fuel] = _Lane(last=now)
                continue
            by_wall = (wall - asked).total_seconds()
            believed = (
                not stamp["open"]
                and FLOORS[fuel] > _WAIT_AGAIN
                and elapsed >= 0
                and abs(elapsed - by_wall) <= _CLOCKS_AGREE + elapsed / 1000
            )
            self._lanes[han, fuel] = _Lane(
                last=now - min(elapsed, max(by_wall, 0.0)) if believed else now
            )
            self._stored[name] = dict(stamp)
        self._aside = {key: saved[key] for key in ("unreadable",) if key in saved}
        if (since := saved.get("unknown_since")) is not None:
            self._held = now
            if wall - datetime.fromisoformat(since) <= _KEPT:
                self._aside["unknown_since"] = since

    def wait(self, han: str, fuel: Fuel) -> timedelta:
        """Return how long until a burst is allowed; zero if it is allowed now."""
        lane = self._lanes.get((_fingerprint(han), fuel), _Lane(last=self._held))
        if lane.busy:
            return FLOORS[fuel]
        if lane.last is None:
            return timedelta()
        elapsed = timedelta(seconds=self._clock.monotonic() - lane.last)
        return max(timedelta(), FLOORS[fuel] - elapsed)

    def next_allowed(self, han: str, fuel: Fuel) -> datetime:
        """Return when a burst is allowed, by the wall clock, UTC; now if it is allowed now."""
        return self._clock.now_utc() + self.wait(han, fuel)

    @asynccontextmanager
    async def burst(self, han: str, fuel: Fuel) -> AsyncGenerator[Burst]:
        """Open a lane for one request; the floor counts from the end of the block.

        A block in which nothing was spent does not count.

        Args:
            han: what names the HAN, the same for every CAD on it (the hub's EUI-64).
            fuel: whose lane.

        Raises:
            TooSoon: the floor has not passed, or a burst of this lane is still open.
            NotKept: that it is asked now could not be stored, so it must not be asked.
        """
        if wait := self.wait(han, fuel):
            self.refused[fuel] += 1
            raise TooSoon(fuel, wait=wait, now=self._clock.now_utc())
        key = (_fingerprint(han), fuel)
        lane = self._lanes.setdefault(key, _Lane(last=self._held))
        lane.busy = True
        burst = Burst(fuel)
        try:
            await self._remember(key, is_open=True)
        except BaseException:
            lane.busy = False
            raise
        try:
            yield burst
        finally:
            lane.busy = False
            if burst.frames:
                lane.last = self._clock.monotonic()
                self.granted[fuel] += 1
            try:
                await self._remember(key, is_open=False)
            except NotKept as err:
                # What is stored says that it is being asked: a restarted process waits the whole floor.
                LOGGER.debug(
                    "When the %s meter was asked was not stored: %s", fuel, err
                )

    async def _remember(self, key: tuple[str, Fuel], *, is_open: bool) -> None:
        """Store a lane, unless a restarted process would wait the floor anyway.

        Raises:
            NotKept: the store did not take it. One that is about to be asked is as it was before.
        """
        han, fuel = key
        name = f"{han}/{fuel}"
        if self._store is None or (
            FLOORS[fuel] <= _WAIT_AGAIN and name in self._stored
        ):
            return
        before = self._stored.get(name)
        self._stored[name] = {
            "monotonic": self._clock.monotonic(),
            "wall": self._clock.now_utc().isoformat(),
            "open": is_open,
        }
        try:
            await self._store.save(
                {**self._aside, "version": _VERSION, "lanes": self._stored}
            )
        except BaseException as err:
            if is_open:
                self._stored.pop(name)
                if before is not None:
                    self._stored[name] = before
            if isinstance(err, CadError):
                raise NotKept.because(err) from err
            raise


def jittered(interval: timedelta) -> timedelta:
    """Return an interval lengthened by a random 0 to `JITTER` of itself; never shortened."""
    return interval * (1 + random.uniform(0, JITTER))


def _fingerprint(han: str) -> str:
    """Return what the store calls a HAN, so that the hub's EUI-64 is not kept."""
    return hashlib.sha256(han.encode()).hexdigest()[:16]

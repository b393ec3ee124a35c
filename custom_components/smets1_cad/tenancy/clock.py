"""Whether the wall clock can be believed, for what cannot be undone (R20).

A machine whose clock is wrong, at its start or because somebody or a time server set
it, is put right by its time servers: soon, or once the network is back. So the clock is
believed once it has gone evenly with the machine's uptime for some hours, since Home
Assistant started or since it was last set. While Home Assistant runs for longer than
that, which is nearly always, a date is kept to the second; after a start or a jump what
is due waits for those hours. What is read meanwhile is erased with the rest.
"""

from datetime import datetime, timedelta
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..cad.clock import SYSTEM_CLOCK, Clock
from ..const import DOMAIN

STEADY_FOR: Final = timedelta(hours=6)
"""Far longer than time servers are between two looks, and short enough for a Home Assistant that restarts each night."""

JUMP: Final = timedelta(minutes=5)
"""By how much the clock may be put right without having to prove itself anew: no date is brought forward by more."""


class SteadyClock:
    """Compares the wall clock with uptime. Look at it now and then: only what is looked at is seen to jump."""

    def __init__(self, clock: Clock) -> None:
        """Begin to compare."""
        self._clock = clock
        self._begin()

    def _begin(self) -> None:
        self._wall, self._uptime = self._clock.now_utc(), self._clock.monotonic()

    @property
    def _passed(self) -> timedelta:
        return timedelta(seconds=self._clock.monotonic() - self._uptime)

    @callback
    def look(self, _now: datetime | None = None) -> None:
        """Begin anew if the clock was set."""
        if abs(self._clock.now_utc() - self._wall - self._passed) > JUMP:
            self._begin()

    def believed_from(self) -> datetime:
        """Return from when on the clock can be believed, by itself and if nobody sets it; it is past if it can be now."""
        self.look()
        return self._clock.now_utc() - self._passed + STEADY_FOR


STEADY_CLOCK: HassKey[SteadyClock] = HassKey(f"{DOMAIN}_steady_clock")


@callback
def async_steady_clock(hass: HomeAssistant) -> SteadyClock:
    """Return the process's, so that setting an entry up again proves nothing anew."""
    return hass.data.setdefault(STEADY_CLOCK, SteadyClock(SYSTEM_CLOCK))

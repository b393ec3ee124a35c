"""Timers by a clock that may be set meanwhile, and one for what time alone brings about: stale meters, a new day, another rate."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from .readings.meter_state import MeterState
from .smart_energy.values.time import day_start, london_date

LONGEST: Final = timedelta(hours=1)
"""The clock is looked at this often at least, since it may have been set."""


@callback
def async_look_at(
    hass: HomeAssistant, look: Callable[[datetime], None], due: datetime
) -> CALLBACK_TYPE:
    """Call once when a time has come, or an hour of uptime from now if that is sooner.

    A timer counts uptime: were it armed for months while the clock is wrong, as that of
    a machine without a battery is at its start, it would keep to the wrong clock. So
    whoever is called looks at the clock, and waits again for what has not come yet.
    """
    wait = min(due - dt_util.utcnow(), LONGEST)
    return async_call_later(hass, max(wait, timedelta()), look)


class Alarm:
    """Has somebody look when a time has come, as `async_look_at` does; it is set to one time at most."""

    def __init__(self, hass: HomeAssistant, look: Callable[[datetime], None]) -> None:
        """Say who is to look; it is not set yet."""
        self._hass = hass
        self._look = look
        self._cancel: CALLBACK_TYPE | None = None

    @callback
    def set(self, due: datetime) -> None:
        """Have it looked then, and not when it was set to before."""
        self.stop()
        self._cancel = async_look_at(self._hass, self._rings, due)

    @callback
    def stop(self) -> None:
        """Wait for nothing."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    @callback
    def _rings(self, now: datetime) -> None:
        self._cancel = None
        self._look(now)


class ClockTimer:
    """Calls back whenever the passing of time may have changed what a meter shows."""

    def __init__(
        self,
        hass: HomeAssistant,
        meters: Callable[[], Iterable[MeterState]],
        on_due: Callable[[datetime], None],
    ) -> None:
        """Say whose times to watch, and whom to call."""
        self._meters = meters
        self._on_due = on_due
        self._due: datetime | None = None
        self._alarm = Alarm(hass, self._ran)

    @callback
    def schedule(self) -> None:
        """Look at what comes next; call when there is something new to wait for."""
        now = dt_util.utcnow()
        due = min(self._coming(now))
        if self._due is not None and self._due <= due:
            # What has moved away is found out when the timer runs.
            return
        self._due = due
        self._alarm.set(due)

    @callback
    def stop(self) -> None:
        """Wait for nothing."""
        self._alarm.stop()
        self._due = None

    @callback
    def _ran(self, now: datetime) -> None:
        self._due = None
        self._on_due(now)
        self.schedule()

    def _coming(self, now: datetime) -> Iterator[datetime]:
        """Yield the times ahead."""
        yield now + LONGEST
        yield day_start(london_date(now) + timedelta(days=1))
        for meter in self._meters():
            if meter.heard is not None and not meter.stale:
                silence = timedelta(seconds=monotonic() - meter.heard)
                yield max(now, now + meter.stale_after - silence) + timedelta(
                    milliseconds=1
                )
            if meter.tariff is not None:
                for rate in meter.tariff.rates:
                    if rate.starts_at > now:
                        yield rate.starts_at
                    if rate.ends_at is not None and rate.ends_at > now:
                        yield rate.ends_at

"""What the watches share that look each hour at what a consent covers and nobody reads."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..cad.link import Grant
from ..cad.models import Fuel
from ..coordinator import Smets1CadConfigEntry, Smets1CadCoordinator
from ..options import CadOptions

LOOKS: Final = timedelta(hours=1)
"""Between two looks."""

STEADY: Final = timedelta(days=1)
"""How long a link that was lost has to run before that counts as mended though no meter is read.

Some hubs let a CAD back in and throw it out again before it has read anything. So a link
that runs proves little; a reading proves it at once.
"""


class HourlyWatch(ABC):
    """Looks every hour, and whenever the coordinator tells of more than one more reading."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: Smets1CadConfigEntry,
        coordinator: Smets1CadCoordinator,
        grant: Grant,
    ) -> None:
        """Prepare to watch what is read under a consent."""
        self._hass = hass
        self._entry = entry
        self._coordinator = coordinator
        self._grant = grant
        self._intervals = CadOptions.of(entry).intervals

    @callback
    def start(self) -> CALLBACK_TYPE:
        """Watch until the returned function is called."""
        self._moved()
        # All listeners are told of the link, of the pairing, and of the first reading after a silence.
        leave = self._coordinator.async_add_listener(self._moved, context=frozenset())
        cancel = async_track_time_interval(self._hass, self._looked, LOOKS)

        @callback
        def stop() -> None:
            leave()
            cancel()
            self._rest()

        return stop

    @callback
    def _looked(self, _now: datetime) -> None:
        self._look(dt_util.utcnow())

    @property
    def _shortest(self) -> timedelta:
        """The interval of the meter that is read most often."""
        return min(self._intervals.get(fuel, timedelta()) for fuel in self._grant.fuels)

    def _last_read(self, fuels: Collection[Fuel] = tuple(Fuel)) -> datetime | None:
        """Return when any of some meters was read last; None for never."""
        meters = self._coordinator.data.meters
        return max(
            (
                meter.reading.received_at
                for fuel, meter in meters.items()
                if fuel in fuels and meter.reading is not None
            ),
            default=None,
        )

    @abstractmethod
    def _moved(self) -> None:
        """Take what has changed."""

    @abstractmethod
    def _look(self, now: datetime) -> None:
        """Look at what is lacking."""

    @abstractmethod
    def _rest(self) -> None:
        """Take back whatever was said."""

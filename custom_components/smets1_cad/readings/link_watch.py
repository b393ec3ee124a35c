"""Notice a link that keeps trying in vain for long, and say whose turn it is (R21).

A link that has ended says so itself, and while the supplier is waited for, the
pairing reminds. This is for what lies between: a CAD that was let in already, and
lacks its stick, its hub or its key, while only the state of a sensor tells.
"""

from datetime import datetime, timedelta
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..cad.link import Grant, LinkState, LinkStatus
from ..coordinator import Smets1CadConfigEntry, Smets1CadCoordinator
from ..faults import Lacking, async_clear_lacking, async_report_lacking
from ..options import CadOptions
from ..pairing.life import PairingKeeper
from ..pairing.states import PairingState
from ..smart_energy.network import WrongStick

LACKED_FOR: Final = timedelta(days=1)
"""How long nothing may have been read, beyond the interval that the user chose, before a hub or a key is missed.

Hubs are updated overnight, restart, and lose their power for hours; all of that
passes by itself, and by then the way back was tried some twenty times. Beyond a day
it hardly does, and a supplier or a provider that has to act needs days of its own.
A stick is missed sooner: it is opened every five minutes, Home Assistant's and its own
firmware's updates take minutes, and only a person brings it back.
"""

LOOKS: Final = timedelta(hours=1)
"""Between two looks.

What is told was found by two of them in a row, so that neither the first minutes after
a start, nor a stick that is just being moved, is taken for the fault. That much has to
be seen by this process; how long ago the last reading was is kept over restarts.
"""

_LET_IN: Final = frozenset({PairingState.JOINING, PairingState.PAIRED})
"""States in which the supplier has done its part; of a CAD that is joining without a key nobody else reminds."""

_STICK: Final = frozenset({Lacking.STICK, Lacking.OWN_STICK})

_NOT_TRYING: Final = frozenset({LinkState.RUNNING, LinkState.FAILED})


class LinkWatch:
    """Looks every hour at what a link lacks that does not run."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: Smets1CadConfigEntry,
        coordinator: Smets1CadCoordinator,
        grant: Grant,
        keeper: PairingKeeper,
    ) -> None:
        """Prepare to watch the link that reads under a consent."""
        self._hass = hass
        self._entry = entry
        self._coordinator = coordinator
        self._grant = grant
        self._keeper = keeper
        intervals = CadOptions.of(entry).intervals
        self._interval = min(intervals.get(fuel, timedelta()) for fuel in grant.fuels)
        self._found: Lacking | None = None
        """What the last look found."""
        self._failure: tuple[LinkStatus, datetime] | None = None
        """What the link said of its last failure, and when: at each new try it says nothing for a while."""

    @callback
    def start(self) -> CALLBACK_TYPE:
        """Watch until the returned function is called."""
        # All listeners are told of the link and of the pairing.
        leave = self._coordinator.async_add_listener(self._moved, context=frozenset())
        cancel = async_track_time_interval(self._hass, self._look, LOOKS)

        @callback
        def stop() -> None:
            leave()
            cancel()
            self._rest()

        return stop

    @callback
    def _moved(self) -> None:
        status = self._coordinator.data.status
        if status.error is not None:
            self._failure = status, dt_util.utcnow()
        if not self._is_trying:
            self._rest()

    @callback
    def _rest(self) -> None:
        """Nothing is lacking, or another says what is."""
        self._found = self._failure = None
        async_clear_lacking(self._hass, self._entry)

    @property
    def _is_trying(self) -> bool:
        return (
            self._grant.is_valid
            and self._coordinator.mismatch is None
            and self._keeper.pairing.state in _LET_IN
            and self._coordinator.data.status.state not in _NOT_TRYING
        )

    @callback
    def _look(self, _now: datetime) -> None:
        if not self._is_trying:
            self._rest()
            return
        now = dt_util.utcnow()
        status = self._telling_status(now)
        lacking = _lacking(status)
        before, self._found = self._found, lacking
        if lacking is not before:
            return
        since = self._last_read()
        if lacking not in _STICK and now - since < LACKED_FOR + self._interval:
            async_clear_lacking(self._hass, self._entry)
            return
        async_report_lacking(
            self._hass, self._entry, lacking, since=since, error=status.error
        )

    def _telling_status(self, now: datetime) -> LinkStatus:
        """Return what the link says now, or what it said of a failure since the last look."""
        status = self._coordinator.data.status
        if status.error is None and self._failure is not None:
            failure, at = self._failure
            if now - at < LOOKS:
                return failure
        return status

    def _last_read(self) -> datetime:
        """Return when any meter was read last; of a CAD that read none since, when it was let in."""
        return max(
            [
                self._keeper.pairing.history[-1].at,
                *(
                    meter.reading.received_at
                    for meter in self._coordinator.data.meters.values()
                    if meter.reading is not None
                ),
            ]
        )


def _lacking(status: LinkStatus) -> Lacking:
    """Return what a link that does not run lacks."""
    if status.state is LinkState.DISCONNECTED:
        is_swapped = isinstance(status.error, WrongStick)
        return Lacking.OWN_STICK if is_swapped else Lacking.STICK
    if status.state is LinkState.KEY_ESTABLISHMENT and status.error is not None:
        return Lacking.KEY
    return Lacking.HUB

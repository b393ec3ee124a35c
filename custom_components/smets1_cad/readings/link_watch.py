"""Notice a link that keeps trying in vain for long, and say whose turn it is (R21).

A link that has ended says so itself, and while the supplier is waited for, the
pairing reminds. This is for what lies between: a CAD that was let in already, and
lacks its stick, its hub or its key, while only the state of a sensor tells.
"""

from datetime import datetime, timedelta
from time import monotonic
from typing import Final, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..cad.link import Grant, LinkState, LinkStatus
from ..coordinator import Smets1CadConfigEntry, Smets1CadCoordinator
from ..faults import Lacking, async_clear_lacking, async_report_lacking
from ..pairing.life import PairingKeeper
from ..pairing.states import PairingState
from ..smart_energy.network import WrongStick
from .hourly import STEADY, HourlyWatch

LACKED_FOR: Final = timedelta(days=1)
"""How long nothing may have been read, beyond the interval that the user chose, before a hub or a key is missed.

Hubs are updated overnight, restart, and lose their power for hours; all of that
passes by itself, and by then the way back was tried some twenty times. Beyond a day
it hardly does, and a supplier or a provider that has to act needs days of its own.
A stick is missed sooner: it is opened every five minutes, Home Assistant's and its own
firmware's updates take minutes, and only a person brings it back.
"""

_LET_IN: Final = frozenset({PairingState.JOINING, PairingState.PAIRED})
"""States in which the supplier has done its part; of a CAD that is joining without a key nobody else reminds."""

_STICK: Final = frozenset({Lacking.STICK, Lacking.OWN_STICK})

_LOST: Final = frozenset({LinkState.REJOINING, LinkState.DISCONNECTED})
"""States that are a failure in themselves, also where the link says nothing of it."""


class LinkWatch(HourlyWatch):
    """Looks at what a link lacks that does not run, or not for long enough to read a meter.

    What is told was found by two looks in a row, so that neither the first minutes after
    a start, nor a stick that is just being moved, is taken for the fault. That much has to
    be seen by this process; how long ago the last reading was is kept over restarts.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: Smets1CadConfigEntry,
        coordinator: Smets1CadCoordinator,
        grant: Grant,
        keeper: PairingKeeper,
    ) -> None:
        """Prepare to watch the link that reads under a consent."""
        super().__init__(hass, entry, coordinator, grant)
        self._keeper = keeper
        self._found: Lacking | None = None
        """What was found last."""
        self._failure: tuple[LinkStatus, float] | None = None
        """What the link said of its last failure, and when: at each new try it says nothing for a while."""
        self._noted_at = 0.0
        """When either was noted last."""
        self._looked_at = 0.0
        """When it was looked last. All three times are those of `monotonic`."""

    @override
    @callback
    def _moved(self) -> None:
        if not self._may_lack or self._was_read:
            self._rest()
        status = self._coordinator.data.status
        if status.error is not None or (
            status.state in _LOST and self._recent_failure is None
        ):
            self._noted_at = monotonic()
            self._failure = status, self._noted_at

    @override
    @callback
    def _rest(self) -> None:
        """Nothing is lacking, or another says what is."""
        self._found = self._failure = None
        async_clear_lacking(self._hass, self._entry)

    @property
    def _may_lack(self) -> bool:
        """Whether nobody else says what is wrong, and it is not mended."""
        status = self._coordinator.data.status
        return (
            self._grant.is_valid
            and self._coordinator.mismatch is None
            and self._keeper.pairing.state in _LET_IN
            and status.state is not LinkState.FAILED
            and not (
                status.state is LinkState.RUNNING
                and dt_util.utcnow() - status.since >= STEADY
            )
        )

    @property
    def _was_read(self) -> bool:
        """Whether any meter was read since something was noted last."""
        return any(
            meter.heard is not None and meter.heard > self._noted_at
            for meter in self._coordinator.data.meters.values()
        )

    @property
    def _recent_failure(self) -> LinkStatus | None:
        """What the link said of a failure since the last look."""
        if self._failure is None:
            return None
        status, at = self._failure
        return status if at >= self._looked_at else None

    @override
    @callback
    def _look(self, now: datetime) -> None:
        if not self._may_lack or self._was_read:
            self._rest()
        status = self._coordinator.data.status
        if status.error is None:
            status = self._recent_failure or status
        self._looked_at = monotonic()
        if not self._may_lack:
            return
        if status.state is LinkState.RUNNING:
            # The radio works; of the hub that says little.
            self._found = None if self._found in _STICK else self._found
            return
        lacking = _lacking(status)
        before, self._found = self._found, lacking
        self._noted_at = monotonic()
        if lacking is not before:
            return
        # Of a CAD that read none since, it counts from when it was let in.
        since = self._keeper.pairing.history[-1].at
        if (read_at := self._last_read()) is not None:
            since = max(since, read_at)
        if lacking not in _STICK and now - since < LACKED_FOR + self._shortest:
            async_clear_lacking(self._hass, self._entry)
            return
        async_report_lacking(
            self._hass, self._entry, lacking, since=since, error=status.error
        )


def _lacking(status: LinkStatus) -> Lacking:
    """Return what a link that does not run lacks."""
    if status.state is LinkState.DISCONNECTED:
        is_swapped = isinstance(status.error, WrongStick)
        return Lacking.OWN_STICK if is_swapped else Lacking.STICK
    if status.state is LinkState.KEY_ESTABLISHMENT and status.error is not None:
        return Lacking.KEY
    return Lacking.HUB

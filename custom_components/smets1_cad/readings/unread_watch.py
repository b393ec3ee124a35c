"""Notice a meter that the hub never gives, though everything else works (R21).

A gas meter may need a day after the pairing; one that is asleep, or that never
joined the hub, would else be missed without anybody being asked.
"""

from datetime import datetime, timedelta
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..cad.link import Grant, LinkState
from ..cad.models import Fuel
from ..const import DOMAIN
from ..coordinator import Smets1CadConfigEntry, Smets1CadCoordinator
from ..faults import issue_id
from ..options import CadOptions
from ..pairing.states import PairingState

UNREAD_FOR: Final = timedelta(days=1)
"""How long a meter may go unread, beyond the interval that the user chose."""

SETTLED_AFTER: Final = timedelta(hours=2)
"""How long the link has to run first: a meter that was quiet while nothing ran is read soon."""

LOOKS: Final = timedelta(hours=1)

ISSUE_UNREAD: Final = "meter_unread"


class UnreadWatch:
    """Compares the meters that consent covers with those that are read."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: Smets1CadConfigEntry,
        coordinator: Smets1CadCoordinator,
        grant: Grant,
    ) -> None:
        """Prepare to watch the fuels that a consent covers."""
        self._hass = hass
        self._entry = entry
        self._coordinator = coordinator
        self._grant = grant
        self._intervals = CadOptions.of(entry).intervals
        self._running_since: datetime | None = None

    @callback
    def start(self) -> CALLBACK_TYPE:
        """Watch until the returned function is called."""
        self._look()
        # All listeners are told of the link, and of the first reading after a silence.
        leave = self._coordinator.async_add_listener(self._look, context=frozenset())
        cancel = async_track_time_interval(self._hass, self._looked_again, LOOKS)

        @callback
        def stop() -> None:
            leave()
            cancel()
            for fuel in Fuel:
                self._clear(fuel)

        return stop

    @callback
    def _looked_again(self, _now: datetime) -> None:
        self._look()

    @callback
    def _look(self) -> None:
        now = dt_util.utcnow()
        if self._coordinator.data.status.state is not LinkState.RUNNING:
            # The link itself says what is wrong.
            self._running_since = None
        elif self._running_since is None:
            self._running_since = now
        for fuel in Fuel:
            if self._is_unread(fuel, now):
                self._report(fuel)
            else:
                self._clear(fuel)

    def _is_unread(self, fuel: Fuel, now: datetime) -> bool:
        if (
            self._running_since is None
            or now - self._running_since < SETTLED_AFTER
            or not self._grant.is_valid
            or fuel not in self._grant.fuels
        ):
            return False
        allowed = UNREAD_FOR + self._intervals.get(fuel, timedelta())
        return now - self._last_read(fuel, self._running_since) >= allowed

    def _last_read(self, fuel: Fuel, otherwise: datetime) -> datetime:
        """Return when a meter was read last; of one that never was, when the CAD was paired."""
        meter = self._coordinator.data.meters.get(fuel)
        if meter is not None and meter.reading is not None:
            return meter.reading.received_at
        keeper = self._coordinator.pairing
        paired = (
            [
                step.at
                for step in keeper.pairing.history
                if step.state is PairingState.PAIRED
            ]
            if keeper is not None
            else []
        )
        return max(paired, default=otherwise)

    @callback
    def _report(self, fuel: Fuel) -> None:
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id(ISSUE_UNREAD, self._entry, fuel),
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=f"{ISSUE_UNREAD}_{fuel}",
        )

    @callback
    def _clear(self, fuel: Fuel) -> None:
        ir.async_delete_issue(
            self._hass, DOMAIN, issue_id(ISSUE_UNREAD, self._entry, fuel)
        )

"""Notice a meter that the hub never gives, though everything else works (R21).

A gas meter may need a day after the pairing; one that is asleep, or that never
joined the hub, would else be missed without anybody being asked.
"""

from datetime import datetime, timedelta
from typing import Final, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from ..cad.link import Grant, LinkState
from ..cad.models import Fuel
from ..const import DOMAIN
from ..coordinator import Smets1CadConfigEntry, Smets1CadCoordinator
from ..faults import async_say, issue_id
from ..pairing.states import PairingState
from .hourly import LOOKS, STEADY, HourlyWatch

UNREAD_FOR: Final = timedelta(days=1)
"""How long a meter may go unread, beyond the interval that the user chose."""

SETTLED_AFTER: Final = timedelta(hours=2)
"""How long the link has to run first: a meter that was quiet while nothing ran is read soon."""

ISSUE_UNREAD: Final = "meter_unread"


class UnreadWatch(HourlyWatch):
    """Compares the meters that consent covers with those that are read."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: Smets1CadConfigEntry,
        coordinator: Smets1CadCoordinator,
        grant: Grant,
    ) -> None:
        """Prepare to watch the fuels that a consent covers."""
        super().__init__(hass, entry, coordinator, grant)
        self._up_since: datetime | None = None
        """Since when the link runs, moments aside between which a meter was read."""
        self._was_lost = False
        """Whether it was lost, and no meter was read since it is up again."""

    @override
    @callback
    def _moved(self) -> None:
        self._look(dt_util.utcnow())

    @override
    @callback
    def _rest(self) -> None:
        for fuel in Fuel:
            self._clear(fuel)

    @override
    @callback
    def _look(self, now: datetime) -> None:
        self._follow_link(now)
        for fuel in Fuel:
            if self._is_unread(fuel, now):
                self._report(fuel)
            else:
                self._clear(fuel)

    def _follow_link(self, now: datetime) -> None:
        """Note since when the link is up; while it is not, it says itself what is wrong."""
        read_at = self._last_read()
        if self._coordinator.data.status.state is LinkState.RUNNING:
            self._up_since = self._up_since or now
        elif self._up_since is not None and (
            read_at is None or now - read_at > LOOKS + self._shortest
        ):
            self._up_since, self._was_lost = None, True
        if read_at is not None and self._up_since and read_at > self._up_since:
            self._was_lost = False

    def _is_unread(self, fuel: Fuel, now: datetime) -> bool:
        settles_after = STEADY if self._was_lost else SETTLED_AFTER
        if (
            self._up_since is None
            or now - self._up_since < settles_after
            or not self._grant.is_valid
            or fuel not in self._grant.fuels
        ):
            return False
        allowed = UNREAD_FOR + self._intervals.get(fuel, timedelta())
        return now - self._expected_since(fuel, self._up_since) >= allowed

    def _expected_since(self, fuel: Fuel, otherwise: datetime) -> datetime:
        """Return when a meter was read last; of one that never was, when the CAD was paired."""
        if (read_at := self._last_read({fuel})) is not None:
            return read_at
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
        async_say(
            self._hass,
            self._entry,
            ISSUE_UNREAD,
            key=f"{ISSUE_UNREAD}_{fuel}",
            fuel=fuel,
        )

    @callback
    def _clear(self, fuel: Fuel) -> None:
        ir.async_delete_issue(
            self._hass, DOMAIN, issue_id(ISSUE_UNREAD, self._entry, fuel)
        )

"""Follow a pairing: what the radio sees of it, and the reminders while it is waited for (R8)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from ..cad.errors import CadError
from ..cad.link import LinkState, LinkStatus
from ..const import DOMAIN, LOGGER
from ..timers import LONGEST, Alarm
from .life import Pairing, PairingKeeper
from .states import OVERDUE, PairingState, Reminder

ISSUE_REFUSED: Final = "pairing_refused"
ISSUE_REMINDER: Final = "pairing_overdue"

REMOVED: Final = "removed"
"""Reason of the link's failure when somebody has taken the CAD off the HAN."""

_WAY: Final = (PairingState.HAN_OPEN, PairingState.JOINING, PairingState.PAIRED)
"""States on the way in, which the radio sees one after the other."""

_SEEN: Final = {
    LinkState.JOINED: PairingState.JOINING,
    LinkState.KEY_ESTABLISHMENT: PairingState.JOINING,
    LinkState.DISCOVERING: PairingState.PAIRED,
    LinkState.RUNNING: PairingState.PAIRED,
}
"""What a state of the link says of the pairing. That a network lets devices join says nothing: it may be a neighbour's."""


def reminder_issue_id(entry: ConfigEntry[Any]) -> str:
    """Return the id of the issue that reminds."""
    return f"{ISSUE_REMINDER}_{entry.entry_id}"


def refused_issue_id(entry: ConfigEntry[Any]) -> str:
    """Return the id of the issue that tells of a refusal."""
    return f"{ISSUE_REFUSED}_{entry.entry_id}"


class PairingWatch:
    """Moves a pairing on as the radio sees it, and reminds while nothing happens."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry[Any], keeper: PairingKeeper
    ) -> None:
        """Prepare to follow."""
        self._hass = hass
        self._entry = entry
        self._keeper = keeper
        self._on_change: CALLBACK_TYPE = lambda: None
        self._alarm = Alarm(hass, self._look_again)

    @callback
    def start(self, on_change: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Follow until the returned function is called; `on_change` hears of every step."""
        self._on_change = on_change
        forget = self._keeper.on_change(self._changed)
        self._look(dt_util.utcnow())

        @callback
        def stop() -> None:
            forget()
            self._alarm.stop()
            for issue in (reminder_issue_id, refused_issue_id):
                ir.async_delete_issue(self._hass, DOMAIN, issue(self._entry))

        return stop

    @callback
    def link_moved(self, status: LinkStatus) -> None:
        """Take what the link's state says of the pairing."""
        if status.state is LinkState.FAILED and status.error is not None:
            if status.error.reason == REMOVED:
                self._advance(PairingState.REMOVED)
        elif (seen := _SEEN.get(status.state)) is not None:
            self._advance(seen)

    @callback
    def _advance(self, to: PairingState) -> None:
        """Go to a state, over those that lead there."""
        if self._keeper.pairing.state is to:
            return

        def change(pairing: Pairing) -> Pairing:
            now = dt_util.utcnow()
            if pairing.can(to):
                return pairing.advance(to, now)
            if to not in _WAY or pairing.state is PairingState.PAIRED:
                return pairing
            for state in _WAY[: _WAY.index(to) + 1]:
                if pairing.can(state):
                    pairing = pairing.advance(state, now)
            return pairing

        self._update(change)

    @callback
    def _update(self, change: Callable[[Pairing], Pairing]) -> None:
        async def update() -> None:
            try:
                await self._keeper.update(change)
            except CadError as err:
                LOGGER.warning("The state of the pairing was not kept: %s", err)

        self._entry.async_create_task(self._hass, update(), "follow the pairing")

    @callback
    def _changed(self, _pairing: Pairing) -> None:
        self._look(dt_util.utcnow())
        self._on_change()

    @callback
    def _look(self, now: datetime) -> None:
        """Remind if it is time, and see when to look again."""
        self._alarm.stop()
        pairing = self._keeper.pairing
        self._tell_of_refusal(pairing)
        step = pairing.next_step(now).step
        issue = reminder_issue_id(self._entry)
        is_overdue = step in OVERDUE.values()
        due = pairing.reminder_due(now) if is_overdue else None
        if due is None:
            ir.async_delete_issue(self._hass, DOMAIN, issue)
        else:
            self._remind(step, due)
        at = pairing.next_reminder_at(now)
        if at is None and is_overdue:
            # The clock that says so may be set right.
            at = now + LONGEST
        if at is not None:
            self._alarm.set(at)

    @callback
    def _look_again(self, now: datetime) -> None:
        self._look(now)
        self._on_change()

    @callback
    def _remind(self, step: str, due: Reminder) -> None:
        """Show what to do now; closing it says that it was seen."""
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            reminder_issue_id(self._entry),
            data={"entry_id": self._entry.entry_id, "reminder": int(due)},
            is_fixable=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key=f"{ISSUE_REMINDER}_{step}",
            translation_placeholders={"days": str(int(due))},
        )

    @callback
    def _tell_of_refusal(self, pairing: Pairing) -> None:
        """Say that the supplier has refused, for as long as that stands."""
        issue = refused_issue_id(self._entry)
        if pairing.state is not PairingState.REFUSED:
            ir.async_delete_issue(self._hass, DOMAIN, issue)
            return
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue,
            data={"entry_id": self._entry.entry_id, "refused": True},
            is_fixable=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key=ISSUE_REFUSED,
            translation_placeholders={"supplier": pairing.request.supplier},
        )

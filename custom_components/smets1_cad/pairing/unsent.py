"""Remind of a pairing request that was prepared and is not on its way (R8)."""

from datetime import datetime
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from ..consent.consents import ConsentGrant, Renewal, Withdrawal
from ..const import DOMAIN
from ..faults import async_say, issue_id
from ..timers import LONGEST, Alarm
from .life import Pairing, PairingKeeper

ISSUE_UNSENT: Final = "pairing_to_send"


class UnsentWatch:
    """Watches the clock while a request waits to be sent, and only while it may be: with consent in force."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        keeper: PairingKeeper,
        grant: ConsentGrant,
    ) -> None:
        """Prepare to follow."""
        self._hass = hass
        self._entry = entry
        self._keeper = keeper
        self._grant = grant
        self._alarm = Alarm(hass, self._look)

    @callback
    def start(self) -> CALLBACK_TYPE:
        """Follow until the returned function is called."""
        forget = [
            self._keeper.on_change(self._changed),
            self._grant.on_revoked(self._revoked),
        ]
        self._look(dt_util.utcnow())

        @callback
        def stop() -> None:
            for each in forget:
                each()
            self._end()

        return stop

    @callback
    def _changed(self, _pairing: Pairing) -> None:
        self._look(dt_util.utcnow())

    @callback
    def _revoked(self, _why: Withdrawal | Renewal) -> None:
        self._end()

    @callback
    def _look(self, now: datetime) -> None:
        """Remind if it is time, and see when to look again."""
        pairing = self._keeper.pairing
        due = pairing.unsent_reminder_at if self._grant.is_valid else None
        if due is None:
            self._end()
            return
        if due > now:
            self._take_back()
        else:
            self._remind(pairing)
            # The clock that says so may be set right.
            due = now + LONGEST
        self._alarm.set(due)

    @callback
    def _remind(self, pairing: Pairing) -> None:
        async_say(
            self._hass,
            self._entry,
            ISSUE_UNSENT,
            placeholders={"supplier": pairing.request.supplier},
        )

    @callback
    def _end(self) -> None:
        """Take the reminder back, and wait for none."""
        self._alarm.stop()
        self._take_back()

    @callback
    def _take_back(self) -> None:
        ir.async_delete_issue(self._hass, DOMAIN, issue_id(ISSUE_UNSENT, self._entry))

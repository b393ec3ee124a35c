"""Consent's end by the calendar: said two weeks before, and kept to the minute (R2)."""

from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..cad.link import Grant
from ..const import DOMAIN, LOGGER
from ..faults import async_say, issue_id
from ..pairing.working_days import london_date
from ..timers import LONGEST, Alarm
from .consents import ConsentGrant, Renewal, Withdrawal
from .log import Damage

ISSUE_LAPSES: Final = "consent_lapses"

ISSUE_DAMAGED: Final = "consent_damaged"

SAID_BEFORE: Final = timedelta(days=14)
"""How long before the end of consent a person is told."""

_RESUMES: Final = timedelta(minutes=1)
"""How often consent that has run out is looked at again."""

_ASKS: Final = "reauth_confirm"
"""Step of the dialog that asks for consent again, before anybody has gone on with it."""


class ConsentWatch:
    """Watches the clock for one grant."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry[Any], grant: ConsentGrant
    ) -> None:
        """Prepare."""
        self._hass = hass
        self._entry = entry
        self._grant = grant
        self._alarm = Alarm(hass, self._look)
        self._has_asked = False

    @callback
    def start(self) -> CALLBACK_TYPE:
        """Watch until the returned function is called; there is nothing to watch in consent that has ended meanwhile."""
        if self._grant.revoked is not None:
            return lambda: None
        forget = self._grant.on_revoked(self._revoked)
        self._look(dt_util.utcnow())

        @callback
        def stop() -> None:
            forget()
            self._end()

        return stop

    @callback
    def _look(self, now: datetime) -> None:
        """Say what is due, and look again when more is."""
        ends = self._grant.expires_at
        if now >= ends:
            self._grant.revoke(Renewal.EXPIRED)
            self._unsay()
            if not self._has_asked:
                self._has_asked = True
                self._entry.async_start_reauth(self._hass)
            due = now + LONGEST
        elif now >= ends - SAID_BEFORE:
            self._ask_no_more()
            self._say(ends)
            due = ends
        else:
            self._ask_no_more()
            self._unsay()
            due = ends - SAID_BEFORE
        self._alarm.set(due)

    @callback
    def _ask_no_more(self) -> None:
        """Take back what a clock that was ahead asked for, unless somebody is at it."""
        self._has_asked = False
        flows = self._hass.config_entries.flow
        for flow in flows.async_progress_by_handler(
            DOMAIN,
            match_context={"source": SOURCE_REAUTH, "entry_id": self._entry.entry_id},
        ):
            if flow.get("step_id") == _ASKS:
                flows.async_abort(flow["flow_id"])

    @callback
    def _say(self, ends: datetime) -> None:
        async_say(
            self._hass,
            self._entry,
            ISSUE_LAPSES,
            placeholders={"date": london_date(ends).isoformat()},
        )

    @callback
    def _unsay(self) -> None:
        ir.async_delete_issue(self._hass, DOMAIN, issue_id(ISSUE_LAPSES, self._entry))

    @callback
    def _revoked(self, why: Withdrawal | Renewal) -> None:
        if why is not Renewal.EXPIRED:
            self._end()

    @callback
    def _end(self) -> None:
        self._alarm.stop()
        self._unsay()


@callback
def async_resume_when_valid(
    hass: HomeAssistant, entry: ConfigEntry[Any], grant: Grant
) -> CALLBACK_TYPE:
    """Set an entry up anew once its consent, found run out, is in force after all, until the returned function is called.

    Only a clock that was ahead and is set right does that: what was withdrawn stays so.
    """

    @callback
    def look(_now: datetime) -> None:
        if grant.is_valid:
            LOGGER.info(
                "The clock was set back; consent is in force, and reading resumes"
            )
            hass.config_entries.async_schedule_reload(entry.entry_id)

    return async_track_time_interval(hass, look, _RESUMES)


@callback
def async_report_damage(
    hass: HomeAssistant, entry: ConfigEntry[Any], damage: Damage | None
) -> None:
    """Say that the consent log is not as it was written; take it back once it is whole again."""
    if damage is None:
        ir.async_delete_issue(hass, DOMAIN, issue_id(ISSUE_DAMAGED, entry))
        return
    async_say(hass, entry, ISSUE_DAMAGED, severity=ir.IssueSeverity.ERROR)

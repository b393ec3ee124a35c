"""Consent's end by the calendar: said two weeks before, and kept to the minute (R2)."""

from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..faults import issue_id
from ..pairing.working_days import london_date
from .consents import ConsentGrant, Renewal, Withdrawal
from .log import Damage

ISSUE_LAPSES: Final = "consent_lapses"

ISSUE_DAMAGED: Final = "consent_damaged"

SAID_BEFORE: Final = timedelta(days=14)
"""How long before the end of consent a person is told."""


class ConsentWatch:
    """Watches the clock for one grant."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry[Any], grant: ConsentGrant
    ) -> None:
        """Prepare."""
        self._hass = hass
        self._entry = entry
        self._grant = grant
        self._cancel: CALLBACK_TYPE | None = None

    @callback
    def start(self) -> CALLBACK_TYPE:
        """Watch until the returned function is called."""
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
        self._cancel = None
        ends = self._grant.expires_at
        if now >= ends:
            self._grant.revoke(Renewal.EXPIRED)
            self._entry.async_start_reauth(self._hass)
            return
        if now >= ends - SAID_BEFORE:
            self._say(ends)
        due = ends if now >= ends - SAID_BEFORE else ends - SAID_BEFORE
        self._cancel = async_track_point_in_utc_time(self._hass, self._look, due)

    @callback
    def _say(self, ends: datetime) -> None:
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id(ISSUE_LAPSES, self._entry),
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=ISSUE_LAPSES,
            translation_placeholders={"date": london_date(ends).isoformat()},
        )

    @callback
    def _revoked(self, _why: Withdrawal | Renewal) -> None:
        self._end()

    @callback
    def _end(self) -> None:
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
        ir.async_delete_issue(self._hass, DOMAIN, issue_id(ISSUE_LAPSES, self._entry))


@callback
def async_report_damage(
    hass: HomeAssistant, entry: ConfigEntry[Any], damage: Damage | None
) -> None:
    """Say that the consent log is not as it was written; take it back once it is whole again."""
    issue = issue_id(ISSUE_DAMAGED, entry)
    if damage is None:
        ir.async_delete_issue(hass, DOMAIN, issue)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue,
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key=ISSUE_DAMAGED,
    )

"""A withdrawal that could not be stored: said, and tried again until it is (R2).

It needs no entry: consent that was withdrawn stays withdrawn while its entry is
reloaded, disabled or not there yet, for as long as Home Assistant runs.
"""

from datetime import datetime, timedelta
from typing import Final

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_time_interval

from ..const import DOMAIN, LOGGER
from .consents import Consents, WithdrawalNotStored

ISSUE_NOT_STORED: Final = "withdrawal_not_stored"

TRIED_EVERY: Final = timedelta(minutes=1)


class _Keeper:
    """Sees to one CAD's withdrawals."""

    def __init__(self, hass: HomeAssistant, name: str, consents: Consents) -> None:
        """Prepare.

        Args:
            hass: Home Assistant.
            name: what names the CAD's file, and so the issue.
            consents: the CAD's.
        """
        self._hass = hass
        self._issue = f"{ISSUE_NOT_STORED}_{name}"
        self._consents = consents
        self._unsubscribe: list[CALLBACK_TYPE] = []

    @callback
    def changed(self, is_unstored: bool) -> None:
        """Take up the work, or lay it down."""
        while self._unsubscribe:
            self._unsubscribe.pop()()
        if not is_unstored:
            ir.async_delete_issue(self._hass, DOMAIN, self._issue)
            return
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            self._issue,
            is_fixable=False,
            severity=ir.IssueSeverity.ERROR,
            translation_key=ISSUE_NOT_STORED,
        )
        self._unsubscribe.append(
            async_track_time_interval(self._hass, self._try_again, TRIED_EVERY)
        )
        self._unsubscribe.append(
            self._hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self._stopping)
        )

    async def _try_again(self, _now: datetime) -> None:
        try:
            await self._consents.settle()
        except WithdrawalNotStored as err:
            LOGGER.debug("The withdrawal of consent is not stored yet: %s", err)

    @callback
    def _stopping(self, _event: Event) -> None:
        """Wait no longer; what is in memory is written once more at the very end."""
        while self._unsubscribe:
            self._unsubscribe.pop()()


@callback
def async_keep_withdrawal(hass: HomeAssistant, name: str, consents: Consents) -> None:
    """Say when a withdrawal could not be stored, and try again until it is."""
    consents.on_unstored(_Keeper(hass, name, consents).changed)

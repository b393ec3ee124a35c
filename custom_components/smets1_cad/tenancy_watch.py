"""Signs that the tenant changes: dated notices are acted on, anything less is asked of the person (R20)."""

from datetime import datetime
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util

from .cad.errors import CadError
from .cad.link import CadLink
from .cad.models import CadUpdate, Fuel, SupplierIdentity, TenancyChange
from .consent import Consents
from .const import DOMAIN, LOGGER
from .faults import issue_id
from .tenancy_end import async_end_tenancy
from .tenancy_record import TenancyEnd

ISSUE_SUSPECTED: Final = "tenancy_suspected"


class TenancyWatch:
    """Listens to the network and to the pairing service."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        *,
        link: CadLink,
        consents: Consents,
    ) -> None:
        """Prepare."""
        self._hass = hass
        self._entry = entry
        self._link = link
        self._consents = consents
        self._suppliers: dict[Fuel, SupplierIdentity] = {}
        self._cancel: CALLBACK_TYPE | None = None
        self._ending = False

    @callback
    def start(self) -> CALLBACK_TYPE:
        """Listen until the returned function is called."""
        forget = self._link.on_update(self._heard)

        @callback
        def stop() -> None:
            forget()
            self._forget_timer()

        return stop

    @callback
    def service_said(self, when: datetime) -> None:
        """Take a pairing service's notice."""
        self._noticed(when, TenancyEnd.SERVICE)

    @callback
    def _heard(self, update: CadUpdate) -> None:
        match update:
            case TenancyChange(of_supplier=True):
                self._suspect()
            case TenancyChange():
                self._noticed(update.effective_at, TenancyEnd.HAN)
            case SupplierIdentity():
                before = self._suppliers.get(update.fuel)
                self._suppliers[update.fuel] = update
                if before is not None and _is_other(before, update):
                    self._suspect()

    @callback
    def _noticed(self, when: datetime | None, reason: TenancyEnd) -> None:
        """End the tenancy on the date of a notice.

        A date before consent was given is an earlier tenant's. A notice without one is
        only asked about: a hub may be repeating an old one.
        """
        if self._ending or (record := self._consents.current) is None:
            return
        now = dt_util.utcnow()
        if when is None:
            self._suspect()
        elif when > record.given_at:
            if when <= now:
                self._end(reason)
                return
            self._forget_timer()

            @callback
            def ended(_now: datetime) -> None:
                self._cancel = None
                self._end(reason)

            self._cancel = async_track_point_in_utc_time(self._hass, ended, when)

    @callback
    def _end(self, reason: TenancyEnd) -> None:
        """Carry it out, in a task that outlives the entry's unloading."""
        self._ending = True

        async def end() -> None:
            try:
                await async_end_tenancy(self._hass, self._entry, reason)
            except CadError as err:
                self._ending = False
                LOGGER.warning("The change of tenancy is not finished: %s", err)

        self._hass.async_create_task(end(), f"{DOMAIN} change of tenancy")

    @callback
    def _suspect(self) -> None:
        """Ask."""
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id(ISSUE_SUSPECTED, self._entry),
            data={"entry_id": self._entry.entry_id, "leaving": ISSUE_SUSPECTED},
            is_fixable=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key=ISSUE_SUSPECTED,
        )

    @callback
    def _forget_timer(self) -> None:
        if self._cancel is not None:
            self._cancel()
            self._cancel = None


def _is_other(before: SupplierIdentity, after: SupplierIdentity) -> bool:
    """Whether two suppliers differ in something that both say."""
    return any(
        old and new and old != new
        for old, new in (
            (before.provider_id, after.provider_id),
            (before.name, after.name),
        )
    )

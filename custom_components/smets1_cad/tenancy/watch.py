"""Signs that the tenant changes: dated notices are acted on, anything less is asked of the person (R20)."""

from datetime import datetime
from time import monotonic
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..cad.errors import CadError
from ..cad.link import CadLink
from ..cad.models import CadUpdate, ElectricityReading, GasReading, TenancyChange
from ..consent.consents import Consents
from ..const import DOMAIN, LOGGER
from ..faults import issue_id
from ..smart_energy.values.time import london_date
from ..store import CadStore, StoreError
from ..supplier.texts import inert
from ..timers import LONGEST, Alarm
from .clock import async_steady_clock
from .end import async_end_tenancy
from .notices import SERVICE, Notice, Notices
from .record import TenancyEnd
from .signs import Seen, Sign, SignFinder

ISSUE_SUSPECTED: Final = "tenancy_suspected"
"""Repair issue; with a sign behind it, its translation key. Placeholders ``before``, ``after``."""
ISSUE_ANNOUNCED: Final = "tenancy_announced"
"""Repair issue: everything will be erased on a day. Placeholder ``date``."""
ISSUE_CANCELLED: Final = "tenancy_cancelled"
"""Repair issue: it will not be. Placeholder ``date``."""

_END_OF_TIME: Final = 3000

_KEEP_EVERY: Final = 3600.0
"""Seconds between two writes of the meters' own counts, which only have to be roughly known after a restart."""


class TenancyWatch:
    """Listens to the network and to the pairing service."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        store: CadStore,
        *,
        link: CadLink,
        consents: Consents,
    ) -> None:
        """Prepare."""
        self._hass = hass
        self._entry = entry
        self._section = store.notices
        self._link = link
        self._consents = consents
        self._notices = Notices()
        self._finder = SignFinder()
        self._kept_at = monotonic()
        self._clock = async_steady_clock(hass)
        self._alarm = Alarm(hass, self._due)
        self._ending = False
        self._stopped = False

    async def async_start(self) -> CALLBACK_TYPE:
        """Take up what is known, and listen until the returned function is called."""
        try:
            self._notices = await self._section.load() or Notices()
        except StoreError as err:
            LOGGER.warning(
                "What was known of a change of tenancy is lost, and learnt anew: %s",
                err,
            )
        # A date at the end of the calendar, which was once taken, cannot be waited for.
        self._notices.pending = {
            whose: notice
            for whose, notice in self._notices.pending.items()
            if notice.at.year < _END_OF_TIME
        }
        self._finder = SignFinder(self._notices.known)
        self._show_and_wait()
        forget = self._link.on_update(self._heard)
        cancel = async_track_time_interval(self._hass, self._clock.look, LONGEST)

        @callback
        def stop() -> None:
            self._stopped = True
            forget()
            cancel()
            self._alarm.stop()
            self._keep_later()
            for kind in (ISSUE_ANNOUNCED, ISSUE_CANCELLED, ISSUE_SUSPECTED):
                self._show(kind, None)

        return stop

    @callback
    def service_said(self, when: datetime | None) -> None:
        """Take what a pairing service says: from when on the tenant is another, None for no change."""
        if when is not None:
            self._noticed(SERVICE, Notice(at=when))
        elif SERVICE in self._notices.pending:
            self._cancelled(SERVICE, None)

    @callback
    def same_people(self) -> None:
        """Take a person's word that nobody has moved; the same signs are not asked about again."""
        self._notices.answer()
        self._changed()

    @callback
    def cancellation_read(self) -> None:
        """Say no more that a change was cancelled: a person has read it."""
        self._notices.called_off = None
        self._changed()

    @callback
    def _heard(self, update: CadUpdate) -> None:
        if isinstance(update, TenancyChange):
            self._told(update)
            return
        if (seen := self._finder.take(update)) is not None:
            self._suspect(seen)
        is_reading = isinstance(update, ElectricityReading | GasReading)
        if not is_reading or monotonic() - self._kept_at > _KEEP_EVERY:
            self._keep_later()

    @callback
    def _told(self, change: TenancyChange) -> None:
        """Take what the network says outright.

        A notice without a date is only asked about: a hub may be repeating an old one.
        """
        whose = change.fuel.value
        sign = Sign.SUPPLIER if change.of_supplier else Sign.NOTICE
        seen = Seen(sign=sign, key=f"{sign}/{whose}/{change.number}")
        if change.cancelled:
            self._notices.withdraw(seen.key)
            if not change.of_supplier:
                self._cancelled(whose, change.number)
            self._changed()
        elif change.of_supplier or change.effective_at is None:
            self._suspect(seen)
        else:
            self._noticed(whose, Notice(at=change.effective_at, number=change.number))

    @callback
    def _noticed(self, whose: str, notice: Notice) -> None:
        """End the tenancy on the date of a notice.

        A date before consent was given is an earlier tenant's.
        """
        is_due = self._due_at(notice) <= dt_util.utcnow()
        if (
            self._ending
            or (record := self._consents.current) is None
            or notice.at <= record.given_at
            or (notice == self._notices.pending.get(whose) and not is_due)
            or not self._notices.announce(whose, notice)
        ):
            return
        if is_due:
            self._end(whose)
        else:
            self._changed()

    def _due_at(self, notice: Notice) -> datetime:
        """Return when a notice is acted on: on its day, by a clock that can be believed, as nothing brings back what is erased."""
        return max(notice.at, self._clock.believed_from())

    @callback
    def _cancelled(self, whose: str, number: int | None) -> None:
        """Wait for a notice no longer, and say so."""
        if (notice := self._notices.cancel(whose, number)) is not None:
            LOGGER.info("The change of tenancy that was announced is cancelled")
            self._notices.called_off = notice.at
        self._changed()

    @callback
    def _suspect(self, seen: Seen) -> None:
        """Ask, unless a person has answered already."""
        if self._consents.current is not None and self._notices.ask(seen):
            self._changed()

    @callback
    def _due(self, now: datetime) -> None:
        """Act on the notice whose day has come; one that was not heard again since a restart may be cancelled."""
        if self._ending:
            return
        whose, notice = self._notices.first
        if self._due_at(notice) > now:
            self._show_and_wait()
            return
        if notice.is_heard:
            self._end(whose)
            return
        self._suspect(self._notices.miss(whose))
        self._changed()

    @callback
    def _end(self, whose: str) -> None:
        """Carry it out, in a task that outlives the entry's unloading."""
        self._ending = True
        reason = TenancyEnd.SERVICE if whose == SERVICE else TenancyEnd.HAN

        async def end() -> None:
            try:
                await async_end_tenancy(self._hass, self._entry, reason)
            except CadError as err:
                self._ending = False
                LOGGER.warning("The change of tenancy is not finished: %s", err)
            except Exception:  # noqa: BLE001 - it is not given up for a mistake
                LOGGER.exception("The change of tenancy is not finished")
                self._ending = False
                if not self._stopped:
                    self._alarm.set(dt_util.utcnow() + LONGEST)

        self._hass.async_create_task(end(), f"{DOMAIN} change of tenancy")

    @callback
    def _changed(self) -> None:
        """Keep what is known now, show it, and wait for what comes next."""
        self._entry.async_create_task(
            self._hass, self._keep(), "keep the notices of a change of tenancy"
        )
        self._show_and_wait()

    async def _keep(self) -> None:
        self._notices.known = self._finder.known
        try:
            await self._section.save(self._notices)
        except CadError as err:
            LOGGER.warning("A notice of a change of tenancy was not kept: %s", err)

    @callback
    def _keep_later(self) -> None:
        self._kept_at = monotonic()
        self._notices.known = self._finder.known
        self._section.save_later(self._notices)

    @callback
    def _show_and_wait(self) -> None:
        self._alarm.stop()
        pending = self._notices.pending
        if pending:
            self._alarm.set(self._due_at(self._notices.first[1]))
        self._show(
            ISSUE_ANNOUNCED,
            {"date": _day(self._notices.first[1].at)} if pending else None,
        )
        called_off = self._notices.called_off
        self._show(
            ISSUE_CANCELLED,
            None if called_off is None else {"date": _day(called_off)},
            is_fixable=True,
        )
        asked = self._notices.open[-1] if self._notices.open else None
        self._show(
            ISSUE_SUSPECTED,
            None
            if asked is None
            else {"before": inert(asked.before), "after": inert(asked.after)},
            sign=None if asked is None else asked.sign,
            is_fixable=True,
        )

    @callback
    def _show(
        self,
        kind: str,
        blanks: dict[str, str] | None,
        *,
        sign: Sign | None = None,
        is_fixable: bool = False,
    ) -> None:
        """Show an issue with what its blanks hold; take it back for None.

        None of them is persistent: what they say would be on disk, and in diagnostics. Each start shows them anew.
        """
        issue = issue_id(kind, self._entry)
        if blanks is None:
            ir.async_delete_issue(self._hass, DOMAIN, issue)
            return
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue,
            data={"entry_id": self._entry.entry_id, "tenancy": kind},
            is_fixable=is_fixable,
            severity=ir.IssueSeverity.WARNING,
            translation_key=kind if sign is None else f"{kind}_{sign}",
            translation_placeholders=blanks,
        )


def _day(at: datetime) -> str:
    return london_date(at).isoformat()

"""Consent: given, on record, and withdrawn; and the grant that everything else needs (R1, R2).

`Consents` keeps the log of one CAD. Giving consent writes the record to disk
before it hands out a `ConsentGrant`; a link starts only with a grant, and
listens to it. Withdrawing revokes the grant at once, before anything is
written, so that the flow of data stops whatever the disk does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
import logging
from typing import Any, Final

from .cad.clock import Clock
from .cad.errors import CadError, Responsible
from .cad.models import Fuel
from .consent_log import ConsentLog, Damage, DamageKind, EntryKind, JsonObject, LogEntry
from .consent_text import Box, ShownText, Wording, boxes_required
from .identity import Identity, Ihd

LOGGER: Final = logging.getLogger(__package__)

DEFAULT_PERIOD: Final = timedelta(days=365)
"""After which consent is asked for again, unless the user sets another."""


class ConsentError(CadError):
    """Raised when something needs consent that is not there, or not complete."""

    reason = "consent"
    responsible = Responsible.HOUSEHOLDER


class Withdrawal(StrEnum):
    """Why a consent ended."""

    REQUESTED = "requested"
    CHANGE_OF_TENANCY = "change_of_tenancy"
    REPLACED = "replaced"
    """A newer consent took its place."""
    CAD_REMOVED = "cad_removed"


class Renewal(StrEnum):
    """Why consent has to be given (again)."""

    NEVER_GIVEN = "never_given"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    WORDING_CHANGED = "wording_changed"
    PREMISES_CHANGED = "premises_changed"
    FUELS_CHANGED = "fuels_changed"
    CAD_CHANGED = "cad_changed"
    LOG_DAMAGED = "log_damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What a person declares by ticking boxes under a text.

    Attributes:
        cad: the CAD's EUI-64, or whatever else names it for good.
        supplier: to whom the request may go.
        text: the text as it was shown.
        ticked: the boxes that were ticked.
        period: how long it is meant to hold.
    """

    identity: Identity
    cad: str = field(repr=False)
    supplier: str
    text: ShownText
    ticked: frozenset[Box]
    period: timedelta = DEFAULT_PERIOD

    def missing(self) -> tuple[Box, ...]:
        """Return the boxes that have to be ticked and are not, in order."""
        required = boxes_required(has_ihd=self.identity.ihd is not Ihd.NONE)
        return tuple(box for box in Box if box in required - self.ticked)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRecord:
    """One consent as the log has it. Personal details are None once erased.

    Attributes:
        record_id: twelve hexadecimal digits, the beginning of the entry's digest; suppliers are told it.
        expires_at: when it has to be asked for again, UTC.
        withdrawal: why it ended; None while it stands.
    """

    record_id: str
    given_at: datetime
    expires_at: datetime
    wording: Wording
    fuels: frozenset[Fuel]
    boxes: frozenset[Box]
    identity: Identity | None
    cad: str | None = field(repr=False)
    supplier: str | None
    withdrawn_at: datetime | None = None
    withdrawal: Withdrawal | None = None

    @property
    def history_allowed(self) -> bool:
        """Whether a history of readings may be kept."""
        return Box.HISTORY in self.boxes


type RevokedListener = Callable[[Withdrawal | Renewal], None]


class ConsentGrant:
    """Consent in force, to hold while reading a meter. Satisfies `cad.link.Grant`."""

    def __init__(self, record: ConsentRecord, clock: Clock, period: timedelta) -> None:
        """Start in force, unless it has expired."""
        self.record: Final = record
        self._period = period
        self._clock = clock
        self._revoked: Withdrawal | Renewal | None = None
        self._listeners: list[RevokedListener] = []

    @property
    def expires_at(self) -> datetime:
        """When it runs out: as the record promises, or earlier if the user wants."""
        return min(self.record.expires_at, self.record.given_at + self._period)

    def limit(self, period: timedelta) -> None:
        """Let it hold for another period from when it was given, never longer than the record promises."""
        self._period = period

    @property
    def fuels(self) -> frozenset[Fuel]:
        """The fuels that may be read."""
        return self.record.fuels

    @property
    def revoked(self) -> Withdrawal | Renewal | None:
        """Why it was revoked, None if it was not."""
        return self._revoked

    @property
    def is_valid(self) -> bool:
        """Whether it is in force now: neither revoked nor expired."""
        return self._revoked is None and self._clock.now_utc() < self.expires_at

    def require(self) -> None:
        """Do nothing if it is in force.

        Raises:
            ConsentError: it is not.
        """
        if self._revoked is not None:
            raise ConsentError(
                "Consent was withdrawn. Give it again to go on.",
                reason="consent_withdrawn",
            )
        if not self.is_valid:
            raise ConsentError(
                "Consent has run out. Give it again to go on.", reason="consent_expired"
            )

    def on_revoked(self, listener: RevokedListener) -> Callable[[], None]:
        """Call a listener once, when the grant is revoked; at once if it is already.

        Returns:
            what forgets the listener.
        """
        if self._revoked is not None:
            listener(self._revoked)
            return lambda: None
        self._listeners.append(listener)

        def forget() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return forget

    def revoke(self, why: Withdrawal | Renewal) -> None:
        """End it, and tell every listener before returning; one that fails does not keep it from the others."""
        if self._revoked is not None:
            return
        self._revoked = why
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            try:
                listener(why)
            except Exception:
                # Whoever comes after has to be told too.
                LOGGER.exception("Stopping after the end of consent failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What consent is wanted for now, to be compared with what it was given for."""

    identity: Identity
    cad: str = field(repr=False)
    wording_version: int


class Consents:
    """The consent log of one CAD, and the grant of the consent that stands."""

    def __init__(
        self,
        log: ConsentLog,
        save: Callable[[JsonObject], Awaitable[None]],
        clock: Clock,
        *,
        period: timedelta = DEFAULT_PERIOD,
    ) -> None:
        """Start with what was stored.

        Args:
            log: the log.
            save: returns once the log is on disk for sure, or raises.
            clock: tells the time of entries and expiry.
            period: after which consent is asked for again; a record that promises less holds.
        """
        self._log = log
        self._save = save
        self._clock = clock
        self._period = period
        self._lock = asyncio.Lock()
        try:
            record = self.current
        except AttributeError, KeyError, TypeError, ValueError:
            # Sealed, but by something else than this: as good as damaged.
            log.damage = Damage(DamageKind.UNREADABLE, 0)
            record = None
        self._grant = None if record is None else ConsentGrant(record, clock, period)

    @property
    def is_busy(self) -> bool:
        """Whether the log is being written, so that what is stored may be ahead of it."""
        return self._lock.locked()

    def limit(self, period: timedelta) -> None:
        """Ask for consent again after another period from now on."""
        self._period = period
        if self._grant is not None:
            self._grant.limit(period)

    @property
    def log(self) -> ConsentLog:
        """The log, for evidence; not to be changed."""
        return self._log

    @property
    def records(self) -> tuple[ConsentRecord, ...]:
        """Every consent ever given, oldest first; none from a damaged log."""
        if self._log.damage is not None:
            return ()
        ends = {
            entry.body["record_id"]: (entry.at, Withdrawal(entry.body["reason"]))
            for entry in self._log.entries
            if entry.kind is EntryKind.WITHDRAWN
        }
        return tuple(
            _record(entry, self._log.personal(entry.index), ends.get(_record_id(entry)))
            for entry in self._log.entries
            if entry.kind is EntryKind.GIVEN
        )

    @property
    def current(self) -> ConsentRecord | None:
        """The consent that stands, even if it has expired; None if there is none, or the log is damaged."""
        records = self.records
        return records[-1] if records and records[-1].withdrawn_at is None else None

    @property
    def is_withdrawn(self) -> bool:
        """Whether the consent that was given last has ended because a person wanted it to."""
        records = self.records
        return bool(records) and records[-1].withdrawal in {
            Withdrawal.REQUESTED,
            Withdrawal.CAD_REMOVED,
        }

    @property
    def grant(self) -> ConsentGrant | None:
        """The grant of the consent that stands; None without one. Everybody gets the same."""
        return self._grant

    def renewal_needed(self, scope: Scope) -> Renewal | None:
        """Return why consent has to be given before going on; None if it covers what is wanted."""
        if self._log.damage is not None:
            return Renewal.LOG_DAMAGED
        record, grant = self.current, self._grant
        if record is None or grant is None or (given := record.identity) is None:
            return Renewal.WITHDRAWN if self.records else Renewal.NEVER_GIVEN
        if record.wording.version != scope.wording_version:
            return Renewal.WORDING_CHANGED
        if record.cad != scope.cad:
            return Renewal.CAD_CHANGED
        wanted = scope.identity
        if not wanted.fuels <= record.fuels:
            return Renewal.FUELS_CHANGED
        if (
            given.postcode != wanted.postcode
            or (Fuel.ELECTRICITY in wanted.fuels and given.mpan != wanted.mpan)
            or (Fuel.GAS in wanted.fuels and given.mprn != wanted.mprn)
        ):
            return Renewal.PREMISES_CHANGED
        return None if grant.is_valid else Renewal.EXPIRED

    def review(self, scope: Scope) -> Renewal | None:
        """Revoke the grant if it no longer covers what is wanted; return why."""
        needed = self.renewal_needed(scope)
        if needed is not None and self._grant is not None:
            self._grant.revoke(needed)
        return needed

    async def give(self, declaration: Declaration) -> ConsentGrant:
        """Put a consent on record, on disk, and return its grant. It replaces the one that stands.

        A damaged log is set aside first, as evidence.

        Raises:
            ConsentError: a box that has to be ticked is not.
            CadError: it could not be stored; nothing has changed.
        """
        if declaration.missing():
            raise ConsentError(
                "Nothing goes on without every box that is needed. Tick them, or leave it.",
                reason="consent_boxes",
            )
        async with self._lock:
            now = self._clock.now_utc()
            log = self._log.copy()
            log.set_aside(now)
            if (standing := self.current) is not None:
                _append_withdrawal(log, standing.record_id, Withdrawal.REPLACED, now)
            log.append(
                EntryKind.GIVEN,
                now,
                {
                    "wording": declaration.text.wording.as_dict(),
                    "fuels": sorted(fuel.value for fuel in declaration.identity.fuels),
                    "boxes": [box.value for box in Box if box in declaration.ticked],
                    "declared_energy_consumer": Box.CONSUMER in declaration.ticked,
                    "expires_at": (now + declaration.period).isoformat(),
                },
                {
                    "identity": declaration.identity.as_dict(),
                    "cad": declaration.cad,
                    "supplier": declaration.supplier,
                    "parameters": dict(declaration.text.wording.parameters),
                },
            )
            await self._save(log.as_dict())
            self._log = log
            old = self._grant
            record = self.records[-1]
            self._grant = ConsentGrant(record, self._clock, self._period)
        if old is not None:
            old.revoke(Withdrawal.REPLACED)
        return self._grant

    async def withdraw(self, reason: Withdrawal) -> None:
        """End the consent that stands: its grant is revoked before this first waits; then it is put on record.

        Without one it does nothing.

        Raises:
            CadError: it could not be stored; the grant is revoked all the same.
        """
        if self._grant is not None:
            self._grant.revoke(reason)
        async with self._lock:
            if (standing := self.current) is None:
                return
            log = self._log.copy()
            _append_withdrawal(log, standing.record_id, reason, self._clock.now_utc())
            await self._save(log.as_dict())
            self._log = log
            self._grant = None

    async def erase(self, reason: Withdrawal) -> None:
        """Withdraw, then drop every personal detail from the log; that consent was given and ended stays.

        Raises:
            CadError: it could not be stored; the grant is revoked all the same.
        """
        await self.withdraw(reason)
        async with self._lock:
            now = self._clock.now_utc()
            log = self._log.copy()
            log.set_aside(now)
            erased = log.erase_personal()
            if not erased and log.broken == self._log.broken:
                return
            log.append(
                EntryKind.ERASED, now, {"erased": list(erased), "reason": reason.value}
            )
            await self._save(log.as_dict())
            self._log = log
            self._grant = None

    def export(self) -> JsonObject:
        """Return the log as evidence: entries, personal details, and what does not hold, as JSON."""
        damage = self._log.damage
        return {
            **self._log.as_dict(),
            "head": str(self._log.head),
            "intact": damage is None,
            "damage": damage and {"kind": damage.kind.value, "index": damage.index},
        }


def _record_id(entry: LogEntry) -> str:
    return entry.digest[:12]


def _append_withdrawal(
    log: ConsentLog, record_id: str, reason: Withdrawal, now: datetime
) -> None:
    log.append(
        EntryKind.WITHDRAWN, now, {"record_id": record_id, "reason": reason.value}
    )


def _record(
    entry: LogEntry,
    personal: Mapping[str, Any] | None,
    end: tuple[datetime, Withdrawal] | None,
) -> ConsentRecord:
    """Return an entry of kind GIVEN as a record."""
    return ConsentRecord(
        record_id=_record_id(entry),
        given_at=entry.at,
        expires_at=datetime.fromisoformat(entry.body["expires_at"]),
        wording=Wording.from_dict(
            entry.body["wording"], personal["parameters"] if personal else {}
        ),
        fuels=frozenset(Fuel(fuel) for fuel in entry.body["fuels"]),
        boxes=frozenset(Box(box) for box in entry.body["boxes"]),
        identity=Identity.from_dict(personal["identity"]) if personal else None,
        cad=personal["cad"] if personal else None,
        supplier=personal["supplier"] if personal else None,
        withdrawn_at=end and end[0],
        withdrawal=end and end[1],
    )

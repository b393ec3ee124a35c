"""Consent: given, on record, and withdrawn; and the grant that everything else needs (R1, R2).

`Consents` keeps the log of one CAD. Giving consent writes the record to disk
before it hands out a `ConsentGrant`; a link starts only with a grant, and
listens to it. Withdrawing revokes the grant at once, before anything is
written, so that the flow of data stops whatever the disk does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ..cad.clock import Clock
from ..cad.errors import CadError
from ..cad.models import Fuel
from ..pairing.identity import Identity
from .log import ConsentLog, Damage, DamageKind, EntryKind, JsonObject, LogEntry
from .record import (
    DEFAULT_PERIOD,
    ConsentError,
    ConsentGrant,
    ConsentRecord,
    Declaration,
    Renewal,
    Scope,
    Withdrawal,
    WithdrawalNotStored,
)
from .text import Box, Wording

__all__ = [
    "DEFAULT_PERIOD",
    "ConsentError",
    "ConsentGrant",
    "ConsentRecord",
    "Consents",
    "Declaration",
    "Renewal",
    "Scope",
    "Withdrawal",
    "WithdrawalNotStored",
]

type UnstoredListener = Callable[[bool], None]


class Consents:
    """The consent log of one CAD, and the grant of the consent that stands."""

    def __init__(
        self,
        log: ConsentLog,
        save: Callable[[JsonObject], Awaitable[None]],
        clock: Clock,
        *,
        period: timedelta = DEFAULT_PERIOD,
        save_later: Callable[[JsonObject], None] = lambda log: None,
    ) -> None:
        """Start with what was stored.

        Args:
            log: the log.
            save: returns once the log is on disk for sure, or raises.
            clock: tells the time of entries and expiry.
            period: after which consent is asked for again; a record that promises less holds.
            save_later: takes a log whose withdrawal `save` could not write.
        """
        self._log = log
        self._save = save
        self._save_later = save_later
        self._unstored: Withdrawal | None = None
        self._unstored_listeners: list[UnstoredListener] = []
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
    def is_personal(self) -> bool:
        """Whether a person's details are still on record; they go with all else that is stored of the household."""
        return self._log.is_personal

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
            self._note_unstored(None)
            old = self._grant
            record = self.records[-1]
            self._grant = ConsentGrant(record, self._clock, self._period)
        if old is not None:
            old.revoke(Withdrawal.REPLACED)
        return self._grant

    @property
    def is_unstored(self) -> bool:
        """Whether consent was withdrawn and that is not on disk yet; it has ended all the same."""
        return self._unstored is not None

    def on_unstored(self, listener: UnstoredListener) -> Callable[[], None]:
        """Tell a listener when a withdrawal could not be stored, and when it is, until the returned function is called."""
        self._unstored_listeners.append(listener)
        return lambda: self._unstored_listeners.remove(listener)

    def _note_unstored(self, reason: Withdrawal | None) -> None:
        """Note what is not on disk, None for nothing, and tell whoever sees to it."""
        if reason is self._unstored:
            return
        self._unstored = reason
        for listener in tuple(self._unstored_listeners):
            listener(reason is not None)

    async def withdraw(self, reason: Withdrawal) -> None:
        """End the consent that stands: its grant is revoked before this first waits; then it is put on record.

        Without one it does nothing, but for storing a withdrawal that could not be stored before.

        Raises:
            WithdrawalNotStored: it could not be stored. Consent has ended all the same, and stays ended for as
                long as this lives.
        """
        if self._grant is not None:
            self._grant.revoke(reason)
        async with self._lock:
            if (standing := self.current) is not None:
                log = self._log.copy()
                _append_withdrawal(
                    log, standing.record_id, reason, self._clock.now_utc()
                )
                self._log = log
                self._grant = None
            elif self._unstored is not None:
                reason = self._unstored
            else:
                return
            await self._store_withdrawal(reason)

    async def settle(self) -> None:
        """Store a withdrawal that could not be stored when it was made; without one do nothing.

        Raises:
            WithdrawalNotStored: it cannot be stored now either.
        """
        async with self._lock:
            if self._unstored is not None:
                await self._store_withdrawal(self._unstored)

    async def _store_withdrawal(self, reason: Withdrawal) -> None:
        data = self._log.as_dict()
        try:
            await self._save(data)
        except CadError as err:
            self._save_later(data)
            self._note_unstored(reason)
            raise WithdrawalNotStored(
                "Reading has stopped and stays stopped, but your withdrawal could not be written to disk. Check that "
                "Home Assistant's disk is neither full nor read-only before you restart it. Writing is tried again each "
                "minute."
            ) from err
        self._note_unstored(None)

    def forget_unstored(self) -> None:
        """Want nothing written any more: all that was stored is removed."""
        self._note_unstored(None)

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

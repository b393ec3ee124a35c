"""An append-only log whose every entry seals the one before (R2).

Each entry holds what stays on record for good, and the SHA-256 of the entry
before it. Personal details are kept beside the entries, and an entry holds only
their salted SHA-256: erasing details and salt leaves a chain that still holds,
and a hash from which nobody can guess a meter number.

What the chain shows: that an entry was changed, dropped, inserted or moved, or
that personal details were changed. That the newest entries were cut off shows
only against a `Head` that was kept elsewhere. Whoever may write every copy can
rewrite them all; no software on one machine can show that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
import hashlib
import json
import secrets
from typing import Any, Final, Self

_GENESIS: Final = "0" * 64
_SALT_OCTETS: Final = 32
_ERASED: Final = {"erased": True}
"""What is left of a log that was set aside, once its details are erased."""

type JsonObject = dict[str, Any]


class EntryKind(StrEnum):
    """What an entry records."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"
    ERASED = "erased"
    DAMAGE_NOTED = "damage_noted"


class DamageKind(StrEnum):
    """How a log is damaged."""

    UNREADABLE = "unreadable"
    ENTRY_CHANGED = "entry_changed"
    ENTRY_MISSING = "entry_missing"
    PERSONAL_CHANGED = "personal_changed"
    PERSONAL_MISSING = "personal_missing"
    CUT_OFF = "cut_off"


@dataclass(frozen=True, slots=True)
class Damage:
    """Where and how a log is damaged.

    Attributes:
        index: the first entry, counted from 0, that is not as it was written.
    """

    kind: DamageKind
    index: int


@dataclass(frozen=True, slots=True)
class Head:
    """How far a log had got: to be kept apart from it, so that a cut shows."""

    count: int
    digest: str

    def __str__(self) -> str:
        """Return one word to keep."""
        return f"{self.count}:{self.digest}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what `str` wrote.

        Raises:
            ValueError: it is something else.
        """
        count, _, digest = text.partition(":")
        return cls(int(count), digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One entry. `body` is plain JSON without personal details.

    Attributes:
        personal_digest: SHA-256 of salt and personal details, None if it has none.
        previous: digest of the entry before, zeros for the first.
        digest: SHA-256 of all the others.
    """

    index: int
    at: datetime
    kind: EntryKind
    body: Mapping[str, Any]
    personal_digest: str | None
    previous: str
    digest: str

    def as_dict(self) -> JsonObject:
        """Return it as JSON."""
        return {**_sealed(self), "digest": self.digest}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `as_dict` wrote, unchecked.

        Raises:
            AttributeError, KeyError, TypeError, ValueError: it was not written by `as_dict`.
        """
        return cls(
            index=data["index"],
            at=datetime.fromisoformat(data["at"]),
            kind=EntryKind(data["kind"]),
            body=dict(data["body"]),
            personal_digest=data["personal_digest"],
            previous=data["previous"],
            digest=data["digest"],
        )


def _canonical(data: Any) -> bytes:
    """Return JSON in the one form that is hashed: sorted keys, no spaces, UTF-8."""
    return json.dumps(
        data, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()


def _sealed(entry: LogEntry) -> JsonObject:
    """Return what an entry's digest covers."""
    return {
        "index": entry.index,
        "at": entry.at.isoformat(),
        "kind": entry.kind.value,
        "body": entry.body,
        "personal_digest": entry.personal_digest,
        "previous": entry.previous,
    }


def _digest(entry: LogEntry) -> str:
    return hashlib.sha256(_canonical(_sealed(entry))).hexdigest()


def _personal_digest(salt: str, details: Mapping[str, Any]) -> str:
    return hashlib.sha256(bytes.fromhex(salt) + _canonical(details)).hexdigest()


@dataclass(slots=True)
class ConsentLog:
    """The log. Entries are only ever appended; personal details may be erased.

    Attributes:
        damage: why the log cannot be relied on, None if it holds.
        broken: logs that were damaged, as they were found, kept as evidence.
    """

    _entries: list[LogEntry] = field(default_factory=list)
    _personal: dict[int, JsonObject] = field(default_factory=dict, repr=False)
    damage: Damage | None = None
    broken: list[Any] = field(default_factory=list, repr=False)

    @property
    def entries(self) -> Sequence[LogEntry]:
        """Every entry, oldest first."""
        return tuple(self._entries)

    @property
    def head(self) -> Head:
        """How far the log has got."""
        return Head(
            len(self._entries), self._entries[-1].digest if self._entries else _GENESIS
        )

    def personal(self, index: int) -> Mapping[str, Any] | None:
        """Return an entry's personal details, None if it has none or they were erased."""
        kept = self._personal.get(index)
        return None if kept is None else kept["details"]

    @property
    def is_personal(self) -> bool:
        """Whether it holds anybody's details, or is damaged, so that it may."""
        return (
            self.damage is not None
            or bool(self._personal)
            or any(kept != _ERASED for kept in self.broken)
        )

    def append(
        self,
        kind: EntryKind,
        at: datetime,
        body: Mapping[str, Any],
        personal: Mapping[str, Any] | None = None,
    ) -> LogEntry:
        """Add an entry, sealing what is there; body and personal details are plain JSON.

        Raises:
            ValueError: the log is damaged; `set_aside` comes first. Or the time has no zone.
        """
        if self.damage is not None:
            raise ValueError("A damaged log takes no entries")
        if at.tzinfo is None:
            raise ValueError("A time on record needs its zone")
        index = len(self._entries)
        digest: str | None = None
        if personal is not None:
            salt = secrets.token_hex(_SALT_OCTETS)
            details = json.loads(_canonical(personal))
            digest = _personal_digest(salt, details)
            self._personal[index] = {"salt": salt, "details": details}
        open_entry = LogEntry(
            index=index,
            at=at,
            kind=kind,
            body=json.loads(_canonical(body)),
            personal_digest=digest,
            previous=self.head.digest,
            digest="",
        )
        entry = LogEntry.from_dict(
            {**_sealed(open_entry), "digest": _digest(open_entry)}
        )
        self._entries.append(entry)
        return entry

    def erase_personal(self) -> tuple[int, ...]:
        """Drop every personal detail, also of logs set aside; return the entries that had some.

        The chain still holds afterwards. An entry of kind ERASED has to follow, since
        details that are missing without one are damage.
        """
        erased = tuple(sorted(self._personal))
        self._personal.clear()
        self.broken = [dict(_ERASED) for _ in self.broken]
        return erased

    def set_aside(self, at: datetime) -> None:
        """Keep a damaged log as it was found, and begin a new one that says so."""
        if self.damage is None:
            return
        damage, self.damage = self.damage, None
        if self._entries:
            self.broken.append(self.as_dict() | {"broken": []})
        self._entries.clear()
        self._personal.clear()
        self.append(
            EntryKind.DAMAGE_NOTED,
            at,
            {"kind": damage.kind.value, "index": damage.index},
        )

    def copy(self) -> ConsentLog:
        """Return a log that can grow apart from this one."""
        return ConsentLog(
            list(self._entries), dict(self._personal), self.damage, list(self.broken)
        )

    def as_dict(self) -> JsonObject:
        """Return it as JSON, with personal details."""
        return {
            "entries": [entry.as_dict() for entry in self._entries],
            "personal": {str(index): kept for index, kept in self._personal.items()},
            "broken": self.broken,
        }

    @classmethod
    def from_dict(cls, data: Any, *, head: Head | None = None) -> ConsentLog:
        """Return a stored log, checked. Never raises: what is wrong with it is its `damage`.

        Args:
            data: what `as_dict` wrote, or None if nothing was ever stored.
            head: how far the log had got at some time, if that was kept elsewhere.
        """
        log = cls()
        if data is not None:
            try:
                log._entries = [LogEntry.from_dict(entry) for entry in data["entries"]]
                log._personal = {
                    int(index): kept for index, kept in data["personal"].items()
                }
                log.broken = list(data["broken"])
                log.damage = log._check()
            except AttributeError, KeyError, TypeError, ValueError:
                log = cls(damage=Damage(DamageKind.UNREADABLE, 0), broken=[data])
        if log.damage is None and head is not None and head.count:
            if len(log._entries) < head.count:
                log.damage = Damage(DamageKind.CUT_OFF, len(log._entries))
            elif log._entries[head.count - 1].digest != head.digest:
                log.damage = Damage(DamageKind.ENTRY_CHANGED, head.count - 1)
        return log

    def _check(self) -> Damage | None:
        """Return the first damage."""
        previous = _GENESIS
        erased: set[int] = set()
        for entry in self._entries:
            if entry.kind is EntryKind.ERASED:
                erased.update(entry.body["erased"])
        for index, entry in enumerate(self._entries):
            if entry.digest != _digest(entry):
                return Damage(DamageKind.ENTRY_CHANGED, index)
            if entry.index != index or entry.previous != previous:
                return Damage(DamageKind.ENTRY_MISSING, index)
            previous = entry.digest
            kept = self._personal.get(index)
            if kept is not None:
                if entry.personal_digest != _personal_digest(
                    kept["salt"], kept["details"]
                ):
                    return Damage(DamageKind.PERSONAL_CHANGED, index)
            elif entry.personal_digest is not None and index not in erased:
                return Damage(DamageKind.PERSONAL_MISSING, index)
        if stray := [
            index for index in self._personal if not 0 <= index < len(self._entries)
        ]:
            return Damage(DamageKind.PERSONAL_CHANGED, min(stray))
        return None

"""What an erasure did, what it searched, and what lies out of its reach.

A report is kept, shown and given away: it holds no reading, no number of a meter, no
name of a person. Names in it are those that somebody gave to backups and helpers.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from ..cad.errors import CadError, Responsible


class ErasureError(CadError):
    """Raised when something could not be erased, or is still there; what is left is tried again at the next start."""

    reason = "erasure"
    responsible = Responsible.HOUSEHOLDER


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseReport:
    """What became of the recorder's database.

    Attributes:
        engine: ``sqlite``, ``postgresql`` or ``mysql``.
        deleted: rows deleted since Home Assistant started, by table.
        remaining: rows found afterwards, by table; all zero if it worked.
        searched: how many texts were looked for among the files' bytes, deleted ones among them.
        found_in_files: how many of these were there though no row has them.
        searched_files: whether the files can be read from here: SQLite's only.
    """

    engine: str
    deleted: Mapping[str, int]
    remaining: Mapping[str, int]
    searched: int
    found_in_files: int
    searched_files: bool

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not any(self.remaining.values()) and not self.found_in_files


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup that may hold data of the tenancy.

    Attributes:
        date: when it was made, ISO 8601.
        places: where it is kept.
        database: whether it holds the recorder's database.
    """

    name: str
    date: str
    places: tuple[str, ...]
    database: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfReach:
    """What may hold data still, and only a person can see to.

    Attributes:
        backups: known to Home Assistant.
        backups_unknown: places whose backups could not be listed.
        exports: integrations found that send states elsewhere.
        messages: integrations found by which notifications may have been sent.
        helpers: entity ids of helpers that compute from the CAD's entities, and keep totals of their own.
        files: files in the configuration folder in which entity ids of the tenancy occur, or that hold copies;
            and Home Assistant's logs, wherever they are, in which names or numbers of it occurred before.
        logs: logs of the database that only its administrator can purge.
        system_logs: where Home Assistant's messages may be kept besides, by whatever runs it.
    """

    backups: tuple[Backup, ...] = ()
    backups_unknown: tuple[str, ...] = ()
    exports: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    helpers: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()
    system_logs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureReport:
    """What an erasure did.

    Attributes:
        tenancy: the number of the tenancy that ended, from 0.
        reason: why it ended.
        begun: when erasing began, ISO 8601.
        finished: when the last search found nothing, ISO 8601.
        starts: how many runs of Home Assistant it took.
        pairing_ended: whether install code, keys and network were erased too.
        entities: how many entities were removed.
        database: None without a recorder.
        searched_files: files in the storage folder that were searched for what was erased.
        kept: what was kept on purpose: ``consent_ended``, that a consent was given and has ended, without whose
            it was; ``supplier_reminder``, in memory alone and until it is dismissed, the supplier's name and the
            CAD's address, for somebody to have the CAD taken off its list.
        out_of_reach: see there.
    """

    tenancy: int
    reason: str
    begun: str
    finished: str
    starts: int
    pairing_ended: bool
    entities: int
    database: DatabaseReport | None
    searched_files: int
    kept: tuple[str, ...] = ()
    out_of_reach: OutOfReach = field(default_factory=OutOfReach)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `as_dict` wrote.

        Raises:
            KeyError, TypeError: it was not.
        """
        reach = data["out_of_reach"]
        return cls(
            **{
                **data,
                "database": data["database"] and DatabaseReport(**data["database"]),
                "kept": tuple(data.get("kept", ())),
                "out_of_reach": OutOfReach(
                    **{
                        **{name: tuple(values) for name, values in reach.items()},
                        "backups": tuple(
                            Backup(**{**each, "places": tuple(each["places"])})
                            for each in reach["backups"]
                        ),
                    }
                ),
            }
        )


def _plain(value: Any) -> Any:
    """Return tuples as JSON's lists."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value

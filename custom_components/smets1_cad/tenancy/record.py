"""What the CAD's store holds of tenancies: their number, an erasure under way, the last report."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from ..erasure.report import ErasureReport
from ..erasure.targets import Targets


class TenancyEnd(StrEnum):
    """How a change of tenancy was noticed."""

    USER = "user"
    """Somebody who lives there said so."""
    HAN = "han"
    """The meter's network published it."""
    SERVICE = "service"
    """The pairing service gave notice of it."""
    ERASE = "erase"
    """There was none: consent was withdrawn, and everything is to be erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenErasure:
    """An erasure that has begun and is not finished.

    Attributes:
        begun: ISO 8601.
        starts: how many runs of Home Assistant have worked on it.
        end_pairing: whether install code, keys and network go too.
        to_leave: whether the stick has yet to leave the network.
        to_tell: the key of the notice that the pairing service has yet to take; "" for none.
        logs: Home Assistant's log files in which names or numbers of the tenancy were found.
    """

    reason: TenancyEnd
    begun: str
    end_pairing: bool
    to_leave: bool = False
    to_tell: str = ""
    targets: Targets
    starts: int = 0
    logs: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "reason": self.reason.value,
            "begun": self.begun,
            "end_pairing": self.end_pairing,
            "to_leave": self.to_leave,
            "to_tell": self.to_tell,
            "targets": self.targets.as_dict(),
            "starts": self.starts,
            "logs": list(self.logs),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `as_dict` wrote.

        Raises:
            KeyError, TypeError, ValueError: it was not.
        """
        return cls(
            reason=TenancyEnd(data["reason"]),
            begun=data["begun"],
            end_pairing=data["end_pairing"],
            to_leave=data.get("to_leave", False),
            to_tell=data.get("to_tell", ""),
            targets=Targets.from_dict(data["targets"]),
            starts=data["starts"],
            logs=tuple(data.get("logs", ())),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TenancyRecord:
    """What the CAD's store holds of tenancies.

    Attributes:
        number: of the present tenancy, from 0.
        known: entity ids that the present tenancy's entities ever had, and that may have a history.
        open: the erasure that is not finished.
        report: of the last one that is.
        is_removed: whether somebody has removed the entry meanwhile, which then goes once it is finished.
    """

    number: int = 0
    known: frozenset[str] = frozenset()
    open: OpenErasure | None = None
    report: ErasureReport | None = None
    is_removed: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "number": self.number,
            "known": sorted(self.known),
            "open": self.open and self.open.as_dict(),
            "report": self.report and self.report.as_dict(),
            "removed": self.is_removed,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `as_dict` wrote.

        Raises:
            KeyError, TypeError, ValueError: it was not.
        """
        return cls(
            number=data["number"],
            known=frozenset(data["known"]),
            open=data["open"] and OpenErasure.from_dict(data["open"]),
            report=data["report"] and ErasureReport.from_dict(data["report"]),
            is_removed=data.get("removed", False),
        )

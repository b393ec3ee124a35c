"""What is known of a change of tenancy that is to come, and what a person has said of signs of one (R20)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self

from ..smart_energy.values.time import london_date
from .signs import Known, Seen, Sign

SERVICE: Final = "service"
"""Whose notice is the pairing service's; any other is that of the fuel it was given for."""

_LONGEST: Final = 100
"""Answers and cancellations that are remembered; the oldest goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A change of tenancy that is announced for a day.

    Attributes:
        at: from when on the tenant is another.
        number: which of the issuer's notices it is, None unknown.
        is_heard: whether it was heard since the entry was set up; else it may have been cancelled meanwhile.
    """

    at: datetime
    number: int | None = None
    is_heard: bool = True


@dataclass(slots=True)
class Notices:
    """What must not be forgotten over a restart.

    Attributes:
        pending: notices that wait for their day, by whose they are.
        settled: keys of notices that were cancelled, and of signs of which a person said that they are none.
        open: signs that a person is asked about.
        known: what `SignFinder` compares with.
        called_off: for when a change was announced that was cancelled since, until a person has read that.
    """

    pending: dict[str, Notice] = field(default_factory=dict)
    settled: list[str] = field(default_factory=list)
    open: list[Seen] = field(default_factory=list)
    known: Known = field(default_factory=dict)
    called_off: datetime | None = None

    @property
    def first(self) -> tuple[str, Notice]:
        """The notice whose day comes first, and whose it is.

        Raises:
            ValueError: none is waited for.
        """
        return min(self.pending.items(), key=lambda item: item[1].at)

    def announce(self, whose: str, notice: Notice) -> bool:
        """Take a notice; return whether it is to be waited for.

        One that was cancelled is not, nor is one of which a person said that it means nothing.
        """
        if {_key(whose, notice.number), _missed(whose, notice).key} & {*self.settled}:
            return False
        self.pending[whose] = notice
        return True

    def cancel(self, whose: str, number: int | None) -> Notice | None:
        """Take a cancellation; return the notice that is waited for no longer.

        Its number settles which notice is meant, should the hub go on repeating it. What
        waits is let go whatever its number: erasing cannot be undone, and a notice that
        still holds is heard again.
        """
        if number is not None:
            self.settle(_key(whose, number))
        return self.pending.pop(whose, None)

    def miss(self, whose: str) -> Seen:
        """Wait no longer for a notice whose day has come unheard; return the sign that it still is."""
        return _missed(whose, self.pending.pop(whose))

    def ask(self, seen: Seen) -> bool:
        """Note that a sign is asked about; return False if it was settled or is asked about already."""
        if seen.key in self.settled or any(each.key == seen.key for each in self.open):
            return False
        self.open.append(seen)
        return True

    def answer(self) -> None:
        """Note that a person said of all open signs that they are none."""
        for seen in self.open:
            self.settle(seen.key)
        self.open.clear()

    def withdraw(self, key: str) -> None:
        """Note that whoever gave a sign has taken it back."""
        self.settle(key)
        self.open = [seen for seen in self.open if seen.key != key]

    def settle(self, key: str) -> None:
        """Remember that something means nothing."""
        if key not in self.settled:
            self.settled = [*self.settled[1 - _LONGEST :], key]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "pending": {
                whose: {"at": notice.at.isoformat(), "number": notice.number}
                for whose, notice in self.pending.items()
            },
            "settled": list(self.settled),
            "open": [seen.as_dict() for seen in self.open],
            "known": {name: dict(said) for name, said in self.known.items()},
            "called_off": self.called_off and self.called_off.isoformat(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `as_dict` wrote; nothing in it has been heard since.

        Raises:
            AttributeError, KeyError, TypeError, ValueError: it was not.
        """
        return cls(
            pending={
                whose: Notice(
                    at=datetime.fromisoformat(notice["at"]),
                    number=notice["number"],
                    is_heard=False,
                )
                for whose, notice in data["pending"].items()
            },
            settled=list(data["settled"]),
            open=[Seen.from_dict(seen) for seen in data["open"]],
            known={name: dict(said) for name, said in data["known"].items()},
            called_off=(
                datetime.fromisoformat(data["called_off"])
                if data.get("called_off")
                else None
            ),
        )


def _key(whose: str, number: int | None) -> str:
    return f"dated/{whose}/{number}"


def _missed(whose: str, notice: Notice) -> Seen:
    """Return a notice as a sign; its key names the day, since the issuer may announce another one, under any number."""
    day = london_date(notice.at)
    return Seen(sign=Sign.NOTICE, key=f"{_key(whose, notice.number)}/{day}")

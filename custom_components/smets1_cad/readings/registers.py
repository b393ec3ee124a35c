"""Keep lifetime registers honest: never backwards, never by more than a home can use.

A register that drops to 0 for half a minute, or shows billions of kWh after a
power cut, would be kept by the recorder for good. What is refused is counted, and
the last good value stays.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from ..cad.models import Fuel

MOST_PER_HOUR: Final[Mapping[Fuel, Decimal]] = {
    Fuel.ELECTRICITY: Decimal(100),
    Fuel.GAS: Decimal(300),
}
"""Largest believable advance per hour: kWh over three phases of 100 A with some to spare, and,
for gas, kWh or m³ alike, the kWh of a U25 meter, the largest of a microbusiness."""

LARGEST: Final = Decimal(10_000_000)
"""Largest believable register, kWh or m³: what a microbusiness uses in a lifetime."""

_SECOND: Final = timedelta(seconds=1)
_LEEWAY: Final = timedelta(hours=1)
"""Added to the time between two readings, since a mirror may hold a value back."""


class Verdict(StrEnum):
    """What became of a value."""

    ACCEPTED = "accepted"
    WAITING = "waiting"
    """A first value of zero, which the next reading has to confirm."""
    WENT_BACK = "went_back"
    TOO_FAR = "too_far"


@dataclass(slots=True)
class Register:
    """One lifetime register of one meter.

    Attributes:
        fuel: for the bound.
        value: the last good value, None before the first.
        at: when it was read, UTC.
        refused: values refused, by verdict.
        refused_since: when the present run of refused values began; None while all is well.
    """

    fuel: Fuel
    value: Decimal | None = None
    at: datetime | None = None
    refused: dict[Verdict, int] = field(default_factory=dict)
    refused_since: datetime | None = None
    _zero_at: datetime | None = None

    def offer(self, value: Decimal, at: datetime) -> Verdict:
        """Judge a value, and keep it if it is good.

        Args:
            value: kWh or m³, as the meter says.
            at: when it was read, UTC.
        """
        verdict = self._judge(value, at)
        if verdict is Verdict.ACCEPTED:
            self.value, self.at, self.refused_since = value, at, None
            self._zero_at = None
        elif verdict is Verdict.WAITING:
            self._zero_at = at
        else:
            self.refused[verdict] = self.refused.get(verdict, 0) + 1
            self.refused_since = self.refused_since or at
        return verdict

    def _judge(self, value: Decimal, at: datetime) -> Verdict:
        if value < 0:
            return Verdict.WENT_BACK
        if value > LARGEST:
            return Verdict.TOO_FAR
        if self.value is None:
            if value == 0 and self._zero_at is None:
                return Verdict.WAITING
            return Verdict.ACCEPTED
        advance, most = value - self.value, MOST_PER_HOUR[self.fuel]
        if advance < 0:
            return Verdict.WENT_BACK
        # The leeway alone allows that of an hour.
        if advance > most and advance * 3600 > most * self._seconds(at):
            return Verdict.TOO_FAR
        return Verdict.ACCEPTED

    def _seconds(self, at: datetime) -> int:
        """Return the time for which an advance until `at` may have been counted."""
        elapsed = _LEEWAY
        if self.at is not None and at > self.at:
            elapsed += at - self.at
        return elapsed // _SECOND

    def start_anew(self) -> None:
        """Forget the value: another meter counts now."""
        self.value = self.at = self.refused_since = self._zero_at = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "value": None if self.value is None else str(self.value),
            "at": self.at and self.at.isoformat(),
            "refused": {
                verdict.value: count for verdict, count in self.refused.items()
            },
        }

    @classmethod
    def from_dict(cls, fuel: Fuel, data: Mapping[str, Any]) -> Register:
        """Return what `as_dict` wrote.

        Raises:
            KeyError, TypeError, ValueError, ArithmeticError: it was not written by `as_dict`.
        """
        return cls(
            fuel=fuel,
            value=None if data["value"] is None else Decimal(data["value"]),
            at=datetime.fromisoformat(data["at"]) if data["at"] else None,
            refused={
                Verdict(name): int(count) for name, count in data["refused"].items()
            },
        )

"""Which attributes of a meter go into the next request.

A reply that is not fragmented holds about 70 octets, so a meter with four tiers
does not fit one. What matters goes into every request; the rest takes turns in
the room that is left, the longest unread first. Attributes that the hub may or
may not have are tried in the same way; what it does not have is not asked again.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ...cad.models import Fuel
from .const import Interest
from .record import ClusterRecord

REPLY_ROOM: Final = 67
"""Octets of records in a Read Attributes Response: 70 of an APS payload under link key, less the header."""

_RECORD: Final = 4
"""Octets of a record beside its value: id, status, type."""

_MOST_ATTRIBUTES: Final = 16
"""Attributes in one request; older hubs take no more."""

_TRIES: Final = 3
"""Times that an attribute that is neither given nor denied deserves a frame of its own."""

SUMMATION: Final = 0x0000
DEMAND: Final = 0x0400
_RECEIVED: Final = 0x0001
_TIERS: Final = 48
_BLOCKS: Final = 16


@dataclass(frozen=True, slots=True)
class Wanted:
    """An attribute worth reading.

    Attributes:
        attribute: its id.
        size: octets of its value.
        always: goes into every request.
        after: only where this attribute is supported.
        interest: only where somebody has it; None for everybody.
    """

    attribute: int
    size: int
    always: bool = False
    after: int | None = None
    interest: Interest | None = None


def _tiers(first: int, after_first: int) -> Iterator[Wanted]:
    """Registers of tiers 1 to 48, each tried once the one before it is there."""
    for tier in range(_TIERS):
        attribute = first + 2 * tier
        yield Wanted(attribute, 6, after=after_first if tier == 0 else attribute - 2)


def _blocks(first: int, after_first: int) -> Iterator[Wanted]:
    """Registers of blocks 1 to 16 of one tier."""
    for block in range(_BLOCKS):
        attribute = first + block
        yield Wanted(attribute, 6, after=after_first if block == 0 else attribute - 1)


METERING: Final[Mapping[Fuel, tuple[Wanted, ...]]] = {
    Fuel.ELECTRICITY: (
        Wanted(SUMMATION, 6, always=True),
        Wanted(DEMAND, 3, always=True),
        Wanted(_RECEIVED, 6, always=True),
        Wanted(0x0014, 1),  # SupplyStatus
        Wanted(0x0200, 1),  # Status
        Wanted(0x0020, 1),  # ActiveRegisterTierDelivered
        Wanted(0x0401, 3),  # CurrentDayConsumptionDelivered: today, from midnight on
        Wanted(0x0402, 3, after=_RECEIVED, interest=Interest.COUNTERS),
        Wanted(0x000E, 1),  # CurrentBlock
        # CurrentWeek- and CurrentMonthConsumptionDelivered: that they begin anew amid their
        # week or month is a sign of a change of tenancy.
        Wanted(0x0430, 3),
        Wanted(0x0440, 4),
        *_tiers(0x0100, SUMMATION),
        *_tiers(0x0101, _RECEIVED),
        *_blocks(0x0700, SUMMATION),
        *(
            wanted
            for tier in range(1, _BLOCKS)
            for wanted in _blocks(
                0x0700 + 0x10 * tier,
                0x0100 if tier == 1 else 0x0700 + 0x10 * (tier - 1),
            )
        ),
    ),
    Fuel.GAS: (
        Wanted(SUMMATION, 6, always=True),
        Wanted(0x0007, 4, always=True),  # ReadingSnapShotTime
        Wanted(0x0014, 1),
        Wanted(0x0200, 1),
        Wanted(0x0401, 3),
        Wanted(0x0C01, 3),  # the day in the other unit
        Wanted(0x0430, 3),
        Wanted(0x0C30, 3, interest=Interest.COUNTERS),
        Wanted(0x0440, 4),
        Wanted(0x0C40, 4, interest=Interest.COUNTERS),
        Wanted(0x0020, 1),
        Wanted(0x000E, 1),
        *_tiers(0x0100, SUMMATION),
        *_blocks(0x0700, SUMMATION),
    ),
}
"""What is worth reading of a meter, the most important first."""


class Plan:
    """Turns of one cluster's attributes."""

    def __init__(
        self,
        wanted: Iterable[Wanted],
        known: ClusterRecord,
        may_ask: Callable[[int], bool] = lambda _: True,
        interests: Container[Interest] = frozenset(Interest),
    ) -> None:
        """Plan over what is known of the cluster, which others keep up to date.

        Args:
            wanted: what is worth reading, the most important first.
            known: what the hub has and has not.
            may_ask: whether a quirk leaves an attribute to be asked for.
            interests: what somebody has a use for.
        """
        self._wanted = tuple(
            item
            for item in wanted
            if may_ask(item.attribute)
            and (item.interest is None or item.interest in interests)
        )
        self._known = known
        self._turn: dict[int, int] = {}
        self._tries: Counter[int] = Counter()
        self._count = 0
        self._in_burst: set[int] = set()

    def begin_burst(self) -> None:
        """Begin a request of up to three frames; within it nothing is asked for twice."""
        self._in_burst.clear()

    def next_request(self) -> list[int]:
        """Return the attributes of the next request; none where there is nothing to read."""
        due = [
            item
            for item in self._wanted
            if self._is_worth_asking(item) and item.attribute not in self._in_burst
        ]
        due.sort(key=lambda item: (not item.always, self._turn.get(item.attribute, -1)))
        room, chosen = REPLY_ROOM, list[int]()
        for item in due:
            if len(chosen) == _MOST_ATTRIBUTES:
                break
            if (size := _RECORD + item.size) <= room:
                room -= size
                chosen.append(item.attribute)
        self._in_burst.update(chosen)
        self._count += 1
        for attribute in chosen:
            self._turn[attribute] = self._count
            self._tries[attribute] += 1
        return chosen

    @property
    def untried(self) -> bool:
        """Whether something that may be there has not been answered, or asked for in this burst."""
        return any(
            self._is_worth_asking(item)
            and item.attribute not in self._known.supported
            and item.attribute not in self._in_burst
            and self._tries[item.attribute] < _TRIES
            for item in self._wanted
        )

    @property
    def unread(self) -> bool:
        """Whether something has not been asked for since the start."""
        return any(
            self._is_worth_asking(item) and item.attribute not in self._turn
            for item in self._wanted
        )

    def _is_worth_asking(self, item: Wanted) -> bool:
        known = self._known
        return item.attribute not in known.missing and (
            item.after is None
            or item.after in known.supported
            or item.attribute in known.supported
        )

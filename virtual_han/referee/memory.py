"""What has to be remembered of the frames before, to judge the next one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ..aps import Fuel
from ..hub import Member
from ..zcl import Record, Value
from .rules import (
    BURST_GAP,
    FLOORS,
    FRAMES_PER_BURST,
    IDENTITY_AFTER_NEWS,
    IDENTITY_EVERY,
    METERING,
    TOLERANCE,
    Breach,
    Item,
    Verdict,
    summation,
)

type Key = tuple[int, int, int]
"""What an answer has of its request: endpoint, cluster and sequence number."""


@dataclass(slots=True)
class Lane:
    """The burst of one fuel that is under way, or was last."""

    fuel: Fuel
    last: float = float("-inf")
    frames: int = 0
    answered: set[Item] = field(default_factory=set)

    def ask(self, items: Iterable[Item], now: float) -> Verdict | None:
        """Note a request for what changes; judge whether it is time."""
        gap = now - self.last
        self.last = now
        if gap >= FLOORS[self.fuel] - TOLERANCE:
            self.frames = 1
            self.answered.clear()
            return None
        self.frames += 1
        if gap > BURST_GAP or self.answered.intersection(items):
            return Breach.TOO_SOON, f"{self.fuel} again after {gap:.1f} s"
        if self.frames > FRAMES_PER_BURST:
            return Breach.BURST, f"frame {self.frames} of a burst"
        return None


@dataclass(slots=True)
class _Flight:
    """A request that waits for its answer.

    Attributes:
        since: when it came, in real seconds.
        overtaken_by: what was asked for meanwhile.
    """

    since: float
    overtaken_by: list[str] = field(default_factory=list)


class Flights:
    """The requests that wait for their answers."""

    def __init__(self, answer_time: float, real_time: Callable[[], float]) -> None:
        """Let answers be waited for so many real seconds."""
        self._answer_time = answer_time
        self._real_time = real_time
        self._under_way: dict[Key, _Flight] = {}

    def clear(self) -> None:
        """Let nobody wait any more."""
        self._under_way.clear()

    def begin(self, key: Key, name: str) -> None:
        """Note a request, and that it came while others waited for their answers."""
        if key in self._under_way:
            # Sent again by the stick, which had no acknowledgement.
            return
        for other in self._under_way.values():
            other.overtaken_by.append(name)
        self._under_way[key] = _Flight(self._real_time())

    def land(self, key: Key) -> list[str]:
        """Return what was asked for before this answer, though it was to be waited for.

        Only answers that come prove it: one that is lost may have been so for the device too.
        """
        flight = self._under_way.pop(key, None)
        if flight and self._real_time() - flight.since <= self._answer_time:
            return flight.overtaken_by
        return []


@dataclass(slots=True)
class Knowledge:
    """What a device has learned since it joined.

    Attributes:
        member: the device.
        static: when what does not change was asked for last.
        unsupported: what the hub has said it does not have.
        said: what identities and registers were last.
        doubted: identities that there has been cause to ask for again.
    """

    member: Member
    static: dict[Item, float] = field(default_factory=dict)
    unsupported: set[Item] = field(default_factory=set)
    said: dict[Item, Value] = field(default_factory=dict)
    doubted: set[Item] = field(default_factory=set)

    def ask(self, item: Item, now: float) -> Breach | None:
        """Judge whether something may be asked for, again."""
        if item in self.unsupported:
            return Breach.UNSUPPORTED_AGAIN
        if item in self.static and not self._may_ask_again(item, now):
            return Breach.STATIC_AGAIN
        return None

    def _may_ask_again(self, item: Item, now: float) -> bool:
        gap = now - self.static[item] + TOLERANCE
        return item.is_identity and (
            gap >= IDENTITY_EVERY
            or (gap >= IDENTITY_AFTER_NEWS and item in self.doubted)
        )

    def doubt(self) -> None:
        """Note cause to ask who everybody is."""
        self.doubted.update(item for item in self.static if item.is_identity)

    def learn(self, items: Sequence[Item], now: float) -> None:
        """Take it that something was answered."""
        self.doubted.difference_update(items)
        self.static.update({item: now for item in items if item.is_static})

    def listen(self, endpoint: int, cluster: int, records: Iterable[Record]) -> None:
        """Notice who is another now, and registers that fell."""
        for record in records:
            if record.value is None:
                continue
            item = Item(endpoint, cluster, "attribute", record.attribute_id)
            before = self.said.get(item, record.value)
            if item == summation(endpoint):
                if isinstance(before, int) and isinstance(record.value, int):
                    if record.value < before:
                        self.doubt()
                    self.said[item] = max(before, record.value)
            elif item.is_identity:
                self.said[item] = record.value
                if record.value != before:
                    self._another(endpoint)

    def _another(self, endpoint: int) -> None:
        """Let be asked again what was known of a device that is another, or runs other firmware."""
        self.said.pop(summation(endpoint), None)
        self.unsupported = {one for one in self.unsupported if one.endpoint != endpoint}
        self.static = {
            one: at
            for one, at in self.static.items()
            if one.endpoint != endpoint or one.cluster != METERING or one.is_identity
        }

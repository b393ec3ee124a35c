"""The network that a hub has formed, and what it remembers of each member."""

from collections import deque
from dataclasses import dataclass, field, fields
from random import Random
from typing import Self

from ..air import Beacon


@dataclass(slots=True)
class Network:
    """One personal area network.

    Attributes:
        eui64: the hub's, big-endian.
        channel: 11 to 26.
        pan_id: 16 bits.
        extended_pan_id: 8 octets.
        key: the network key in force.
        key_sequence: its number.
        counter: the hub's outgoing network frame counter.
        aps_counter: the hub's outgoing APS security counter.
    """

    eui64: bytes
    channel: int
    pan_id: int
    extended_pan_id: bytes
    key: bytes = field(repr=False)
    key_sequence: int = 0
    counter: int = 0
    aps_counter: int = 0

    @classmethod
    def form(cls, eui64: bytes, channel: int, random: Random) -> Self:
        """Draw identifiers and a key."""
        return cls(
            eui64=eui64,
            channel=channel,
            pan_id=random.randrange(1, 0xFFF0),
            extended_pan_id=random.randbytes(8),
            key=random.randbytes(16),
        )

    def become(self, other: Network) -> None:
        """Take over another network's identity, key and counters."""
        for item in fields(self):
            setattr(self, item.name, getattr(other, item.name))

    def beacon(self, *, permit_joining: bool) -> Beacon:
        """Return what a scan hears."""
        return Beacon(self.channel, self.pan_id, self.extended_pan_id, permit_joining)

    def next_counter(self) -> int:
        """Return a fresh network frame counter."""
        self.counter += 1
        return self.counter

    def next_aps_counter(self) -> int:
        """Return a fresh APS security counter."""
        self.aps_counter += 1
        return self.aps_counter


@dataclass(slots=True)
class Member:
    """A device that has joined.

    Attributes:
        eui64: big-endian.
        address: its short address.
        join_key: the link key that it joined with; it opens no data.
        key: the key that CBKE established, or None.
        counter: the highest network frame counter seen.
        aps_counter: the highest APS security counter seen under `key`.
        recent: APS counters and contents of late, against doubled frames.
        endpoint: where its client clusters live; learned from its requests.
        joined_at: when it joined, or its established key was retired.
        announced: whether its Device_annce was heard.
    """

    eui64: bytes
    address: int
    join_key: bytes = field(repr=False)
    joined_at: float
    key: bytes | None = field(default=None, repr=False)
    counter: int = -1
    aps_counter: int = -1
    recent: deque[tuple[int, bytes]] = field(default_factory=lambda: deque(maxlen=8))
    endpoint: int = 1
    announced: bool = False

    def fresh(self, counter: int) -> bool:
        """Take a network frame counter; tell whether it is newer than all before."""
        if counter <= self.counter:
            return False
        self.counter = counter
        return True

    def fresh_aps(self, counter: int) -> bool:
        """Take an APS security counter; tell whether it is newer than all before."""
        if counter <= self.aps_counter:
            return False
        self.aps_counter = counter
        return True

    def doubled(self, counter: int, payload: bytes) -> bool:
        """Tell whether an APS frame was heard before; a device that restarts counts anew."""
        if (counter, payload) in self.recent:
            return True
        self.recent.append((counter, payload))
        return False

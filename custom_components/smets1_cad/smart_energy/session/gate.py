"""The one door through which packets leave: consent, allow-list, pacing, once-per-join (R1, R15, R16).

While the session runs with consent, three kinds of frames pass; else none. (Leaving a
network is a command to the stick, which needs no packet of ours.)

- changing information of a fuel (registers, demand, price, profile): only within
  an open burst of that fuel, which counts them;
- what does not change (scaling, labels, identities): once per join, each, and again
  once it is forgotten here because it may have changed; one of the burst's frames
  where a burst is open;
- the rest of the allow-list: discovery, key establishment, keep-alive, time,
  confirmations and default responses.

What a frame is, its octets say, not its sender.

Beside this door only what carries no request leaves: the stick's polls and
acknowledgements, its answers to ZDO requests, and the empty frames by which the radio's
library acknowledges fragments of the hub's long answers.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from zigpy.types import ZigbeePacket

from ...cad.models import Fuel
from ...cad.pacing import Burst
from ..const import ClusterId
from ..egress import EgressGuard, Kind, OutgoingFrame
from ..errors import EgressDenied
from .static import is_static

_PACED: Final = frozenset(
    {
        ClusterId.BASIC,
        ClusterId.PRICE,
        ClusterId.METERING,
        ClusterId.MESSAGING,
        ClusterId.PREPAYMENT,
        ClusterId.CALENDAR,
        ClusterId.DEVICE_MANAGEMENT,
        ClusterId.EVENTS,
    }
)
"""Clusters whose information is paced, or read once."""

type StaticKey = tuple[int, int, int]
"""Endpoint, cluster and attribute, or cluster command + 0x10000 of a request."""


class Gate:
    """Checks every packet, and counts."""

    def __init__(self, require_running: Callable[[], None] = lambda: None) -> None:
        """Start closed to changing information.

        Args:
            require_running: raises unless a session runs with consent.
        """
        self._require_running = require_running
        self.guard: Final = EgressGuard()
        self.unpaced = 0
        """Frames refused because no burst was open for them, or were read before."""
        self._burst: Burst | None = None
        self._fuels: Mapping[int, Fuel] = {}
        self._read_once: set[StaticKey] = set()

    @contextmanager
    def during(self, burst: Burst) -> Iterator[None]:
        """Let changing information of the burst's fuel be asked for."""
        self._burst = burst
        try:
            yield
        finally:
            self._burst = None

    def set_fuels(self, fuels: Mapping[int, Fuel]) -> None:
        """Say which of the hub's endpoints speaks of which fuel."""
        self._fuels = dict(fuels)

    def joined(self) -> None:
        """Begin a new join: what does not change may be read once more."""
        self._read_once.clear()

    def was_read(self, key: StaticKey) -> bool:
        """Whether something that does not change has been asked for since the join."""
        return key in self._read_once

    def restore(self, keys: set[StaticKey]) -> None:
        """Take over what earlier processes asked for since the join."""
        self._read_once |= keys

    def forget(self, keys: set[StaticKey]) -> None:
        """Let something be asked for again, because no answer came."""
        self._read_once -= keys

    @property
    def read_once(self) -> frozenset[StaticKey]:
        """What has been asked for since the join."""
        return frozenset(self._read_once)

    def check(self, packet: ZigbeePacket) -> None:
        """Let a packet pass, or raise.

        Raises:
            ConsentMissing, NotRunning: nothing may leave any more.
            EgressDenied: it is not on the allow-list, or not now.
            BurstExceeded: it would be the fourth frame of its burst.
        """
        self._require_running()
        frame = OutgoingFrame.from_packet(packet)
        kind = self.guard.check(frame)
        if (
            kind not in (Kind.READ_ATTRIBUTES, Kind.GET)
            or frame.cluster_id not in _PACED
        ):
            return
        keys = _static_keys(frame) if kind is Kind.READ_ATTRIBUTES else None
        if keys is None:
            self._spend(frame)
            return
        if again := keys & self._read_once:
            self.unpaced += 1
            raise EgressDenied(
                f"{len(again)} attributes that do not change were read before",
                rule="read_before",
            )
        if self._burst is not None:
            self._spend(frame)
        self._read_once |= keys

    def _spend(self, frame: OutgoingFrame) -> None:
        fuel = self._fuels.get(frame.destination_endpoint)
        burst = self._burst
        if burst is None or (fuel is not None and fuel is not burst.fuel):
            self.unpaced += 1
            raise EgressDenied("No request to this meter is due", rule="unpaced")
        burst.spend()


def _static_keys(frame: OutgoingFrame) -> set[StaticKey] | None:
    """Return the attributes that a read asks for if none of them changes, else None."""
    body = frame.payload[3:]
    attributes = [
        int.from_bytes(body[at : at + 2], "little") for at in range(0, len(body), 2)
    ]
    if all(is_static(frame.cluster_id, attribute) for attribute in attributes):
        return {
            (frame.destination_endpoint, frame.cluster_id, attribute)
            for attribute in attributes
        }
    return None

"""What leaves the stick's antenna: counted, sealed, and sent again until it is acknowledged."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ..air import AirFrame
from ..frames import ApsFrame, ApsSecurity, NetworkFrame, NetworkKind
from .flash import Flash, StoredNetwork
from .status import Status

type Outcome = Callable[[int, int, ApsFrame, Status], None]
"""Told what became of a unicast: tag, destination, frame, status."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the stack waits, in real seconds; a real stick takes many times as long.

    Attributes:
        key: for the network key after an association or a rejoin.
        ack: for one APS acknowledgement.
        retries: how often an unacknowledged frame is sent again.
    """

    key: float = 0.25
    ack: float = 0.1
    retries: int = 2


@dataclass(slots=True)
class _Unacknowledged:
    tag: int
    destination: int
    frame: ApsFrame
    tries_left: int
    timer: asyncio.TimerHandle


class Sender:
    """Sends for one stick."""

    def __init__(
        self,
        flash: Flash,
        timing: Timing,
        *,
        network: Callable[[], StoredNetwork | None],
        transmit: Callable[[AirFrame], bool],
        outcome: Outcome,
    ) -> None:
        """Send with the keys and counters in flash.

        Args:
            flash: keys and counters.
            timing: how long to wait for acknowledgements.
            network: returns the network in use.
            transmit: puts a frame on the air; tells whether anybody took it.
            outcome: is told what became of each unicast.
        """
        self._flash = flash
        self._timing = timing
        self._network = network
        self._transmit = transmit
        self._outcome = outcome
        self._sequence = 0
        # Another start, other numbers: the hub remembers the last ones.
        self._aps_count = flash.network_counter & 0xFF
        self._pending: dict[int, _Unacknowledged] = {}

    def reset(self) -> None:
        """Wait for no acknowledgement any more."""
        for waiting in self._pending.values():
            waiting.timer.cancel()
        self._pending.clear()

    def next_aps_count(self) -> int:
        """Return a fresh APS counter."""
        self._aps_count = (self._aps_count + 1) % 256
        return self._aps_count

    def next_sequence(self) -> int:
        """Return a fresh sequence number for network and ZDO frames."""
        self._sequence = (self._sequence + 1) % 256
        return self._sequence

    def unicast(self, frame: ApsFrame, destination: int, tag: int) -> None:
        """Send an application or ZDO frame, and tell later what became of it."""
        heard = self.aps(frame, destination)
        if frame.wants_ack and heard:
            self._await(tag, destination, frame, self._timing.retries)
        else:
            status = Status.OK if heard else Status.DELIVERY_FAILED
            asyncio.get_running_loop().call_soon(
                self._outcome, tag, destination, frame, status
            )

    def acknowledged(self, counter: int) -> None:
        """Take an acknowledgement."""
        waiting = self._pending.pop(counter, None)
        if waiting is not None:
            waiting.timer.cancel()
            self._outcome(waiting.tag, waiting.destination, waiting.frame, Status.OK)

    def _await(
        self, tag: int, destination: int, frame: ApsFrame, tries_left: int
    ) -> None:
        timer = asyncio.get_running_loop().call_later(
            self._timing.ack, self._unheard, frame.counter
        )
        self._pending[frame.counter] = _Unacknowledged(
            tag, destination, frame, tries_left, timer
        )

    def _unheard(self, counter: int) -> None:
        waiting = self._pending.pop(counter)
        if waiting.tries_left and self._network() is not None:
            self.aps(waiting.frame, waiting.destination)
            self._await(
                waiting.tag, waiting.destination, waiting.frame, waiting.tries_left - 1
            )
        else:
            self._outcome(
                waiting.tag, waiting.destination, waiting.frame, Status.DELIVERY_FAILED
            )

    def aps(self, frame: ApsFrame, destination: int) -> bool:
        """Send an APS frame, sealed with the link key if it names one; tell whether it was heard."""
        security = None
        if frame.key is not None:
            self._flash.aps_counter += 1
            security = ApsSecurity(
                self._flash.link_key, self._flash.eui64, self._flash.aps_counter
            )
        return self.network(destination, NetworkKind.DATA, frame.encode(security))

    def network(
        self,
        destination: int,
        kind: NetworkKind,
        payload: bytes,
        *,
        secured: bool = True,
    ) -> bool:
        """Send a network frame; tell whether it was heard."""
        network = self._network()
        assert network is not None
        if secured:
            self._flash.network_counter += 1
        frame = NetworkFrame(
            kind,
            network.address,
            destination,
            self.next_sequence(),
            payload,
            source_eui64=self._flash.eui64,
            counter=self._flash.network_counter,
            key_sequence=network.key_sequence if secured else None,
        )
        octets = frame.encode(network.key if secured else None)
        return self._transmit(
            AirFrame(
                network.channel, network.pan_id, network.address, destination, octets
            )
        )

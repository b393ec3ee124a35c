"""The stick's end of the serial line: ASH over one TCP connection."""

import asyncio
from collections import deque
from collections.abc import Callable
import logging
from typing import Final, Protocol, cast, override

from ..errors import FrameError
from . import ash
from .ash import Frame, Kind

LOGGER = logging.getLogger(__package__)

ACK_TIMEOUT: Final = 1.6
ACK_ATTEMPTS: Final = 5
WINDOW: Final = 3
"""DATA frames that may wait for their acknowledgement; UG101 allows up to 7."""


class SerialHost(Protocol):
    """What the line hands its traffic to."""

    def line_connected(self, line: SerialLine) -> None:
        """A host has connected."""

    def line_lost(self, line: SerialLine) -> None:
        """The host has gone."""

    def line_reset(self, line: SerialLine) -> None:
        """The host has asked for a reset; RSTACK has been sent."""

    def frame_received(self, line: SerialLine, frame: bytes) -> None:
        """Take one EZSP frame."""


type WireFilter = Callable[[bytes], list[bytes]]
"""Turns the octets of one frame into what is really written: none, one or more pieces."""


class SerialLine(asyncio.Protocol):
    """ASH for one connection: acknowledges, resends, resets."""

    def __init__(self, host: SerialHost, wire_filter: WireFilter | None = None) -> None:
        """Serve one connection for a host of EZSP frames."""
        self._host = host
        self._filter = wire_filter
        self._transport: asyncio.Transport | None = None
        self._splitter = ash.Splitter()
        self._queue: deque[bytes] = deque()
        self._unacked: deque[tuple[int, bytes]] = deque()
        self._next = 0
        self._expected = 0
        self._timer: asyncio.TimerHandle | None = None
        self._attempts = 0
        self._failed = False
        self._rejecting = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet the host with a RSTACK, as a daemon that has just started does."""
        self._transport = cast("asyncio.Transport", transport)
        self._host.line_connected(self)
        self.reset(ash.RESET_SOFTWARE)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the line."""
        self._stop_timer()
        self._transport = None
        self._host.line_lost(self)

    @override
    def data_received(self, data: bytes) -> None:
        """Take octets from the host."""
        for raw in self._splitter.feed(data):
            try:
                frame = ash.decode(raw)
            except FrameError:
                LOGGER.debug("Rejecting a damaged frame from the host")
                self._reject()
                continue
            self._take(frame)

    def send(self, frame: bytes) -> None:
        """Queue one EZSP frame for the host; nothing once the host has gone."""
        if self._transport is None:
            return
        self._queue.append(frame)
        self._pump()

    def reset(self, code: int) -> None:
        """Drop what is on its way and say RSTACK with a reset code."""
        self._clear()
        self._write(Frame(Kind.RSTACK, bytes([ash.ASH_VERSION, code])))
        self._host.line_reset(self)

    def fail(self, code: int) -> None:
        """Say ERROR; only a reset by the host ends this state."""
        self._clear()
        self._failed = True
        self._write(Frame(Kind.ERROR, bytes([ash.ASH_VERSION, code])))

    def close(self) -> None:
        """Close the connection in good order."""
        if self._transport is not None:
            self._transport.close()

    def cut(self) -> None:
        """Cut the connection in the middle of a frame."""
        if self._transport is not None:
            whole = Frame(Kind.DATA, b"\x00" * 16, self._next, self._expected).encode()
            self._transport.write(whole[: len(whole) // 2])
            self._transport.close()

    def _clear(self) -> None:
        self._stop_timer()
        self._queue.clear()
        self._unacked.clear()
        self._next = self._expected = self._attempts = 0
        self._failed = self._rejecting = False

    def _take(self, frame: Frame) -> None:
        if frame.kind is Kind.RST:
            self.reset(ash.RESET_SOFTWARE)
            return
        if self._failed:
            return
        if frame.kind in (Kind.DATA, Kind.ACK, Kind.NAK):
            self._acknowledged(frame.ack)
        if frame.kind is Kind.NAK:
            self._resend()
        if frame.kind is Kind.DATA:
            self._take_data(frame)

    def _take_data(self, frame: Frame) -> None:
        if frame.number == self._expected:
            self._rejecting = False
            self._expected = (frame.number + 1) % 8
            self._write(Frame(Kind.ACK, ack=self._expected))
            self._host.frame_received(self, frame.data)
        elif frame.again:
            self._write(Frame(Kind.ACK, ack=self._expected))
        else:
            self._reject()

    def _reject(self) -> None:
        if not self._rejecting:
            self._rejecting = True
            self._write(Frame(Kind.NAK, ack=self._expected))

    def _acknowledged(self, ack: int) -> None:
        numbers = [number for number, _ in self._unacked]
        if (last := (ack - 1) % 8) in numbers:
            for _ in range(numbers.index(last) + 1):
                self._unacked.popleft()
            self._attempts = 0
            self._stop_timer()
        self._pump()

    def _pump(self) -> None:
        while self._queue and len(self._unacked) < WINDOW and not self._failed:
            data = self._queue.popleft()
            self._unacked.append((self._next, data))
            self._write(Frame(Kind.DATA, data, self._next, self._expected))
            self._next = (self._next + 1) % 8
        if self._unacked and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(
                ACK_TIMEOUT, self._timed_out
            )

    def _timed_out(self) -> None:
        self._timer = None
        self._attempts += 1
        if self._attempts >= ACK_ATTEMPTS:
            self.fail(ash.ERROR_ACK_TIMEOUTS)
        else:
            self._resend()

    def _resend(self) -> None:
        self._stop_timer()
        for number, data in self._unacked:
            self._write(Frame(Kind.DATA, data, number, self._expected, again=True))
        self._pump()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _write(self, frame: Frame) -> None:
        if self._transport is None:
            return
        octets = frame.encode()
        for piece in self._filter(octets) if self._filter else [octets]:
            self._transport.write(piece)

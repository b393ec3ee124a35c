"""ASH frames, from the stick's side (Silicon Labs UG101).

A frame is a control octet, data, and a CRC-16 (CCITT), stuffed and closed by
a flag octet. Data is whitened with a fixed pseudo-random sequence.
"""

from binascii import crc_hqx
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ..errors import FrameError

FLAG: Final = 0x7E
ESCAPE: Final = 0x7D
XON: Final = 0x11
XOFF: Final = 0x13
SUBSTITUTE: Final = 0x18
CANCEL: Final = 0x1A
_STUFFED: Final = frozenset({FLAG, ESCAPE, XON, XOFF, SUBSTITUTE, CANCEL})
_FLIP: Final = 0x20

ASH_VERSION: Final = 2
RESET_SOFTWARE: Final = 0x0B
RESET_WATCHDOG: Final = 0x03
ERROR_ACK_TIMEOUTS: Final = 0x51
MAX_DATA: Final = 220
"""Octets of EZSP that one frame carries at most; UG101 says 128, newer sticks take more."""


class Kind(Enum):
    """What a frame is, with the mask and the value of its control octet."""

    DATA = (0x80, 0x00)
    ACK = (0xE0, 0x80)
    NAK = (0xE0, 0xA0)
    RST = (0xFF, 0xC0)
    RSTACK = (0xFF, 0xC1)
    ERROR = (0xFF, 0xC2)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame.

    Attributes:
        kind: what it is.
        data: the EZSP frame of DATA, version and code of RSTACK and ERROR.
        number: DATA's own number, 0 to 7.
        ack: the number expected next, of DATA, ACK and NAK.
        again: whether DATA is sent once more.
    """

    kind: Kind
    data: bytes = b""
    number: int = 0
    ack: int = 0
    again: bool = False

    def encode(self) -> bytes:
        """Return the octets on the wire, stuffed, with the flag."""
        control = self.kind.value[1]
        body = self.data
        if self.kind is Kind.DATA:
            control |= self.number << 4 | self.again << 3 | self.ack
            body = whiten(body)
        elif self.kind in (Kind.ACK, Kind.NAK):
            control |= self.ack
        raw = bytes([control]) + body
        return _stuff(raw + crc_hqx(raw, 0xFFFF).to_bytes(2)) + bytes([FLAG])


def _sequence() -> bytes:
    octets = bytearray()
    state = 0x42
    for _ in range(256):
        octets.append(state)
        state = state >> 1 ^ (0xB8 if state & 1 else 0)
    return bytes(octets)


_WHITENING: Final = _sequence()


def whiten(data: bytes) -> bytes:
    """Return data combined with the pseudo-random sequence; twice gives it back."""
    return bytes(a ^ b for a, b in zip(data, _WHITENING, strict=False))


def _stuff(raw: bytes) -> bytes:
    out = bytearray()
    for octet in raw:
        if octet in _STUFFED:
            out += bytes([ESCAPE, octet ^ _FLIP])
        else:
            out.append(octet)
    return bytes(out)


def _unstuff(raw: bytes) -> bytes:
    out = bytearray()
    octets = iter(raw)
    for octet in octets:
        if octet == ESCAPE:
            out.append(next(octets, 0) ^ _FLIP)
        else:
            out.append(octet)
    return bytes(out)


def decode(raw: bytes) -> Frame:
    """Return the frame between two flags.

    Raises:
        FrameError: it is too short, its CRC is wrong, or its control octet is unknown.
    """
    octets = _unstuff(raw)
    if len(octets) < 3 or crc_hqx(octets[:-2], 0xFFFF).to_bytes(2) != octets[-2:]:
        raise FrameError("an ASH frame is too short or its CRC is wrong")
    control, data = octets[0], octets[1:-2]
    for kind in Kind:
        mask, value = kind.value
        if control & mask != value:
            continue
        if kind is Kind.DATA:
            return Frame(
                kind, whiten(data), control >> 4 & 7, control & 7, bool(control & 8)
            )
        return Frame(kind, data, ack=control & 7 if kind in (Kind.ACK, Kind.NAK) else 0)
    raise FrameError("an ASH control octet is unknown")


class Splitter:
    """Cuts a stream of octets into frames."""

    def __init__(self) -> None:
        """Start with nothing received."""
        self._octets = bytearray()
        self._discard = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the raw content of every frame that is now complete."""
        frames = []
        for octet in data:
            if octet == FLAG:
                if self._octets and not self._discard:
                    frames.append(bytes(self._octets))
                self._restart()
            elif octet == CANCEL:
                self._restart()
            elif octet == SUBSTITUTE:
                self._discard = True
            elif octet not in (XON, XOFF):
                self._octets.append(octet)
        return frames

    def _restart(self) -> None:
        self._octets.clear()
        self._discard = False

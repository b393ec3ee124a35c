"""As much of the ZCL as the hub itself speaks: headers, default responses, two attributes."""

from dataclasses import dataclass
from enum import IntEnum
import struct
from typing import Final, Self

from ..errors import FrameError

READ_ATTRIBUTES: Final = 0x00
READ_ATTRIBUTES_RESPONSE: Final = 0x01
WRITE_COMMANDS: Final = frozenset({0x02, 0x03, 0x05})
DEFAULT_RESPONSE: Final = 0x0B

_CLUSTER_SPECIFIC: Final = 0x01
_MANUFACTURER: Final = 0x04
_SERVER_TO_CLIENT: Final = 0x08
_NO_DEFAULT_RESPONSE: Final = 0x10


class ZclStatus(IntEnum):
    """Outcomes."""

    SUCCESS = 0x00
    FAILURE = 0x01
    UNSUP_CLUSTER_COMMAND = 0x81
    UNSUPPORTED_ATTRIBUTE = 0x86
    UNSUPPORTED_CLUSTER = 0xC3


@dataclass(frozen=True, slots=True)
class ZclFrame:
    """A ZCL frame's header and its payload."""

    sequence: int
    command: int
    payload: bytes
    cluster_specific: bool
    from_server: bool = False
    no_default_response: bool = False

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Return the frame.

        Raises:
            FrameError: it is shorter than its header.
        """
        start = 3 if octets and octets[0] & _MANUFACTURER else 1
        if len(octets) < start + 2:
            raise FrameError("a ZCL frame is shorter than its header")
        control = octets[0]
        return cls(
            sequence=octets[start],
            command=octets[start + 1],
            payload=octets[start + 2 :],
            cluster_specific=control & 3 == _CLUSTER_SPECIFIC,
            from_server=bool(control & _SERVER_TO_CLIENT),
            no_default_response=bool(control & _NO_DEFAULT_RESPONSE),
        )

    def reply(
        self, command: int, payload: bytes, *, cluster_specific: bool = True
    ) -> bytes:
        """Return the octets of an answer in the other direction, with this frame's sequence number."""
        control = _NO_DEFAULT_RESPONSE | (_CLUSTER_SPECIFIC if cluster_specific else 0)
        if not self.from_server:
            control |= _SERVER_TO_CLIENT
        return bytes([control, self.sequence, command]) + payload

    def default_response(self, status: int) -> bytes:
        """Return a Default Response to this frame."""
        return self.reply(
            DEFAULT_RESPONSE, bytes([self.command, status]), cluster_specific=False
        )


def read_attributes(request: ZclFrame, values: dict[int, tuple[int, bytes]]) -> bytes:
    """Answer Read Attributes from a table of attribute to (type, octets)."""
    count = len(request.payload) // 2
    answer = b""
    for attribute in struct.unpack_from(f"<{count}H", request.payload):
        if attribute in values:
            kind, octets = values[attribute]
            answer += struct.pack("<HBB", attribute, ZclStatus.SUCCESS, kind) + octets
        else:
            answer += struct.pack("<HB", attribute, ZclStatus.UNSUPPORTED_ATTRIBUTE)
    return request.reply(READ_ATTRIBUTES_RESPONSE, answer, cluster_specific=False)

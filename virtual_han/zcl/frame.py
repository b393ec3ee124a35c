"""The ZCL header: what kind of frame, which way it goes, what it answers."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Self

from .errors import MalformedFrameError

_FRAME_TYPE: Final = 0b0000_0011
_MANUFACTURER_SPECIFIC: Final = 0b0000_0100
_TO_CLIENT: Final = 0b0000_1000
_DISABLE_DEFAULT_RESPONSE: Final = 0b0001_0000


class FrameType(IntEnum):
    """The two lowest bits of the frame control octet."""

    GENERAL = 0
    CLUSTER = 1


class General(IntEnum):
    """The general commands, which every cluster shares."""

    READ_ATTRIBUTES = 0x00
    READ_ATTRIBUTES_RESPONSE = 0x01
    WRITE_ATTRIBUTES = 0x02
    WRITE_ATTRIBUTES_UNDIVIDED = 0x03
    WRITE_ATTRIBUTES_RESPONSE = 0x04
    WRITE_ATTRIBUTES_NO_RESPONSE = 0x05
    CONFIGURE_REPORTING = 0x06
    CONFIGURE_REPORTING_RESPONSE = 0x07
    REPORT_ATTRIBUTES = 0x0A
    DEFAULT_RESPONSE = 0x0B
    DISCOVER_ATTRIBUTES = 0x0C
    DISCOVER_ATTRIBUTES_RESPONSE = 0x0D
    DISCOVER_COMMANDS_RECEIVED = 0x11
    DISCOVER_COMMANDS_RECEIVED_RESPONSE = 0x12
    DISCOVER_COMMANDS_GENERATED = 0x13
    DISCOVER_COMMANDS_GENERATED_RESPONSE = 0x14


class Status(IntEnum):
    """The ZCL status codes that a server here gives."""

    SUCCESS = 0x00
    FAILURE = 0x01
    NOT_AUTHORIZED = 0x7E
    MALFORMED_COMMAND = 0x80
    UNSUP_CLUSTER_COMMAND = 0x81
    UNSUP_GENERAL_COMMAND = 0x82
    UNSUP_MANUF_CLUSTER_COMMAND = 0x83
    UNSUP_MANUF_GENERAL_COMMAND = 0x84
    UNSUPPORTED_ATTRIBUTE = 0x86
    READ_ONLY = 0x88
    NOT_FOUND = 0x8B
    UNREPORTABLE_ATTRIBUTE = 0x8C
    UNSUPPORTED_CLUSTER = 0xC3


@dataclass(frozen=True, slots=True)
class ZclFrame:
    """One ZCL frame.

    Attributes:
        frame_type: general, or of the cluster.
        command: the command's id within its kind.
        sequence: the transaction sequence number, 0 to 255; a reply repeats the request's.
        payload: what follows the header.
        to_client: the direction bit: set where a server speaks.
        disable_default_response: the sender wants no Default Response for success.
        manufacturer: the manufacturer code of a manufacturer's own command.
    """

    frame_type: FrameType
    command: int
    sequence: int
    payload: bytes = b""
    to_client: bool = False
    disable_default_response: bool = True
    manufacturer: int | None = None

    def to_bytes(self) -> bytes:
        """Return the frame as it travels in an APS payload."""
        control = int(self.frame_type)
        if self.manufacturer is not None:
            control |= _MANUFACTURER_SPECIFIC
        if self.to_client:
            control |= _TO_CLIENT
        if self.disable_default_response:
            control |= _DISABLE_DEFAULT_RESPONSE
        code = (
            b""
            if self.manufacturer is None
            else self.manufacturer.to_bytes(2, "little")
        )
        return (
            bytes((control,))
            + code
            + bytes((self.sequence & 0xFF, self.command))
            + self.payload
        )

    def answer(self, frame_type: FrameType, command: int, payload: bytes) -> ZclFrame:
        """Return a frame that answers this one."""
        return ZclFrame(
            frame_type,
            command,
            self.sequence,
            payload,
            to_client=not self.to_client,
            manufacturer=self.manufacturer,
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a frame.

        Raises:
            MalformedFrameError: too short for its header, or of a reserved kind.
        """
        size = 5 if data and data[0] & _MANUFACTURER_SPECIFIC else 3
        if len(data) < size:
            raise MalformedFrameError("the frame ends within its header")
        try:
            frame_type = FrameType(data[0] & _FRAME_TYPE)
        except ValueError:
            raise MalformedFrameError("the frame type is reserved") from None
        return cls(
            frame_type=frame_type,
            command=data[size - 1],
            sequence=data[size - 2],
            payload=data[size:],
            to_client=bool(data[0] & _TO_CLIENT),
            disable_default_response=bool(data[0] & _DISABLE_DEFAULT_RESPONSE),
            manufacturer=int.from_bytes(data[1:3], "little") if size == 5 else None,
        )


def default_response(request: ZclFrame, status: Status) -> ZclFrame:
    """Build the Default Response to a request: its command id, then the status."""
    return request.answer(
        FrameType.GENERAL, General.DEFAULT_RESPONSE, bytes((request.command, status))
    )

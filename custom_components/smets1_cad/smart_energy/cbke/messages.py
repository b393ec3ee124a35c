"""The payloads of the Key Establishment cluster, 0x0800 (SE 1.4 C.3.1.2.3).

The initiator sends each command as the client, the responder answers with the same command
id as the server. Certificate, public key and MAC are sent in printed order, with no length.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Final, Self

from ..errors import FrameError

MAC_SIZE: Final = 16


class Command(IntEnum):
    """Command ids, the same in both directions."""

    INITIATE = 0x00
    EPHEMERAL_DATA = 0x01
    CONFIRM_KEY = 0x02
    TERMINATE = 0x03


class TerminateStatus(IntEnum):
    """Why a side ended the exchange."""

    UNKNOWN_ISSUER = 0x01
    BAD_KEY_CONFIRM = 0x02
    BAD_MESSAGE = 0x03
    NO_RESOURCES = 0x04
    UNSUPPORTED_SUITE = 0x05
    INVALID_CERTIFICATE = 0x06
    """From Smart Energy 1.2 on."""


@dataclass(frozen=True, slots=True)
class InitiateKeyEstablishment:
    """Command 0x00, request and response.

    Attributes:
        suite: bitmap with the one suite that is asked for, or accepted.
        ephemeral_time: seconds the sender needs to make its ephemeral key.
        confirm_time: seconds the sender needs to compute its MAC.
        certificate: the sender's implicit certificate.
    """

    command: ClassVar[Command] = Command.INITIATE

    suite: int
    ephemeral_time: int
    confirm_time: int
    certificate: bytes

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Take a payload apart; what is in it is not judged.

        Raises:
            FrameError: the payload ends too early.
        """
        _require(payload, 5)
        return cls(
            int.from_bytes(payload[:2], "little"), payload[2], payload[3], payload[4:]
        )

    def to_bytes(self) -> bytes:
        """Return the payload."""
        return (
            self.suite.to_bytes(2, "little")
            + bytes([self.ephemeral_time, self.confirm_time])
            + self.certificate
        )


@dataclass(frozen=True, slots=True)
class EphemeralData:
    """Command 0x01, request and response.

    Attributes:
        public_key: the sender's ephemeral public key, compressed.
    """

    command: ClassVar[Command] = Command.EPHEMERAL_DATA

    public_key: bytes

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Take a payload apart; whether it is a point is not judged.

        Raises:
            FrameError: the payload is empty.
        """
        _require(payload, 1)
        return cls(payload)

    def to_bytes(self) -> bytes:
        """Return the payload."""
        return self.public_key


@dataclass(frozen=True, slots=True)
class ConfirmKey:
    """Command 0x02, request and response.

    Attributes:
        mac: the sender's MACU or MACV.
    """

    command: ClassVar[Command] = Command.CONFIRM_KEY

    mac: bytes

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Take a payload apart.

        Raises:
            FrameError: the payload has not 16 octets.
        """
        _require(payload, MAC_SIZE)
        if len(payload) > MAC_SIZE:
            raise FrameError(
                f"{MAC_SIZE} octets expected, {len(payload)} found", offset=MAC_SIZE
            )
        return cls(payload)

    def to_bytes(self) -> bytes:
        """Return the payload."""
        return self.mac


@dataclass(frozen=True, slots=True)
class TerminateKeyEstablishment:
    """Command 0x03, in both directions.

    Attributes:
        status: a `TerminateStatus`, or a value that a later specification defines.
        wait_time: seconds after which the receiver may try again.
        suites: bitmap of the suites that the sender supports.
    """

    command: ClassVar[Command] = Command.TERMINATE

    status: int
    wait_time: int
    suites: int

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Take a payload apart; further octets are ignored.

        Raises:
            FrameError: the payload ends too early.
        """
        _require(payload, 4)
        return cls(payload[0], payload[1], int.from_bytes(payload[2:4], "little"))

    def to_bytes(self) -> bytes:
        """Return the payload."""
        return bytes([self.status, self.wait_time]) + self.suites.to_bytes(2, "little")


type Message = (
    InitiateKeyEstablishment | EphemeralData | ConfirmKey | TerminateKeyEstablishment
)

_MESSAGES: Final[
    dict[
        int,
        type[
            InitiateKeyEstablishment
            | EphemeralData
            | ConfirmKey
            | TerminateKeyEstablishment
        ],
    ]
] = {
    message.command: message
    for message in (
        InitiateKeyEstablishment,
        EphemeralData,
        ConfirmKey,
        TerminateKeyEstablishment,
    )
}


def parse_message(command_id: int, payload: bytes) -> Message:
    """Return the message of a command.

    Raises:
        FrameError: the command is unknown or the payload is too short for it.
    """
    if (message := _MESSAGES.get(command_id)) is None:
        raise FrameError(
            f"key establishment has no command 0x{command_id:02X}", offset=0
        )
    return message.from_bytes(payload)


def _require(payload: bytes, size: int) -> None:
    if len(payload) < size:
        raise FrameError(
            f"{size} octets expected, {len(payload)} found", offset=len(payload)
        )

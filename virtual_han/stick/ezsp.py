"""EZSP frames, with the command tables of bellows.

The tables give each command's number and the order and width of its fields.
Structures travel as octets that the stick lays out itself; a field that the
stick leaves out is sent as zeros of its width.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
import importlib
from typing import Any, Final

from ..errors import FrameError
from .status import Status

VERSIONS: Final = (8, 13, 14, 18)
DEFAULT_VERSION: Final = 13
STACK_TYPE_MESH: Final = 2
STACK_VERSIONS: Final = {8: 0x6780, 13: 0x7440, 14: 0x8000, 18: 0x8500}
"""The firmware that first spoke each version, as four nibbles."""
BUILD: Final = 0
"""The build that every firmware says it is."""

INVALID_COMMAND: Final = 0x0058
_LEGACY_HEADER: Final = 3
_HEADER: Final = 5
_RESPONSE: Final = 0x80
_CALLBACK: Final = 0x90
_EXTENDED: Final = 0x01
_UNKNOWN_FRAME_ID: Final = {False: b"\x31", True: (0x000F).to_bytes(4, "little")}
"""EzspStatus ERROR_INVALID_FRAME_ID, or sl_status NOT_SUPPORTED from version 14 on."""
_ZEROS: Final = bytes(256)
_PREFIXES: Final[Mapping[str, Callable[[int], bytes]]] = {
    "LVBytes": lambda size: size.to_bytes(1),
    "LVBytes32": lambda size: size.to_bytes(4, "little"),
}
"""How octets of a variable number say how many they are; all others say nothing."""

type Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """One command from the host: integers, octets for everything else."""

    sequence: int
    number: int
    name: str
    arguments: dict[str, Any]


class Codec:
    """Reads commands and writes responses of one protocol version."""

    def __init__(self, version: int) -> None:
        """Load the table of a version: 8, 13, 14 or 18."""
        module: Any = importlib.import_module(f"bellows.ezsp.v{version}")
        types: Any = importlib.import_module("bellows.types")
        handler = getattr(module, f"EZSPv{version}")
        self.version = version
        self._commands: dict[str, tuple[int, Any, Any]] = handler.COMMANDS
        self._names = {row[0]: name for name, row in self._commands.items()}
        self._status_types: dict[Any, str] = {
            types.EmberStatus: "ember",
            types.sl_Status: "sl",
            types.EzspStatus: "ezsp",
        }

    def decode(self, frame: bytes) -> Request:
        """Return the command in an extended-format frame.

        A command that the version does not have gets an empty name.

        Raises:
            FrameError: the frame is shorter than its fields.
        """
        if len(frame) < _HEADER:
            raise FrameError("an EZSP frame is shorter than its header")
        sequence, number = frame[0], int.from_bytes(frame[3:5], "little")
        name = self._names.get(number, "")
        if not name:
            return Request(sequence, number, "", {})
        fields = _fields(self._commands[name][1])
        rest = frame[_HEADER:]
        arguments = {}
        for field, kind in fields.items():
            try:
                value, rest = kind.deserialize(rest)
            except ValueError as err:
                raise FrameError(f"{name} ends before its field {field}") from err
            arguments[field] = _plain(value)
        return Request(sequence, number, name, arguments)

    def has(self, name: str) -> bool:
        """Tell whether this version knows a command or callback."""
        return name in self._commands

    def response(self, request: Request, values: Values) -> bytes:
        """Return the frame that answers a command."""
        return self._frame(request.sequence, _RESPONSE, request.name, values)

    def callback(self, name: str, values: Values) -> bytes:
        """Return a frame that the stick sends of its own accord."""
        return self._frame(0, _CALLBACK, name, values)

    def invalid(self, request: Request) -> bytes:
        """Return the answer to a command that this firmware does not have."""
        header = bytes(
            [request.sequence, _RESPONSE, _EXTENDED]
        ) + INVALID_COMMAND.to_bytes(2, "little")
        return header + _UNKNOWN_FRAME_ID[self.version >= 14]

    def _frame(self, sequence: int, control: int, name: str, values: Values) -> bytes:
        number, _, schema = self._commands[name]
        header = bytes([sequence, control, _EXTENDED]) + number.to_bytes(2, "little")
        return header + b"".join(
            self._serialize(kind, values.get(field))
            for field, kind in _fields(schema).items()
        )

    def _serialize(self, kind: Any, value: Any) -> bytes:
        if value is None:
            return _plain_width(kind)
        if isinstance(value, Status):
            return bytes(kind(getattr(value, self._status_types[kind])).serialize())
        if isinstance(value, bytes):
            return _PREFIXES.get(kind.__name__, _no_prefix)(len(value)) + value
        return bytes(kind(value).serialize())


def _no_prefix(size: int) -> bytes:
    return b""


def _fields(schema: Any) -> dict[str, Any]:
    if isinstance(schema, dict):
        return schema
    return {field.name: field.type for field in schema.fields}


def _plain(value: Any) -> Any:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, bytes):
        return bytes(value)
    return bytes(value.serialize())


def _plain_width(kind: Any) -> bytes:
    """Return as many zeros as the type takes when everything in it is zero."""
    _, rest = kind.deserialize(_ZEROS)
    return bytes(len(_ZEROS) - len(rest))


def firmware_numbers(version: int) -> tuple[int, int, int, int]:
    """Return major, minor, patch and special of the firmware that speaks an EZSP version."""
    stack = STACK_VERSIONS[version]
    return stack >> 12, stack >> 8 & 15, stack >> 4 & 15, stack & 15


def version_request(frame: bytes) -> tuple[int, int]:
    """Return sequence and wanted version of a version command in the legacy format.

    Raises:
        FrameError: it is another command; only this one may come first.
    """
    if len(frame) < _LEGACY_HEADER + 1 or frame[2] != 0:
        raise FrameError("the first command after a reset must be version")
    return frame[0], frame[_LEGACY_HEADER]


def legacy_version_response(sequence: int, version: int) -> bytes:
    """Return the answer to a version command in the legacy format."""
    return bytes([sequence, _RESPONSE, 0, version, STACK_TYPE_MESH]) + STACK_VERSIONS[
        version
    ].to_bytes(2, "little")

"""Reading values off the air: ZCL data types (ZCL 2.6.2).

Every reader takes the frame, the octet to start at and a name for messages, and
gives the value and the octet after it. What cannot be read raises `FrameError`
with the octet where the value starts. Values are plain: integers, text, octets,
None for a string that is not there. Integers keep their non-values (all ones);
`values` gives those their meaning.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
import math
import struct
from typing import Final

from .errors import FrameError

type Value = (
    bool | int | float | str | bytes | tuple[Value, ...] | Mapping[str, Value] | None
)
"""A value as it was sent. A ZCL date and a time of day are their four octets."""
type Reader = Callable[[bytes, int, str], tuple[Value, int]]
type Fields = Mapping[str, Value]

DEEPEST: Final = 15
"""Structures within structures that we follow: as deep as a ZCL selector can point."""
_INVALID_COUNT: Final = 0xFFFF
_BOOL: Final[Mapping[int, bool | None]] = {0x00: False, 0x01: True, 0xFF: None}


def need(data: bytes, offset: int, octets: int, name: str) -> int:
    """Give the octet after so many, which `name` takes.

    Raises:
        FrameError: fewer are left.
    """
    stop = offset + octets
    if stop > len(data):
        raise FrameError(
            f"{name} takes {octets} octet{'s' * (octets != 1)},"
            f" {len(data) - offset} left; the frame is cut short",
            offset=offset,
        )
    return stop


def integer(octets: int, *, signed: bool = False) -> Reader:
    """Make a reader of little-endian integers."""

    def read(data: bytes, offset: int, name: str) -> tuple[Value, int]:
        stop = need(data, offset, octets, name)
        return int.from_bytes(data[offset:stop], "little", signed=signed), stop

    return read


def raw(octets: int) -> Reader:
    """Make a reader of so many octets."""

    def read(data: bytes, offset: int, name: str) -> tuple[Value, int]:
        stop = need(data, offset, octets, name)
        return data[offset:stop], stop

    return read


def boolean(data: bytes, offset: int, name: str) -> tuple[Value, int]:
    """Read a boolean; 0xFF is none, another octet stays a number."""
    stop = need(data, offset, 1, name)
    octet = data[offset]
    return _BOOL.get(octet, octet), stop


def _float(octets: int, code: str) -> Reader:
    layout = struct.Struct(code)

    def read(data: bytes, offset: int, name: str) -> tuple[Value, int]:
        stop = need(data, offset, octets, name)
        (value,) = layout.unpack_from(data, offset)
        return (None if math.isnan(value) else value), stop

    return read


def octet_string(prefix: int) -> Reader:
    """Octets after their count; a count of all ones: there is no string."""
    missing = (1 << 8 * prefix) - 1

    def read(data: bytes, offset: int, name: str) -> tuple[Value, int]:
        start = need(data, offset, prefix, f"the length of {name}")
        length = int.from_bytes(data[offset:start], "little")
        if length == missing:
            return None, start
        stop = start + length
        if stop > len(data):
            raise FrameError(
                f"{name} says that it has {length} octets,"
                f" {len(data) - start} left; the frame is cut short",
                offset=offset,
            )
        return data[start:stop], stop

    return read


def character_string(prefix: int) -> Reader:
    """Characters after their count, UTF-8, up to the first NUL."""
    octets = octet_string(prefix)

    def read(data: bytes, offset: int, name: str) -> tuple[Value, int]:
        value, stop = octets(data, offset, name)
        if not isinstance(value, bytes):
            return None, stop
        return value.partition(b"\0")[0].decode("utf-8", "replace"), stop

    return read


def eui64(data: bytes, offset: int, name: str) -> tuple[Value, int]:
    """Read an EUI-64 as it is written, most significant octet first."""
    stop = need(data, offset, 8, name)
    return data[offset:stop][::-1].hex(":"), stop


def _nothing(_data: bytes, offset: int, _name: str) -> tuple[Value, int]:
    return None, offset


@dataclass(frozen=True, slots=True)
class DataType:
    """A ZCL data type (ZCL 2.6.2)."""

    name: str
    octets: int | None
    """None where it depends on the value."""
    read: Reader


def _data_types() -> dict[int, DataType]:
    types = {
        0x00: DataType("nodata", 0, _nothing),
        0x10: DataType("bool", 1, boolean),
        0x30: DataType("enum8", 1, integer(1)),
        0x31: DataType("enum16", 2, integer(2)),
        0x38: DataType("semi", 2, _float(2, "<e")),
        0x39: DataType("single", 4, _float(4, "<f")),
        0x3A: DataType("double", 8, _float(8, "<d")),
        0x41: DataType("octstr", None, octet_string(1)),
        0x42: DataType("string", None, character_string(1)),
        0x43: DataType("octstr16", None, octet_string(2)),
        0x44: DataType("string16", None, character_string(2)),
        0xE0: DataType("ToD", 4, raw(4)),
        0xE1: DataType("date", 4, raw(4)),
        0xE2: DataType("UTC", 4, integer(4)),
        0xE8: DataType("clusterId", 2, integer(2)),
        0xE9: DataType("attribId", 2, integer(2)),
        0xEA: DataType("bacOID", 4, integer(4)),
        0xF0: DataType("EUI64", 8, eui64),
        0xF1: DataType("key128", 16, raw(16)),
        0xFF: DataType("unk", 0, _nothing),
    }
    for size in range(1, 9):
        for start, name, signed in (
            (0x08, "data", False),
            (0x18, "map", False),
            (0x20, "uint", False),
            (0x28, "int", True),
        ):
            types[start + size - 1] = DataType(
                f"{name}{8 * size}", size, integer(size, signed=signed)
            )
    return types


DATA_TYPES: Final = _data_types()
"""Data types of one value, by number."""
COLLECTIONS: Final[Mapping[int, str]] = {0x48: "array", 0x50: "set", 0x51: "bag"}
STRUCTURE: Final = 0x4C


def type_name(type_id: int) -> str | None:
    """Give the specification's short name of a data type, None for a reserved number."""
    if type_id in DATA_TYPES:
        return DATA_TYPES[type_id].name
    return "struct" if type_id == STRUCTURE else COLLECTIONS.get(type_id)


def read_typed(
    data: bytes, offset: int, type_id: int, name: str, depth: int = 0
) -> tuple[Value, int]:
    """Read a value of a data type whose number was at the octet before.

    Raises:
        FrameError: reserved type, cut short, or nested too deeply.
    """
    if (data_type := DATA_TYPES.get(type_id)) is not None:
        return data_type.read(data, offset, name)
    if depth == DEEPEST:
        raise FrameError(f"{name} is nested deeper than {DEEPEST}", offset=offset - 1)
    if type_id in COLLECTIONS:
        return _collection(data, offset, name, depth + 1)
    if type_id == STRUCTURE:
        return _structure(data, offset, name, depth + 1)
    raise FrameError(
        f"0x{type_id:02X} is no data type, so {name} cannot be read", offset=offset - 1
    )


def _count(data: bytes, offset: int, name: str) -> tuple[int, int]:
    stop = need(data, offset, 2, f"the count of {name}")
    count = int.from_bytes(data[offset:stop], "little")
    return count, stop


def _collection(data: bytes, offset: int, name: str, depth: int) -> tuple[Value, int]:
    """Array, set or bag: the type of the items, how many, the items."""
    item_type = data[need(data, offset, 1, f"the type of {name}") - 1]
    count, start = _count(data, offset + 1, name)
    if count == _INVALID_COUNT:
        return None, start
    known = DATA_TYPES.get(item_type)
    if known is not None and known.octets == 0:
        # Any count of them would fit any frame.
        raise FrameError(f"{name} holds items of no size", offset=offset)
    need(data, start, count * (1 if known is None else known.octets or 1), name)
    items: list[Value] = []
    for _ in range(count):
        if known is not None:
            value, start = known.read(data, start, name)
        else:
            value, start = read_typed(data, start, item_type, name, depth)
        items.append(value)
    return tuple(items), start


def _structure(data: bytes, offset: int, name: str, depth: int) -> tuple[Value, int]:
    """Structure: how many items, each with its type."""
    count, start = _count(data, offset, name)
    if count == _INVALID_COUNT:
        return None, start
    need(data, start, count, name)
    items: list[Value] = []
    for _ in range(count):
        stop = need(data, start, 1, f"a type within {name}")
        value, start = read_typed(data, stop, data[start], name, depth)
        items.append(value)
    return tuple(items), start

"""Reading the fields of commands, as the cluster classes declare them.

zigpy's own structures read the same declarations, but say only that something
was too short. This reads them an order of magnitude faster, and says where.
"""

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import zigpy.types as t

from .clusters.base import Count, LengthDependent, Variant
from .errors import FrameError
from .wire import (
    Fields,
    Reader,
    Value,
    boolean,
    character_string,
    eui64,
    need,
    octet_string,
    raw,
)

MOST_ITEMS: Final = 256
"""Structures in one list. Smart Energy counts them in an octet, and has a price for
each of 16 blocks of 16 tiers at most."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One field of a command or structure, made ready for reading."""

    name: str
    read: Reader | None
    octets: int
    """Of an integer, else 0."""
    signed: bool
    optional: bool
    items: _List | None = None
    variant: type[Variant] | None = None


@dataclass(frozen=True, slots=True)
class _List:
    """A list: of integers (octets, signed) or of something with a reader."""

    count: Count | None
    octets: int
    signed: bool
    read: Reader | None

    def __call__(
        self, data: bytes, offset: int, name: str, before: Fields
    ) -> tuple[Value, int]:
        """Read the items: as many as counted, else to the end."""
        count = None if self.count is None else self._counted(before)
        size = self.octets
        if size:
            if count is None:
                count, odd = divmod(len(data) - offset, size)
                stop = offset + count * size
                if odd:
                    need(data, stop, size, f"item {count + 1} of {name}")
            elif (stop := offset + count * size) > len(data):
                raise FrameError(
                    f"{name} has {count} items of {size} octets,"
                    f" {len(data) - offset} left; the frame is cut short",
                    offset=offset,
                )
            if size == 1 and not self.signed:
                return tuple(data[offset:stop]), stop
            take = int.from_bytes
            return tuple(
                [
                    take(data[at : at + size], "little", signed=self.signed)
                    for at in range(offset, stop, size)
                ]
            ), stop
        assert self.read is not None
        items: list[Value] = []
        end = len(data)
        while len(items) < count if count is not None else offset < end:
            try:
                value, offset = self.read(data, offset, name)
            except FrameError as error:
                raise FrameError(
                    f"item {len(items) + 1} of {name}: {error.detail}",
                    offset=error.offset,
                ) from None
            items.append(value)
            if len(items) > MOST_ITEMS:
                raise FrameError(
                    f"{name} has more than {MOST_ITEMS} items", offset=offset
                )
        return tuple(items), offset

    def _counted(self, before: Fields) -> int:
        assert self.count is not None
        value = before[self.count.field]
        assert isinstance(value, int)
        return value >> self.count.shift & self.count.mask


def _width(kind: Any) -> tuple[int, bool]:
    """Octets of an integer type, and whether it is signed."""
    low, high = kind.min_value, kind.max_value
    return (high - low).bit_length() // 8, low < 0


def _is_integer(kind: Any) -> bool:
    return issubclass(kind, t.FixedIntType) and not issubclass(kind, t.Bool)


def _reader(kind: Any) -> Reader:
    """Make the reader of a zigpy type that is neither integer nor list."""
    for parent, reader in (
        (t.Bool, boolean),
        (t.Date, raw(4)),
        (t.TimeOfDay, raw(4)),
        (t.EUI64, eui64),
        (t.LongOctetString, octet_string(2)),
        (t.LVBytes, octet_string(1)),
        (t.LongCharacterString, character_string(2)),
        (t.CharacterString, character_string(1)),
        (t.Bytes, lambda data, offset, _name: (data[offset:], len(data))),
    ):
        if issubclass(kind, parent):
            return reader
    if not issubclass(kind, t.Struct):
        raise TypeError(f"no reader for {kind.__name__}")

    steps = _plan(kind)

    def read(data: bytes, offset: int, _name: str) -> tuple[Value, int]:
        return _read_steps(steps, data, offset)

    return read


def _step(field: Any) -> _Step:
    kind = field.type
    octets, signed = _width(kind) if _is_integer(kind) else (0, False)
    if issubclass(kind, list) and not issubclass(kind, t.EUI64):
        item = kind._item_type  # noqa: SLF001 - zigpy has no public way to ask
        size, minus = _width(item) if _is_integer(item) else (0, False)
        items = _List(field.length, size, minus, None if size else _reader(item))
        return _Step(field.name, None, 0, False, bool(field.optional), items=items)
    variant = kind if issubclass(kind, Variant) else None
    reader = None if octets or variant else _reader(kind)
    return _Step(
        field.name, reader, octets, signed, bool(field.optional), variant=variant
    )


@cache
def _plan(kind: Any) -> tuple[_Step, ...]:
    return tuple(_step(field) for field in kind.fields)


def read_fields(kind: type[t.Struct], data: bytes, offset: int) -> tuple[Fields, int]:
    """Read the fields of a command.

    Fields that may be missing are absent where the frame ends before them.

    Args:
        kind: the command's schema.
        data: the whole frame.
        offset: the octet to start at.

    Raises:
        FrameError: a field is cut short or its contents are not what they should be.
    """
    struct: Any = kind
    if issubclass(struct, LengthDependent):
        struct = struct.layout(len(data) - offset)
    return _read_steps(_plan(struct), data, offset)


def _read_steps(
    steps: tuple[_Step, ...], data: bytes, offset: int
) -> tuple[Fields, int]:
    fields: dict[str, Value] = {}
    end = len(data)
    for step in steps:
        if step.optional and offset >= end:
            continue
        name = step.name
        if step.octets:
            stop = offset + step.octets
            if stop > end:
                need(data, offset, step.octets, name)
            fields[name] = int.from_bytes(
                data[offset:stop], "little", signed=step.signed
            )
            offset = stop
        elif step.read is not None:
            fields[name], offset = step.read(data, offset, name)
        elif step.items is not None:
            fields[name], offset = step.items(data, offset, name, fields)
        else:
            assert step.variant is not None
            fields[name], offset = _variant(step.variant, data, offset, fields)
    return MappingProxyType(fields), offset


def _variant(
    kind: type[Variant], data: bytes, offset: int, before: Fields
) -> tuple[Value, int]:
    """The rest of the frame: in the layout that was named, else as octets."""
    selector = before[kind.selector]
    layout = kind.layouts.get(selector) if isinstance(selector, int) else None
    if layout is None:
        return data[offset:], len(data)
    return read_fields(layout, data, offset)

"""Decoding anything at all: like zigpy, and without surprise."""

from collections.abc import Mapping
import json
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest
import zigpy.types as t

from custom_components.smets1_cad.smart_energy.__main__ import document
from custom_components.smets1_cad.smart_energy.clusters import CLUSTERS
from custom_components.smets1_cad.smart_energy.clusters.base import Variant
from custom_components.smets1_cad.smart_energy.decode import (
    DecodedFrame,
    Direction,
    decode,
)
from custom_components.smets1_cad.smart_energy.errors import FrameError
from custom_components.smets1_cad.smart_energy.fields import read_fields

from . import frames
from .frames import take

COMMANDS = [
    (number, direction, command)
    for number, cluster in CLUSTERS.items()
    for direction, commands in (
        (Direction.CLIENT_TO_SERVER, cluster.server_commands),
        (Direction.SERVER_TO_CLIENT, cluster.client_commands),
    )
    for command in commands.values()
]


def test_a_type_that_has_no_reader_is_a_mistake_of_ours() -> None:
    class Odd(t.Struct):
        number: t.NoData

    with pytest.raises(TypeError, match="no reader for NoData"):
        read_fields(Odd, b"", 0)


def plain(value: Any) -> Any:
    """A zigpy value as our decoder would give it."""
    if isinstance(value, t.Bool):
        return {0: False, 1: True, 0xFF: None}.get(int(value), int(value))
    if isinstance(value, t.Date):
        return value.serialize()
    if isinstance(value, t.EUI64):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if getattr(value, "invalid", False) or value is None:
        return None
    if isinstance(value, t.Struct):
        return {k: plain(v) for k, v in value.as_dict(skip_missing=True).items()}
    if isinstance(value, bytes):
        return bytes(value)
    if isinstance(value, str):
        return str(value)
    return tuple(plain(item) for item in value)


def by_zigpy(schema: Any, payload: bytes) -> tuple[dict[str, Any], int] | None:
    """Fields and octets left, as zigpy's own structures read them."""
    try:
        struct, rest = schema.deserialize(payload)
    except ValueError:
        return None
    fields = plain(struct)
    for field in schema.fields:
        if issubclass(field.type, Variant) and field.name in fields:
            layout = fields[field.type.selector]
            try:
                parsed = getattr(struct, field.name).parse(layout)
            except ValueError:
                return None
            if parsed is not None:
                fields[field.name] = plain(parsed)
    return fields, len(rest)


def ours(schema: Any, payload: bytes) -> tuple[dict[str, Any], int] | None:
    """Fields and octets left, as our decoder reads them."""
    try:
        fields, stop = read_fields(schema, payload, 0)
    except FrameError:
        return None
    return thaw(fields), len(payload) - stop


def thaw(value: Any) -> Any:
    """Mappings as dictionaries; what is missing left out, as zigpy's are."""
    if isinstance(value, Mapping):
        return {k: thaw(v) for k, v in value.items() if v is not None}
    if isinstance(value, tuple):
        return tuple(thaw(item) for item in value)
    return value


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(COMMANDS), st.binary(max_size=80))
def test_zigpy_reads_the_same(
    which: tuple[int, Direction, Any], payload: bytes
) -> None:
    """Two programs, one declaration: the same fields, or both refuse."""
    schema = which[2].schema
    theirs, found = by_zigpy(schema, payload), ours(schema, payload)
    if theirs is None or found is None:
        assert theirs is None
        assert found is None
        return
    assert found[0] == thaw(theirs[0])
    if not any(issubclass(f.type, Variant) for f in schema.fields):
        # zigpy gives a variant all that is left.
        assert found[1] == theirs[1]


def check_any(cluster: int, direction: Direction, data: bytes) -> None:
    """Decode and describe; only `FrameError` may come of it."""
    problem: FrameError | None = None
    try:
        frame = decode(cluster, direction, data)
    except FrameError as error:
        problem = error
    if problem is not None:
        assert 0 <= problem.offset <= len(data)
        assert "\n" not in str(problem)
        return
    json.dumps(document(frame) if cluster in CLUSTERS else {}, allow_nan=False)


HEADS = st.sampled_from([b"\x19\x05", b"\x18\x05", b"\x01\x05", b"\x00\x05", b""])


@settings(max_examples=1500, deadline=None)
@given(
    st.sampled_from([*CLUSTERS, 0x0000]),
    st.sampled_from(Direction),
    HEADS,
    st.binary(max_size=120),
)
def test_any_octets_are_a_frame_or_a_frame_error(
    cluster: int, direction: Direction, head: bytes, rest: bytes
) -> None:
    check_any(cluster, direction, head + rest)


@pytest.mark.parametrize(
    ("cluster", "direction", "octets"),
    frames.VECTORS,
    ids=[f"{c:04x} {o[:20]}" for c, _, o in frames.VECTORS],
)
def test_every_vector_is_well_formed_and_no_cut_of_it_surprises(
    cluster: int, direction: str, octets: str
) -> None:
    data = bytes.fromhex(octets)
    assert document(take(cluster, direction, octets))["command"]
    for length in range(len(data)):
        check_any(cluster, Direction(direction), data[:length])


def zeros(number: int, head: bytes, octets: int) -> DecodedFrame | None:
    """Decode a header with zeros after it."""
    direction = list(Direction)[head[0] >> 3 & 1]
    try:
        return decode(number, direction, head + bytes(octets))
    except FrameError:
        return None


@pytest.mark.parametrize(
    ("number", "direction", "command"),
    COMMANDS,
    ids=[f"{n:04x}-{c.name}-{d.value[:6]}" for n, d, c in COMMANDS],
)
def test_every_command_is_read_from_zeros_and_ones(
    number: int, direction: Direction, command: Any
) -> None:
    """Enough zeros are a frame of any command; all ones are a frame or an error."""
    control = 0x19 if direction is Direction.SERVER_TO_CLIENT else 0x01
    head = bytes([control, 1, command.id])
    # A list to the end must end with an item, so not every number of zeros will do.
    frame = next(f for n in range(100, 132) if (f := zeros(number, head, n)))
    assert frame.command == command.name
    names = {field.name for field in command.schema.fields}
    assert set(frame.fields) <= names
    assert document(frame)["command"] == command.name
    check_any(number, direction, head + b"\xff" * 120)

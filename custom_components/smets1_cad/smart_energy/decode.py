"""Decode one ZCL frame of a Smart Energy network.

A pure function: cluster, direction and octets to a frozen result. Any octets are
taken: what is no frame raises `FrameError` with the octet and the reason, and
nothing else. Octets after the last field are not an error (later versions of the
profile append fields); they are kept as `trailing`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from .clusters import CLUSTERS
from .errors import FrameError
from .fields import read_fields
from .general import AttributeRecord, Names, general_command
from .wire import Fields

LONGEST: Final = 1536
"""Octets of the longest frame that is looked at. Smart Energy devices take 128 in
one transfer; the most that any sends is a tunnel's 1500."""

_CLUSTER_COMMAND: Final = 0b01
_GENERAL_COMMAND: Final = 0b00
_FRAME_TYPE: Final = 0b11
_MANUFACTURER_SPECIFIC: Final = 0x04
_FROM_SERVER: Final = 0x08
_DISABLE_DEFAULT_RESPONSE: Final = 0x10


class Direction(StrEnum):
    """Which way a frame goes."""

    CLIENT_TO_SERVER = "client_to_server"
    SERVER_TO_CLIENT = "server_to_client"


@dataclass(frozen=True, slots=True)
class Header:
    """ZCL header (ZCL 2.4.1).

    Attributes:
        general: a general command, else one of the cluster's own.
        direction: which way the frame goes.
        disable_default_response: the sender wants none but in case of failure.
        manufacturer_code: of a manufacturer's own command or attributes, else None.
        sequence: transaction sequence number.
        command_id: number of the command.
        octets: how long the header is.
    """

    general: bool
    direction: Direction
    disable_default_response: bool
    manufacturer_code: int | None
    sequence: int
    command_id: int
    octets: int


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """A frame, decoded.

    Values are kept out of the repr: labels, meter numbers and readings are
    personal.

    Attributes:
        cluster_id: number of the cluster.
        header: the ZCL header.
        command: in snake case; None for a manufacturer's own command.
        fields: the command's fields by name, as sent. Fields that the frame ended
            before are absent.
        attributes: of a general command that lists attributes, in their order.
        trailing: octets after the last field that is known.
    """

    cluster_id: int
    header: Header
    command: str | None
    fields: Fields = field(default=MappingProxyType({}), repr=False)
    attributes: tuple[AttributeRecord, ...] = field(default=(), repr=False)
    trailing: bytes = field(default=b"", repr=False)


def _names(definitions: Mapping[int, object]) -> Names:
    return {number: str(getattr(d, "name", "")) for number, d in definitions.items()}


# Names of attributes: (cluster, of the server).
_ATTRIBUTES: Final[Mapping[tuple[int, bool], Names]] = {
    (number, server): _names(
        cluster.attributes if server else cluster.client_attributes
    )
    for number, cluster in CLUSTERS.items()
    for server in (True, False)
}
_NO_NAMES: Final[Names] = {}


def decode_header(data: bytes) -> Header:
    """Read the ZCL header.

    Raises:
        FrameError: too short, or of a reserved frame type.
    """
    if not data:
        raise FrameError("there are no octets, so no frame", offset=0)
    control = data[0]
    kind = control & _FRAME_TYPE
    if kind not in (_CLUSTER_COMMAND, _GENERAL_COMMAND):
        raise FrameError(f"frame type {kind} is reserved", offset=0)
    manufacturer = None
    offset = 1
    if control & _MANUFACTURER_SPECIFIC:
        if len(data) < 3:
            raise FrameError("the manufacturer code is cut short", offset=1)
        manufacturer = data[1] | data[2] << 8
        offset = 3
    if len(data) < offset + 2:
        what = "sequence number" if len(data) == offset else "command id"
        raise FrameError(f"the header ends before the {what}", offset=len(data))
    return Header(
        kind == _GENERAL_COMMAND,
        Direction.SERVER_TO_CLIENT
        if control & _FROM_SERVER
        else Direction.CLIENT_TO_SERVER,
        bool(control & _DISABLE_DEFAULT_RESPONSE),
        manufacturer,
        data[offset],
        data[offset + 1],
        offset + 2,
    )


def decode(cluster_id: int, direction: Direction, data: bytes) -> DecodedFrame:
    """Decode a ZCL frame.

    Args:
        cluster_id: of the APS header. Of a cluster that is none of Smart
            Energy's, general commands are decoded, with attributes unnamed.
        direction: which way the frame went; its own direction bit must agree.
        data: the frame from its frame control octet on.

    Raises:
        FrameError: the octets are no such frame.
    """
    if len(data) > LONGEST:
        raise FrameError(f"a frame has at most {LONGEST} octets", offset=LONGEST)
    header = decode_header(data)
    if header.direction != direction:
        raise FrameError(
            f"the frame says that it goes {header.direction}, not {direction};"
            " turn the direction round",
            offset=0,
        )
    if header.general:
        return _general(cluster_id, header, data)
    return _cluster_command(cluster_id, header, data)


def _general(cluster_id: int, header: Header, data: bytes) -> DecodedFrame:
    command = general_command(header.command_id, header.octets - 1)
    # Who is asked, or answers and reports, owns the attributes.
    to_server = header.direction is Direction.CLIENT_TO_SERVER
    names = _NO_NAMES
    if header.manufacturer_code is None:
        names = _ATTRIBUTES.get((cluster_id, command.asks == to_server), _NO_NAMES)
    fields, attributes, stop = command.decode(data, header.octets, names)
    return DecodedFrame(
        cluster_id,
        header,
        command.name,
        MappingProxyType(dict(fields)) if fields else MappingProxyType({}),
        attributes,
        data[stop:],
    )


def _cluster_command(cluster_id: int, header: Header, data: bytes) -> DecodedFrame:
    if header.manufacturer_code is not None:
        return DecodedFrame(cluster_id, header, None, trailing=data[header.octets :])
    cluster = CLUSTERS.get(cluster_id)
    if cluster is None:
        raise FrameError(
            f"cluster 0x{cluster_id:04X} is none of Smart Energy's,"
            " so its commands are not known",
            offset=header.octets - 1,
        )
    commands = (
        cluster.server_commands
        if header.direction is Direction.CLIENT_TO_SERVER
        else cluster.client_commands
    )
    command = commands.get(header.command_id)
    if command is None:
        raise FrameError(
            f"{cluster.__name__} has no {header.direction} command"
            f" 0x{header.command_id:02X}",
            offset=header.octets - 1,
        )
    fields, stop = read_fields(command.schema, data, header.octets)
    return DecodedFrame(cluster_id, header, command.name, fields, trailing=data[stop:])

"""What one frame by itself asks for, and whether a CAD may send it at all."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
import struct
from typing import Any, Final, NamedTuple

from ..aps import Fuel
from ..frames import ApsFrame, Delivery
from ..hub import NETWORK_KEY_CLUSTERS
from ..zcl import FrameType, General, ZclFrame
from ..zdo import RESPONSE, ZdoCluster

FLOORS: Final[Mapping[Fuel, float]] = {Fuel.ELECTRICITY: 10.0, Fuel.GAS: 1800.0}
FRAMES_PER_BURST: Final = 3
BURST_GAP: Final = 60.0
"""Seconds between two frames of one burst at most: a frame may have timed out in between."""
TOLERANCE: Final = 0.05
"""Seconds by which a timer of the operating system may fire early."""
IDENTITY_EVERY: Final = 86_400.0
IDENTITY_AFTER_NEWS: Final = 3_600.0

BASIC, TIME, KEEP_ALIVE = 0x0000, 0x000A, 0x0025
PRICE, METERING, MESSAGING, PREPAYMENT = 0x0700, 0x0702, 0x0703, 0x0705
CALENDAR, DEVICE_MANAGEMENT, EVENTS, KEY_ESTABLISHMENT = 0x0707, 0x0708, 0x0709, 0x0800

PACED: Final = frozenset(
    {PRICE, METERING, MESSAGING, PREPAYMENT, CALENDAR, DEVICE_MANAGEMENT, EVENTS}
)
_IDENTITY: Final[Mapping[int, frozenset[int]]] = {
    BASIC: frozenset({0x0001, 0x0003, 0x0004, 0x0005, 0x4000}),
    METERING: frozenset({0x0307, 0x0308}),
    DEVICE_MANAGEMENT: frozenset({0x0100, 0x0101}),
}
_STATIC: Final[Mapping[int, tuple[range, ...]]] = {
    BASIC: (range(0x10000),),
    # Units, multiplier and divisor, formatting, identities.
    METERING: (range(0x0300, 0x0400),),
    # Tier labels.
    PRICE: (range(0x0100),),
    # The supplier.
    DEVICE_MANAGEMENT: (range(0x0100, 0x0120),),
}
_FIRMWARE_EVENTS: Final = frozenset({0x000D, 0x002A, 0x0274, 0x0801})
_SUMMATION: Final = 0x0000

_WRITES: Final = frozenset({0x02, 0x03, 0x05, 0x0F})
_DISCOVERS: Final = frozenset({0x0C, 0x11, 0x13, 0x15})
_GENERAL_ALLOWED: Final = _DISCOVERS | {
    General.READ_ATTRIBUTES,
    General.READ_ATTRIBUTES_RESPONSE,
    General.DEFAULT_RESPONSE,
}
_ACKNOWLEDGEMENTS: Final = {PRICE: {0x02}, MESSAGING: {0x01}}
_COMMANDS_ALLOWED: Final[Mapping[int, frozenset[int]]] = {
    PRICE: frozenset({*range(0x0D), 0x0E, 0x0F, 0x10}),
    METERING: frozenset({0x00, 0x06, 0x08}),
    MESSAGING: frozenset({0x00, 0x01, 0x02}),
    PREPAYMENT: frozenset({0x07, 0x08, 0x0A}),
    CALENDAR: frozenset(range(6)),
    DEVICE_MANAGEMENT: frozenset({0x00, 0x01, 0x03, 0x05}),
    EVENTS: frozenset({0x00}),
    KEY_ESTABLISHMENT: frozenset(range(4)),
}
_READABLE: Final = frozenset({BASIC, TIME, KEEP_ALIVE, *_COMMANDS_ALLOWED})
_ZDO_ALLOWED: Final = frozenset(
    {
        ZdoCluster.NWK_ADDR,
        ZdoCluster.IEEE_ADDR,
        ZdoCluster.NODE_DESC,
        ZdoCluster.SIMPLE_DESC,
        ZdoCluster.ACTIVE_EP,
        ZdoCluster.MATCH_DESC,
        ZdoCluster.BIND,
    }
)
_STICK_FORBIDDEN: Final = frozenset(
    {
        "formNetwork",
        "permitJoining",
        "sendBroadcast",
        "sendMulticast",
        "proxyBroadcast",
        "sendRawMessage",
    }
)
_STICK_BEGINS: Final = frozenset(
    {"version", "networkInit", "joinNetwork", "findAndRejoinNetwork"}
)


class Breach(StrEnum):
    """Ways to break the rules."""

    TOO_SOON = "too_soon"
    BURST = "burst"
    OVERLAP = "overlap"
    STATIC_AGAIN = "static_again"
    UNSUPPORTED_AGAIN = "unsupported_again"
    UNENCRYPTED = "unencrypted"
    WRITE = "write"
    BROADCAST = "broadcast"
    NOT_ALLOWED = "not_allowed"
    STICK_COMMAND = "stick_command"


type Verdict = tuple[Breach, str]
"""A breach, and the frame in words."""


class Item(NamedTuple):
    """One thing that can be asked for.

    Attributes:
        endpoint: the hub's.
        cluster: whose.
        kind: "attribute", "command" or "discover".
        number: which.
    """

    endpoint: int
    cluster: int
    kind: str
    number: int

    @property
    def is_identity(self) -> bool:
        """Whether it tells who somebody is."""
        return self.kind == "attribute" and self.number in _IDENTITY.get(
            self.cluster, ()
        )

    @property
    def is_static(self) -> bool:
        """Whether it stays as it is while one is joined."""
        return self.kind == "discover" or (
            self.kind == "attribute"
            and any(self.number in known for known in _STATIC.get(self.cluster, ()))
        )

    def __str__(self) -> str:
        """Name it among the others of its cluster."""
        return f"{self.kind} 0x{self.number:04X}"


def summation(endpoint: int) -> Item:
    """Return the total of the meter behind an endpoint, which only rises."""
    return Item(endpoint, METERING, "attribute", _SUMMATION)


def name(frame: ApsFrame) -> str:
    """Return where a frame goes, in words."""
    if frame.destination_endpoint == 0:
        return f"ZDO 0x{frame.cluster_id:04X}"
    return f"endpoint {frame.destination_endpoint} cluster 0x{frame.cluster_id:04X}"


# Whether it may be sent at all.


def of_stick_command(command: str, arguments: Mapping[str, Any]) -> Breach | None:
    """Judge a command that the host gives its stick."""
    if command == "permitJoining" and not arguments["duration"]:
        return None
    return Breach.STICK_COMMAND if command in _STICK_FORBIDDEN else None


def begins_anew(command: str) -> bool:
    """Tell whether nobody waits for earlier answers any more after a stick's command."""
    return command in _STICK_BEGINS


def of_zdo(frame: ApsFrame) -> Iterator[Verdict]:
    """Judge a frame of the ZDO."""
    if frame.cluster_id == ZdoCluster.DEVICE_ANNCE or frame.cluster_id & RESPONSE:
        return
    yield from of_delivery(frame)
    if frame.cluster_id not in _ZDO_ALLOWED:
        yield Breach.NOT_ALLOWED, name(frame)


def of_delivery(frame: ApsFrame) -> Iterator[Verdict]:
    """Judge whom a frame is for."""
    if frame.delivery is Delivery.BROADCAST:
        yield Breach.BROADCAST, name(frame)


def of_frame(frame: ApsFrame, zcl: ZclFrame) -> Iterator[Verdict]:
    """Judge what a frame is, and its encryption."""
    general = zcl.frame_type is FrameType.GENERAL
    if zcl.manufacturer is not None:
        yield Breach.NOT_ALLOWED, f"{name(frame)}: a manufacturer's own command"
    elif not general:
        if zcl.command not in _COMMANDS_ALLOWED.get(frame.cluster_id, frozenset()):
            yield Breach.NOT_ALLOWED, f"{name(frame)}: command 0x{zcl.command:02X}"
    elif zcl.command in _WRITES:
        yield Breach.WRITE, name(frame)
    elif zcl.command not in _GENERAL_ALLOWED or frame.cluster_id not in _READABLE:
        yield Breach.NOT_ALLOWED, f"{name(frame)}: general command 0x{zcl.command:02X}"
    if (
        not frame.encrypted
        and frame.cluster_id not in NETWORK_KEY_CLUSTERS
        and not (general and zcl.command == General.DEFAULT_RESPONSE)
    ):
        yield Breach.UNENCRYPTED, name(frame)


# What it asks for.


def attributes(zcl: ZclFrame) -> tuple[int, ...]:
    """Return those that are read; of a frame that ends midway, the whole ones."""
    if (
        zcl.frame_type is not FrameType.GENERAL
        or zcl.command != General.READ_ATTRIBUTES
    ):
        return ()
    return struct.unpack_from(f"<{len(zcl.payload) // 2}H", zcl.payload)


def wants_answer(frame: ApsFrame, zcl: ZclFrame) -> bool:
    """Tell whether a frame is a request; key establishment has an order of its own."""
    if frame.cluster_id == KEY_ESTABLISHMENT:
        return False
    if zcl.frame_type is FrameType.CLUSTER:
        return zcl.command not in _ACKNOWLEDGEMENTS.get(frame.cluster_id, ())
    return zcl.command == General.READ_ATTRIBUTES or zcl.command in _DISCOVERS


def items(frame: ApsFrame, zcl: ZclFrame) -> list[Item]:
    """Return what a request asks for; nothing for acknowledgements and key establishment."""
    endpoint, cluster = frame.destination_endpoint, frame.cluster_id
    if cluster in {TIME, KEEP_ALIVE} or not wants_answer(frame, zcl):
        return []
    if zcl.frame_type is FrameType.CLUSTER:
        return [Item(endpoint, cluster, "command", zcl.command)]
    if zcl.command in _DISCOVERS:
        start = int.from_bytes(zcl.payload[:2], "little")
        return [Item(endpoint, cluster, "discover", zcl.command << 16 | start)]
    return [Item(endpoint, cluster, "attribute", number) for number in attributes(zcl)]


def tells_of_firmware(frame: ApsFrame, zcl: ZclFrame) -> bool:
    """Tell whether the hub says by this that a device runs other firmware now."""
    return (
        frame.cluster_id == EVENTS
        and zcl.frame_type is FrameType.CLUSTER
        and zcl.command == 0x00
        and int.from_bytes(zcl.payload[1:3], "little") in _FIRMWARE_EVENTS
    )

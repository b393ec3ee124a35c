"""The referee: it sees every request that reaches the hub and counts what breaks the rules.

The rules are those of the product under test (R15, R16), written down here a
second time, from the guidance and the cluster tables alone:

- changing information of a fuel (registers, demand, price, profile) is asked
  for at most once per 10 s (electricity) or 30 min (gas), in a burst of at most
  three frames, and what was answered is not asked for again within a burst;
- what does not change (scaling, labels, identities, discovery), and what the
  hub has said it does not have, is asked for once per join;
- who somebody is (maker, firmware, serial number, supplier) may be asked again a
  day later, or an hour later if the network has given cause to: firmware was
  activated, the device came back or made a new key, a register fell. After
  another answer, that endpoint's scaling may be read anew, too;
- one request is in flight at a time;
- nothing but reads, acknowledgements and key establishment; nothing broadcast;
  nothing unencrypted on a cluster that needs the link key.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
import struct
from time import monotonic
from typing import Any, Final

from .aps import EndpointDescription, Fuel
from .frames import ApsFrame, Delivery
from .hub import NETWORK_KEY_CLUSTERS, Member
from .zcl import (
    FrameType,
    General,
    MalformedFrameError,
    Record,
    Value,
    ZclFrame,
    read_records,
)
from .zdo import RESPONSE, ZdoCluster

FLOORS: Final[Mapping[Fuel, float]] = {Fuel.ELECTRICITY: 10.0, Fuel.GAS: 1800.0}
FRAMES_PER_BURST: Final = 3
BURST_GAP: Final = 60.0
"""Seconds between two frames of one burst at most: a frame may have timed out in between."""
TOLERANCE: Final = 0.05
"""Seconds by which a timer of the operating system may fire early."""

BASIC, TIME, KEEP_ALIVE = 0x0000, 0x000A, 0x0025
PRICE, METERING, MESSAGING, PREPAYMENT = 0x0700, 0x0702, 0x0703, 0x0705
CALENDAR, DEVICE_MANAGEMENT, EVENTS, KEY_ESTABLISHMENT = 0x0707, 0x0708, 0x0709, 0x0800

PACED: Final = frozenset(
    {PRICE, METERING, MESSAGING, PREPAYMENT, CALENDAR, DEVICE_MANAGEMENT, EVENTS}
)

IDENTITY_EVERY: Final = 86_400.0
IDENTITY_AFTER_NEWS: Final = 3_600.0
_IDENTITY: Final[Mapping[int, frozenset[int]]] = {
    BASIC: frozenset({0x0001, 0x0003, 0x0004, 0x0005, 0x4000}),
    METERING: frozenset({0x0307, 0x0308}),
    DEVICE_MANAGEMENT: frozenset({0x0100, 0x0101}),
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
"""After these nobody waits for the answers of before."""
_STATIC: Final[Mapping[int, tuple[range, ...]]] = {
    BASIC: (range(0x10000),),
    # Units, multiplier and divisor, formatting, identities.
    METERING: (range(0x0300, 0x0400),),
    # Tier labels.
    PRICE: (range(0x0100),),
    # The supplier.
    DEVICE_MANAGEMENT: (range(0x0100, 0x0120),),
}


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


@dataclass(frozen=True, slots=True)
class Request:
    """One frame that reached the hub.

    Attributes:
        at: when, in the network's time, as seconds.
        endpoint: the hub's endpoint.
        cluster: the cluster, or the ZDO request where the endpoint is 0.
        command: the ZCL command; None for ZDO.
        cluster_specific: whether the command is the cluster's own.
        attributes: those of Read Attributes.
        encrypted: whether it came under the link key.
        fuel: what the endpoint speaks of, on the clusters that are paced.
    """

    at: float
    endpoint: int
    cluster: int
    command: int | None = None
    cluster_specific: bool = False
    attributes: tuple[int, ...] = ()
    encrypted: bool = False
    fuel: Fuel | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach: when, which, and the request in words."""

    at: float
    breach: Breach
    detail: str


@dataclass(slots=True)
class _InFlight:
    """A request that waits for its answer.

    Attributes:
        since: when it came, in real seconds.
        overtaken_by: what was asked for meanwhile.
    """

    since: float
    overtaken_by: list[str] = field(default_factory=list)


type Item = tuple[int, int, str, int]
"""Endpoint, cluster, kind ("attribute", "command" or "discover"), number."""


@dataclass(slots=True)
class _Lane:
    """The burst of one fuel that is under way, or was last."""

    last: float = float("-inf")
    frames: int = 0
    answered: set[Item] = field(default_factory=set)


@dataclass(slots=True)
class _Knowledge:
    """What a device has learned since it joined.

    Attributes:
        static: when what does not change was asked for last.
        unsupported: what the hub has said it does not have.
        said: what identities and registers were last.
        doubted: identities that there has been cause to ask for again.
    """

    member: Member
    static: dict[Item, float] = field(default_factory=dict)
    unsupported: set[Item] = field(default_factory=set)
    said: dict[Item, Value] = field(default_factory=dict)
    doubted: set[Item] = field(default_factory=set)

    def doubt(self) -> None:
        """Note cause to ask who everybody is."""
        self.doubted.update(filter(_is_identity, self.static))


class Referee:
    """Watches one network."""

    def __init__(
        self,
        now: Callable[[], float],
        endpoints: Callable[[], Sequence[EndpointDescription]],
        *,
        answer_time: float = 10.0,
        real_time: Callable[[], float] = monotonic,
    ) -> None:
        """Look on.

        Args:
            now: the network's time in seconds.
            endpoints: the hub's.
            answer_time: real seconds for which an answer is to be waited for.
            real_time: those seconds.
        """
        self.requests: list[Request] = []
        self.findings: list[Finding] = []
        self._now = now
        self._endpoints = endpoints
        self._lanes = {fuel: _Lane() for fuel in Fuel}
        self._known: _Knowledge | None = None
        self._asked: dict[tuple[int, int, int], list[Item]] = {}
        self._answer_time = answer_time
        self._real_time = real_time
        self._in_flight: dict[tuple[int, int, int], _InFlight] = {}

    def counts(self) -> dict[str, int]:
        """Return how often each rule was broken; every rule is named."""
        found = Counter(finding.breach for finding in self.findings)
        return {breach.value: found[breach] for breach in Breach}

    def clear(self) -> None:
        """Forget requests and findings, not what pacing and knowledge need."""
        self.requests.clear()
        self.findings.clear()

    def _find(self, breach: Breach, detail: str) -> None:
        self.findings.append(Finding(self._now(), breach, detail))

    # What it sees.

    def stick_command(self, name: str, arguments: Mapping[str, Any]) -> None:
        """Look at a command that the host gives its stick."""
        if name in _STICK_BEGINS:
            self._in_flight.clear()
        if name == "permitJoining" and not arguments["duration"]:
            return
        if name in _STICK_FORBIDDEN:
            self._find(Breach.STICK_COMMAND, name)

    def request(self, member: Member, frame: ApsFrame) -> None:
        """Look at a frame that reached the hub."""
        if self._known is None or self._known.member is not member:
            self._known = _Knowledge(member)
        broadcast = frame.delivery is Delivery.BROADCAST
        if frame.destination_endpoint == 0:
            self._zdo(frame, broadcast=broadcast)
            return
        if broadcast:
            self._find(Breach.BROADCAST, _name(frame))
        try:
            zcl = ZclFrame.from_bytes(frame.payload)
        except MalformedFrameError:
            self._find(Breach.NOT_ALLOWED, f"{_name(frame)}: no ZCL frame")
            return
        self._record(frame, zcl)
        self._check_command(frame, zcl)
        if (
            not frame.encrypted
            and frame.cluster_id not in NETWORK_KEY_CLUSTERS
            and (
                zcl.frame_type is FrameType.CLUSTER
                or zcl.command != General.DEFAULT_RESPONSE
            )
        ):
            self._find(Breach.UNENCRYPTED, _name(frame))
        if _wants_answer(frame, zcl):
            self._check_flight(frame, zcl)
        items = _items(frame, zcl)
        if items:
            self._check_items(frame, zcl, items)

    def delivered(self, frame: ApsFrame) -> None:
        """Look at a frame that reached the device's host: what it answers is known from now on."""
        try:
            zcl = ZclFrame.from_bytes(frame.payload)
        except MalformedFrameError:
            return
        if self._known is not None and _tells_of_firmware(frame, zcl):
            self._known.doubt()
        key = frame.source_endpoint, frame.cluster_id, zcl.sequence
        self._land(key)
        asked = self._asked.pop(key, None)
        if asked is None or self._known is None:
            return
        if (
            zcl.frame_type is FrameType.GENERAL
            and zcl.command == General.READ_ATTRIBUTES_RESPONSE
        ):
            records = read_records(zcl.payload)
            statuses = {record.attribute_id: record.status for record in records}
            self._known.unsupported.update(
                item for item in asked if statuses.get(item[3])
            )
            asked = [item for item in asked if item[3] in statuses]
            self._listen(frame, records)
        self._known.doubted.difference_update(asked)
        self._known.static.update(dict.fromkeys(filter(_is_static, asked), self._now()))
        fuel = self._fuel(frame.source_endpoint, frame.cluster_id)
        if fuel is not None:
            self._lanes[fuel].answered.update(asked)

    def _listen(self, frame: ApsFrame, records: Sequence[Record]) -> None:
        """Notice who is another now, and registers that fell."""
        assert self._known is not None
        known, endpoint, cluster = self._known, frame.source_endpoint, frame.cluster_id
        for record in records:
            item = (endpoint, cluster, "attribute", record.attribute_id)
            if record.value is None:
                continue
            before = known.said.get(item, record.value)
            if cluster == METERING and record.attribute_id == _SUMMATION:
                if isinstance(before, int) and isinstance(record.value, int):
                    if record.value < before:
                        known.doubt()
                    known.said[item] = max(before, record.value)
            elif _is_identity(item):
                known.said[item] = record.value
                if record.value != before:
                    self._another(endpoint, cluster)

    def _another(self, endpoint: int, cluster: int) -> None:
        """Let be asked again what was known of a device that is another, or runs other firmware."""
        assert self._known is not None
        known = self._known
        known.said.pop((endpoint, METERING, "attribute", _SUMMATION), None)
        known.unsupported = {one for one in known.unsupported if one[0] != endpoint}
        known.static = {
            one: at
            for one, at in known.static.items()
            if one[0] != endpoint or one[1] != METERING or _is_identity(one)
        }

    # What it checks.

    def _zdo(self, frame: ApsFrame, *, broadcast: bool) -> None:
        self.requests.append(
            Request(self._now(), 0, frame.cluster_id, encrypted=frame.encrypted)
        )
        if frame.cluster_id == ZdoCluster.DEVICE_ANNCE and self._known is not None:
            self._known.doubt()
        if frame.cluster_id == ZdoCluster.DEVICE_ANNCE or frame.cluster_id & RESPONSE:
            return
        if broadcast:
            self._find(Breach.BROADCAST, _name(frame))
        if frame.cluster_id not in _ZDO_ALLOWED:
            self._find(Breach.NOT_ALLOWED, _name(frame))

    def _record(self, frame: ApsFrame, zcl: ZclFrame) -> None:
        attributes: tuple[int, ...] = ()
        if frame.cluster_id == KEY_ESTABLISHMENT and self._known is not None:
            self._known.doubt()
        if (
            zcl.frame_type is FrameType.GENERAL
            and zcl.command == General.READ_ATTRIBUTES
        ):
            attributes = _attributes(zcl.payload)
        self.requests.append(
            Request(
                at=self._now(),
                endpoint=frame.destination_endpoint,
                cluster=frame.cluster_id,
                command=zcl.command,
                cluster_specific=zcl.frame_type is FrameType.CLUSTER,
                attributes=attributes,
                encrypted=frame.encrypted,
                fuel=self._fuel(frame.destination_endpoint, frame.cluster_id),
            )
        )

    def _check_command(self, frame: ApsFrame, zcl: ZclFrame) -> None:
        if zcl.manufacturer is not None:
            self._find(
                Breach.NOT_ALLOWED, f"{_name(frame)}: a manufacturer's own command"
            )
            return
        if zcl.frame_type is FrameType.CLUSTER:
            if zcl.command not in _COMMANDS_ALLOWED.get(frame.cluster_id, frozenset()):
                self._find(
                    Breach.NOT_ALLOWED, f"{_name(frame)}: command 0x{zcl.command:02X}"
                )
        elif zcl.command in _WRITES:
            self._find(Breach.WRITE, _name(frame))
        elif zcl.command not in _GENERAL_ALLOWED or frame.cluster_id not in _READABLE:
            self._find(
                Breach.NOT_ALLOWED,
                f"{_name(frame)}: general command 0x{zcl.command:02X}",
            )

    def _check_flight(self, frame: ApsFrame, zcl: ZclFrame) -> None:
        """Note a request, and that it came while others waited for their answers."""
        key = frame.destination_endpoint, frame.cluster_id, zcl.sequence
        if key in self._in_flight:
            # Sent again by the stick, which had no acknowledgement.
            return
        for other in self._in_flight.values():
            other.overtaken_by.append(_name(frame))
        self._in_flight[key] = _InFlight(self._real_time())

    def _land(self, key: tuple[int, int, int]) -> None:
        """Judge a request by its answer: was it waited for?

        Only answers that come prove it: one that is lost may have been so for the device too.
        """
        flight = self._in_flight.pop(key, None)
        if flight and self._real_time() - flight.since <= self._answer_time:
            for name in flight.overtaken_by:
                self._find(
                    Breach.OVERLAP,
                    f"{name}: asked before endpoint {key[0]} cluster 0x{key[1]:04X} had answered",
                )

    def _check_items(self, frame: ApsFrame, zcl: ZclFrame, items: list[Item]) -> None:
        """Check one request for information: was it known, and is it time?"""
        assert self._known is not None
        self._asked[frame.destination_endpoint, frame.cluster_id, zcl.sequence] = items
        for item in items:
            if item in self._known.unsupported:
                self._find(
                    Breach.UNSUPPORTED_AGAIN,
                    f"{_name(frame)}: {item[2]} 0x{item[3]:04X}",
                )
            elif item in self._known.static and not self._may_ask_again(item):
                self._find(
                    Breach.STATIC_AGAIN, f"{_name(frame)}: {item[2]} 0x{item[3]:04X}"
                )
        fuel = self._fuel(frame.destination_endpoint, frame.cluster_id)
        changing = [item for item in items if not _is_static(item)]
        if fuel is not None and changing:
            self._check_pace(fuel, frame, changing)

    def _may_ask_again(self, item: Item) -> bool:
        assert self._known is not None
        asked = self._known.static[item]
        gap = self._now() - asked + TOLERANCE
        return _is_identity(item) and (
            gap >= IDENTITY_EVERY
            or (gap >= IDENTITY_AFTER_NEWS and item in self._known.doubted)
        )

    def _check_pace(self, fuel: Fuel, frame: ApsFrame, items: list[Item]) -> None:
        lane, now = self._lanes[fuel], self._now()
        gap = now - lane.last
        lane.last = now
        if gap >= FLOORS[fuel] - TOLERANCE:
            lane.frames = 1
            lane.answered.clear()
            return
        lane.frames += 1
        if gap > BURST_GAP or lane.answered.intersection(items):
            self._find(
                Breach.TOO_SOON, f"{_name(frame)}: {fuel} again after {gap:.1f} s"
            )
        elif lane.frames > FRAMES_PER_BURST:
            self._find(Breach.BURST, f"{_name(frame)}: frame {lane.frames} of a burst")

    def _fuel(self, endpoint: int, cluster: int) -> Fuel | None:
        if cluster not in PACED:
            return None
        return next(
            (item.fuel for item in self._endpoints() if item.endpoint == endpoint), None
        )


def _name(frame: ApsFrame) -> str:
    if frame.destination_endpoint == 0:
        return f"ZDO 0x{frame.cluster_id:04X}"
    return f"endpoint {frame.destination_endpoint} cluster 0x{frame.cluster_id:04X}"


def _attributes(payload: bytes) -> tuple[int, ...]:
    return struct.unpack_from(f"<{len(payload) // 2}H", payload)


def _wants_answer(frame: ApsFrame, zcl: ZclFrame) -> bool:
    """Tell whether a frame is a request; key establishment has an order of its own."""
    if frame.cluster_id == KEY_ESTABLISHMENT:
        return False
    if zcl.frame_type is FrameType.CLUSTER:
        return zcl.command not in _ACKNOWLEDGEMENTS.get(frame.cluster_id, ())
    return zcl.command == General.READ_ATTRIBUTES or zcl.command in _DISCOVERS


def _items(frame: ApsFrame, zcl: ZclFrame) -> list[Item]:
    """Return what a request asks for; nothing for acknowledgements and key establishment."""
    endpoint, cluster = frame.destination_endpoint, frame.cluster_id
    if cluster in {KEY_ESTABLISHMENT, TIME, KEEP_ALIVE}:
        return []
    if zcl.frame_type is FrameType.CLUSTER:
        if zcl.command in _ACKNOWLEDGEMENTS.get(cluster, ()):
            return []
        return [(endpoint, cluster, "command", zcl.command)]
    if zcl.command == General.READ_ATTRIBUTES:
        return [
            (endpoint, cluster, "attribute", number)
            for number in _attributes(zcl.payload)
        ]
    if zcl.command in _DISCOVERS:
        start = int.from_bytes(zcl.payload[:2], "little")
        return [(endpoint, cluster, "discover", zcl.command << 16 | start)]
    return []


def _tells_of_firmware(frame: ApsFrame, zcl: ZclFrame) -> bool:
    return (
        frame.cluster_id == EVENTS
        and zcl.frame_type is FrameType.CLUSTER
        and zcl.command == 0x00
        and int.from_bytes(zcl.payload[1:3], "little") in _FIRMWARE_EVENTS
    )


def _is_identity(item: Item) -> bool:
    _, cluster, kind, number = item
    return kind == "attribute" and number in _IDENTITY.get(cluster, ())


def _is_static(item: Item) -> bool:
    _, cluster, kind, number = item
    if kind == "discover":
        return True
    return kind == "attribute" and any(
        number in known for known in _STATIC.get(cluster, ())
    )

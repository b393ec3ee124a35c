"""The only frames that may leave for the home area network, as data (R16).

A CAD reads and confirms; it never configures, controls, routes, permits or forms.
Whatever is not listed here is refused before it reaches the stick: `check` is a
pure function over the octets as they would go on the air, so it holds whichever
code wrote them.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from zigpy.types import NWK, AddrMode, TransmitOptions, ZigbeePacket

from .const import PROFILE_ID, ClusterId
from .errors import EgressDenied

HUB_ADDRESS: Final = 0x0000
"""NWK address of the trust centre, which is the communications hub."""
ZDO_PROFILE_ID: Final = 0x0000
_FIRST_BROADCAST_ADDRESS: Final = 0xFFF8
_HIGHEST_ENDPOINT: Final = 240
"""Endpoint 255 is the broadcast endpoint; 241 to 254 are not for applications."""
_STATUS_FAILURE: Final = 0x01


class Kind(StrEnum):
    """What a frame that may leave is for."""

    ZDO_DISCOVERY = "zdo_discovery"
    ZDO_BIND = "zdo_bind"
    READ_ATTRIBUTES = "read_attributes"
    DISCOVER = "discover"
    DEFAULT_RESPONSE = "default_response"
    GET = "get"
    PRICE_ACKNOWLEDGEMENT = "price_acknowledgement"
    MESSAGE_CONFIRMATION = "message_confirmation"
    KEY_ESTABLISHMENT = "key_establishment"
    KEEP_ALIVE = "keep_alive"


class Rule(StrEnum):
    """Why a frame may not leave."""

    ADDRESS = "address"
    """Broadcast, group, or somebody who is not the hub or a meter of ours."""
    PROFILE = "profile"
    ENDPOINT = "endpoint"
    ZDO_COMMAND = "zdo_command"
    CLUSTER = "cluster"
    COMMAND = "command"
    DIRECTION = "direction"
    MANUFACTURER_SPECIFIC = "manufacturer_specific"
    MALFORMED = "malformed"
    UNENCRYPTED = "unencrypted"


def _get(*command_ids: int) -> dict[int, Kind]:
    return dict.fromkeys(command_ids, Kind.GET)


COMMANDS: Final[Mapping[int, Mapping[int, Kind]]] = {
    # 0x0D, CppEventResponse, decides for the householder.
    ClusterId.PRICE: {0x02: Kind.PRICE_ACKNOWLEDGEMENT}
    | _get(0x00, 0x01, *range(0x03, 0x0D), 0x0E, 0x0F, 0x10),
    # GetProfile, GetSnapshot, GetSampledData. The others mirror, poll faster,
    # take or schedule snapshots, start sampling, or switch the supply.
    ClusterId.METERING: _get(0x00, 0x06, 0x08),
    ClusterId.MESSAGING: {0x01: Kind.MESSAGE_CONFIRMATION} | _get(0x00, 0x02),
    # GetPrepaySnapshot, GetTopUpLog, GetDebtRepaymentLog. The others are money.
    ClusterId.PREPAYMENT: _get(0x07, 0x08, 0x0A),
    ClusterId.CALENDAR: _get(*range(0x06)),
    # 0x02 asks for a password, 0x04 reports a configuration that a CAD has not.
    ClusterId.DEVICE_MANAGEMENT: _get(0x00, 0x01, 0x03, 0x05),
    # 0x01 clears a log.
    ClusterId.EVENTS: _get(0x00),
    ClusterId.KEY_ESTABLISHMENT: dict.fromkeys(range(0x04), Kind.KEY_ESTABLISHMENT),
}
"""Commands of a cluster's own that may leave, by cluster and command id."""

READABLE: Final = frozenset(
    {ClusterId.BASIC, ClusterId.TIME, ClusterId.KEEP_ALIVE, *COMMANDS},
)
"""Clusters whose attributes may be read and discovered."""

GENERAL: Final[Mapping[int, Kind]] = {
    0x00: Kind.READ_ATTRIBUTES,
    0x0B: Kind.DEFAULT_RESPONSE,
    0x0C: Kind.DISCOVER,  # Discover Attributes
    0x11: Kind.DISCOVER,  # Discover Commands Received
    0x13: Kind.DISCOVER,  # Discover Commands Generated
    0x15: Kind.DISCOVER,  # Discover Attributes Extended
}
"""General commands that may leave (ZCL 2.5), by command id."""

ZDO: Final[Mapping[int, tuple[Kind, int | None]]] = {
    0x0000: (Kind.ZDO_DISCOVERY, 11),  # NWK_addr_req
    0x0001: (Kind.ZDO_DISCOVERY, 5),  # IEEE_addr_req
    0x0002: (Kind.ZDO_DISCOVERY, 3),  # Node_Desc_req
    0x0004: (Kind.ZDO_DISCOVERY, 4),  # Simple_Desc_req
    0x0005: (Kind.ZDO_DISCOVERY, 3),  # Active_EP_req
    0x0006: (Kind.ZDO_DISCOVERY, None),  # Match_Desc_req
    0x0021: (Kind.ZDO_BIND, 22),  # Bind_req
}
"""ZDO requests that may leave: what for, and their length with the sequence number.

What the hub asks of the CAD, the stick answers from its own endpoint table.
"""

_NOT_SECURED: Final = frozenset(
    {
        ClusterId.BASIC,
        0x0001,  # Power Configuration
        ClusterId.IDENTIFY,
        0x0009,  # Alarms
        ClusterId.KEY_ESTABLISHMENT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingFrame:
    """A frame as it is about to leave.

    Attributes:
        unicast: addressed to one NWK address.
        destination: that address.
        profile_id: APS profile.
        cluster_id: APS cluster; for the ZDO its request.
        source_endpoint: APS source endpoint.
        destination_endpoint: APS destination endpoint.
        payload: APS payload: a ZCL frame, or a ZDO request with its sequence number.
        encrypted: APS encryption, with the link key.
    """

    unicast: bool = True
    destination: int
    profile_id: int
    cluster_id: int
    source_endpoint: int
    destination_endpoint: int
    payload: bytes
    encrypted: bool

    @classmethod
    def from_packet(cls, packet: ZigbeePacket) -> OutgoingFrame:
        """Take what a zigpy application is asked to send."""
        to = packet.dst
        destination = (
            to.address if to is not None and to.addr_mode == AddrMode.NWK else None
        )
        return cls(
            unicast=isinstance(destination, NWK),
            destination=destination if isinstance(destination, NWK) else 0xFFFF,
            profile_id=int(packet.profile_id),
            cluster_id=int(packet.cluster_id),
            source_endpoint=int(packet.src_ep or 0),
            destination_endpoint=int(packet.dst_ep or 0),
            payload=packet.data.serialize(),
            encrypted=TransmitOptions.APS_Encryption in packet.tx_options,
        )


def is_secured(cluster_id: int) -> bool:
    """Whether a cluster's frames need the link key (SE 5.4.6).

    Sources differ on Time and Keep-Alive; most stacks secure them, and so do we.
    """
    return cluster_id not in _NOT_SECURED


def check(
    frame: OutgoingFrame, *, partners: frozenset[int] = frozenset({HUB_ADDRESS})
) -> Kind:
    """Say what a frame is for, if it may leave.

    Args:
        frame: what is about to leave.
        partners: NWK addresses that may be spoken to: the hub, and meters that
            are devices of their own.

    Raises:
        EgressDenied: it is not on the list.
    """
    if (
        not frame.unicast
        or frame.destination >= _FIRST_BROADCAST_ADDRESS
        or frame.destination not in partners
    ):
        raise EgressDenied(
            "Only the hub and the home's own meters may be addressed", rule=Rule.ADDRESS
        )
    if frame.profile_id == ZDO_PROFILE_ID:
        return _check_zdo(frame)
    if frame.profile_id != PROFILE_ID:
        raise EgressDenied(
            f"Profile 0x{frame.profile_id:04X} is not Smart Energy", rule=Rule.PROFILE
        )
    if not (
        1 <= frame.source_endpoint <= _HIGHEST_ENDPOINT
        and 1 <= frame.destination_endpoint <= _HIGHEST_ENDPOINT
    ):
        raise EgressDenied(
            "Smart Energy frames go between application endpoints", rule=Rule.ENDPOINT
        )
    return _check_zcl(frame)


def _check_zdo(frame: OutgoingFrame) -> Kind:
    request, payload = frame.cluster_id, frame.payload
    if frame.source_endpoint or frame.destination_endpoint:
        raise EgressDenied("ZDO requests go between endpoints 0", rule=Rule.ENDPOINT)
    if request not in ZDO:
        raise EgressDenied(
            f"ZDO request 0x{request:04X} is not for a CAD", rule=Rule.ZDO_COMMAND
        )
    kind, length = ZDO[request]
    if len(payload) != length if length is not None else len(payload) < 7:
        raise EgressDenied(
            f"ZDO request 0x{request:04X} has a wrong length", rule=Rule.MALFORMED
        )
    # An extended address request lists a router's children: topology is not ours.
    if request in {0x0000, 0x0001} and payload[-2] != 0:
        raise EgressDenied("Address requests ask for one device", rule=Rule.ZDO_COMMAND)
    if kind is Kind.ZDO_BIND:
        # Sequence, source EUI-64 and endpoint, cluster, mode, destination EUI-64 and endpoint.
        cluster_id, mode = int.from_bytes(payload[10:12], "little"), payload[12]
        if cluster_id not in READABLE:
            raise EgressDenied(
                f"Cluster 0x{cluster_id:04X} is not for a CAD", rule=Rule.CLUSTER
            )
        # Mode 1 binds a group: the hub would multicast on our account.
        if mode != 0x03:
            raise EgressDenied(
                "A bind names one device as its destination", rule=Rule.ADDRESS
            )
    return kind


def _check_zcl(frame: OutgoingFrame) -> Kind:
    payload, cluster_id = frame.payload, frame.cluster_id
    if len(payload) < 3:
        raise EgressDenied(
            "A ZCL frame has a header of three octets", rule=Rule.MALFORMED
        )
    control, command_id = payload[0], payload[2]
    if control & 0x04:
        raise EgressDenied(
            "Manufacturer-specific commands are not for a CAD",
            rule=Rule.MANUFACTURER_SPECIFIC,
        )
    # Bit 4 disables the default response; the bits above are reserved.
    if control & 0xE2:
        raise EgressDenied(
            "The ZCL frame control has reserved bits", rule=Rule.MALFORMED
        )
    from_server = bool(control & 0x08)
    if control & 0x01:
        kind = _check_command(cluster_id, command_id, from_server)
    else:
        kind = _check_general(cluster_id, command_id, from_server, payload)
    if (
        is_secured(cluster_id)
        and not frame.encrypted
        and not _may_be_unsecured(kind, payload)
    ):
        raise EgressDenied(
            f"Cluster 0x{cluster_id:04X} needs the link key", rule=Rule.UNENCRYPTED
        )
    return kind


def _check_command(cluster_id: int, command_id: int, from_server: bool) -> Kind:
    commands = COMMANDS.get(cluster_id)
    if commands is None:
        raise EgressDenied(
            f"Cluster 0x{cluster_id:04X} is not for a CAD", rule=Rule.CLUSTER
        )
    # Key establishment has the same commands both ways: either side may begin.
    if from_server and cluster_id != ClusterId.KEY_ESTABLISHMENT:
        raise EgressDenied(
            "A CAD is a client of the meters' clusters", rule=Rule.DIRECTION
        )
    kind = commands.get(command_id)
    if kind is None:
        raise EgressDenied(
            f"Command 0x{command_id:02X} of cluster 0x{cluster_id:04X} is not for a CAD",
            rule=Rule.COMMAND,
        )
    return kind


def _check_general(
    cluster_id: int, command_id: int, from_server: bool, payload: bytes
) -> Kind:
    kind = GENERAL.get(command_id)
    if kind is None:
        raise EgressDenied(
            f"General command 0x{command_id:02X} is not for a CAD", rule=Rule.COMMAND
        )
    if kind is Kind.DEFAULT_RESPONSE:
        # It answers whatever the hub sends, also what a CAD does not know, on
        # any cluster of the standard (ids below 0x8000), as either side.
        if cluster_id >= 0x8000:
            raise EgressDenied(
                f"Cluster 0x{cluster_id:04X} is not standard", rule=Rule.CLUSTER
            )
        if len(payload) != 5:
            raise EgressDenied(
                "A Default Response has five octets", rule=Rule.MALFORMED
            )
        return kind
    if cluster_id not in READABLE:
        raise EgressDenied(
            f"Cluster 0x{cluster_id:04X} is not for a CAD", rule=Rule.CLUSTER
        )
    if from_server:
        raise EgressDenied("A CAD reads as a client", rule=Rule.DIRECTION)
    if kind is Kind.READ_ATTRIBUTES and (len(payload) < 5 or len(payload) % 2 == 0):
        raise EgressDenied(
            "Read Attributes names one attribute at least", rule=Rule.MALFORMED
        )
    return Kind.KEEP_ALIVE if cluster_id == ClusterId.KEEP_ALIVE else kind


def _may_be_unsecured(kind: Kind, payload: bytes) -> bool:
    """Whether this is the FAILURE with which a frame without the link key is refused (SE 5.4.6)."""
    return kind is Kind.DEFAULT_RESPONSE and payload[4] == _STATUS_FAILURE


class EgressGuard:
    """Checks each packet of one radio, and counts, as evidence.

    Attributes:
        allowed: frames let through, by `Kind`.
        denied: frames refused, by `Rule`.
    """

    def __init__(self) -> None:
        """Start with the hub as the only partner."""
        self.allowed: Counter[Kind] = Counter()
        self.denied: Counter[str] = Counter()
        self._partners: frozenset[int] = frozenset({HUB_ADDRESS})

    def set_meters(self, addresses: frozenset[int]) -> None:
        """Allow meters that are devices of their own, besides the hub.

        Args:
            addresses: their NWK addresses as found by service discovery; they
                replace the ones given before.
        """
        self._partners = addresses | {HUB_ADDRESS}

    def check(self, frame: OutgoingFrame) -> Kind:
        """Check and count one frame.

        Raises:
            EgressDenied: it may not leave.
        """
        try:
            kind = check(frame, partners=self._partners)
        except EgressDenied as err:
            self.denied[err.rule] += 1
            raise
        self.allowed[kind] += 1
        return kind

    def check_packet(self, packet: ZigbeePacket) -> None:
        """Check and count a packet that zigpy is about to send.

        Raises:
            EgressDenied: it may not leave.
        """
        self.check(OutgoingFrame.from_packet(packet))

    def as_dict(self) -> dict[str, dict[str, int]]:
        """Give the counts for diagnostics; nothing in them is personal."""
        return {
            "allowed": {
                str(kind): count for kind, count in sorted(self.allowed.items())
            },
            "denied": {str(rule): count for rule, count in sorted(self.denied.items())},
        }

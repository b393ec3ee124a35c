"""Decides over the octets of one frame whether it may leave."""

from dataclasses import dataclass
from typing import Final

from zigpy.types import NWK, AddrMode, TransmitOptions, ZigbeePacket

from ..const import PROFILE_ID, ClusterId
from ..errors import EgressDenied
from .allowed import COMMANDS, GENERAL, READABLE, ZDO, Kind, Rule, is_secured

HUB_ADDRESS: Final = 0x0000
"""NWK address of the trust centre, which is the communications hub."""
ZDO_PROFILE_ID: Final = 0x0000
_FIRST_BROADCAST_ADDRESS: Final = 0xFFF8
_HIGHEST_ENDPOINT: Final = 240
"""Endpoint 255 is the broadcast endpoint; 241 to 254 are not for applications."""
_STATUS_FAILURE: Final = 0x01


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

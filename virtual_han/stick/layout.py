"""Structures inside EZSP frames, as octets."""

from dataclasses import dataclass
from enum import IntFlag
import struct
from typing import Final, Self

from ..frames import ApsFrame, ApsKind, KeyId
from .flash import StoredNetwork

_APS: Final = struct.Struct("<HHBBHHB")
_PARAMETERS: Final = struct.Struct("<8sHBBBHBI")
_BEACON: Final = struct.Struct("<BH8sBBB")
_KEY: Final = struct.Struct("<HB16sIIB8s")

ALL_CHANNELS: Final = 0x07FFF800
TX_POWER: Final = 8


class ApsOption(IntFlag):
    """EmberApsOption."""

    ENCRYPTION = 0x0020
    RETRY = 0x0040
    ENABLE_ROUTE_DISCOVERY = 0x0100
    FRAGMENT = 0x8000


@dataclass(frozen=True, slots=True)
class EmberApsFrame:
    """EmberApsFrame: 11 octets."""

    profile_id: int
    cluster_id: int
    source_endpoint: int
    destination_endpoint: int
    options: ApsOption
    group_id: int
    sequence: int

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Return the structure from its octets."""
        profile, cluster, source, destination, options, group, sequence = _APS.unpack(
            octets
        )
        return cls(
            profile, cluster, source, destination, ApsOption(options), group, sequence
        )

    def frame(self, counter: int, payload: bytes) -> ApsFrame:
        """Return the APS frame that a host asks to be sent."""
        fragment = None
        if ApsOption.FRAGMENT in self.options:
            fragment = (self.group_id & 0xFF, self.group_id >> 8)
        return ApsFrame(
            ApsKind.DATA,
            counter,
            payload,
            destination_endpoint=self.destination_endpoint,
            source_endpoint=self.source_endpoint,
            cluster_id=self.cluster_id,
            profile_id=self.profile_id,
            wants_ack=ApsOption.RETRY in self.options,
            key=KeyId.LINK if ApsOption.ENCRYPTION in self.options else None,
            fragment=fragment,
        )


def aps_frame(frame: ApsFrame) -> bytes:
    """Return EmberApsFrame for a frame sent or received."""
    options, group = ApsOption.ENABLE_ROUTE_DISCOVERY, 0
    if frame.encrypted:
        options |= ApsOption.ENCRYPTION
    if frame.wants_ack:
        options |= ApsOption.RETRY
    if frame.fragment is not None:
        options |= ApsOption.FRAGMENT
        index, count = frame.fragment
        group = (count if index == 0 else 0) << 8 | index
    return _APS.pack(
        frame.profile_id,
        frame.cluster_id,
        frame.source_endpoint,
        frame.destination_endpoint,
        options,
        group,
        frame.counter,
    )


def network_parameters(network: StoredNetwork) -> bytes:
    """Return EmberNetworkParameters: 20 octets."""
    return _PARAMETERS.pack(
        network.extended_pan_id[::-1],
        network.pan_id,
        TX_POWER,
        network.channel,
        0,
        0,
        0,
        ALL_CHANNELS,
    )


def parse_network_parameters(octets: bytes) -> tuple[int, int, bytes]:
    """Return channel, PAN and extended PAN (big-endian) from EmberNetworkParameters."""
    extended, pan_id, _, channel, *_ = _PARAMETERS.unpack(octets)
    return channel, pan_id, extended[::-1]


def found_network(
    channel: int,
    pan_id: int,
    extended: bytes,
    *,
    permit: bool,
    profile: int,
    update: int,
) -> bytes:
    """Return EmberZigbeeNetwork: 14 octets."""
    return _BEACON.pack(channel, pan_id, extended[::-1], permit, profile, update)


def key_struct(
    kind: int, key: bytes, counter: int, sequence: int, partner: bytes
) -> bytes:
    """Return EmberKeyStruct, its four optional fields marked present."""
    return _KEY.pack(0x000F, kind, key, counter, 0, sequence, partner[::-1])

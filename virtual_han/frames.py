"""Zigbee network and APS frames as octets, with their security (Zigbee core 3.3, 2.2.5 and 4.3 to 4.5).

EUI-64s are big-endian octets everywhere in this package, and little-endian
only inside frames.
"""

from dataclasses import dataclass, field, replace
from enum import IntEnum
import struct
from typing import Final

from .crypto import ccm
from .errors import FrameError

COORDINATOR: Final = 0x0000
BROADCAST_ALL: Final = 0xFFFF
BROADCAST_AWAKE: Final = 0xFFFD
BROADCAST_ROUTERS: Final = 0xFFFC
NO_ADDRESS: Final = 0xFFFE
ZDO_PROFILE: Final = 0x0000
MIC_SIZE: Final = 4
MAX_APS_PAYLOAD: Final = 82
"""Octets of an unfragmented APS payload under network security alone."""
APS_SECURITY_SIZE: Final = 9
"""What APS security takes of these: its header and its tag."""

_NETWORK_HEADER: Final = struct.Struct("<HHHBB")
_AUXILIARY: Final = struct.Struct("<BI8s")
_APS_ADDRESSES: Final = struct.Struct("<BHHBB")
_PROTOCOL_VERSION: Final = 2 << 2
_NETWORK_SECURED: Final = 1 << 9
_SOURCE_EUI64: Final = 1 << 12
_LEVEL: Final = 0x05
_EXTENDED_NONCE: Final = 0x20
_RADIUS: Final = 30


def is_broadcast(address: int) -> bool:
    """Tell whether a network address is a broadcast address."""
    return address >= 0xFFF8


class NetworkKind(IntEnum):
    """Types of network frames."""

    DATA = 0
    COMMAND = 1


class NetworkCommand(IntEnum):
    """Network commands that the virtual HAN speaks."""

    LEAVE = 0x04
    REJOIN_REQUEST = 0x06
    REJOIN_RESPONSE = 0x07


class ApsKind(IntEnum):
    """Types of APS frames."""

    DATA = 0
    COMMAND = 1
    ACK = 2


class ApsCommand(IntEnum):
    """APS commands that the virtual HAN speaks."""

    TRANSPORT_KEY = 0x05
    SWITCH_KEY = 0x09


class KeyId(IntEnum):
    """Which key seals a frame."""

    LINK = 0
    NETWORK = 1
    KEY_TRANSPORT = 2


class Delivery(IntEnum):
    """How an APS frame is addressed."""

    UNICAST = 0
    BROADCAST = 2


@dataclass(frozen=True, slots=True)
class NetworkFrame:
    """A network frame; `key_sequence` is None while it is not secured.

    The sender's EUI-64 travels in the security header, or, without one, in the
    network header.
    """

    kind: NetworkKind
    source: int
    destination: int
    sequence: int
    payload: bytes
    source_eui64: bytes = b""
    counter: int = 0
    key_sequence: int | None = None

    def _header(self) -> bytes:
        control, tail = self.kind | _PROTOCOL_VERSION, b""
        if self.key_sequence is not None:
            control |= _NETWORK_SECURED
        elif self.source_eui64:
            control, tail = control | _SOURCE_EUI64, self.source_eui64[::-1]
        return (
            _NETWORK_HEADER.pack(
                control, self.destination, self.source, _RADIUS, self.sequence
            )
            + tail
        )

    def encode(self, key: bytes | None = None) -> bytes:
        """Return the octets, sealed with the network key where the frame is secured."""
        header = self._header()
        if self.key_sequence is None or key is None:
            return header + self.payload
        auxiliary, authentic = _auxiliary(
            KeyId.NETWORK, self.counter, self.source_eui64
        )
        tail = bytes([self.key_sequence])
        sealed = ccm.seal(
            key,
            self.source_eui64,
            self.counter,
            self.payload,
            header + authentic + tail,
            control=_control(KeyId.NETWORK),
        )
        return header + auxiliary + tail + sealed


def decode_network(octets: bytes) -> tuple[NetworkFrame, bytes]:
    """Return a network frame whose payload is still sealed, and what the seal vouches for.

    Raises:
        FrameError: the frame is too short.
    """
    try:
        control, destination, source, _, sequence = _NETWORK_HEADER.unpack_from(octets)
        kind = NetworkKind(control & 3)
        rest = octets[_NETWORK_HEADER.size :]
        if not control & _NETWORK_SECURED:
            size = 8 if control & _SOURCE_EUI64 else 0
            eui64 = rest[:size][::-1]
            return NetworkFrame(
                kind, source, destination, sequence, rest[size:], eui64
            ), b""
        security, counter, eui64 = _AUXILIARY.unpack_from(rest)
        key_sequence = rest[_AUXILIARY.size]
    except (struct.error, IndexError, ValueError) as err:
        raise FrameError("a network frame ends within its header") from err
    start = _AUXILIARY.size + 1
    authentic = bytes([security | _LEVEL]) + rest[1:start]
    frame = NetworkFrame(
        kind,
        source,
        destination,
        sequence,
        rest[start:],
        eui64[::-1],
        counter,
        key_sequence,
    )
    return frame, octets[: _NETWORK_HEADER.size] + authentic


def unseal_network(frame: NetworkFrame, authentic: bytes, key: bytes) -> NetworkFrame:
    """Return the frame with its payload opened.

    Raises:
        SecurityError: it was sealed with another network key.
    """
    plain = ccm.unseal(
        key,
        frame.source_eui64,
        frame.counter,
        frame.payload,
        authentic,
        control=_control(KeyId.NETWORK),
    )
    return replace(frame, payload=plain)


@dataclass(frozen=True, slots=True)
class ApsFrame:
    """An APS frame in the clear.

    Attributes:
        kind: data, command or acknowledgement.
        counter: the APS counter; an acknowledgement repeats its request's.
        payload: a ZCL or ZDO frame, or an APS command.
        destination_endpoint: 0 to 240, or 255.
        source_endpoint: 0 to 240.
        cluster_id: the cluster.
        profile_id: 0x0109, or 0 for ZDO.
        delivery: unicast or broadcast.
        wants_ack: whether an acknowledgement is asked for.
        key: what seals it, or None.
        fragment: (index, count); the count matters in index 0 alone.
    """

    kind: ApsKind
    counter: int
    payload: bytes = b""
    destination_endpoint: int = 0
    source_endpoint: int = 0
    cluster_id: int = 0
    profile_id: int = 0
    delivery: Delivery = Delivery.UNICAST
    wants_ack: bool = False
    key: KeyId | None = None
    fragment: tuple[int, int] | None = None

    @property
    def encrypted(self) -> bool:
        """Whether APS security protects it."""
        return self.key is not None

    def _header(self) -> bytes:
        control = (
            self.kind
            | self.delivery << 2
            | (self.key is not None) << 5
            | self.wants_ack << 6
            | (self.fragment is not None) << 7
        )
        if self.kind is ApsKind.COMMAND:
            return bytes([control, self.counter])
        header = bytes([control]) + _APS_ADDRESSES.pack(
            self.destination_endpoint,
            self.cluster_id,
            self.profile_id,
            self.source_endpoint,
            self.counter,
        )
        if self.fragment is not None:
            index, count = self.fragment
            header += bytes([2, index]) if index else bytes([1, count])
            if self.kind is ApsKind.ACK:
                header += b"\x01"
        return header

    def encode(self, security: ApsSecurity | None = None) -> bytes:
        """Return the octets, sealed where the frame names a key."""
        header = self._header()
        if self.key is None or security is None:
            return header + self.payload
        auxiliary, authentic = _auxiliary(self.key, security.counter, security.sender)
        sealed = ccm.seal(
            security.key,
            security.sender,
            security.counter,
            self.payload,
            header + authentic,
            control=_control(self.key),
        )
        return header + auxiliary + sealed


@dataclass(frozen=True, slots=True)
class ApsSecurity:
    """What seals or opens one APS frame."""

    key: bytes = field(repr=False)
    sender: bytes
    counter: int


@dataclass(frozen=True, slots=True)
class SealedAps:
    """An APS frame as it arrived; `security` tells which counter and sender to open it with."""

    frame: ApsFrame
    sender: bytes
    counter: int
    authentic: bytes

    def unseal(self, key: bytes) -> ApsFrame:
        """Return the frame opened.

        Raises:
            SecurityError: it was sealed with another key.
        """
        plain = ccm.unseal(
            key,
            self.sender,
            self.counter,
            self.frame.payload,
            self.authentic,
            control=_control(self.frame.key or KeyId.LINK),
        )
        return replace(self.frame, payload=plain)


def decode_aps(octets: bytes) -> SealedAps:
    """Return an APS frame; its payload is still sealed if `frame.key` is not None.

    Raises:
        FrameError: the frame is too short or of an unknown type.
    """
    try:
        control = octets[0]
        kind = ApsKind(control & 3)
        endpoints = (0, 0, 0, 0)
        if kind is ApsKind.COMMAND:
            counter, position = octets[1], 2
        else:
            *values, counter = _APS_ADDRESSES.unpack_from(octets, 1)
            endpoints = (values[0], values[1], values[2], values[3])
            position = 1 + _APS_ADDRESSES.size
        fragment = None
        if control & 0x80:
            first, number = octets[position] == 1, octets[position + 1]
            fragment = (0, number) if first else (number, 0)
            position += 3 if kind is ApsKind.ACK else 2
        key, sender, frame_counter, authentic = None, b"", 0, b""
        if control & 0x20:
            security, frame_counter, eui64 = _AUXILIARY.unpack_from(octets, position)
            key, sender = KeyId(security >> 3 & 3), eui64[::-1]
            end = position + _AUXILIARY.size
            authentic = (
                octets[:position]
                + bytes([security | _LEVEL])
                + octets[position + 1 : end]
            )
            position = end
    except (struct.error, IndexError, ValueError) as err:
        raise FrameError("an APS frame ends within its header") from err
    frame = ApsFrame(
        kind=kind,
        counter=counter,
        payload=octets[position:],
        destination_endpoint=endpoints[0],
        cluster_id=endpoints[1],
        profile_id=endpoints[2],
        source_endpoint=endpoints[3],
        delivery=Delivery(control >> 2 & 3)
        if control >> 2 & 3 in (0, 2)
        else Delivery.BROADCAST,
        wants_ack=bool(control & 0x40),
        key=key,
        fragment=fragment,
    )
    return SealedAps(frame, sender, frame_counter, authentic)


def _control(key: KeyId) -> int:
    """Return the security control octet with its level, as a nonce has it."""
    return key << 3 | _EXTENDED_NONCE | _LEVEL


def _auxiliary(key: KeyId, counter: int, sender: bytes) -> tuple[bytes, bytes]:
    """Return the auxiliary header as sent (level 0) and as authenticated (level 5)."""
    control = _control(key)
    return (
        _AUXILIARY.pack(control & ~_LEVEL, counter, sender[::-1]),
        _AUXILIARY.pack(control, counter, sender[::-1]),
    )


_TRANSPORT_KEY: Final = struct.Struct("<BB16sB8s8s")
_STANDARD_NETWORK_KEY: Final = 1


def transport_network_key(
    key: bytes, sequence: int, destination: bytes, source: bytes
) -> bytes:
    """Return the APS command that hands a network key to a device."""
    return _TRANSPORT_KEY.pack(
        ApsCommand.TRANSPORT_KEY,
        _STANDARD_NETWORK_KEY,
        key,
        sequence,
        destination[::-1],
        source[::-1],
    )


def parse_transport_key(payload: bytes) -> tuple[bytes, int, bytes]:
    """Return the network key, its sequence number and the trust centre's EUI-64.

    Raises:
        FrameError: the command carries something else.
    """
    if len(payload) != _TRANSPORT_KEY.size or payload[1] != _STANDARD_NETWORK_KEY:
        raise FrameError("a Transport-Key command does not carry a network key")
    _, _, key, sequence, _, source = _TRANSPORT_KEY.unpack(payload)
    return key, sequence, source[::-1]

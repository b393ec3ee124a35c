"""The Zigbee Device Object: how a node describes itself to others (Zigbee core 2.4)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
import struct
from typing import Final

from .aps import EndpointDescription

RESPONSE: Final = 0x8000
ANY_ADDRESS: Final = 0xFFFD


class ZdoCluster(IntEnum):
    """Requests and announcements."""

    NWK_ADDR = 0x0000
    IEEE_ADDR = 0x0001
    NODE_DESC = 0x0002
    SIMPLE_DESC = 0x0004
    ACTIVE_EP = 0x0005
    MATCH_DESC = 0x0006
    DEVICE_ANNCE = 0x0013
    BIND = 0x0021
    UNBIND = 0x0022
    MGMT_LEAVE = 0x0034
    MGMT_PERMIT_JOINING = 0x0036


class ZdoStatus(IntEnum):
    """Outcomes."""

    SUCCESS = 0x00
    INVALID_REQUEST = 0x80
    DEVICE_NOT_FOUND = 0x81
    INVALID_ENDPOINT = 0x82
    NOT_SUPPORTED = 0x84


class LogicalType(IntEnum):
    """What a node is."""

    COORDINATOR = 0
    ROUTER = 1
    END_DEVICE = 2


_MAC_CAPABILITIES: Final = {
    LogicalType.COORDINATOR: 0x8F,
    LogicalType.ROUTER: 0x8E,
    LogicalType.END_DEVICE: 0x8C,
}
_TRUST_CENTRE: Final = 0x0001
_MAX_BUFFER: Final = 82
_MAX_TRANSFER: Final = 128


@dataclass(frozen=True, slots=True)
class Node:
    """A node as its ZDO describes it; what changes is asked for each time."""

    eui64: bytes
    logical_type: LogicalType
    address: Callable[[], int]
    endpoints: Callable[[], Sequence[EndpointDescription]]
    manufacturer: int = 0x1002

    def answer(self, cluster: int, request: bytes) -> bytes | None:
        """Return the response's payload, or None where ZDO says nothing.

        Takes and gives whole ZDO frames, the sequence number first. A request
        that nobody here serves gets NOT_SUPPORTED; a response or an
        announcement gets nothing, and neither does a Match_Desc that matches
        nothing though it was meant for us, which is answered empty.
        """
        if cluster & RESPONSE or cluster == ZdoCluster.DEVICE_ANNCE or not request:
            return None
        sequence, body = request[:1], request[1:]
        try:
            return sequence + self._answer(cluster, body)
        except struct.error, IndexError:
            return sequence + bytes([ZdoStatus.INVALID_REQUEST])

    def _answer(self, cluster: int, body: bytes) -> bytes:
        address = self.address()
        match cluster:
            case ZdoCluster.NWK_ADDR:
                return self._addresses(body[:8] == self.eui64[::-1], body[:8])
            case ZdoCluster.IEEE_ADDR:
                known = struct.unpack_from("<H", body)[0] == address
                return self._addresses(known, self.eui64[::-1])
            case (
                ZdoCluster.NODE_DESC
                | ZdoCluster.ACTIVE_EP
                | ZdoCluster.SIMPLE_DESC
                | ZdoCluster.MATCH_DESC
            ):
                asked = struct.unpack_from("<H", body)[0]
                if asked not in (address, ANY_ADDRESS):
                    return struct.pack("<BHB", ZdoStatus.DEVICE_NOT_FOUND, asked, 0)
                return self._describe(cluster, body[2:], address)
            case ZdoCluster.BIND | ZdoCluster.UNBIND:
                return bytes([ZdoStatus.SUCCESS])
            case _:
                return bytes([ZdoStatus.NOT_SUPPORTED])

    def _addresses(self, known: bool, eui64: bytes) -> bytes:
        status = ZdoStatus.SUCCESS if known else ZdoStatus.DEVICE_NOT_FOUND
        return struct.pack("<B8sH", status, eui64, self.address())

    def _describe(self, cluster: int, body: bytes, address: int) -> bytes:
        endpoints = self.endpoints()
        if cluster == ZdoCluster.NODE_DESC:
            return (
                struct.pack("<BH", ZdoStatus.SUCCESS, address) + self.node_descriptor()
            )
        if cluster == ZdoCluster.ACTIVE_EP:
            found = bytes(item.endpoint for item in endpoints)
        elif cluster == ZdoCluster.MATCH_DESC:
            found = bytes(item.endpoint for item in endpoints if _matches(item, body))
        else:
            for item in endpoints:
                if item.endpoint == body[0]:
                    found = simple_descriptor(item)
                    break
            else:
                return struct.pack("<BHB", ZdoStatus.INVALID_ENDPOINT, address, 0)
        return struct.pack("<BHB", ZdoStatus.SUCCESS, address, len(found)) + found

    def node_descriptor(self) -> bytes:
        """Return the 13-octet node descriptor, on the 2.4 GHz band."""
        server_mask = (
            _TRUST_CENTRE if self.logical_type is LogicalType.COORDINATOR else 0
        )
        return struct.pack(
            "<BBBHBHHHB",
            self.logical_type,
            0x40,
            _MAC_CAPABILITIES[self.logical_type],
            self.manufacturer,
            _MAX_BUFFER,
            _MAX_TRANSFER,
            server_mask,
            _MAX_TRANSFER,
            0,
        )


def simple_descriptor(item: EndpointDescription) -> bytes:
    """Return a simple descriptor's octets."""
    inputs, outputs = item.input_clusters, item.output_clusters
    return (
        struct.pack(
            "<BHHBB",
            item.endpoint,
            item.profile_id,
            item.device_id,
            item.device_version,
            len(inputs),
        )
        + struct.pack(f"<{len(inputs)}H", *inputs)
        + struct.pack(f"<B{len(outputs)}H", len(outputs), *outputs)
    )


def _matches(item: EndpointDescription, body: bytes) -> bool:
    profile, count = struct.unpack_from("<HB", body)
    inputs = struct.unpack_from(f"<{count}H", body, 3)
    outputs = struct.unpack_from(f"<{body[3 + 2 * count]}H", body, 4 + 2 * count)
    return profile == item.profile_id and bool(
        set(inputs) & set(item.input_clusters)
        or set(outputs) & set(item.output_clusters)
    )

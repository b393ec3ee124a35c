"""As much of the ZCL as the hub itself answers."""

from enum import IntEnum
import struct

from ..zcl import FrameType, General, ZclFrame


class HubStatus(IntEnum):
    """Outcomes that the hub itself gives."""

    SUCCESS = 0x00
    FAILURE = 0x01
    UNSUP_CLUSTER_COMMAND = 0x81
    UNSUPPORTED_ATTRIBUTE = 0x86
    UNSUPPORTED_CLUSTER = 0xC3


def _answer(request: ZclFrame, kind: FrameType, command: int, payload: bytes) -> bytes:
    return ZclFrame(
        kind, command, request.sequence, payload, to_client=not request.to_client
    ).to_bytes()


def command_response(request: ZclFrame, command: int, payload: bytes) -> bytes:
    """Return a command of the request's cluster, as its answer."""
    return _answer(request, FrameType.CLUSTER, command, payload)


def default_response(request: ZclFrame, status: HubStatus) -> bytes:
    """Return a Default Response to a request."""
    return _answer(
        request,
        FrameType.GENERAL,
        General.DEFAULT_RESPONSE,
        bytes([request.command, status]),
    )


def read_attributes(request: ZclFrame, values: dict[int, tuple[int, bytes]]) -> bytes:
    """Answer Read Attributes from a table of attribute to (type, octets)."""
    count = len(request.payload) // 2
    answer = b""
    for attribute in struct.unpack_from(f"<{count}H", request.payload):
        if attribute in values:
            kind, octets = values[attribute]
            answer += struct.pack("<HBB", attribute, HubStatus.SUCCESS, kind) + octets
        else:
            answer += struct.pack("<HB", attribute, HubStatus.UNSUPPORTED_ATTRIBUTE)
    return _answer(request, FrameType.GENERAL, General.READ_ATTRIBUTES_RESPONSE, answer)

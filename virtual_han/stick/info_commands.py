"""Commands that ask what the stick is, and configure it."""

from collections.abc import Mapping
import struct
from typing import Any, Final

from ..aps import EndpointDescription
from .ezsp import BUILD, STACK_TYPE_MESH, STACK_VERSIONS, Values, firmware_numbers
from .firmware import Firmware, Handler
from .membership import NetworkState
from .status import Status

COUNTERS: Final = {8: 40, 13: 41, 14: 42, 18: 42}
FREE_BUFFERS: Final = 200
SECURITY_LEVEL: Final = 5

_VALUE_FREE_BUFFERS: Final = 0x03
_VALUE_VERSION_INFO: Final = 0x11
_CONFIG_SECURITY_LEVEL: Final = 0x0D
_CONFIG_ZDO_FLAGS: Final = 0x2A
_ZDO_RECEIVES_SUPPORTED: Final = 0x01
_ZDO_HANDLES_ENDPOINTS: Final = 0x04
_GENERAL_RELEASE: Final = 0xAA
_CERTIFICATE_LIBRARIES: Final = {0x06: 0x0001}
_LIBRARY_PRESENT: Final = 0x80


def _version(ncp: Firmware, _: dict[str, Any]) -> Values:
    return {
        "protocolVersion": ncp.version,
        "stackType": STACK_TYPE_MESH,
        "stackVersion": STACK_VERSIONS[ncp.version],
    }


def _custom_frame(ncp: Firmware, _: dict[str, Any]) -> Values:
    """Refuse vendor extensions, which would make the host believe in features."""
    return {"status": Status.INVALID_CALL, "reply": b""}


def _get_value(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    number = arguments["valueId"]
    if number == _VALUE_VERSION_INFO:
        numbers = firmware_numbers(ncp.version)
        return {
            "status": Status.OK,
            "value": struct.pack("<H5B", BUILD, *numbers, _GENERAL_RELEASE),
        }
    if number == _VALUE_FREE_BUFFERS:
        return {"status": Status.OK, "value": bytes([FREE_BUFFERS])}
    return {"status": Status.OK, "value": ncp.values.get(number, b"\x00")}


def _set_value(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    ncp.values[arguments["valueId"]] = arguments["value"]
    return {"status": Status.OK}


def _get_configuration(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    number = arguments["configId"]
    default = SECURITY_LEVEL if number == _CONFIG_SECURITY_LEVEL else 0
    return {"status": Status.OK, "value": ncp.configuration.get(number, default)}


def _set_configuration(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    if ncp.stack.state is not NetworkState.NO_NETWORK:
        return {"status": Status.INVALID_CALL}
    number, value = arguments["configId"], arguments["value"]
    ncp.configuration[number] = value
    if number == _CONFIG_ZDO_FLAGS:
        ncp.stack.host_sees_requests = bool(value & _ZDO_RECEIVES_SUPPORTED)
        ncp.stack.host_answers_endpoints = bool(value & _ZDO_HANDLES_ENDPOINTS)
    return {"status": Status.OK}


def _read_counters(ncp: Firmware, _: dict[str, Any]) -> Values:
    return {"values": bytes(2 * COUNTERS[ncp.version])}


def _add_endpoint(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    """Register an endpoint; the stack takes none once its network is up."""
    if ncp.stack.state is not NetworkState.NO_NETWORK:
        return {"status": Status.INVALID_CALL}
    inputs = arguments["inputClusterCount"]
    octets = arguments["inputClusterList"] + arguments["outputClusterList"]
    clusters = struct.unpack(f"<{len(octets) // 2}H", octets)
    ncp.stack.endpoints.append(
        EndpointDescription(
            endpoint=arguments["endpoint"],
            device_id=arguments["deviceId"],
            input_clusters=clusters[:inputs],
            output_clusters=clusters[inputs:],
            profile_id=arguments["profileId"],
            device_version=arguments["deviceVersion"],
        )
    )
    return {"status": Status.OK}


def _library_status(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    suite = _CERTIFICATE_LIBRARIES.get(arguments["libraryId"])
    present = suite is None or ncp.cbke.present(suite)
    return {"status": _LIBRARY_PRESENT if present else 0}


def _echo(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    return {"echo": arguments["data"]}


HANDLERS: Final[Mapping[str, Handler]] = {
    "version": _version,
    "customFrame": _custom_frame,
    "getValue": _get_value,
    "setValue": _set_value,
    "getConfigurationValue": _get_configuration,
    "setConfigurationValue": _set_configuration,
    "readCounters": _read_counters,
    "readAndClearCounters": _read_counters,
    "addEndpoint": _add_endpoint,
    "getLibraryStatus": _library_status,
    "echo": _echo,
}

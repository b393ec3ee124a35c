"""Commands that scan, join, rejoin and leave."""

from collections.abc import Mapping
import struct
from typing import Any, Final

from ..frames import COORDINATOR, NO_ADDRESS
from . import layout
from .ezsp import Values
from .firmware import Firmware, Handler
from .flash import StoredNetwork
from .membership import Candidate
from .status import Status

CHANNELS: Final = range(11, 27)
QUIET_DBM: Final = -90

_ENERGY_SCAN: Final = 0
_UNKNOWN_EUI64: Final = b"\xff" * 8
_GLOBAL_LINK_KEY: Final = 0x0004
_HAVE_LINK_KEY: Final = 0x0010
_NOBODY: Final = StoredNetwork(
    0, NO_ADDRESS, 0, 0xFFFF, bytes(8), b"", 0, _UNKNOWN_EUI64
)


def channels_in(mask: int) -> list[int]:
    """Return the channels of a mask."""
    return [channel for channel in CHANNELS if mask >> channel & 1]


def _start_scan(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    for channel in channels_in(arguments["channelMask"]):
        if arguments["scanType"] == _ENERGY_SCAN:
            ncp.callback(
                "energyScanResultHandler",
                {"channel": channel, "maxRssiValue": QUIET_DBM},
            )
            continue
        for beacon in ncp.stack.air.scan(channel):
            found = layout.found_network(
                beacon.channel,
                beacon.pan_id,
                beacon.extended_pan_id,
                permit=beacon.permit_joining,
                profile=beacon.stack_profile,
                update=beacon.update_id,
            )
            ncp.callback(
                "networkFoundHandler",
                {
                    "networkFound": found,
                    "lastHopLqi": beacon.lqi,
                    "lastHopRssi": beacon.rssi,
                },
            )
    ncp.callback("scanCompleteHandler", {"channel": 0, "status": Status.OK})
    return {"status": Status.OK}


def _join(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    channel, pan_id, extended = layout.parse_network_parameters(arguments["parameters"])
    candidate = Candidate(channel, pan_id, extended)
    return {"status": ncp.stack.membership.join(arguments["nodeType"], candidate)}


_BEACON_DATA: Final = struct.Struct("<BBbBBbbH8sH???")


def _join_directly(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    channel, _, _, _, _, _, _, pan_id, extended, *_ = _BEACON_DATA.unpack(
        arguments["beacon"]
    )
    candidate = Candidate(channel, pan_id, extended[::-1])
    return {"status": ncp.stack.membership.join(arguments["localNodeType"], candidate)}


def _rejoin(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    channels = channels_in(arguments["channelMask"])
    return {
        "status": ncp.stack.membership.rejoin(
            channels, secured=bool(arguments["haveCurrentNetworkKey"])
        )
    }


def _network_init(ncp: Firmware, _: dict[str, Any]) -> Values:
    return {"status": ncp.stack.membership.resume()}


def _network_state(ncp: Firmware, _: dict[str, Any]) -> Values:
    return {"status": int(ncp.stack.state)}


def _leave(ncp: Firmware, _: dict[str, Any]) -> Values:
    return {"status": ncp.stack.membership.leave()}


def _parameters(ncp: Firmware, _: dict[str, Any]) -> Values:
    network = ncp.flash.network
    return {
        "status": Status.OK if network else Status.NOT_JOINED,
        "nodeType": network.node_type if network else 0,
        "parameters": layout.network_parameters(network or _NOBODY),
    }


def _node_id(ncp: Firmware, _: dict[str, Any]) -> Values:
    return {"nodeId": ncp.stack.address}


def _eui64(ncp: Firmware, _: dict[str, Any]) -> Values:
    return {"eui64": ncp.flash.eui64[::-1]}


def _security_state(ncp: Firmware, _: dict[str, Any]) -> Values:
    network = ncp.flash.network
    bits = _GLOBAL_LINK_KEY | _HAVE_LINK_KEY if ncp.flash.link_key else 0
    trust_centre = network.trust_centre if network else _UNKNOWN_EUI64
    return {
        "status": Status.OK if network else Status.NOT_JOINED,
        "state": bits.to_bytes(2, "little") + trust_centre[::-1],
    }


def _parent(ncp: Firmware, _: dict[str, Any]) -> Values:
    network = ncp.flash.network
    trust_centre = network.trust_centre if network else _UNKNOWN_EUI64
    return {
        "childCount": 0,
        "parentEui64": trust_centre[::-1],
        "parentNodeId": COORDINATOR,
    }


def _lookup_address(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    network = ncp.flash.network
    known = network is not None and arguments["eui64"][::-1] == network.trust_centre
    return {
        "status": Status.OK if known else Status.NOT_FOUND,
        "nodeId": COORDINATOR if known else NO_ADDRESS,
    }


def _lookup_eui64(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    network = ncp.flash.network
    known = network is not None and arguments["nodeId"] == COORDINATOR
    eui64 = network.trust_centre if network and known else _UNKNOWN_EUI64
    return {"status": Status.OK if known else Status.NOT_FOUND, "eui64": eui64[::-1]}


def _refused(ncp: Firmware, _: dict[str, Any]) -> Values:
    """Refuse to form a network or to let others join through the stick."""
    return {"status": Status.INVALID_CALL}


HANDLERS: Final[Mapping[str, Handler]] = {
    "startScan": _start_scan,
    "joinNetwork": _join,
    "joinNetworkDirectly": _join_directly,
    "findAndRejoinNetwork": _rejoin,
    "networkInit": _network_init,
    "networkState": _network_state,
    "leaveNetwork": _leave,
    "getNetworkParameters": _parameters,
    "getNodeId": _node_id,
    "getEui64": _eui64,
    "getCurrentSecurityState": _security_state,
    "getParentChildParameters": _parent,
    "lookupNodeIdByEui64": _lookup_address,
    "lookupEui64ByNodeId": _lookup_eui64,
    "formNetwork": _refused,
    "permitJoining": _refused,
}

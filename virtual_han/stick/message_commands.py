"""Commands that send, and callbacks that bring, application and ZDO messages."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ..frames import COORDINATOR, ApsFrame, Delivery, is_broadcast
from . import layout
from .ezsp import Values
from .firmware import Firmware, Handler
from .status import Status

_OUTGOING_DIRECT: Final = 0
_INCOMING_UNICAST: Final = 0
_INCOMING_BROADCAST: Final = 4
_NO_INDEX: Final = 0xFF
_LQI: Final = 220
_RSSI: Final = -48
_ALL_DEVICES: Final = 0xFFFD


def _argument(arguments: dict[str, Any], *names: str) -> Any:
    """Return an argument that EZSP versions name differently."""
    return next(arguments[name] for name in names if name in arguments)


def _outgoing(ncp: Firmware, arguments: dict[str, Any]) -> ApsFrame:
    ember = layout.EmberApsFrame.decode(_argument(arguments, "apsFrame", "aps_frame"))
    payload = _argument(arguments, "messageContents", "message")
    return ember.frame(ncp.stack.sender.next_aps_count(), payload)


def _send_unicast(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    frame = _outgoing(ncp, arguments)
    destination = _argument(arguments, "indexOrDestination", "nwk")
    tag = _argument(arguments, "messageTag", "message_tag")
    return {
        "status": ncp.stack.send(frame, destination, tag),
        "sequence": frame.counter,
    }


def _send_broadcast(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    frame = replace(
        _outgoing(ncp, arguments), delivery=Delivery.BROADCAST, wants_ack=False
    )
    destination = arguments.get("destination", _ALL_DEVICES)
    return {"status": ncp.stack.send(frame, destination, 0), "sequence": frame.counter}


def _send_reply(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    """Send the acknowledgement of a fragment, which is all that hosts use replies for."""
    ember = layout.EmberApsFrame.decode(arguments["apsFrame"])
    frame = ember.frame(ember.sequence, b"")
    if frame.fragment is None:
        return {"status": Status.INVALID_CALL}
    return {"status": ncp.stack.acknowledge(frame, arguments["sender"])}


def _poll(ncp: Firmware, _: dict[str, Any]) -> Values:
    """Poll: a device that stays awake has nothing waiting at its parent."""
    ncp.callback("pollCompleteHandler", {"status": Status.OK})
    return {"status": Status.OK}


def message_sent(tag: int, destination: int, frame: ApsFrame, status: Status) -> Values:
    """Return the fields of messageSentHandler, under the names of all versions."""
    octets = layout.aps_frame(frame)
    return {
        "type": _OUTGOING_DIRECT,
        "message_type": _OUTGOING_DIRECT,
        "indexOrDestination": destination,
        "nwk": destination,
        "apsFrame": octets,
        "aps_frame": octets,
        "messageTag": tag,
        "message_tag": tag,
        "status": status,
        "messageContents": b"",
        "message": b"",
    }


def incoming_message(
    ncp: Firmware, frame: ApsFrame, sender: int, destination: int
) -> Values:
    """Return the fields of incomingMessageHandler, under the names of all versions."""
    kind = _INCOMING_BROADCAST if is_broadcast(destination) else _INCOMING_UNICAST
    octets = layout.aps_frame(frame)
    network = ncp.flash.network
    known = network is not None and sender == COORDINATOR
    eui64 = network.trust_centre if network and known else b"\xff" * 8
    return {
        "type": kind,
        "message_type": kind,
        "apsFrame": octets,
        "aps_frame": octets,
        "lastHopLqi": _LQI,
        "lqi": _LQI,
        "lastHopRssi": _RSSI,
        "rssi": _RSSI,
        "sender": sender,
        "nwk": sender,
        "eui64": eui64[::-1],
        "bindingIndex": _NO_INDEX,
        "binding_index": _NO_INDEX,
        "addressIndex": _NO_INDEX,
        "address_index": _NO_INDEX,
        "timestamp": 0,
        "messageContents": frame.payload,
        "message": frame.payload,
    }


HANDLERS: Final[Mapping[str, Handler]] = {
    "sendUnicast": _send_unicast,
    "sendBroadcast": _send_broadcast,
    "sendMulticast": _send_broadcast,
    "sendReply": _send_reply,
    "pollForData": _poll,
}

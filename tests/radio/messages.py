"""What a stick tells its host of a message that came, octet for octet as bellows writes it."""

from typing import Any

from bellows.ezsp import EZSP
import bellows.types as bt
import zigpy.types as t

REPORT = bytes.fromhex("18010a 0000 25 cc644d000000")
"""A report of a meter's total."""


def incoming(version: int, payload: bytes = REPORT, **changes: Any) -> bytes:
    """Return an incomingMessageHandler as bellows writes it; of the hub, unless changed."""
    schema = EZSP._BY_VERSION[version].COMMANDS["incomingMessageHandler"][2]
    aps_frame = bt.EmberApsFrame(
        profileId=changes.get("profile", 0x0109),
        clusterId=changes.get("cluster", 0x0702),
        sourceEndpoint=changes.get("endpoint", 3),
        destinationEndpoint=1,
        options=bt.EmberApsOption(changes.get("options", 0x0020)),
        groupId=0x1234,
        sequence=7,
    )
    sender, lqi = changes.get("sender", 0), changes.get("lqi", 201)
    rssi, kind = changes.get("rssi", -41), changes.get("kind", 0)
    values = (
        (kind, aps_frame, lqi, rssi, sender, 0xFF, 0xFE, payload)
        if version < 14
        else (
            kind,
            aps_frame,
            sender,
            t.EUI64(range(8)),
            0xFF,
            0xFE,
            lqi,
            rssi,
            99,
            payload,
        )
    )
    command = changes.get("command", 0x0045)
    head = bytes([5, 0x90, 0x01]) + command.to_bytes(2, "little")
    return head + bt.serialize_dict(values, {}, schema)

"""A message of the hub, read where the stick's frame arrives.

A meter sends the same few numbers all day. bellows reads each message into a structure
that checks itself as a call's arguments are checked, which costs as much as all that a
reading passes here. What is no plain message of the hub under the link key, and every
frame of a version not named here, is bellows' to read; but for most fragments, which
it would answer by itself.
"""

from struct import Struct
from typing import Final, NamedTuple

from bellows.types import EmberApsOption, EmberIncomingMessageType

from ..smart_energy.const import PROFILE_ID
from ..smart_energy.device import HUB_ADDRESS
from ..smart_energy.egress import is_secured

_INCOMING_MESSAGE: Final = 0x0045
"""EZSP frame id of incomingMessageHandler (UG100)."""

# Sequence, frame control, frame id; then message type and the APS frame: profile, cluster, source and
# destination endpoint, options, group, sequence.
_BEGIN: Final = "<BHHBHHBBHHB"
_BEFORE_14: Final = Struct(_BEGIN + "BbHBBB")
"""Then link quality, RSSI, sender, binding, address and the octets of the payload, up to EZSP 13."""
_SINCE_14: Final = Struct(_BEGIN + "H8sBBBbIB")
"""Then sender, its EUI-64, binding, address, link quality, RSSI, time and the octets, from EZSP 14."""
_VERSIONS: Final = range(8, 20)
"""Whose frames begin like that and are laid out in one of the two ways."""
_MISREAD_SINCE: Final = 14
"""From this version on bellows looks for a fragment's sender and octets where they were before, and so answers
somebody else and puts nothing together."""

_UNICAST: Final = int(EmberIncomingMessageType.INCOMING_UNICAST)
_ENCRYPTED: Final = int(EmberApsOption.APS_OPTION_ENCRYPTION)
_FRAGMENT: Final = int(EmberApsOption.APS_OPTION_FRAGMENT)


class HubMessage(NamedTuple):
    """A message of the hub that came whole and under the link key.

    Attributes:
        endpoint_id: of the hub, from which it came.
        cluster_id: of Smart Energy's profile.
        payload: the ZCL frame, from its frame control octet on.
        lqi: link quality of the last hop, 0 to 255.
        rssi: of the last hop, dBm.
    """

    endpoint_id: int
    cluster_id: int
    payload: bytes
    lqi: int
    rssi: int


def hub_message(frame: bytes, version: int) -> HubMessage | None:
    """Read an EZSP frame if it brings a message of the hub under the link key.

    Args:
        frame: as the stick sent it, from its sequence on.
        version: of EZSP, as the stick and bellows agreed on it.

    Returns:
        The message; None for every other frame, also for one that is cut short or too long.
    """
    if version not in _VERSIONS:
        return None
    layout = _BEFORE_14 if version < 14 else _SINCE_14
    begin = layout.size
    if len(frame) < begin or len(frame) != begin + frame[begin - 1]:
        return None
    fields = layout.unpack_from(frame)
    _, _, frame_id, kind, profile_id, cluster_id, endpoint_id, _, options, *_ = fields
    if version < 14:
        lqi, rssi, sender = fields[11:14]
    else:
        sender, _, _, _, lqi, rssi = fields[11:17]
    if (
        frame_id != _INCOMING_MESSAGE
        or kind != _UNICAST
        or sender != HUB_ADDRESS
        or profile_id != PROFILE_ID
        or options & (_ENCRYPTED | _FRAGMENT) != _ENCRYPTED
    ):
        return None
    return HubMessage(endpoint_id, cluster_id, frame[begin:], lqi, rssi)


def is_refused_fragment(frame: bytes, version: int) -> bool:
    """Whether an EZSP frame brings a fragment that bellows must not see.

    bellows acknowledges a fragment as it comes, whoever sent it, and nothing that checks
    what leaves is asked (`ProtocolHandler._send_fragment_ack`). It may do so only for the
    hub's long answers, and only where it gets them right.

    Args:
        frame: as the stick sent it, from its sequence on.
        version: of EZSP, as the stick and bellows agreed on it; bellows reads a later one as the latest it knows.
    """
    if version < _VERSIONS.start:
        return False
    layout = _BEFORE_14 if version < _MISREAD_SINCE else _SINCE_14
    if len(frame) < layout.size:
        return False
    fields = layout.unpack_from(frame)
    _, _, frame_id, kind, profile_id, cluster_id, _, _, options, *_ = fields
    if frame_id != _INCOMING_MESSAGE or not options & _FRAGMENT:
        return False
    return (
        version >= _MISREAD_SINCE
        or kind != _UNICAST
        or fields[13] != HUB_ADDRESS
        or profile_id != PROFILE_ID
        or (is_secured(cluster_id) and not options & _ENCRYPTED)
    )

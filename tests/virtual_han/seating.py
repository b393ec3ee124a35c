"""A stick on its hub's network without a frame on the air, where a test is of what comes after."""

from virtual_han.han import VirtualHan
from virtual_han.hub import Member
from virtual_han.stick.flash import StoredNetwork

ADDRESS = 1
KEY = bytes(range(16))
"""What key establishment made, where it was."""


def take_in(han: VirtualHan, key: bytes | None = None) -> Member:
    """Let the hub list the stick as a member; with an established key, if one is given."""
    eui64 = han.ncp.flash.eui64
    member = Member(eui64, ADDRESS, bytes(16), 0.0, key=key)
    han.hub.members[eui64] = member
    han.log.seat(eui64)
    return member


def hold_network(han: VirtualHan) -> None:
    """Let the stick hold the hub's network, but no key of its own."""
    network = han.hub.network
    han.ncp.flash.network = StoredNetwork(
        node_type=2,
        address=ADDRESS,
        channel=network.channel,
        pan_id=network.pan_id,
        extended_pan_id=network.extended_pan_id,
        key=network.key,
        key_sequence=network.key_sequence,
        trust_centre=network.eui64,
    )

"""What may leave, as data: ZDO requests, general commands, commands of clusters."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from ..const import ClusterId


class Kind(StrEnum):
    """What a frame that may leave is for."""

    ZDO_DISCOVERY = "zdo_discovery"
    ZDO_BIND = "zdo_bind"
    READ_ATTRIBUTES = "read_attributes"
    DISCOVER = "discover"
    DEFAULT_RESPONSE = "default_response"
    GET = "get"
    PRICE_ACKNOWLEDGEMENT = "price_acknowledgement"
    MESSAGE_CONFIRMATION = "message_confirmation"
    KEY_ESTABLISHMENT = "key_establishment"
    KEEP_ALIVE = "keep_alive"


class Rule(StrEnum):
    """Why a frame may not leave."""

    ADDRESS = "address"
    """Broadcast, group, or somebody who is not the hub or a meter of ours."""
    PROFILE = "profile"
    ENDPOINT = "endpoint"
    ZDO_COMMAND = "zdo_command"
    CLUSTER = "cluster"
    COMMAND = "command"
    DIRECTION = "direction"
    MANUFACTURER_SPECIFIC = "manufacturer_specific"
    MALFORMED = "malformed"
    UNENCRYPTED = "unencrypted"


def _get(*command_ids: int) -> dict[int, Kind]:
    return dict.fromkeys(command_ids, Kind.GET)


COMMANDS: Final[Mapping[int, Mapping[int, Kind]]] = {
    # 0x0D, CppEventResponse, decides for the householder.
    ClusterId.PRICE: {0x02: Kind.PRICE_ACKNOWLEDGEMENT}
    | _get(0x00, 0x01, *range(0x03, 0x0D), 0x0E, 0x0F, 0x10),
    # GetProfile, GetSnapshot, GetSampledData. The others mirror, poll faster,
    # take or schedule snapshots, start sampling, or switch the supply.
    ClusterId.METERING: _get(0x00, 0x06, 0x08),
    ClusterId.MESSAGING: {0x01: Kind.MESSAGE_CONFIRMATION} | _get(0x00, 0x02),
    # GetPrepaySnapshot, GetTopUpLog, GetDebtRepaymentLog. The others are money.
    ClusterId.PREPAYMENT: _get(0x07, 0x08, 0x0A),
    ClusterId.CALENDAR: _get(*range(0x06)),
    # 0x02 asks for a password, 0x04 reports a configuration that a CAD has not.
    ClusterId.DEVICE_MANAGEMENT: _get(0x00, 0x01, 0x03, 0x05),
    # 0x01 clears a log.
    ClusterId.EVENTS: _get(0x00),
    ClusterId.KEY_ESTABLISHMENT: dict.fromkeys(range(0x04), Kind.KEY_ESTABLISHMENT),
}
"""Commands of a cluster's own that may leave, by cluster and command id."""

READABLE: Final = frozenset(
    {ClusterId.BASIC, ClusterId.TIME, ClusterId.KEEP_ALIVE, *COMMANDS},
)
"""Clusters whose attributes may be read and discovered."""

GENERAL: Final[Mapping[int, Kind]] = {
    0x00: Kind.READ_ATTRIBUTES,
    0x0B: Kind.DEFAULT_RESPONSE,
    0x0C: Kind.DISCOVER,  # Discover Attributes
    0x11: Kind.DISCOVER,  # Discover Commands Received
    0x13: Kind.DISCOVER,  # Discover Commands Generated
    0x15: Kind.DISCOVER,  # Discover Attributes Extended
}
"""General commands that may leave (ZCL 2.5), by command id."""

ZDO: Final[Mapping[int, tuple[Kind, int | None]]] = {
    0x0000: (Kind.ZDO_DISCOVERY, 11),  # NWK_addr_req
    0x0001: (Kind.ZDO_DISCOVERY, 5),  # IEEE_addr_req
    0x0002: (Kind.ZDO_DISCOVERY, 3),  # Node_Desc_req
    0x0004: (Kind.ZDO_DISCOVERY, 4),  # Simple_Desc_req
    0x0005: (Kind.ZDO_DISCOVERY, 3),  # Active_EP_req
    0x0006: (Kind.ZDO_DISCOVERY, None),  # Match_Desc_req
    0x0021: (Kind.ZDO_BIND, 22),  # Bind_req
}
"""ZDO requests that may leave: what for, and their length with the sequence number.

What the hub asks of the CAD, the stick answers from its own endpoint table.
"""

_NOT_SECURED: Final = frozenset(
    {
        ClusterId.BASIC,
        0x0001,  # Power Configuration
        ClusterId.IDENTIFY,
        0x0009,  # Alarms
        ClusterId.KEY_ESTABLISHMENT,
    }
)


def is_secured(cluster_id: int) -> bool:
    """Whether a cluster's frames need the link key (SE 5.4.6).

    Sources differ on Time and Keep-Alive; most stacks secure them, and so do we.
    """
    return cluster_id not in _NOT_SECURED

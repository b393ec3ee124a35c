"""The communications hub of the virtual network."""

from .admission import SMETS1_SLOTS, SMETS2_SLOTS, DeviceLog, Refusal
from .application import NETWORK_KEY_CLUSTERS, Hooks
from .hub import CommunicationsHub
from .keep_alive import KeepAlive
from .network import Member, Network

__all__ = [
    "NETWORK_KEY_CLUSTERS",
    "SMETS1_SLOTS",
    "SMETS2_SLOTS",
    "CommunicationsHub",
    "DeviceLog",
    "Hooks",
    "KeepAlive",
    "Member",
    "Network",
    "Refusal",
]

"""The stick: a network co-processor that speaks EZSP over TCP."""

from .ezsp import DEFAULT_VERSION, VERSIONS
from .flash import Flash
from .ncp import Ncp
from .server import StickServer
from .stack import NetworkState, Timing
from .status import Status

__all__ = [
    "DEFAULT_VERSION",
    "VERSIONS",
    "Flash",
    "Ncp",
    "NetworkState",
    "Status",
    "StickServer",
    "Timing",
]

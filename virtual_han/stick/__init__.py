"""The stick: a network co-processor that speaks EZSP over TCP."""

from .ezsp import DEFAULT_VERSION, VERSIONS
from .flash import Flash
from .membership import NetworkState
from .ncp import Ncp
from .sender import Timing
from .server import StickServer
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

"""The meters of the virtual network and everything that their hub serves beside them."""

from .home import Home, HomeConfig
from .meter import Alarm, GasQuality, Identity, Meter, Supply
from .servers import HanServers

__all__ = [
    "Alarm",
    "GasQuality",
    "HanServers",
    "Home",
    "HomeConfig",
    "Identity",
    "Meter",
    "Supply",
]

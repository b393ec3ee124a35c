"""Smart Energy clusters for zigpy, as a client sees them (SE 1.0 to 1.4).

zigpy's own classes for these clusters are shells, but for Metering's attributes.
These have every attribute and command. None enters zigpy's registries: another
user of zigpy in the same process goes on with zigpy's own.

Names are those of the cluster library (zap's Smart Energy tables) in snake case:
words split before a capital that follows a small letter or a digit, and before
the last capital of three or more; whatever is no letter or digit becomes an
underscore. Where the library gives two attributes one name, the second has its
number appended.
"""

from typing import Final

from .base import SmartEnergyCluster
from .calendar import Calendar
from .device_management import DeviceManagement
from .energy_management import EnergyManagement
from .events import Events
from .keep_alive import KeepAlive
from .key_establishment import KeyEstablishment
from .load_control import DemandResponseLoadControl
from .mdu_pairing import MduPairing
from .messaging import Messaging
from .metering import Metering
from .prepayment import Prepayment
from .price import Price
from .strings import OctetString
from .sub_ghz import SubGhz
from .time import Time
from .tunneling import Tunneling

__all__ = [
    "CLUSTERS",
    "Calendar",
    "DemandResponseLoadControl",
    "DeviceManagement",
    "EnergyManagement",
    "Events",
    "KeepAlive",
    "KeyEstablishment",
    "MduPairing",
    "Messaging",
    "Metering",
    "OctetString",
    "Prepayment",
    "Price",
    "SmartEnergyCluster",
    "SubGhz",
    "Time",
    "Tunneling",
]

CLUSTERS: Final[dict[int, type[SmartEnergyCluster]]] = {
    int(cluster.cluster_id): cluster
    for cluster in (
        Time,
        KeepAlive,
        Price,
        DemandResponseLoadControl,
        Metering,
        Messaging,
        Tunneling,
        Prepayment,
        EnergyManagement,
        Calendar,
        DeviceManagement,
        Events,
        MduPairing,
        SubGhz,
        KeyEstablishment,
    )
}
"""Every cluster class by its number."""

"""Metering cluster 0x0702 (SE 1.4 Annex D.3)."""

import zigpy.types as t

from ..base import SmartEnergyCluster
from .attributes import MeteringAttributeDefs, MeteringClientAttributeDefs
from .commands import MeteringClientCommandDefs, MeteringServerCommandDefs

__all__ = ["Metering"]


class Metering(SmartEnergyCluster):
    """Registers, demand, profiles, snapshots and the state of a meter."""

    cluster_id = t.ClusterId(0x0702)
    ep_attribute = "smartenergy_metering"

    class AttributeDefs(MeteringAttributeDefs):
        """Attributes of the server."""

    class ClientAttributeDefs(MeteringClientAttributeDefs):
        """Attributes of the client."""

    class ServerCommandDefs(MeteringServerCommandDefs):
        """Commands that the client sends."""

    class ClientCommandDefs(MeteringClientCommandDefs):
        """Commands that the server sends."""

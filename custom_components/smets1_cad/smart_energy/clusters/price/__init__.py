"""Price cluster 0x0700 (SE 1.4 Annex D.4)."""

import zigpy.types as t

from ..base import SmartEnergyCluster
from .attributes import PriceAttributeDefs, PriceClientAttributeDefs
from .commands import PriceClientCommandDefs, PriceServerCommandDefs

__all__ = ["Price"]


class Price(SmartEnergyCluster):
    """Prices, tariffs, blocks, bills and the calorific value of gas."""

    cluster_id = t.ClusterId(0x0700)
    ep_attribute = "smartenergy_price"

    class AttributeDefs(PriceAttributeDefs):
        """Attributes of the server."""

    class ClientAttributeDefs(PriceClientAttributeDefs):
        """Attributes of the client."""

    class ServerCommandDefs(PriceServerCommandDefs):
        """Commands that the client sends."""

    class ClientCommandDefs(PriceClientCommandDefs):
        """Commands that the server sends."""

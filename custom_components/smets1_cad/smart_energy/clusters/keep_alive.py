"""Keep-Alive cluster 0x0025 (SE 1.2b, SE 1.4)."""

from typing import Final

import zigpy.types as t
from zigpy.zcl.foundation import BaseAttributeDefs

from .base import SmartEnergyCluster, attribute


class KeepAlive(SmartEnergyCluster):
    """The trust centre's sign of life."""

    cluster_id = t.ClusterId(0x0025)
    ep_attribute = "keep_alive"

    class AttributeDefs(BaseAttributeDefs):
        """Attributes of the server."""

        keep_alive_base: Final = attribute(0x0000, t.uint8_t, mandatory=True)
        keep_alive_jitter: Final = attribute(0x0001, t.uint16_t, mandatory=True)

"""Sub-GHz cluster 0x070B (SE 1.4 Annex D.13)."""

from typing import Final

import zigpy.types as t
from zigpy.zcl.foundation import BaseAttributeDefs, BaseCommandDefs

from .base import SmartEnergyCluster, attribute, command


class SubGhz(SmartEnergyCluster):
    """Channels and quiet times of a sub-GHz network."""

    cluster_id = t.ClusterId(0x070B)
    ep_attribute = "smartenergy_sub_ghz"

    class AttributeDefs(BaseAttributeDefs):
        """Attributes of the server."""

        sub_ghz_channel_change_server: Final = attribute(
            0x0000, t.bitmap32, mandatory=True
        )
        sub_ghz_page_28_channel_mask_server: Final = attribute(
            0x0001, t.bitmap32, mandatory=True
        )
        sub_ghz_page_29_channel_mask_server: Final = attribute(
            0x0002, t.bitmap32, mandatory=True
        )
        sub_ghz_page_30_channel_mask_server: Final = attribute(
            0x0003, t.bitmap32, mandatory=True
        )
        sub_ghz_page_31_channel_mask_server: Final = attribute(
            0x0004, t.bitmap32, mandatory=True
        )

    class ServerCommandDefs(BaseCommandDefs):
        """Commands that the client sends."""

        get_suspend_zcl_messages_status: Final = command(0x00)

    class ClientCommandDefs(BaseCommandDefs):
        """Commands that the server sends."""

        suspend_zcl_messages: Final = command(
            0x00,
            {"period": t.uint8_t},
        )

"""MDU Pairing cluster 0x070A (SE 1.4 Annex D.12)."""

from typing import Final

import zigpy.types as t
from zigpy.zcl.foundation import BaseCommandDefs

from .base import SmartEnergyCluster, command


class MduPairing(SmartEnergyCluster):
    """Which devices of a shared network belong to one dwelling."""

    cluster_id = t.ClusterId(0x070A)
    ep_attribute = "smartenergy_mdu_pairing"

    class ServerCommandDefs(BaseCommandDefs):
        """Commands that the client sends."""

        pairing_request: Final = command(
            0x00,
            {
                "local_pairing_information_version": t.uint32_t,
                "eui64_of_requesting_device": t.EUI64,
            },
        )

    class ClientCommandDefs(BaseCommandDefs):
        """Commands that the server sends."""

        pairing_response: Final = command(
            0x00,
            {
                "pairing_information_version": t.uint32_t,
                "total_number_of_devices": t.uint8_t,
                "command_index": t.uint8_t,
                "total_number_of_commands": t.uint8_t,
                "eui64s": t.List[t.EUI64],
            },
        )

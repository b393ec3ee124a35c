"""Messaging cluster 0x0703 (SE 1.4 Annex D.5)."""

from typing import Final

import zigpy.types as t
from zigpy.zcl.foundation import BaseCommandDefs

from .base import SmartEnergyCluster, command
from .strings import OctetString
from .types.messaging import MessagingControlMask, MessagingExtendedControlMask


class Messaging(SmartEnergyCluster):
    """Messages of the supplier."""

    cluster_id = t.ClusterId(0x0703)
    ep_attribute = "smartenergy_messaging"

    class ServerCommandDefs(BaseCommandDefs):
        """Commands that the client sends."""

        get_last_message: Final = command(0x00)
        message_confirmation: Final = command(
            0x01,
            {
                "message_id": t.uint32_t,
                "confirmation_time": t.UTCTime,
                "message_confirmation_control?": t.bitmap8,
                "message_response?": OctetString,
            },
        )
        get_message_cancellation: Final = command(
            0x02,
            {"earliest_implementation_time": t.UTCTime},
        )

    class ClientCommandDefs(BaseCommandDefs):
        """Commands that the server sends."""

        display_message: Final = command(
            0x00,
            {
                "message_id": t.uint32_t,
                "message_control": MessagingControlMask,
                "start_time": t.UTCTime,
                "duration_in_minutes": t.uint16_t,
                "message": t.CharacterString,
                "optional_extended_message_control?": MessagingExtendedControlMask,
            },
        )
        cancel_message: Final = command(
            0x01,
            {
                "message_id": t.uint32_t,
                "message_control": MessagingControlMask,
            },
        )
        display_protected_message: Final = command(
            0x02,
            {
                "message_id": t.uint32_t,
                "message_control": MessagingControlMask,
                "start_time": t.UTCTime,
                "duration_in_minutes": t.uint16_t,
                "message": t.CharacterString,
                "optional_extended_message_control?": MessagingExtendedControlMask,
            },
        )
        cancel_all_messages: Final = command(
            0x03,
            {"implementation_date_time": t.UTCTime},
        )

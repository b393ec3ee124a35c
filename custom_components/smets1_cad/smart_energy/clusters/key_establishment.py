"""Key Establishment cluster 0x0800 (SE 1.4 Annex C.3)."""

from typing import Final

import zigpy.types as t
from zigpy.zcl.foundation import BaseAttributeDefs, BaseCommandDefs

from .base import SmartEnergyCluster, attribute, command
from .types.key_establishment import KeyEstablishmentStatus


class Identity(t.Bytes):
    """Implicit certificate: 48 octets in suite 1, 74 in suite 2, without a length."""


class EphemeralData(t.Bytes):
    """Compressed ephemeral public key: 22 octets in suite 1, 37 in suite 2."""


class Smac(t.Bytes):
    """Message authentication code: 16 octets."""


class KeyEstablishment(SmartEnergyCluster):
    """Certificate-based key establishment (CBKE); its frames go without link key."""

    cluster_id = t.ClusterId(0x0800)
    ep_attribute = "smartenergy_key_establishment"
    aps_encryption = False

    class AttributeDefs(BaseAttributeDefs):
        """Attributes of the server."""

        key_establishment_suite_server: Final = attribute(
            0x0000, t.enum16, mandatory=True
        )

    class ClientAttributeDefs(BaseAttributeDefs):
        """Attributes of the client."""

        key_establishment_suite_client: Final = attribute(
            0x0000, t.enum16, mandatory=True
        )

    class ServerCommandDefs(BaseCommandDefs):
        """Commands that the client sends."""

        initiate_key_establishment_request: Final = command(
            0x00,
            {
                "key_establishment_suite": t.bitmap16,
                "ephemeral_data_generate_time": t.uint8_t,
                "confirm_key_generate_time": t.uint8_t,
                "identity": Identity,
            },
        )
        ephemeral_data_request: Final = command(
            0x01,
            {"ephemeral_data": EphemeralData},
        )
        confirm_key_data_request: Final = command(
            0x02,
            {"secure_message_authentication_code": Smac},
        )
        terminate_key_establishment: Final = command(
            0x03,
            {
                "status_code": KeyEstablishmentStatus,
                "wait_time": t.uint8_t,
                "key_establishment_suite": t.bitmap16,
            },
        )

    class ClientCommandDefs(BaseCommandDefs):
        """Commands that the server sends."""

        initiate_key_establishment_response: Final = command(
            0x00,
            {
                "requested_key_establishment_suite": t.bitmap16,
                "ephemeral_data_generate_time": t.uint8_t,
                "confirm_key_generate_time": t.uint8_t,
                "identity": Identity,
            },
        )
        ephemeral_data_response: Final = command(
            0x01,
            {"ephemeral_data": EphemeralData},
        )
        confirm_key_data_response: Final = command(
            0x02,
            {"secure_message_authentication_code": Smac},
        )
        terminate_key_establishment: Final = command(
            0x03,
            {
                "status_code": KeyEstablishmentStatus,
                "wait_time": t.uint8_t,
                "key_establishment_suite": t.bitmap16,
            },
        )

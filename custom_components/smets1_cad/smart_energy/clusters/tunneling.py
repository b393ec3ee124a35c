"""Tunneling cluster 0x0704 (SE 1.4 Annex D.6)."""

from typing import Final

import zigpy.types as t
from zigpy.zcl.foundation import BaseAttributeDefs, BaseCommandDefs, CommandSchema

from .base import SmartEnergyCluster, attribute, command, counted
from .types.tunneling import TunnelingTransferDataStatus, TunnelingTunnelStatus


class Protocol(t.Struct):
    """A protocol that a tunnel may carry."""

    manufacturer_code: t.uint16_t
    protocol_id: t.uint8_t


class SupportedTunnelProtocolsResponse(CommandSchema):
    """Protocols that a server offers."""

    protocol_list_complete: t.Bool
    protocol_count: t.uint8_t
    protocol_list: t.List[Protocol] = counted("protocol_count")


class Tunneling(SmartEnergyCluster):
    """Tunnels: named, so that a frame can be told; a CAD opens none."""

    cluster_id = t.ClusterId(0x0704)
    ep_attribute = "smartenergy_tunneling"

    class AttributeDefs(BaseAttributeDefs):
        """Attributes of the server."""

        close_tunnel_timeout: Final = attribute(0x0000, t.uint16_t, mandatory=True)

    class ServerCommandDefs(BaseCommandDefs):
        """Commands that the client sends."""

        request_tunnel: Final = command(
            0x00,
            {
                "protocol_id": t.uint8_t,
                "manufacturer_code": t.uint16_t,
                "flow_control_support": t.Bool,
                "maximum_incoming_transfer_size?": t.uint16_t,
            },
        )
        close_tunnel: Final = command(
            0x01,
            {"tunnel_id": t.uint16_t},
        )
        transfer_data_client_to_server: Final = command(
            0x02,
            {
                "tunnel_id": t.uint16_t,
                "data": t.Bytes,
            },
        )
        transfer_data_error_client_to_server: Final = command(
            0x03,
            {
                "tunnel_id": t.uint16_t,
                "transfer_data_status": TunnelingTransferDataStatus,
            },
        )
        ack_transfer_data_client_to_server: Final = command(
            0x04,
            {
                "tunnel_id": t.uint16_t,
                "number_of_bytes_left": t.uint16_t,
            },
        )
        ready_data_client_to_server: Final = command(
            0x05,
            {
                "tunnel_id": t.uint16_t,
                "number_of_octets_left": t.uint16_t,
            },
        )
        get_supported_tunnel_protocols: Final = command(
            0x06,
            {"protocol_offset": t.uint8_t},
        )

    class ClientCommandDefs(BaseCommandDefs):
        """Commands that the server sends."""

        request_tunnel_response: Final = command(
            0x00,
            {
                "tunnel_id": t.uint16_t,
                "tunnel_status": TunnelingTunnelStatus,
                "maximum_incoming_transfer_size?": t.uint16_t,
            },
        )
        transfer_data_server_to_client: Final = command(
            0x01,
            {
                "tunnel_id": t.uint16_t,
                "data": t.Bytes,
            },
        )
        transfer_data_error_server_to_client: Final = command(
            0x02,
            {
                "tunnel_id": t.uint16_t,
                "transfer_data_status": TunnelingTransferDataStatus,
            },
        )
        ack_transfer_data_server_to_client: Final = command(
            0x03,
            {
                "tunnel_id": t.uint16_t,
                "number_of_bytes_left": t.uint16_t,
            },
        )
        ready_data_server_to_client: Final = command(
            0x04,
            {
                "tunnel_id": t.uint16_t,
                "number_of_octets_left": t.uint16_t,
            },
        )
        supported_tunnel_protocols_response: Final = command(
            0x05, SupportedTunnelProtocolsResponse
        )
        tunnel_closure_notification: Final = command(
            0x06,
            {"tunnel_id": t.uint16_t},
        )

"""Device Management cluster 0x0708 (SE 1.4 Annex D.10)."""

from typing import Final

import zigpy.types as t
from zigpy.zcl.foundation import BaseAttributeDefs, BaseCommandDefs

from .base import SmartEnergyCluster, add, attribute, command
from .event_configurations import event_configurations
from .strings import OctetString, octet_string
from .types.device_management import (
    EventConfiguration,
    EventConfigurationControl,
    PasswordType,
    ProposedChangeControl,
    WanStatus,
)
from .types.price import TariffType


class EventConfigurationPayload(t.Struct):
    """What a device does on one event."""

    event_id: t.uint16_t
    event_configuration: EventConfiguration


class DeviceManagement(SmartEnergyCluster):
    """Supplier, tenancy, passwords and what a device does on events."""

    cluster_id = t.ClusterId(0x0708)
    ep_attribute = "smartenergy_device_management"

    class AttributeDefs(BaseAttributeDefs):
        """Attributes of the server."""

        provider_id_server: Final = attribute(0x0100, t.uint32_t)
        provider_name: Final = attribute(0x0101, octet_string(16))
        provider_contact_details: Final = attribute(0x0102, octet_string(19))
        proposed_provider_id: Final = attribute(0x0110, t.uint32_t)
        proposed_provider_name: Final = attribute(0x0111, octet_string(16))
        proposed_provider_change_date_time: Final = attribute(0x0112, t.UTCTime)
        proposed_provider_change_control: Final = attribute(
            0x0113, ProposedChangeControl
        )
        received_provider_id_server: Final = attribute(0x0120, t.uint32_t)
        received_provider_name: Final = attribute(0x0121, octet_string(16))
        received_provider_contact_details: Final = attribute(0x0122, octet_string(19))
        received_proposed_provider_id: Final = attribute(0x0130, t.uint32_t)
        received_proposed_provider_name: Final = attribute(0x0131, octet_string(16))
        received_proposed_provider_change_date_time: Final = attribute(
            0x0132, t.UTCTime
        )
        received_proposed_provider_change_control: Final = attribute(
            0x0133, ProposedChangeControl
        )
        change_of_tenancy_update_date_time: Final = attribute(0x0200, t.UTCTime)
        proposed_tenancy_change_control: Final = attribute(
            0x0201, ProposedChangeControl
        )
        wan_status: Final = attribute(0x0300, WanStatus)
        low_medium_threshold: Final = attribute(0x0400, t.uint32_t)
        medium_high_threshold: Final = attribute(0x0401, t.uint32_t)

    @add(event_configurations())
    class ClientAttributeDefs(BaseAttributeDefs):
        """Attributes of the client."""

        provider_id_client: Final = attribute(0x0000, t.uint32_t)
        received_provider_id_client: Final = attribute(0x0010, t.uint32_t)

    class ServerCommandDefs(BaseCommandDefs):
        """Commands that the client sends."""

        get_change_of_tenancy: Final = command(0x00)
        get_change_of_supplier: Final = command(0x01)
        request_new_password: Final = command(
            0x02,
            {"password_type": PasswordType},
        )
        get_site_id: Final = command(0x03)
        report_event_configuration: Final = command(
            0x04,
            {
                "command_index": t.uint8_t,
                "total_commands": t.uint8_t,
                "event_configuration_payload": t.List[EventConfigurationPayload],
            },
        )
        get_cin: Final = command(0x05)

    class ClientCommandDefs(BaseCommandDefs):
        """Commands that the server sends."""

        publish_change_of_tenancy: Final = command(
            0x00,
            {
                "provider_id": t.uint32_t,
                "issuer_event_id": t.uint32_t,
                "tariff_type": TariffType,
                "implementation_date_time": t.UTCTime,
                "proposed_tenancy_change_control": ProposedChangeControl,
            },
        )
        publish_change_of_supplier: Final = command(
            0x01,
            {
                "current_provider_id": t.uint32_t,
                "issuer_event_id": t.uint32_t,
                "tariff_type": TariffType,
                "proposed_provider_id": t.uint32_t,
                "provider_change_implementation_time": t.UTCTime,
                "provider_change_control": ProposedChangeControl,
                "proposed_provider_name": OctetString,
                "proposed_provider_contact_details": OctetString,
            },
        )
        request_new_password_response: Final = command(
            0x02,
            {
                "issuer_event_id": t.uint32_t,
                "implementation_date_time": t.UTCTime,
                "duration_in_minutes": t.uint16_t,
                "password_type": PasswordType,
                "password": OctetString,
            },
        )
        update_site_id: Final = command(
            0x03,
            {
                "issuer_event_id": t.uint32_t,
                "site_id_time": t.UTCTime,
                "provider_id": t.uint32_t,
                "site_id": OctetString,
            },
        )
        set_event_configuration: Final = command(
            0x04,
            {
                "issuer_event_id": t.uint32_t,
                "start_date_time": t.UTCTime,
                "event_configuration": EventConfiguration,
                "configuration_control": EventConfigurationControl,
                "event_configuration_payload": t.Bytes,
            },
        )
        get_event_configuration: Final = command(
            0x05,
            {"event_id": t.uint16_t},
        )
        update_cin: Final = command(
            0x06,
            {
                "issuer_event_id": t.uint32_t,
                "implementation_time": t.UTCTime,
                "provider_id": t.uint32_t,
                "customer_id_number": OctetString,
            },
        )

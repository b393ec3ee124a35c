"""Demand Response and Load Control cluster 0x0701 (SE 1.4 Annex D.2)."""

from typing import Final

import zigpy.types as t
from zigpy.zcl.foundation import BaseAttributeDefs, BaseCommandDefs

from .base import SmartEnergyCluster, attribute, command
from .types.load_control import (
    CancelControl,
    CriticalityLevel,
    DeviceClass,
    EventStatus,
    LoadControlEventControl,
    SignatureType,
)


class Signature(t.Bytes):
    """ECDSA signature of a report: 42 octets."""


class DemandResponseLoadControl(SmartEnergyCluster):
    """Load control: named, so that a frame can be told; a CAD takes no part in it."""

    cluster_id = t.ClusterId(0x0701)
    ep_attribute = "smartenergy_drlc"

    class ClientAttributeDefs(BaseAttributeDefs):
        """Attributes of the client."""

        utility_enrollment_group: Final = attribute(
            0x0000, t.uint8_t, "rw", mandatory=True
        )
        start_randomization_minutes: Final = attribute(
            0x0001, t.uint8_t, "rw", mandatory=True
        )
        duration_randomization_minutes: Final = attribute(
            0x0002, t.uint8_t, "rw", mandatory=True
        )
        device_class_value: Final = attribute(0x0003, t.uint16_t, "rw", mandatory=True)

    class ServerCommandDefs(BaseCommandDefs):
        """Commands that the client sends."""

        report_event_status: Final = command(
            0x00,
            {
                "issuer_event_id": t.uint32_t,
                "event_status": EventStatus,
                "event_status_time": t.UTCTime,
                "criticality_level_applied": CriticalityLevel,
                "cooling_temperature_set_point_applied": t.uint16_t,
                "heating_temperature_set_point_applied": t.uint16_t,
                "average_load_adjustment_percentage_applied": t.int8s,
                "duty_cycle_applied": t.uint8_t,
                "event_control": LoadControlEventControl,
                "signature_type": SignatureType,
                "signature": Signature,
            },
        )
        get_scheduled_events: Final = command(
            0x01,
            {
                "start_time": t.UTCTime,
                "number_of_events": t.uint8_t,
                "issuer_event_id?": t.uint32_t,
            },
        )

    class ClientCommandDefs(BaseCommandDefs):
        """Commands that the server sends."""

        load_control_event: Final = command(
            0x00,
            {
                "issuer_event_id": t.uint32_t,
                "device_class": DeviceClass,
                "utility_enrollment_group": t.uint8_t,
                "start_time": t.UTCTime,
                "duration_in_minutes": t.uint16_t,
                "criticality_level": CriticalityLevel,
                "cooling_temperature_offset": t.uint8_t,
                "heating_temperature_offset": t.uint8_t,
                "cooling_temperature_set_point": t.int16s,
                "heating_temperature_set_point": t.int16s,
                "average_load_adjustment_percentage": t.int8s,
                "duty_cycle": t.uint8_t,
                "event_control": LoadControlEventControl,
            },
        )
        cancel_load_control_event: Final = command(
            0x01,
            {
                "issuer_event_id": t.uint32_t,
                "device_class": DeviceClass,
                "utility_enrollment_group": t.uint8_t,
                "cancel_control": CancelControl,
                "effective_time": t.UTCTime,
            },
        )
        cancel_all_load_control_events: Final = command(
            0x02,
            {"cancel_control": CancelControl},
        )

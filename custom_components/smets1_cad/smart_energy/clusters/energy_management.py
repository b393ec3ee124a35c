"""Energy Management cluster 0x0706 (SE 1.4 Annex D.8)."""

from typing import Final

import zigpy.types as t
from zigpy.zcl.foundation import BaseAttributeDefs, BaseCommandDefs

from .base import SmartEnergyCluster, attribute, command
from .types.load_control import (
    CriticalityLevel,
    CurrentEventStatus,
    DeviceClass,
    EventStatus,
    LoadControlEventControl,
    LoadControlState,
)


class EnergyManagement(SmartEnergyCluster):
    """State of a load control device."""

    cluster_id = t.ClusterId(0x0706)
    ep_attribute = "smartenergy_energy_management"

    class AttributeDefs(BaseAttributeDefs):
        """Attributes of the server."""

        load_control_state: Final = attribute(0x0000, LoadControlState, mandatory=True)
        current_event_id: Final = attribute(0x0001, t.uint32_t, mandatory=True)
        current_event_status: Final = attribute(
            0x0002, CurrentEventStatus, mandatory=True
        )
        conformance_level: Final = attribute(0x0003, t.uint8_t, "rw", mandatory=True)
        minimum_off_time: Final = attribute(0x0004, t.uint16_t, "rw", mandatory=True)
        minimum_on_time: Final = attribute(0x0005, t.uint16_t, "rw", mandatory=True)
        minimum_cycle_period: Final = attribute(
            0x0006, t.uint16_t, "rw", mandatory=True
        )

    class ServerCommandDefs(BaseCommandDefs):
        """Commands that the client sends."""

        manage_event: Final = command(
            0x00,
            {
                "issuer_event_id": t.uint32_t,
                "device_class": DeviceClass,
                "utility_enrollment_group": t.uint8_t,
                "action_required": t.uint8_t,
            },
        )

    class ClientCommandDefs(BaseCommandDefs):
        """Commands that the server sends."""

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
            },
        )

"""ZHA with one electricity meter, on a stick whose bytes the benchmark supplies.

bellows runs as it is from the serial line up; only what would ask a coordinator's
firmware is answered here, since the virtual stick joins networks and forms none.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
import sys
from typing import Any, Final, override
from unittest.mock import MagicMock, patch

from bellows.zigbee.application import ControllerApplication
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]
from zigpy.endpoint import Status
from zigpy.exceptions import DeliveryError
from zigpy.profiles import zha
from zigpy.state import NetworkInfo, NodeInfo
from zigpy.types import EUI64, NWK, ExtendedPanId, KeyData, PanId, ZigbeePacket, uint8_t
from zigpy.zcl.clusters.general import Basic
from zigpy.zcl.clusters.smartenergy import Metering
from zigpy.zdo.types import LogicalType, NodeDescriptor

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

METER: Final = 0x2A5C
"""The meter's network address."""
PROFILE: Final = zha.PROFILE_ID
"""The profile that it speaks: home automation, the one that ZHA takes."""
_METER_EUI64: Final = EUI64.convert("00:0d:6f:00:0b:ad:ca:fe")
_COORDINATOR_EUI64: Final = EUI64.convert("00:12:4b:00:01:ab:cd:ee")
_FULL_FUNCTION: Final = NodeDescriptor.MACCapabilityFlags.FullFunctionDevice
_FOR_FIRMWARE: Final = (
    "ha_silabs_firmware_client",
    "universal_silabs_flasher",
    "universal_silabs_flasher.common",
    "universal_silabs_flasher.const",
    "universal_silabs_flasher.firmware",
    "universal_silabs_flasher.flasher",
)
"""Packages with which ZHA updates a stick's firmware."""
_MAINS: Final = NodeDescriptor.MACCapabilityFlags.MainsPowered


def _descriptor(kind: LogicalType) -> NodeDescriptor:
    return NodeDescriptor(
        logical_type=kind,
        complex_descriptor_available=0,
        user_descriptor_available=0,
        reserved=0,
        aps_flags=0,
        frequency_band=NodeDescriptor.FrequencyBand.Freq2400MHz,
        mac_capability_flags=_FULL_FUNCTION | _MAINS,
        manufacturer_code=4098,
        maximum_buffer_size=82,
        maximum_incoming_transfer_size=82,
        server_mask=0,
        maximum_outgoing_transfer_size=82,
        descriptor_capability_field=0,
    )


class Coordinator(ControllerApplication):
    """bellows' own application, told what its network is instead of asking the stick."""

    @override
    async def load_network_info(self, *, load_devices: bool = False) -> None:
        """Be the coordinator of a network."""
        self.state.node_info = NodeInfo(
            nwk=NWK(0),
            ieee=_COORDINATOR_EUI64,
            logical_type=LogicalType.Coordinator,
            manufacturer="Maker",
            model="Stick",
        )
        self.state.network_info = NetworkInfo(
            extended_pan_id=ExtendedPanId(bytes(range(8))),
            pan_id=PanId(0x1234),
            channel=uint8_t(15),
        )
        self.state.network_info.network_key.key = KeyData(bytes(range(16)))

    @override
    async def start_network(self) -> None:
        """Bring up that network, with the meter on it."""
        await self.load_network_info()
        self._ezsp.add_callback(self.ezsp_callback_handler)
        self.controller_event.set()
        self._add(_COORDINATOR_EUI64, 0, LogicalType.Coordinator)
        endpoint = self._add(_METER_EUI64, METER, LogicalType.Router)
        endpoint.add_input_cluster(Basic.cluster_id)
        metering = endpoint.add_input_cluster(Metering.cluster_id)
        attributes = Metering.AttributeDefs
        for attribute, value in (
            (attributes.current_summ_delivered, 5_000_000),
            (attributes.instantaneous_demand, 500),
            (attributes.unit_of_measure, 0),
            (attributes.multiplier, 1),
            (attributes.divisor, 1000),
            (attributes.summation_formatting, 0xFB),
            (attributes.demand_formatting, 0xFB),
            (attributes.metering_device_type, 0),
        ):
            metering.update_attribute(attribute.id, value)

    def _add(self, eui64: EUI64, address: int, kind: LogicalType) -> Any:
        device = self.add_device(eui64, NWK(address))
        device.node_desc = _descriptor(kind)
        device.manufacturer, device.model = "Maker", f"{kind.name}"
        endpoint = device.add_endpoint(1)
        endpoint.profile_id = zha.PROFILE_ID
        endpoint.device_type = zha.DeviceType.METER_INTERFACE
        endpoint.status = Status.ZDO_INIT
        device.original_signature = device.get_signature()
        return endpoint

    @override
    async def permit(self, time_s: int = 60, node: EUI64 | None = None) -> None:
        """Tell nobody."""

    @override
    async def send_packet(self, packet: ZigbeePacket) -> None:
        """Reach nobody.

        Raises:
            DeliveryError: always.
        """
        raise DeliveryError("There is nobody else on this network")


@asynccontextmanager
async def zha_on(hass: HomeAssistant, url: str) -> AsyncGenerator[MockConfigEntry]:
    """Run ZHA on a stick, as it is by default, but for quirks and what is periodic."""
    entry = MockConfigEntry(
        domain="zha",
        version=5,
        data={
            "device": {"path": url, "baudrate": 115200, "flow_control": None},
            "radio_type": "ezsp",
        },
    )
    config = {
        "enable_quirks": False,
        "zigpy_config": {
            "use_thread": False,
            "backup_enabled": False,
            "topology_scan_enabled": False,
            "watchdog_enabled": False,
            "ota": {"enabled": False},
        },
    }
    with (
        patch("bellows.zigbee.application.ControllerApplication", Coordinator),
        patch.dict(sys.modules, {name: MagicMock() for name in _FOR_FIRMWARE}),
    ):
        assert await async_setup_component(hass, "zha", {"zha": config})
        entry.add_to_hass(hass)
        with patch("homeassistant.components.zha.PLATFORMS", (Platform.SENSOR,)):
            assert await hass.config_entries.async_setup(entry.entry_id)
            await hass.async_block_till_done()
            try:
                yield entry
            finally:
                await hass.config_entries.async_unload(entry.entry_id)

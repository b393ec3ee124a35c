"""Serial ports, and who uses them."""

import os

from homeassistant.components.usb import (
    SerialPortConsumer,
    async_get_serial_port_consumers,
    async_scan_serial_ports,
)
from homeassistant.core import HomeAssistant


async def async_port_users(hass: HomeAssistant, path: str) -> list[SerialPortConsumer]:
    """Return the integrations and apps that use a port, under whichever of its names."""
    ports = await async_scan_serial_ports(hass)
    consumers = await async_get_serial_port_consumers(hass, ports)
    resolved = await hass.async_add_executor_job(_resolved, path)
    names = {path, resolved} | {
        port.device for port in ports if resolved in (port.device, port.resolved_device)
    }
    return [user for name in sorted(names) for user in consumers.get(name, ())]


def _resolved(path: str) -> str:
    """Follow the links of a port on this machine; an address on the network is what it is."""
    return os.path.realpath(path) if path.startswith("/") else path

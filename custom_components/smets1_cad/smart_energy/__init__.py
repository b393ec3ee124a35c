"""Zigbee Smart Energy (profile 0x0109) over zigpy, for a device that joins. No Home Assistant."""

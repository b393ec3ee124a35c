"""Numbers of the Smart Energy profile (SE 1.4): profile, clusters, devices."""

from enum import IntEnum
from typing import Final

PROFILE_ID: Final = 0x0109
"""Zigbee Smart Energy."""


class ClusterId(IntEnum):
    """Clusters of a Smart Energy home area network, with the ZCL ones it uses."""

    BASIC = 0x0000
    IDENTIFY = 0x0003
    TIME = 0x000A
    COMMISSIONING = 0x0015
    OTA = 0x0019
    KEEP_ALIVE = 0x0025
    PRICE = 0x0700
    DEMAND_RESPONSE_LOAD_CONTROL = 0x0701
    METERING = 0x0702
    MESSAGING = 0x0703
    TUNNELING = 0x0704
    PREPAYMENT = 0x0705
    ENERGY_MANAGEMENT = 0x0706
    CALENDAR = 0x0707
    DEVICE_MANAGEMENT = 0x0708
    EVENTS = 0x0709
    MDU_PAIRING = 0x070A
    SUB_GHZ = 0x070B
    KEY_ESTABLISHMENT = 0x0800


class DeviceId(IntEnum):
    """Device identifiers of the profile."""

    RANGE_EXTENDER = 0x0008
    ENERGY_SERVICE_INTERFACE = 0x0500
    METERING = 0x0501
    IN_HOME_DISPLAY = 0x0502
    PROGRAMMABLE_COMMUNICATING_THERMOSTAT = 0x0503
    LOAD_CONTROL = 0x0504
    SMART_APPLIANCE = 0x0505
    PREPAYMENT_TERMINAL = 0x0506
    PHYSICAL = 0x0507
    REMOTE_COMMUNICATIONS = 0x0508

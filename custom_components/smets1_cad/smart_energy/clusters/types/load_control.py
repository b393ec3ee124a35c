"""Types of the Demand Response and Load Control and the Energy Management cluster (SE 1.4 Annexes D.2 and D.8)."""

import zigpy.types as t


class CancelControl(t.bitmap8):
    """Options of CancelLoadControlEvent."""

    TERMINATE_WITH_RANDOMIZATION = 0x01


class CriticalityLevel(t.enum8):
    """How critical a load control event is."""

    RESERVED = 0x00
    GREEN = 0x01
    N_1 = 0x02
    N_2 = 0x03
    N_3 = 0x04
    N_4 = 0x05
    N_5 = 0x06
    EMERGENCY = 0x07
    PLANNED_OUTAGE = 0x08
    SERVICE_DISCONNECT = 0x09
    UTILITY_DEFINED1 = 0x0A
    UTILITY_DEFINED2 = 0x0B
    UTILITY_DEFINED3 = 0x0C
    UTILITY_DEFINED4 = 0x0D
    UTILITY_DEFINED5 = 0x0E
    UTILITY_DEFINED6 = 0x0F


class DeviceClass(t.bitmap16):
    """Devices that a load control event is for."""

    HVAC_COMPRESSOR_OR_FURNACE = 0x0001
    STRIP_HEAT_BASEBOARD_HEAT = 0x0002
    WATER_HEATER = 0x0004
    POOL_PUMP_SPA_JACUZZI = 0x0008
    SMART_APPLIANCES = 0x0010
    IRRIGATION_PUMP = 0x0020
    MANAGED_CAND_ILOADS = 0x0040
    SIMPLE_MISC_LOADS = 0x0080
    EXTERIOR_LIGHTING = 0x0100
    INTERIOR_LIGHTING = 0x0200
    ELECTRIC_VEHICLE = 0x0400
    GENERATION_SYSTEMS = 0x0800


class LoadControlEventControl(t.bitmap8):
    """Options of a load control event."""

    RANDOMIZED_START_TIME = 0x01
    RANDOMIZED_END_TIME = 0x02


class EventStatus(t.enum8):
    """What became of a load control event."""

    LOAD_CONTROL_EVENT_COMMAND_RX = 0x01
    EVENT_STARTED = 0x02
    EVENT_COMPLETED = 0x03
    USER_HAS_CHOOSE_TO_OPT_OUT = 0x04
    USER_HAS_CHOOSE_TO_OPT_IN = 0x05
    THE_EVENT_HAS_BEEN_CANCELED = 0x06
    THE_EVENT_HAS_BEEN_SUPERSEDED = 0x07
    EVENT_PARTIALLY_COMPLETED_WITH_USER_OPT_OUT = 0x08
    EVENT_PARTIALLY_COMPLETED_DUE_TO_USER_OPT_IN = 0x09
    EVENT_COMPLETED_NO_USER_PARTICIPATION_PREVIOUS_OPT_OUT = 0x0A
    INVALID_OPT_OUT = 0xF6
    EVENT_NOT_FOUND = 0xF7
    REJECTED_INVALID_CANCEL_COMMAND = 0xF8
    REJECTED_INVALID_CANCEL_COMMAND_INVALID_EFFECTIVE_TIME = 0xF9
    REJECTED_EVENT_EXPIRED = 0xFB
    REJECTED_INVALID_CANCEL_UNDEFINED_EVENT = 0xFD
    LOAD_CONTROL_EVENT_COMMAND_REJECTED = 0xFE


class CurrentEventStatus(t.bitmap8):
    """State of the load control event in hand."""

    RANDOMIZED_START_TIME = 0x01
    RANDOMIZED_DURATION = 0x02
    EXTENDED_BITS_PRESENT = 0x04
    EVENT_ACTIVE = 0x08
    DEVICE_PARTICIPATING_IN_EVENT = 0x10
    REDUCING_LOAD = 0x20
    ON_AT_END_OF_EVENT = 0x40


class LoadControlState(t.bitmap8):
    """State of a load control device."""

    RELAY_OPEN_OR_CONSUMPTION_INTERUPTED = 0x01
    EVENT_IN_PROGRESS = 0x02
    POWER_STABILIZING = 0x04
    OTHER_LOAD_REDUCTION = 0x08
    CURRENT_FLOW_OR_CONSUMING_COMMODITY = 0x10
    LOAD_CALL = 0x20


class SignatureType(t.enum8):
    """How a report is signed."""

    RESERVED = 0x00
    ECDSA = 0x01

"""Types of the Calendar cluster (SE 1.4 Annex D.9)."""

import zigpy.types as t


class AuxiliaryLoadSwitchState(t.bitmap8):
    """Auxiliary load switches that are on."""

    AUXILIARY_SWITCH1 = 0x01
    AUXILIARY_SWITCH2 = 0x02
    AUXILIARY_SWITCH3 = 0x04
    AUXILIARY_SWITCH4 = 0x08
    AUXILIARY_SWITCH5 = 0x10
    AUXILIARY_SWITCH6 = 0x20
    AUXILIARY_SWITCH7 = 0x40
    AUXILIARY_SWITCH8 = 0x80


class CalendarTimeReference(t.enum8):
    """Clock that a calendar goes by."""

    UTC_TIME = 0x00
    STANDARD_TIME = 0x01
    LOCAL_TIME = 0x02


class CalendarType(t.enum8):
    """What a calendar switches."""

    DELIVERED_CALENDAR = 0x00
    RECEIVED_CALENDAR = 0x01
    DELIVERED_AND_RECEIVED_CALENDAR = 0x02
    FRIENDLY_CREDIT_CALENDAR = 0x03
    AUXILLIARY_LOAD_SWITCH_CALENDAR = 0x04

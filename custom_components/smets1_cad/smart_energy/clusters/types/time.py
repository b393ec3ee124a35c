"""Types of the Time cluster (ZCL 3.12)."""

import zigpy.types as t


class TimeStatus(t.bitmap8):
    """What a clock's time is worth."""

    MASTER = 0x01
    SYNCHRONIZED = 0x02
    MASTER_FOR_TIME_ZONE_AND_DST = 0x04
    SUPERSEDING = 0x08

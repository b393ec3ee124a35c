"""Time cluster 0x000A (ZCL 3.12), as a Smart Energy client sees it."""

from typing import Final

import zigpy.types as t
from zigpy.zcl.foundation import BaseAttributeDefs

from .base import SmartEnergyCluster, attribute
from .types.time import TimeStatus


class Time(SmartEnergyCluster):
    """The hub's clock."""

    cluster_id = t.ClusterId(0x000A)
    ep_attribute = "time"

    class AttributeDefs(BaseAttributeDefs):
        """Attributes of the server."""

        time: Final = attribute(0x0000, t.UTCTime, "rw", mandatory=True)
        time_status: Final = attribute(0x0001, TimeStatus, "rw", mandatory=True)
        time_zone: Final = attribute(0x0002, t.int32s, "rw")
        dst_start: Final = attribute(0x0003, t.uint32_t, "rw")
        dst_end: Final = attribute(0x0004, t.uint32_t, "rw")
        dst_shift: Final = attribute(0x0005, t.int32s, "rw")
        standard_time: Final = attribute(0x0006, t.StandardTime)
        local_time: Final = attribute(0x0007, t.LocalTime)
        last_set_time: Final = attribute(0x0008, t.UTCTime)
        valid_until_time: Final = attribute(0x0009, t.UTCTime, "rw")

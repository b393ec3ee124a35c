"""How zigpy and bellows are configured for a stick that joins."""

from copy import deepcopy
from functools import cache
from typing import Any, Final

from bellows.config import CONF_EZSP_CONFIG, CONF_USE_THREAD, CONFIG_SCHEMA
from bellows.types import EzspConfigId
import zigpy.config as conf
from zigpy.zdo.types import SimpleDescriptor

from ..smart_energy.const import PROFILE_ID, ClusterId, DeviceId
from ..smart_energy.device import LOCAL_ENDPOINT

BAUDRATE: Final = 115200
"""What the common EFR32 sticks ship with."""

SERVER_CLUSTERS: Final = (ClusterId.BASIC, ClusterId.KEY_ESTABLISHMENT)
"""What an in-home display must serve (SE 1.4, table 6-3)."""

CLIENT_CLUSTERS: Final = (
    ClusterId.TIME,
    ClusterId.KEEP_ALIVE,
    ClusterId.PRICE,
    ClusterId.METERING,
    ClusterId.MESSAGING,
    ClusterId.PREPAYMENT,
    ClusterId.CALENDAR,
    ClusterId.DEVICE_MANAGEMENT,
    ClusterId.EVENTS,
    ClusterId.KEY_ESTABLISHMENT,
)
"""What the CAD reads, and what a hub may therefore push to it."""

ENDPOINT: Final = SimpleDescriptor(
    endpoint=LOCAL_ENDPOINT,
    profile=PROFILE_ID,
    device_type=DeviceId.IN_HOME_DISPLAY,
    device_version=0,
    input_clusters=list(SERVER_CLUSTERS),
    output_clusters=list(CLIENT_CLUSTERS),
)
"""The CAD's one endpoint: an in-home display, which is what a CAD is to a hub."""


def application_config(
    path: str, *, baudrate: int = BAUDRATE, flow_control: str | None = None
) -> dict[str, Any]:
    """Return the complete zigpy application config for a stick.

    Nothing periodic runs, nothing is stored, and the stick itself answers ZDO
    requests (flags 0): zigpy would answer a match request for profile 0x0109
    with an empty list.

    Args:
        path: a serial port, or "socket://host:port".
        baudrate: of a serial port.
        flow_control: "hardware", "software" or None.
    """
    device = conf.SCHEMA_DEVICE(
        {
            conf.CONF_DEVICE_PATH: path,
            conf.CONF_DEVICE_BAUDRATE: baudrate,
            conf.CONF_DEVICE_FLOW_CONTROL: flow_control,
        }
    )
    return deepcopy(_for_any_stick()) | {conf.CONF_DEVICE: device}


@cache
def _for_any_stick() -> dict[str, Any]:
    """Return what does not depend on the stick, with what zigpy and bellows add to it.

    Checked once, however often a stick is opened: a schema that is used fifty times is
    compiled, and zigpy's own does not survive that (zigpy 2.4.0 with probatio 0.13.0).
    """
    checked: dict[str, Any] = CONFIG_SCHEMA(
        {
            conf.CONF_DEVICE: {conf.CONF_DEVICE_PATH: ""},
            conf.CONF_DATABASE: None,
            conf.CONF_NWK_BACKUP_ENABLED: False,
            conf.CONF_TOPO_SCAN_ENABLED: False,
            conf.CONF_OTA: {conf.CONF_OTA_ENABLED: False},
            conf.CONF_SOURCE_ROUTING: False,
            conf.CONF_MAX_CONCURRENT_REQUESTS: 4,
            CONF_USE_THREAD: False,
            CONF_EZSP_CONFIG: {
                EzspConfigId.CONFIG_APPLICATION_ZDO_FLAGS.name: 0,
                EzspConfigId.CONFIG_MAX_END_DEVICE_CHILDREN.name: 0,
            },
        }
    )
    return checked

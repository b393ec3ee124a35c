"""What the stick's status codes mean to a join, in words.

EZSP up to version 13 speaks EmberStatus, newer ones sl_Status; bellows maps
the first to the second, in which JOIN_FAILED, CANNOT_JOIN_AS_ROUTER and
NOT_JOINED are one. The readings of the names are this project's; no hub has
confirmed them.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from bellows.types import sl_Status
from zigpy.types import Channels

from ..smart_energy.network import (
    JoinError,
    JoinRefused,
    NoHubHeard,
    NotSmartEnergy,
    WrongInstallCode,
)

_JOIN_ERRORS: Final[Mapping[sl_Status, tuple[type[JoinError], str]]] = {
    sl_Status.NO_BEACONS: (
        NoHubHeard,
        "The hub was not heard any more while joining. Move the stick nearer to the hub, away from USB 3 ports, "
        "on an extension cable.",
    ),
    sl_Status.NOT_JOINED: (
        JoinRefused,
        "The hub refused the CAD. Ask the supplier whether the CAD is on the hub's list and whether the list has room; "
        "an in-home display may have to be unpaired first.",
    ),
    sl_Status.ZIGBEE_NO_NETWORK_KEY_RECEIVED: (
        WrongInstallCode,
        "The hub let the CAD in, but its key could not be read. Ask the supplier to compare the install code and the "
        "EUI-64 with those on the CAD.",
    ),
    sl_Status.ZIGBEE_RECEIVED_KEY_IN_THE_CLEAR: (
        NotSmartEnergy,
        "The network gave its key away unencrypted, so it is not a smart meter's. Nothing was kept of it.",
    ),
    sl_Status.ZIGBEE_NO_LINK_KEY_RECEIVED: (
        WrongInstallCode,
        "The hub sent no link key. Ask the supplier whether the CAD was added with its install code.",
    ),
    sl_Status.ZIGBEE_PRECONFIGURED_KEY_REQUIRED: (
        WrongInstallCode,
        "The hub wants a device with an install code. Ask the supplier to add the CAD with its install code.",
    ),
}


def channel_mask(channels: Iterable[int]) -> Channels:
    """Return channels as the mask that EZSP takes."""
    return Channels(sum(1 << channel for channel in channels))


def normalise(status: Any) -> sl_Status:
    """Return a status of any EZSP version as sl_Status."""
    return sl_Status.from_ember_status(status)


def join_error(status: sl_Status) -> JoinError:
    """Return the error that says what a join's final status means."""
    known = _JOIN_ERRORS.get(status)
    if known is None:
        return JoinError(
            f"Joining ended with status {status.name}. It is tried again; if it stays, restart the stick."
        )
    error, message = known
    return error(message)

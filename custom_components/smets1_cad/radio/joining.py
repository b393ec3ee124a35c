"""Scan, join, rejoin and leave, as EZSP commands."""

from asyncio import Queue, timeout
from collections.abc import Iterable, Sequence
from typing import Any, Final

from bellows.ezsp import EZSP
import bellows.types as t
from bellows.types import (
    EmberInitialSecurityBitmask,
    EmberInitialSecurityState,
    EmberJoinMethod,
    EmberNetworkParameters,
    EmberNetworkStatus,
    EmberNodeId,
    EmberNodeType,
    EmberPanId,
    sl_Status,
)
from zigpy.types import EUI64, ExtendedPanId, KeyData

from ..smart_energy.network import Beacon, JoinError, NodeRole, RejoinFailed
from .application import JoiningApplication
from .keys import overwrite_link_key
from .status import channel_mask, join_error, normalise

SCAN_DURATION: Final = 5
"""Exponent: 2**5 + 1 superframes of 15.36 ms, about half a second per channel."""

JOIN_TIMEOUT: Final = 60.0
"""Seconds for association, key transport and announcement; EmberZNet itself gives up earlier."""

REJOIN_TIMEOUT: Final = 30.0
"""Seconds for one round of rejoining."""

TX_POWER: Final = 8
"""dBm; within the limits everywhere."""

_JOIN_SECURITY: Final = (
    EmberInitialSecurityBitmask.HAVE_PRECONFIGURED_KEY
    | EmberInitialSecurityBitmask.REQUIRE_ENCRYPTED_KEY
)
"""Join with the install code's key and never take a network key in the clear.

Whether some hub wants TRUST_CENTER_GLOBAL_LINK_KEY too can only be seen on hardware.
"""

_REJOIN_REASON: Final = 0
"""EZSP 14 and newer: no particular reason."""

ROLES: Final = {
    NodeRole.END_DEVICE: EmberNodeType.END_DEVICE,
    NodeRole.ROUTER: EmberNodeType.ROUTER,
}

_FINAL: Final = frozenset(
    {
        sl_Status.NETWORK_UP,
        sl_Status.NETWORK_DOWN,
        sl_Status.NO_BEACONS,
        sl_Status.NOT_JOINED,
        sl_Status.ZIGBEE_MOVE_FAILED,
        sl_Status.ZIGBEE_NO_NETWORK_KEY_RECEIVED,
        sl_Status.ZIGBEE_RECEIVED_KEY_IN_THE_CLEAR,
        sl_Status.ZIGBEE_NO_LINK_KEY_RECEIVED,
        sl_Status.ZIGBEE_PRECONFIGURED_KEY_REQUIRED,
    }
)
"""Stack statuses that end a join or a rejoin; others only report on the way."""


async def scan(
    application: JoiningApplication, channels: Iterable[int]
) -> list[Beacon]:
    """Listen for networks on some channels, and return what was heard, the strongest first."""
    heard = [
        Beacon(
            channel=int(found.channel),
            pan_id=int(found.pan_id),
            extended_pan_id=EUI64(found.extended_pan_id),
            permits_joining=bool(found.permit_joining),
            nwk_update_id=int(found.nwk_update_id),
            stack_profile=int(found.stack_profile),
            lqi=int(found.lqi),
            rssi=int(found.rssi),
        )
        async for found in application.network_scan(
            channel_mask(channels), SCAN_DURATION
        )
    ]
    return sorted(heard, key=lambda beacon: beacon.lqi, reverse=True)


async def join(
    application: JoiningApplication, beacon: Beacon, link_key: KeyData, role: NodeRole
) -> None:
    """Join the network of a beacon with the install code's link key.

    A stick that took longer than it may is in when the next join begins; it is left there.

    Raises:
        JoinError: one of its kinds, by the stack's final status.
    """
    ezsp = application.ezsp
    if await _is_up(ezsp):
        return
    (status,) = await ezsp.setInitialSecurityState(
        state=EmberInitialSecurityState(
            bitmask=_JOIN_SECURITY,
            preconfiguredKey=t.KeyData(link_key),
            networkKey=t.KeyData(bytes(16)),
            networkKeySequenceNumber=t.uint8_t(0),
            preconfiguredTrustCenterEui64=t.EUI64(bytes(8)),
        )
    )
    _expect(status, "prepare the keys")
    parameters = EmberNetworkParameters(
        extendedPanId=ExtendedPanId(beacon.extended_pan_id),
        panId=EmberPanId(beacon.pan_id),
        radioTxPower=t.uint8_t(TX_POWER),
        radioChannel=t.uint8_t(beacon.channel),
        joinMethod=EmberJoinMethod.USE_MAC_ASSOCIATION,
        nwkManagerId=EmberNodeId(0),
        nwkUpdateId=t.uint8_t(beacon.nwk_update_id),
        channels=channel_mask([beacon.channel]),
    )
    final = await _await_final(
        ezsp,
        "joinNetwork",
        JOIN_TIMEOUT,
        nodeType=ROLES[role],
        parameters=parameters,
    )
    if final is None and await _is_up(ezsp):
        return
    if final is None:
        raise JoinError("The stick did not finish joining in time. It is tried again.")
    if final != sl_Status.NETWORK_UP:
        raise join_error(final)


async def rejoin(
    application: JoiningApplication,
    *,
    secured: bool,
    channels: Sequence[int],
    role: NodeRole,
) -> None:
    """Find the network again and go back to it.

    Args:
        application: the connected stick.
        secured: under the network key it has; else the hub sends the present one
            under the link key.
        channels: where to search; none for the present channel.
        role: as what.

    Raises:
        RejoinFailed: not found, or not taken back.
    """
    ezsp = application.ezsp
    arguments: dict[str, Any] = {
        "haveCurrentNetworkKey": t.Bool(secured),
        "channelMask": t.uint32_t(channel_mask(channels) if channels else 0),
    }
    if ezsp.ezsp_version >= 14:
        arguments |= {"reason": t.uint8_t(_REJOIN_REASON), "nodeType": ROLES[role]}
    try:
        final = await _await_final(
            ezsp, "findAndRejoinNetwork", REJOIN_TIMEOUT, **arguments
        )
    except JoinError as err:
        raise RejoinFailed(str(err)) from err
    if final != sl_Status.NETWORK_UP:
        said = "no answer" if final is None else final.name
        raise RejoinFailed(
            f"The hub did not take the CAD back ({said}). It is tried again; if the hub was exchanged, ask the supplier "
            "to pair the CAD anew."
        )


async def leave(application: JoiningApplication) -> None:
    """Leave the network; the stick forgets it and its keys."""
    await overwrite_link_key(application)
    await application.ezsp.leaveNetwork()


async def _is_up(ezsp: EZSP) -> bool:
    (state,) = await ezsp.networkState()
    return bool(state == EmberNetworkStatus.JOINED_NETWORK)


async def _await_final(
    ezsp: EZSP, command: str, seconds: float, **arguments: Any
) -> sl_Status | None:
    """Send a command and wait for the stack status that ends what it started; None if none comes."""
    statuses: Queue[sl_Status] = Queue()

    def take(_: str, response: list[Any]) -> None:
        statuses.put_nowait(normalise(response[0]))

    with ezsp.callback_for_commands({"stackStatusHandler"}, take):
        (status,) = await getattr(ezsp, command)(**arguments)
        _expect(status, "start joining")
        try:
            async with timeout(seconds):
                while (final := await statuses.get()) not in _FINAL:
                    pass
        except TimeoutError:
            return None
    return final


def _expect(status: Any, doing: str) -> None:
    """Raise unless the stick accepted a command."""
    if (code := normalise(status)) != sl_Status.OK:
        raise JoinError(
            f"The stick would not {doing} ({code.name}). It is tried again; if it stays, restart the stick."
        )

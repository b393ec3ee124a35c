"""The stick's membership of a network: how it begins, is lost, comes back and ends."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final, Protocol

from ..air import MAC_SUCCESS, Air, Beacon, Station
from ..crypto.mmo import install_code_key
from ..frames import (
    BROADCAST_AWAKE,
    COORDINATOR,
    ZDO_PROFILE,
    ApsFrame,
    ApsKind,
    Delivery,
    NetworkCommand,
    NetworkKind,
)
from ..zdo import ZdoCluster
from .flash import Flash, StoredNetwork
from .security import InitialSecurity, JoinSecurity
from .sender import Sender
from .status import Status

ROUTER: Final = 2
END_DEVICE: Final = 3
_CAPABILITIES: Final = {ROUTER: 0x8E, END_DEVICE: 0x8C}
_SLEEPS: Final = 0x80


class NetworkState(IntEnum):
    """EmberNetworkStatus."""

    NO_NETWORK = 0
    JOINING = 1
    JOINED = 2
    NO_PARENT = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """The network that joinNetwork names."""

    channel: int
    pan_id: int
    extended_pan_id: bytes


class Anchor(Protocol):
    """What a membership needs of its stack."""

    air: Air
    flash: Flash

    @property
    def sender(self) -> Sender:
        """What sends."""
        ...

    @property
    def station(self) -> Station:
        """Who listens on the air."""
        ...

    def report(self, status: Status) -> None:
        """Tell the host."""
        ...


class Membership:
    """One stick's place in one network."""

    def __init__(self, anchor: Anchor, key_timeout: float) -> None:
        """Begin without a network in use; flash may hold one."""
        self.state = NetworkState.NO_NETWORK
        self.security: InitialSecurity | None = None
        self.joining: StoredNetwork | None = None
        self._anchor = anchor
        self._key_timeout = key_timeout
        self._timer: asyncio.TimerHandle | None = None

    @property
    def network(self) -> StoredNetwork | None:
        """The network in use, or the one being joined."""
        return self.joining or self._anchor.flash.network

    def reset(self) -> None:
        """Forget everything that is not in flash."""
        self._anchor.air.detach(self._anchor.station)
        self._stop_timer()
        self.security = self.joining = None
        self.state = NetworkState.NO_NETWORK

    def resume(self) -> Status:
        """Bring up the network that flash holds."""
        if self.state is not NetworkState.NO_NETWORK:
            return Status.INVALID_CALL
        if self._anchor.flash.network is None:
            return Status.NOT_JOINED
        self._up()
        return Status.OK

    def join(self, node_type: int, candidate: Candidate) -> Status:
        """Associate and wait for the network key; the outcome comes as an event."""
        if self.state is not NetworkState.NO_NETWORK:
            return Status.INVALID_CALL
        security = self.security
        if security is None:
            return Status.SECURITY_STATE_NOT_SET
        link_key = self._preconfigured(security)
        if link_key is None:
            return Status.PRECONFIGURED_KEY_REQUIRED
        self.state = NetworkState.JOINING
        self._anchor.air.attach(self._anchor.station)
        heard = any(
            (beacon.pan_id, beacon.extended_pan_id)
            == (candidate.pan_id, candidate.extended_pan_id)
            for beacon in self._anchor.air.scan(candidate.channel)
        )
        router = node_type == ROUTER
        answer = (
            self._anchor.air.associate(
                self._anchor.flash.eui64, candidate.pan_id, router=router
            )
            if heard
            else None
        )
        if answer is None:
            self.fail(Status.NO_BEACONS)
        elif answer[0] != MAC_SUCCESS:
            self.fail(Status.JOIN_FAILED)
        else:
            self._anchor.flash.link_key = link_key
            self.joining = StoredNetwork(
                node_type=node_type,
                address=answer[1],
                channel=candidate.channel,
                pan_id=candidate.pan_id,
                extended_pan_id=candidate.extended_pan_id,
                key=b"",
                key_sequence=0,
                trust_centre=b"",
            )
            self._start_timer(lambda: self.fail(Status.NO_NETWORK_KEY_RECEIVED))
        return Status.OK

    def _preconfigured(self, security: InitialSecurity) -> bytes | None:
        if JoinSecurity.PRECONFIGURED_KEY_FROM_INSTALL_CODE in security.bits:
            return (
                install_code_key(self._anchor.flash.install_code)
                if self._anchor.flash.install_code
                else None
            )
        return (
            security.link_key
            if JoinSecurity.HAVE_PRECONFIGURED_KEY in security.bits
            else None
        )

    def rejoin(self, channels: Iterable[int], *, secured: bool) -> Status:
        """Ask the hub back in, with the network key or (secured=False) with the link key alone."""
        network = self._anchor.flash.network
        if network is None or self.state not in (
            NetworkState.JOINED,
            NetworkState.NO_PARENT,
        ):
            return Status.INVALID_CALL
        self.state = NetworkState.NO_PARENT
        beacon = self._find(network.extended_pan_id, [*channels] or [network.channel])
        if beacon is None:
            self._later(lambda: self.fail(Status.NO_BEACONS))
            return Status.OK
        self.joining = replace(network, channel=beacon.channel, pan_id=beacon.pan_id)
        payload = bytes(
            [
                NetworkCommand.REJOIN_REQUEST,
                _CAPABILITIES.get(network.node_type, _SLEEPS),
            ]
        )
        self._start_timer(lambda: self.fail(Status.MOVE_FAILED))
        self._anchor.sender.network(
            COORDINATOR, NetworkKind.COMMAND, payload, secured=secured
        )
        return Status.OK

    def _find(self, extended_pan_id: bytes, channels: Sequence[int]) -> Beacon | None:
        for channel in channels:
            for beacon in self._anchor.air.scan(channel):
                if beacon.extended_pan_id == extended_pan_id:
                    return beacon
        return None

    def leave(self) -> Status:
        """Tell the hub and forget the network."""
        if self._anchor.flash.network is None or self.state is NetworkState.NO_NETWORK:
            return Status.INVALID_CALL
        self._anchor.sender.network(
            COORDINATOR, NetworkKind.COMMAND, bytes([NetworkCommand.LEAVE, 0])
        )
        self._forget()
        return Status.OK

    def lose(self) -> None:
        """Lose contact with the hub, as when its signal fades."""
        if self.state is NetworkState.JOINED:
            self.state = NetworkState.NO_PARENT
            self._later(lambda: self._anchor.report(Status.NETWORK_DOWN))

    def _forget(self) -> None:
        self._anchor.flash.network = None
        self._anchor.flash.save()
        self._anchor.air.detach(self._anchor.station)
        self.state = NetworkState.NO_NETWORK
        self._later(lambda: self._anchor.report(Status.NETWORK_DOWN))

    def fail(self, status: Status) -> None:
        """Give up a join or a rejoin, and say why."""
        self._stop_timer()
        self.joining = None
        if self._anchor.flash.network is None:
            self.state = NetworkState.NO_NETWORK
            self._anchor.air.detach(self._anchor.station)
        else:
            self.state = NetworkState.NO_PARENT
        self._later(lambda: self._anchor.report(status))

    def _up(self) -> None:
        self._stop_timer()
        self._anchor.air.attach(self._anchor.station)
        self.state = NetworkState.JOINED
        self._anchor.flash.save()
        self._later(lambda: self._anchor.report(Status.NETWORK_UP))

    def _joined(self, network: StoredNetwork) -> None:
        self.joining = None
        self._anchor.flash.network = network
        self._up()
        capability = _CAPABILITIES.get(network.node_type, _SLEEPS)
        announcement = (
            bytes([self._anchor.sender.next_sequence()])
            + network.address.to_bytes(2, "little")
            + self._anchor.flash.eui64[::-1]
            + bytes([capability])
        )
        frame = ApsFrame(
            ApsKind.DATA,
            self._anchor.sender.next_aps_count(),
            announcement,
            cluster_id=ZdoCluster.DEVICE_ANNCE,
            profile_id=ZDO_PROFILE,
            delivery=Delivery.BROADCAST,
        )
        self._anchor.sender.network(BROADCAST_AWAKE, NetworkKind.DATA, frame.encode())

    # What comes from the hub.

    def rejoin_answered(self, status: int, address: int, *, secured: bool) -> None:
        """Take a rejoin response; without network security the key is still to come."""
        if self.joining is None:
            return
        if status != 0:
            self.fail(Status.MOVE_FAILED)
            return
        self.joining = replace(self.joining, address=address)
        if secured:
            self._joined(self.joining)

    def key_arrived(self, key: bytes, sequence: int, trust_centre: bytes) -> None:
        """Take a network key: the one that was waited for, or the next one."""
        network = self._anchor.flash.network
        if self.joining is not None:
            self._joined(
                replace(
                    self.joining,
                    key=key,
                    key_sequence=sequence,
                    trust_centre=trust_centre,
                    next_key=None,
                )
            )
        elif network is not None:
            network.next_key = (key, sequence)
            self._anchor.flash.save()

    def key_in_the_clear(self) -> None:
        """Give up a join in which the network key came without a seal."""
        if self.joining is not None and self._anchor.flash.network is None:
            self.fail(Status.RECEIVED_KEY_IN_THE_CLEAR)

    def switch_key(self, sequence: int) -> bool:
        """Use the next network key; False if it is not the one meant."""
        network = self._anchor.flash.network
        if (
            network is None
            or network.next_key is None
            or network.next_key[1] != sequence
        ):
            return False
        network.key, network.key_sequence = network.next_key
        network.next_key = None
        self._anchor.flash.save()
        return True

    def told_to_leave(self) -> None:
        """Follow the hub's Leave."""
        self._stop_timer()
        self.joining = None
        self._forget()

    # Time.

    def _later(self, call: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_soon(call)

    def _start_timer(self, call: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(self._key_timeout, call)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

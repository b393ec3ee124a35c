"""The Zigbee stack inside the stick: it joins, rejoins, seals, acknowledges and leaves."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
import logging
from typing import Final, Protocol

from ..air import MAC_SUCCESS, Air, AirFrame, Beacon
from ..aps import EndpointDescription
from ..crypto.ccm import transport_key
from ..crypto.mmo import install_code_key
from ..errors import FrameError, SecurityError
from ..frames import (
    APS_SECURITY_SIZE,
    BROADCAST_AWAKE,
    COORDINATOR,
    MAX_APS_PAYLOAD,
    NO_ADDRESS,
    ZDO_PROFILE,
    ApsCommand,
    ApsFrame,
    ApsKind,
    ApsSecurity,
    Delivery,
    NetworkCommand,
    NetworkFrame,
    NetworkKind,
    SealedAps,
    decode_aps,
    decode_network,
    is_broadcast,
    parse_transport_key,
    unseal_network,
)
from ..zdo import LogicalType, Node, ZdoCluster
from .flash import Flash, StoredNetwork
from .security import InitialSecurity, JoinSecurity
from .status import Status

LOGGER = logging.getLogger(__package__)

ROUTER: Final = 2
END_DEVICE: Final = 3
FIRST_CHANNEL: Final = 11
_CAPABILITIES: Final = {ROUTER: 0x8E, END_DEVICE: 0x8C}


type Carrier = Callable[[Callable[[ApsFrame], None], ApsFrame], None]
"""Carries one frame on: calls the function with it now, later, twice, changed or never."""


class NetworkState(IntEnum):
    """EmberNetworkStatus."""

    NO_NETWORK = 0
    JOINING = 1
    JOINED = 2
    NO_PARENT = 3


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the stack waits, in real seconds; a real stick takes many times as long.

    Attributes:
        key: for the network key after an association or a rejoin.
        ack: for one APS acknowledgement.
        retries: how often an unacknowledged frame is sent again.
    """

    key: float = 0.25
    ack: float = 0.1
    retries: int = 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """The network that joinNetwork names."""

    channel: int
    pan_id: int
    extended_pan_id: bytes


class StackEvents(Protocol):
    """What the stack reports."""

    def network_status(self, status: Status) -> None:
        """The network came up, went down, or a join failed."""

    def message_received(self, frame: ApsFrame, sender: int, destination: int) -> None:
        """An application or ZDO frame is for the host."""

    def message_sent(
        self, tag: int, destination: int, frame: ApsFrame, status: Status
    ) -> None:
        """A unicast has been delivered or given up."""

    def network_key_switched(self, sequence: int) -> None:
        """The stack uses another network key."""


@dataclass(slots=True)
class _Unacknowledged:
    tag: int
    destination: int
    frame: ApsFrame
    tries_left: int
    timer: asyncio.TimerHandle


class Stack:
    """One node on the air, which keeps what matters in flash."""

    def __init__(
        self, air: Air, flash: Flash, events: StackEvents, timing: Timing | None = None
    ) -> None:
        """Power up; the network rests in flash until `resume`."""
        self.air = air
        self.flash = flash
        self.timing = timing or Timing()
        self.endpoints: list[EndpointDescription] = []
        self.host_answers_endpoints = False
        self.host_sees_requests = False
        self.state = NetworkState.NO_NETWORK
        self.security: InitialSecurity | None = None
        self._events = events
        self._sequence = 0
        self._aps_count = flash.network_counter & 0xFF
        self._joining: StoredNetwork | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._pending: dict[int, _Unacknowledged] = {}
        self._carrier: Carrier | None = None

    @property
    def network(self) -> StoredNetwork | None:
        """The network in use, or the one being joined."""
        return self._joining or self.flash.network

    @property
    def address(self) -> int:
        """The short address, or 0xFFFE."""
        return NO_ADDRESS if self.flash.network is None else self.flash.network.address

    def carry_with(self, carrier: Carrier | None) -> None:
        """Let a fault carry the frames that are for the host."""
        self._carrier = carrier

    def reset(self) -> None:
        """Forget everything that is not in flash."""
        self.air.detach(self)
        self._stop_timer()
        for waiting in self._pending.values():
            waiting.timer.cancel()
        self._pending.clear()
        self.endpoints.clear()
        self.host_answers_endpoints = self.host_sees_requests = False
        self.security = self._joining = None
        self.state = NetworkState.NO_NETWORK
        self.flash.save()

    # Joining.

    def resume(self) -> Status:
        """Bring up the network that flash holds."""
        if self.state is not NetworkState.NO_NETWORK:
            return Status.INVALID_CALL
        if self.flash.network is None:
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
        self.air.attach(self)
        heard = any(
            (beacon.pan_id, beacon.extended_pan_id)
            == (candidate.pan_id, candidate.extended_pan_id)
            for beacon in self.air.scan(candidate.channel)
        )
        router = node_type == ROUTER
        answer = (
            self.air.associate(self.flash.eui64, candidate.pan_id, router=router)
            if heard
            else None
        )
        if answer is None:
            self._fail(Status.NO_BEACONS)
        elif answer[0] != MAC_SUCCESS:
            self._fail(Status.JOIN_FAILED)
        else:
            self.flash.link_key = link_key
            self._joining = StoredNetwork(
                node_type=node_type,
                address=answer[1],
                channel=candidate.channel,
                pan_id=candidate.pan_id,
                extended_pan_id=candidate.extended_pan_id,
                key=b"",
                key_sequence=0,
                trust_centre=b"",
            )
            self._start_timer(lambda: self._fail(Status.NO_NETWORK_KEY_RECEIVED))
        return Status.OK

    def _preconfigured(self, security: InitialSecurity) -> bytes | None:
        if JoinSecurity.PRECONFIGURED_KEY_FROM_INSTALL_CODE in security.bits:
            return (
                install_code_key(self.flash.install_code)
                if self.flash.install_code
                else None
            )
        return (
            security.link_key
            if JoinSecurity.HAVE_PRECONFIGURED_KEY in security.bits
            else None
        )

    def rejoin(self, channels: Iterable[int], *, secured: bool) -> Status:
        """Ask the hub back in, with the network key or (secured=False) with the link key alone."""
        network = self.flash.network
        if network is None or self.state not in (
            NetworkState.JOINED,
            NetworkState.NO_PARENT,
        ):
            return Status.INVALID_CALL
        self.state = NetworkState.NO_PARENT
        beacon = self._find(network.extended_pan_id, [*channels] or [network.channel])
        if beacon is None:
            self._later(lambda: self._fail(Status.NO_BEACONS))
            return Status.OK
        self._joining = replace(network, channel=beacon.channel, pan_id=beacon.pan_id)
        payload = bytes(
            [NetworkCommand.REJOIN_REQUEST, _CAPABILITIES.get(network.node_type, 0x80)]
        )
        self._start_timer(lambda: self._fail(Status.MOVE_FAILED))
        self._transmit(COORDINATOR, NetworkKind.COMMAND, payload, secured=secured)
        return Status.OK

    def _find(self, extended_pan_id: bytes, channels: Sequence[int]) -> Beacon | None:
        for channel in channels:
            for beacon in self.air.scan(channel):
                if beacon.extended_pan_id == extended_pan_id:
                    return beacon
        return None

    def leave(self) -> Status:
        """Tell the hub and forget the network."""
        if self.flash.network is None or self.state is NetworkState.NO_NETWORK:
            return Status.INVALID_CALL
        self._transmit(
            COORDINATOR, NetworkKind.COMMAND, bytes([NetworkCommand.LEAVE, 0])
        )
        self._forget()
        return Status.OK

    def lose_network(self) -> None:
        """Lose contact with the hub, as when its signal fades."""
        if self.state is NetworkState.JOINED:
            self.state = NetworkState.NO_PARENT
            self._later(lambda: self._events.network_status(Status.NETWORK_DOWN))

    def _forget(self) -> None:
        self.flash.network = None
        self.flash.save()
        self.air.detach(self)
        self.state = NetworkState.NO_NETWORK
        self._later(lambda: self._events.network_status(Status.NETWORK_DOWN))

    def _fail(self, status: Status) -> None:
        self._stop_timer()
        self._joining = None
        if self.flash.network is None:
            self.state = NetworkState.NO_NETWORK
            self.air.detach(self)
        else:
            self.state = NetworkState.NO_PARENT
        self._later(lambda: self._events.network_status(status))

    def _up(self) -> None:
        self._stop_timer()
        self.air.attach(self)
        self.state = NetworkState.JOINED
        self.flash.save()
        self._later(lambda: self._events.network_status(Status.NETWORK_UP))

    def _joined(self, network: StoredNetwork) -> None:
        self._joining = None
        self.flash.network = network
        self._up()
        capability = _CAPABILITIES.get(network.node_type, 0x80)
        announcement = (
            bytes([self._next_sequence()])
            + network.address.to_bytes(2, "little")
            + self.flash.eui64[::-1]
            + bytes([capability])
        )
        frame = ApsFrame(
            ApsKind.DATA,
            self.next_aps_count(),
            announcement,
            cluster_id=ZdoCluster.DEVICE_ANNCE,
            profile_id=ZDO_PROFILE,
            delivery=Delivery.BROADCAST,
        )
        self._transmit(BROADCAST_AWAKE, NetworkKind.DATA, frame.encode())

    # Sending.

    def next_aps_count(self) -> int:
        """Return a fresh APS counter."""
        self._aps_count = (self._aps_count + 1) % 256
        return self._aps_count

    def send(self, frame: ApsFrame, destination: int, tag: int) -> Status:
        """Send an application or ZDO frame; a unicast's outcome comes as an event."""
        if self.state is not NetworkState.JOINED:
            return Status.NETWORK_DOWN
        if len(frame.payload) > MAX_APS_PAYLOAD - (
            APS_SECURITY_SIZE if frame.encrypted else 0
        ):
            return Status.MESSAGE_TOO_LONG
        if frame.source_endpoint and all(
            item.endpoint != frame.source_endpoint for item in self.endpoints
        ):
            return Status.INVALID_ENDPOINT
        heard = self._transmit_aps(frame, destination)
        if is_broadcast(destination):
            return Status.OK
        if frame.wants_ack and heard:
            self._await_ack(tag, destination, frame, self.timing.retries)
        else:
            status = Status.OK if heard else Status.DELIVERY_FAILED
            self._later(
                lambda: self._events.message_sent(tag, destination, frame, status)
            )
        return Status.OK

    def acknowledge(self, frame: ApsFrame, destination: int) -> Status:
        """Send the acknowledgement that the host makes up for a fragment."""
        if self.state is not NetworkState.JOINED:
            return Status.NETWORK_DOWN
        self._transmit_aps(
            replace(frame, kind=ApsKind.ACK, payload=b"", key=None), destination
        )
        return Status.OK

    def _await_ack(
        self, tag: int, destination: int, frame: ApsFrame, tries_left: int
    ) -> None:
        timer = asyncio.get_running_loop().call_later(
            self.timing.ack, self._unheard, frame.counter
        )
        self._pending[frame.counter] = _Unacknowledged(
            tag, destination, frame, tries_left, timer
        )

    def _unheard(self, counter: int) -> None:
        waiting = self._pending.pop(counter)
        if waiting.tries_left and self.state is NetworkState.JOINED:
            self._transmit_aps(waiting.frame, waiting.destination)
            self._await_ack(
                waiting.tag, waiting.destination, waiting.frame, waiting.tries_left - 1
            )
        else:
            self._events.message_sent(
                waiting.tag, waiting.destination, waiting.frame, Status.DELIVERY_FAILED
            )

    def _transmit_aps(self, frame: ApsFrame, destination: int) -> bool:
        security = None
        if frame.key is not None:
            self.flash.aps_counter += 1
            security = ApsSecurity(
                self.flash.link_key, self.flash.eui64, self.flash.aps_counter
            )
        return self._transmit(destination, NetworkKind.DATA, frame.encode(security))

    def _transmit(
        self,
        destination: int,
        kind: NetworkKind,
        payload: bytes,
        *,
        secured: bool = True,
    ) -> bool:
        network = self.network
        assert network is not None
        if secured:
            self.flash.network_counter += 1
        frame = NetworkFrame(
            kind,
            network.address,
            destination,
            self._next_sequence(),
            payload,
            source_eui64=self.flash.eui64,
            counter=self.flash.network_counter,
            key_sequence=network.key_sequence if secured else None,
        )
        octets = frame.encode(network.key if secured else None)
        return self.air.transmit(
            self,
            AirFrame(
                network.channel, network.pan_id, network.address, destination, octets
            ),
        )

    def _next_sequence(self) -> int:
        self._sequence = (self._sequence + 1) % 256
        return self._sequence

    # Station.

    def beacon(self) -> Beacon | None:
        """Send no beacon: the stick takes no children."""
        return None

    def associate(
        self, eui64: bytes, pan_id: int, *, router: bool
    ) -> tuple[int, int] | None:
        """Take no children."""
        return None

    def hears(self, frame: AirFrame) -> bool:
        """Tell whether a frame is for this node."""
        network = self.network
        if network is None or self.state is NetworkState.NO_NETWORK:
            return False
        return (frame.channel, frame.pan_id) == (network.channel, network.pan_id) and (
            frame.destination == network.address or is_broadcast(frame.destination)
        )

    def receive(self, frame: AirFrame) -> None:
        """Take a frame off the air."""
        try:
            self._receive(frame)
        except (FrameError, SecurityError) as err:
            LOGGER.debug("The stick drops a frame: %s", err)

    def _receive(self, frame: AirFrame) -> None:
        network, authentic = decode_network(frame.network)
        if network.key_sequence is None:
            if network.kind is NetworkKind.COMMAND:
                self._take_command(network, secured=False)
            else:
                self._take_network_key(decode_aps(network.payload))
            return
        network = unseal_network(
            network, authentic, self._network_key(network.key_sequence)
        )
        if network.kind is NetworkKind.COMMAND:
            self._take_command(network, secured=True)
            return
        if self.state is not NetworkState.JOINED:
            return
        self._take_aps(decode_aps(network.payload), network.source, network.destination)

    def _network_key(self, sequence: int) -> bytes:
        network = self.network
        if network is not None:
            if network.key and sequence == network.key_sequence:
                return network.key
            if network.next_key is not None and sequence == network.next_key[1]:
                return network.next_key[0]
        raise SecurityError(
            "the frame was sealed with a network key that the stick does not hold"
        )

    def _take_command(self, network: NetworkFrame, *, secured: bool) -> None:
        command = network.payload[0]
        if (
            command == NetworkCommand.LEAVE
            and secured
            and network.source == COORDINATOR
        ):
            self._stop_timer()
            self._joining = None
            self._forget()
        elif command == NetworkCommand.REJOIN_RESPONSE and self._joining is not None:
            if network.payload[3] != 0:
                self._fail(Status.MOVE_FAILED)
                return
            address = int.from_bytes(network.payload[1:3], "little")
            self._joining = replace(self._joining, address=address)
            if secured:
                self._joined(self._joining)

    def _take_network_key(self, sealed: SealedAps) -> None:
        """Take a network key that came under the link key."""
        if sealed.frame.key is None:
            if self._joining is not None and self.flash.network is None:
                self._fail(Status.RECEIVED_KEY_IN_THE_CLEAR)
            return
        frame = sealed.unseal(transport_key(self.flash.link_key))
        if frame.payload[:1] != bytes([ApsCommand.TRANSPORT_KEY]):
            return
        key, sequence, trust_centre = parse_transport_key(frame.payload)
        if self._joining is not None:
            self._joined(
                replace(
                    self._joining,
                    key=key,
                    key_sequence=sequence,
                    trust_centre=trust_centre,
                    next_key=None,
                )
            )
        elif self.flash.network is not None:
            self.flash.network.next_key = (key, sequence)
            self.flash.save()

    def _take_aps(self, sealed: SealedAps, source: int, destination: int) -> None:
        frame = sealed.frame
        if frame.kind is ApsKind.COMMAND:
            self._take_aps_command(sealed)
            return
        if frame.key is not None:
            frame = sealed.unseal(self.flash.link_key)
        if frame.kind is ApsKind.ACK:
            if (waiting := self._pending.pop(frame.counter, None)) is not None:
                waiting.timer.cancel()
                self._events.message_sent(
                    waiting.tag, waiting.destination, waiting.frame, Status.OK
                )
            return
        if frame.destination_endpoint == 0 and self._answer_zdo(frame, source):
            return

        def deliver(carried: ApsFrame) -> None:
            if self.state is not NetworkState.NO_NETWORK:
                self._events.message_received(carried, source, destination)

        if self._carrier is None:
            deliver(frame)
        else:
            self._carrier(deliver, frame)

    def _take_aps_command(self, sealed: SealedAps) -> None:
        if sealed.frame.key is not None:
            self._take_network_key(sealed)
            return
        network = self.flash.network
        command, *rest = sealed.frame.payload
        if (
            command != ApsCommand.SWITCH_KEY
            or network is None
            or network.next_key is None
        ):
            return
        if rest[0] == network.next_key[1]:
            network.key, network.key_sequence = network.next_key
            network.next_key = None
            self.flash.save()
            self._events.network_key_switched(network.key_sequence)

    def _answer_zdo(self, request: ApsFrame, source: int) -> bool:
        """Answer a ZDO request; tell whether the host need not see it."""
        if request.cluster_id in _ENDPOINT_REQUESTS and self.host_answers_endpoints:
            return False
        assert self.flash.network is not None
        router = self.flash.network.node_type == ROUTER
        node = Node(
            self.flash.eui64,
            LogicalType.ROUTER if router else LogicalType.END_DEVICE,
            lambda: self.address,
            lambda: self.endpoints,
        )
        answer = node.answer(request.cluster_id, request.payload)
        if answer is None:
            return False
        self._transmit_aps(
            ApsFrame(
                ApsKind.DATA,
                self.next_aps_count(),
                answer,
                cluster_id=request.cluster_id | 0x8000,
                profile_id=ZDO_PROFILE,
            ),
            source,
        )
        return not self.host_sees_requests

    # Time.

    def _later(self, call: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_soon(call)

    def _start_timer(self, call: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(self.timing.key, call)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


_ENDPOINT_REQUESTS: Final = frozenset(
    {ZdoCluster.SIMPLE_DESC, ZdoCluster.ACTIVE_EP, ZdoCluster.MATCH_DESC}
)

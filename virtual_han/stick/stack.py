"""The Zigbee stack inside the stick: it opens what it hears, answers ZDO, and sends."""

from collections.abc import Callable
from dataclasses import replace
import logging
from typing import Final, Protocol

from ..air import Air, AirFrame, Beacon
from ..aps import EndpointDescription
from ..crypto.ccm import transport_key
from ..errors import FrameError, SecurityError
from ..frames import (
    APS_SECURITY_SIZE,
    COORDINATOR,
    MAX_APS_PAYLOAD,
    NO_ADDRESS,
    ZDO_PROFILE,
    ApsCommand,
    ApsFrame,
    ApsKind,
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
from ..zdo import RESPONSE, LogicalType, Node, ZdoCluster
from .flash import Flash
from .membership import ROUTER, Membership, NetworkState
from .sender import Sender, Timing
from .status import Status

LOGGER = logging.getLogger(__package__)

_LEAVE: Final = bytes([NetworkCommand.LEAVE])
_REJOIN_RESPONSE: Final = bytes([NetworkCommand.REJOIN_RESPONSE])
_REJOIN_RESPONSE_SIZE: Final = 4
_SWITCH_KEY: Final = bytes([ApsCommand.SWITCH_KEY])
_ENDPOINT_REQUESTS: Final = frozenset(
    {ZdoCluster.SIMPLE_DESC, ZdoCluster.ACTIVE_EP, ZdoCluster.MATCH_DESC}
)

type Carrier = Callable[[Callable[[ApsFrame], None], ApsFrame], None]
"""Carries one frame on: calls the function with it now, later, twice, changed or never."""


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
        self.membership = Membership(self, self.timing.key)
        self.sender = Sender(
            flash,
            self.timing,
            network=lambda: self.membership.network,
            transmit=lambda frame: air.transmit(self, frame),
            outcome=events.message_sent,
        )
        self._events = events
        self._carrier: Carrier | None = None

    @property
    def station(self) -> Stack:
        """Who listens on the air."""
        return self

    @property
    def state(self) -> NetworkState:
        """Whether a network is in use."""
        return self.membership.state

    @property
    def address(self) -> int:
        """The short address, or 0xFFFE."""
        return NO_ADDRESS if self.flash.network is None else self.flash.network.address

    def report(self, status: Status) -> None:
        """Tell the host about the network."""
        self._events.network_status(status)

    def carry_with(self, carrier: Carrier | None) -> None:
        """Let a fault carry the frames that are for the host."""
        self._carrier = carrier

    def reset(self) -> None:
        """Forget everything that is not in flash."""
        self.membership.reset()
        self.sender.reset()
        self.endpoints.clear()
        self.host_answers_endpoints = self.host_sees_requests = False
        self.flash.save()

    def lose_network(self) -> None:
        """Lose contact with the hub, as when its signal fades."""
        self.membership.lose()

    # Sending.

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
        if is_broadcast(destination):
            self.sender.aps(frame, destination)
        else:
            self.sender.unicast(frame, destination, tag)
        return Status.OK

    def acknowledge(self, frame: ApsFrame, destination: int) -> Status:
        """Send the acknowledgement that the host makes up for a fragment."""
        if self.state is not NetworkState.JOINED:
            return Status.NETWORK_DOWN
        self.sender.aps(
            replace(frame, kind=ApsKind.ACK, payload=b"", key=None), destination
        )
        return Status.OK

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
        network = self.membership.network
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
        network = self.membership.network
        if network is not None:
            if network.key and sequence == network.key_sequence:
                return network.key
            if network.next_key is not None and sequence == network.next_key[1]:
                return network.next_key[0]
        raise SecurityError(
            "the frame was sealed with a network key that the stick does not hold"
        )

    def _take_command(self, network: NetworkFrame, *, secured: bool) -> None:
        payload = network.payload
        if payload[:1] == _LEAVE and secured and network.source == COORDINATOR:
            self.membership.told_to_leave()
        elif payload[:1] == _REJOIN_RESPONSE and len(payload) == _REJOIN_RESPONSE_SIZE:
            address = int.from_bytes(payload[1:3], "little")
            self.membership.rejoin_answered(payload[3], address, secured=secured)

    def _take_network_key(self, sealed: SealedAps) -> None:
        """Take a network key that came under the link key."""
        if sealed.frame.key is None:
            self.membership.key_in_the_clear()
            return
        frame = sealed.unseal(transport_key(self.flash.link_key))
        self.membership.key_arrived(*parse_transport_key(frame.payload))

    def _take_aps(self, sealed: SealedAps, source: int, destination: int) -> None:
        frame = sealed.frame
        if frame.kind is ApsKind.COMMAND:
            self._take_aps_command(sealed)
            return
        if frame.key is not None:
            frame = sealed.unseal(self.flash.link_key)
        if frame.kind is ApsKind.ACK:
            self.sender.acknowledged(frame.counter)
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
        payload = sealed.frame.payload
        if payload[:1] == _SWITCH_KEY and self.membership.switch_key(payload[-1]):
            self._events.network_key_switched(payload[-1])

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
        self.sender.aps(
            ApsFrame(
                ApsKind.DATA,
                self.sender.next_aps_count(),
                answer,
                cluster_id=request.cluster_id | RESPONSE,
                profile_id=ZDO_PROFILE,
            ),
            source,
        )
        return not self.host_sees_requests

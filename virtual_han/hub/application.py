"""What the hub does with application frames: it checks their key and finds who serves them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
import logging
from typing import Final

from ..aps import (
    ESI_DEVICE_ID,
    SMART_ENERGY_PROFILE,
    ApplicationServer,
    ApsMessage,
    EndpointDescription,
)
from ..frames import COORDINATOR, ApsFrame, ApsKind, KeyId
from ..zcl import MalformedFrameError, Status, ZclFrame, default_response
from ..zdo import RESPONSE, LogicalType, Node, ZdoCluster
from . import key_establishment
from .keep_alive import CLUSTER as KEEP_ALIVE, KeepAlive
from .key_establishment import Responder
from .network import Member, Network
from .transmitter import Transmitter

LOGGER = logging.getLogger(__package__)

NETWORK_KEY_CLUSTERS: Final = frozenset(
    {0x0000, 0x0001, 0x0003, 0x0009, key_establishment.CLUSTER}
)
"""Clusters that answer without the link key: Basic, Power, Identify, Alarms, Key Establishment."""

type Observer = Callable[[Member, ApsFrame], None]
type Carrier = Callable[[Callable[[ApsFrame], None], ApsFrame], None]
"""Carries one frame on: calls the function with it now, later, twice, changed or never."""
type Rewriter = Callable[[ApsFrame, bytes], list[bytes]]
"""Turns one reply to a request into what is really sent."""


@dataclass(slots=True)
class Hooks:
    """Where the referee looks on and faults step in.

    Attributes:
        observe: is told each application and ZDO frame from a member, before anything else.
        carry: carries a member's frame on to the servers.
        rewrite: may change a server's reply.
    """

    observe: Observer | None = None
    carry: Carrier | None = None
    rewrite: Rewriter | None = None


class Application:
    """The hub's endpoints."""

    def __init__(
        self,
        network: Network,
        transmitter: Transmitter,
        responder: Responder,
        members: dict[bytes, Member],
        hooks: Hooks,
    ) -> None:
        """Answer for the hub of a network."""
        self.keep_alive = KeepAlive()
        self._transmitter = transmitter
        self._responder = responder
        self._members = members
        self._hooks = hooks
        self._network = network
        self._servers: list[ApplicationServer] = []

    def add_server(self, server: ApplicationServer) -> None:
        """Put a server behind the hub's endpoints."""
        self._servers.append(server)
        server.connect(self.publish)

    def endpoints(self) -> Sequence[EndpointDescription]:
        """Return the simple descriptors, with Key Establishment and Keep-Alive on the ESI."""
        served = [item for server in self._servers for item in server.endpoints()]
        if not any(item.device_id == ESI_DEVICE_ID for item in served):
            number = max((item.endpoint for item in served), default=0) + 1
            served.append(EndpointDescription(number, ESI_DEVICE_ID, ()))
        return [self._with_own_clusters(item) for item in served]

    def _with_own_clusters(self, item: EndpointDescription) -> EndpointDescription:
        if item.device_id != ESI_DEVICE_ID:
            return item
        own = (
            key_establishment.CLUSTER,
            *((KEEP_ALIVE,) if self.keep_alive.offered else ()),
        )
        missing = tuple(
            cluster for cluster in own if cluster not in item.input_clusters
        )
        return replace(item, input_clusters=item.input_clusters + missing)

    def take(self, member: Member, frame: ApsFrame, destination: int) -> None:
        """Take one frame that has been opened and is not a repetition."""
        if self._hooks.observe is not None:
            self._hooks.observe(member, frame)

        def deliver(carried: ApsFrame) -> None:
            # A device that was unpaired while its frame was late gets no answer.
            if self._members.get(member.eui64) is member:
                self._dispatch(member, carried, destination)

        if self._hooks.carry is None:
            deliver(frame)
        else:
            self._hooks.carry(deliver, frame)

    def _dispatch(self, member: Member, frame: ApsFrame, destination: int) -> None:
        if frame.destination_endpoint == 0:
            self._zdo(member, frame)
            return
        member.endpoint = frame.source_endpoint
        try:
            zcl = ZclFrame.from_bytes(frame.payload)
        except MalformedFrameError as err:
            LOGGER.debug("The hub ignores a request: %s", err)
            return
        if not frame.encrypted and frame.cluster_id not in NETWORK_KEY_CLUSTERS:
            refusal = default_response(zcl, Status.FAILURE)
            self._reply(member, frame, refusal.to_bytes())
            return
        message = ApsMessage(
            profile_id=frame.profile_id,
            cluster_id=frame.cluster_id,
            source_endpoint=frame.source_endpoint,
            destination_endpoint=frame.destination_endpoint,
            payload=frame.payload,
            encrypted=frame.encrypted,
            source=member.address,
            destination=destination,
        )
        for answer in self._serve(member, zcl, message):
            rewrite = self._hooks.rewrite
            for octets in rewrite(frame, answer) if rewrite else [answer]:
                self._reply(member, frame, octets)

    def _zdo(self, member: Member, frame: ApsFrame) -> None:
        if frame.cluster_id == ZdoCluster.DEVICE_ANNCE:
            member.announced = True
            return
        node = Node(
            self._network.eui64,
            LogicalType.COORDINATOR,
            lambda: COORDINATOR,
            self.endpoints,
        )
        if (answer := node.answer(frame.cluster_id, frame.payload)) is not None:
            self._reply(member, frame, answer, cluster=frame.cluster_id | RESPONSE)

    def _serve(self, member: Member, zcl: ZclFrame, message: ApsMessage) -> list[bytes]:
        if (own := self._serve_own(member, zcl, message.cluster_id)) is not None:
            return [answer.to_bytes() for answer in own]
        for server in self._servers:
            if any(
                item.endpoint == message.destination_endpoint
                for item in server.endpoints()
            ):
                return server.handle(message)
        return [default_response(zcl, Status.UNSUPPORTED_CLUSTER).to_bytes()]

    def _serve_own(
        self, member: Member, zcl: ZclFrame, cluster: int
    ) -> list[ZclFrame] | None:
        """Answer for the hub's own servers; None where another one is meant."""
        try:
            if cluster == key_establishment.CLUSTER:
                return self._responder.handle(member.eui64, zcl)
            if cluster == KEEP_ALIVE and self.keep_alive.offered:
                return self.keep_alive.handle(zcl)
        except MalformedFrameError:
            return [default_response(zcl, Status.MALFORMED_COMMAND)]
        return None

    def publish(self, cluster: int, source_endpoint: int, zcl_frame: bytes) -> None:
        """Push a ZCL frame to every consumer device that has established its key."""
        for member in [*self._members.values()]:
            if member.key is None:
                continue
            frame = ApsFrame(
                ApsKind.DATA,
                self._transmitter.count(),
                zcl_frame,
                destination_endpoint=member.endpoint,
                source_endpoint=source_endpoint,
                cluster_id=cluster,
                profile_id=SMART_ENERGY_PROFILE,
                key=KeyId.LINK,
            )
            self._transmitter.application_frame(member, frame)

    def _reply(
        self,
        member: Member,
        request: ApsFrame,
        payload: bytes,
        cluster: int | None = None,
    ) -> None:
        """Answer with the same security as the request."""
        frame = ApsFrame(
            ApsKind.DATA,
            self._transmitter.count(),
            payload,
            destination_endpoint=request.source_endpoint,
            source_endpoint=request.destination_endpoint,
            cluster_id=request.cluster_id if cluster is None else cluster,
            profile_id=request.profile_id,
            key=request.key,
        )
        self._transmitter.application_frame(member, frame)

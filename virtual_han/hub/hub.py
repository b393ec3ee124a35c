"""The communications hub: coordinator, trust centre and the door to the servers behind it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
import logging
from random import Random
from typing import Final

from ..air import (
    MAC_ACCESS_DENIED,
    MAC_PAN_AT_CAPACITY,
    MAC_SUCCESS,
    Air,
    AirFrame,
    Beacon,
)
from ..aps import ESI_DEVICE_ID, ApplicationServer, ApsMessage, EndpointDescription
from ..crypto.ccm import transport_key
from ..crypto.ecqv import Credentials
from ..errors import FrameError, SecurityError
from ..frames import (
    APS_SECURITY_SIZE,
    BROADCAST_AWAKE,
    COORDINATOR,
    MAX_APS_PAYLOAD,
    ZDO_PROFILE,
    ApsCommand,
    ApsFrame,
    ApsKind,
    ApsSecurity,
    Delivery,
    KeyId,
    NetworkCommand,
    NetworkFrame,
    NetworkKind,
    decode_aps,
    decode_network,
    is_broadcast,
    transport_network_key,
    unseal_network,
)
from ..zdo import LogicalType, Node, ZdoCluster
from . import key_establishment
from .admission import DeviceLog, Refusal
from .keep_alive import CLUSTER as KEEP_ALIVE, KeepAlive
from .key_establishment import Responder
from .network import Member, Network
from .zcl import ZclFrame, ZclStatus

LOGGER = logging.getLogger(__package__)

NETWORK_KEY_CLUSTERS: Final = frozenset(
    {0x0000, 0x0001, 0x0003, 0x0009, key_establishment.CLUSTER}
)
"""Clusters that answer without the link key: Basic, Power, Identify, Alarms, Key Establishment."""
DEFAULT_ENDPOINT: Final = 1
REJOIN_SUCCESS: Final = 0x00
REJOIN_DENIED: Final = 0x02

type Observer = Callable[[Member, ApsFrame], None]
type FrameFilter = Callable[[Callable[[], None], ApsFrame], None]
"""Carries one application frame on: calls the function now, later, twice or never."""


@dataclass(slots=True)
class Hooks:
    """Where the referee looks on and faults step in.

    Attributes:
        observe: is told each application frame and announcement from a device, before anything else.
        incoming: carries a device's frame to the servers.
        rewrite: may change a server's reply: cluster, endpoint, ZCL frame.
    """

    observe: Observer | None = None
    incoming: FrameFilter | None = None
    rewrite: Callable[[int, int, bytes], bytes] | None = None


class CommunicationsHub:
    """One hub on the air."""

    def __init__(
        self,
        air: Air,
        network: Network,
        log: DeviceLog,
        credentials: Mapping[int, Credentials],
        *,
        now: Callable[[], float],
        random: Random,
        hooks: Hooks | None = None,
    ) -> None:
        """Form the network and listen."""
        self.air = air
        self.network = network
        self.log = log
        self.members: dict[bytes, Member] = {}
        self.hooks = hooks or Hooks()
        self.key_establishment = Responder(credentials, random, self._established)
        self.keep_alive = KeepAlive()
        self._now = now
        self._random = random
        self._servers: list[ApplicationServer] = []
        self._sequence = random.randrange(256)
        self._powered = True
        self._node = Node(
            network.eui64, LogicalType.COORDINATOR, lambda: COORDINATOR, self.endpoints
        )
        self._fragments: dict[tuple[int, int], list[ApsFrame]] = {}
        air.attach(self)

    # What lives behind it.

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
        clusters = item.input_clusters + tuple(
            one for one in own if one not in item.input_clusters
        )
        return EndpointDescription(
            item.endpoint,
            item.device_id,
            clusters,
            item.output_clusters,
            item.fuel,
            item.profile_id,
            item.device_version,
        )

    # Power.

    def power_off(self) -> None:
        """Fall silent, as in a power cut."""
        self._powered = False
        self.air.detach(self)

    def power_on(self) -> None:
        """Come back with everything that its flash holds: members, keys and counters."""
        self._powered = True
        self.key_establishment.forget()
        self._fragments.clear()
        self.air.attach(self)

    # Station: joining.

    def beacon(self) -> Beacon | None:
        """Return the beacon; it permits joining while a window is open."""
        return self.network.beacon(permit_joining=self.log.open)

    def associate(
        self, eui64: bytes, pan_id: int, *, router: bool
    ) -> tuple[int, int] | None:
        """Take or refuse a MAC association, then send the network key to a listed device."""
        if pan_id != self.network.pan_id:
            return None
        refusal = self.log.associate(eui64)
        if refusal is not None:
            full = refusal is Refusal.LIST_FULL
            return (MAC_PAN_AT_CAPACITY if full else MAC_ACCESS_DENIED), 0xFFFF
        address = self._free_address()
        key = self.log.key_for(eui64)
        if key is not None:
            self.members[eui64] = Member(eui64, address, key, self._now())
            # The key follows once the device knows its address.
            asyncio.get_running_loop().call_soon(
                self._send_network_key, self.members[eui64], key
            )
        return MAC_SUCCESS, address

    def _free_address(self) -> int:
        taken = {member.address for member in self.members.values()}
        while (address := self._random.randrange(1, 0xFFF0)) in taken:
            pass
        return address

    def hears(self, frame: AirFrame) -> bool:
        """Tell whether a frame is for the coordinator of this network."""
        return (frame.channel, frame.pan_id) == (
            self.network.channel,
            self.network.pan_id,
        ) and (frame.destination == COORDINATOR or is_broadcast(frame.destination))

    def receive(self, frame: AirFrame) -> None:
        """Take a frame off the air."""
        if not self._powered:
            return
        try:
            network, authentic = decode_network(frame.network)
            if network.key_sequence is None:
                self._unsecured_rejoin(network)
                return
            if network.key_sequence != self.network.key_sequence:
                LOGGER.debug("The hub drops a frame under another network key")
                return
            network = unseal_network(network, authentic, self.network.key)
            member = self.members.get(network.source_eui64)
            if member is None or not member.fresh(network.counter):
                return
            if network.kind is NetworkKind.COMMAND:
                self._take_command(member, network)
            else:
                self._take_aps(member, network)
        except (FrameError, SecurityError) as err:
            LOGGER.debug("The hub drops a frame: %s", err)

    # Rejoining and leaving.

    def _unsecured_rejoin(self, network: NetworkFrame) -> None:
        """Take a trust centre rejoin: the network key goes out under the established key."""
        if network.kind is not NetworkKind.COMMAND or network.payload[:1] != bytes(
            [NetworkCommand.REJOIN_REQUEST]
        ):
            return
        member = self.members.get(network.source_eui64)
        if member is None or member.key is None:
            self._rejoin_response(
                network.source, network.source, REJOIN_DENIED, secured=False
            )
            return
        self._rejoin_response(
            network.source, member.address, REJOIN_SUCCESS, secured=False
        )
        member.counter = -1
        self._send_network_key(member, member.key)

    def _take_command(self, member: Member, network: NetworkFrame) -> None:
        match network.payload[0]:
            case NetworkCommand.REJOIN_REQUEST:
                self._rejoin_response(
                    network.source, member.address, REJOIN_SUCCESS, secured=True
                )
            case NetworkCommand.LEAVE:
                self._remove(member)

    def _rejoin_response(
        self, to: int, address: int, status: int, *, secured: bool
    ) -> None:
        payload = (
            bytes([NetworkCommand.REJOIN_RESPONSE])
            + address.to_bytes(2, "little")
            + bytes([status])
        )
        self._send_network(to, NetworkKind.COMMAND, payload, secured=secured)

    def _remove(self, member: Member) -> None:
        self.members.pop(member.eui64, None)
        self.log.unseat(member.eui64, member.key or member.join_key)

    def unpair(self, eui64: bytes) -> bool:
        """Tell a device to leave and forget it; False if it is not a member."""
        self.log.withdraw(eui64)
        member = self.members.get(eui64)
        if member is None:
            self.log.unseat(eui64)
            return False
        self._send_network(
            member.address, NetworkKind.COMMAND, bytes([NetworkCommand.LEAVE, 0x40])
        )
        self._remove(member)
        return True

    def refresh_network_key(self) -> None:
        """Hand every member a new network key, then switch to it."""
        network = self.network
        key, sequence = self._random.randbytes(16), (network.key_sequence + 1) % 256
        for member in self.members.values():
            self._send_network_key(
                member, member.key or member.join_key, (key, sequence)
            )
        switch = ApsFrame(
            ApsKind.COMMAND,
            self._count(),
            bytes([ApsCommand.SWITCH_KEY, sequence]),
            delivery=Delivery.BROADCAST,
        )
        self._send_network(BROADCAST_AWAKE, NetworkKind.DATA, switch.encode())
        network.key, network.key_sequence = key, sequence

    def refresh_link_key(self, eui64: bytes) -> None:
        """Retire a member's established key: what comes under it is dropped until it renews it."""
        self.members[eui64].key = None

    def _send_network_key(
        self, member: Member, link_key: bytes, new: tuple[bytes, int] | None = None
    ) -> None:
        network = self.network
        key, sequence = new or (network.key, network.key_sequence)
        command = ApsFrame(
            ApsKind.COMMAND,
            self._count(),
            transport_network_key(key, sequence, member.eui64, network.eui64),
            key=KeyId.KEY_TRANSPORT,
        )
        security = ApsSecurity(
            transport_key(link_key), network.eui64, network.next_aps_counter()
        )
        self._send_network(
            member.address,
            NetworkKind.DATA,
            command.encode(security),
            secured=new is not None,
        )

    def _established(self, eui64: bytes, key: bytes) -> None:
        member = self.members[eui64]
        member.key, member.aps_counter = key, -1
        self.log.seat(eui64)

    # Application frames.

    def _take_aps(self, member: Member, network: NetworkFrame) -> None:
        sealed = decode_aps(network.payload)
        frame = sealed.frame
        if frame.kind is ApsKind.ACK:
            self._next_fragment(member, frame)
            return
        if frame.key is not None:
            if member.key is None or frame.key is not KeyId.LINK:
                raise SecurityError(
                    "data came under a key that is not authorised for it"
                )
            frame = sealed.unseal(member.key)
            if not member.fresh_aps(sealed.counter):
                return
        if frame.kind is not ApsKind.DATA:
            return
        if frame.wants_ack:
            self._acknowledge(member, frame)
        if member.doubled(frame.counter):
            return
        if self.hooks.observe is not None:
            self.hooks.observe(member, frame)
        self._carry(lambda: self._dispatch(member, frame, network.destination), frame)

    def _carry(self, deliver: Callable[[], None], frame: ApsFrame) -> None:
        if self.hooks.incoming is None:
            deliver()
        else:
            self.hooks.incoming(deliver, frame)

    def _acknowledge(self, member: Member, frame: ApsFrame) -> None:
        ack = ApsFrame(
            ApsKind.ACK,
            frame.counter,
            destination_endpoint=frame.source_endpoint,
            source_endpoint=frame.destination_endpoint,
            cluster_id=frame.cluster_id,
            profile_id=frame.profile_id,
        )
        self._send_network(member.address, NetworkKind.DATA, ack.encode())

    def _dispatch(self, member: Member, frame: ApsFrame, destination: int) -> None:
        """Hand one frame to whoever serves it."""
        if frame.destination_endpoint == 0:
            if frame.cluster_id == ZdoCluster.DEVICE_ANNCE:
                member.announced = True
            elif (
                answer := self._node.answer(frame.cluster_id, frame.payload)
            ) is not None:
                self._reply(member, frame, answer, cluster=frame.cluster_id | 0x8000)
            return
        member.endpoint = frame.source_endpoint
        try:
            zcl = ZclFrame.decode(frame.payload)
        except FrameError as err:
            LOGGER.debug("The hub ignores a request: %s", err)
            return
        if not frame.encrypted and frame.cluster_id not in NETWORK_KEY_CLUSTERS:
            self._reply(member, frame, zcl.default_response(ZclStatus.FAILURE))
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
            rewritten = answer
            if self.hooks.rewrite is not None:
                rewritten = self.hooks.rewrite(
                    frame.cluster_id, frame.destination_endpoint, answer
                )
            self._reply(member, frame, rewritten)

    def _serve(self, member: Member, zcl: ZclFrame, message: ApsMessage) -> list[bytes]:
        if message.cluster_id == key_establishment.CLUSTER:
            return self.key_establishment.handle(member.eui64, zcl)
        if message.cluster_id == KEEP_ALIVE and self.keep_alive.offered:
            return self.keep_alive.handle(zcl)
        for server in self._servers:
            if any(
                item.endpoint == message.destination_endpoint
                for item in server.endpoints()
            ):
                return server.handle(message)
        return [zcl.default_response(ZclStatus.UNSUPPORTED_CLUSTER)]

    def publish(self, cluster: int, source_endpoint: int, zcl_frame: bytes) -> None:
        """Push a ZCL frame to every authorised consumer device."""
        for member in self.members.values():
            if member.key is None:
                continue
            frame = ApsFrame(
                ApsKind.DATA,
                self._count(),
                zcl_frame,
                destination_endpoint=member.endpoint,
                source_endpoint=source_endpoint,
                cluster_id=cluster,
                profile_id=0x0109,
                key=KeyId.LINK,
            )
            self._send_aps(member, frame)

    def ask(self, eui64: bytes, cluster: int, payload: bytes) -> None:
        """Send a ZDO request to a member."""
        frame = ApsFrame(
            ApsKind.DATA,
            self._count(),
            payload,
            cluster_id=cluster,
            profile_id=ZDO_PROFILE,
        )
        self._send_aps(self.members[eui64], frame)

    def _reply(
        self,
        member: Member,
        request: ApsFrame,
        payload: bytes,
        cluster: int | None = None,
    ) -> None:
        """Answer with the same security as the request."""
        if member.eui64 not in self.members:
            return
        frame = ApsFrame(
            ApsKind.DATA,
            self._count(),
            payload,
            destination_endpoint=request.source_endpoint,
            source_endpoint=request.destination_endpoint,
            cluster_id=request.cluster_id if cluster is None else cluster,
            profile_id=request.profile_id,
            key=request.key,
        )
        self._send_aps(member, frame)

    # Sending.

    def _count(self) -> int:
        self._sequence = (self._sequence + 1) % 256
        return self._sequence

    def _send_aps(self, member: Member, frame: ApsFrame) -> None:
        """Send an application frame, in fragments where it is too long for one."""
        room = MAX_APS_PAYLOAD - (APS_SECURITY_SIZE if frame.encrypted else 0)
        if len(frame.payload) <= room:
            self._send_sealed(member, frame)
            return
        parts = [
            frame.payload[at : at + room] for at in range(0, len(frame.payload), room)
        ]
        count = len(parts)
        pieces = [
            ApsFrame(
                ApsKind.DATA,
                frame.counter,
                part,
                destination_endpoint=frame.destination_endpoint,
                source_endpoint=frame.source_endpoint,
                cluster_id=frame.cluster_id,
                profile_id=frame.profile_id,
                wants_ack=True,
                key=frame.key,
                fragment=(index, count),
            )
            for index, part in enumerate(parts)
        ]
        self._fragments[member.address, frame.counter] = pieces[1:]
        self._send_sealed(member, pieces[0])

    def _next_fragment(self, member: Member, ack: ApsFrame) -> None:
        """Send the next fragment when the one before was acknowledged (window 1)."""
        waiting = self._fragments.get((member.address, ack.counter))
        if ack.fragment is None or not waiting:
            return
        piece = waiting.pop(0)
        if not waiting:
            del self._fragments[member.address, ack.counter]
        self._send_sealed(member, piece)

    def _send_sealed(self, member: Member, frame: ApsFrame) -> None:
        security = None
        if frame.key is not None:
            if member.key is None:
                return
            security = ApsSecurity(
                member.key, self.network.eui64, self.network.next_aps_counter()
            )
        self._send_network(member.address, NetworkKind.DATA, frame.encode(security))

    def _send_network(
        self,
        destination: int,
        kind: NetworkKind,
        payload: bytes,
        *,
        secured: bool = True,
    ) -> None:
        network = self.network
        frame = NetworkFrame(
            kind,
            COORDINATOR,
            destination,
            self._count(),
            payload,
            source_eui64=network.eui64,
            counter=network.next_counter() if secured else 0,
            key_sequence=network.key_sequence if secured else None,
        )
        octets = frame.encode(network.key if secured else None)
        self.air.transmit(
            self,
            AirFrame(network.channel, network.pan_id, COORDINATOR, destination, octets),
        )

"""The communications hub: coordinator, trust centre and the door to the servers behind it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
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
from ..aps import ApplicationServer, EndpointDescription
from ..crypto.ecqv import Credentials
from ..errors import FlashError, FrameError, SecurityError
from ..frames import (
    BROADCAST_AWAKE,
    COORDINATOR,
    ZDO_PROFILE,
    ApsCommand,
    ApsFrame,
    ApsKind,
    Delivery,
    KeyId,
    NetworkCommand,
    NetworkFrame,
    NetworkKind,
    decode_aps,
    decode_network,
    is_broadcast,
    unseal_network,
)
from .admission import DeviceLog, Refusal
from .application import Application, Hooks
from .keep_alive import KeepAlive
from .key_establishment import Responder
from .memory import Json, dump, restore
from .network import Member, Network
from .transmitter import Transmitter

LOGGER = logging.getLogger(__package__)

COUNTER_STEP: Final = 4096
EVICTION_SECONDS: Final = 20 * 60.0
"""How long a member may be without an established key (SE 1.4, 5.4.7.1)."""
REJOIN_SUCCESS: Final = 0x00
REJOIN_DENIED: Final = 0x02
_REJOIN_REQUEST: Final = bytes([NetworkCommand.REJOIN_REQUEST])
_LEAVE: Final = bytes([NetworkCommand.LEAVE])
_AS_REQUEST: Final = b"\x40"
"""The option that makes a Leave a request to its receiver."""


def _nothing() -> None:
    """Do nothing when the hub's memory changes."""


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
        """Form the network and listen.

        Args:
            air: where it transmits.
            network: what it has formed.
            log: who may join.
            credentials: its certificates, by suite bit.
            now: seconds, for windows and the times of joins.
            random: for addresses and keys.
            hooks: where the referee looks on and faults step in.
        """
        self.air = air
        self.network = network
        self.log = log
        self.members: dict[bytes, Member] = {}
        self.hooks = hooks or Hooks()
        self.powered = True
        self.on_change: Callable[[], None] = _nothing
        self.key_establishment = Responder(credentials, random, self._established)
        self._now = now
        self._random = random
        self._transmitter = Transmitter(network, random.randrange(256), self._transmit)
        self._application = Application(
            network,
            self._transmitter,
            self.key_establishment,
            self.members,
            self.hooks,
        )
        air.attach(self)

    def _transmit(self, frame: AirFrame) -> None:
        if self.powered:
            self.air.transmit(self, frame)

    # What lives behind it.

    @property
    def keep_alive(self) -> KeepAlive:
        """The Keep-Alive server."""
        return self._application.keep_alive

    def add_server(self, server: ApplicationServer) -> None:
        """Put a server behind the hub's endpoints."""
        self._application.add_server(server)

    def endpoints(self) -> Sequence[EndpointDescription]:
        """Return the simple descriptors, with Key Establishment and Keep-Alive on the ESI."""
        return self._application.endpoints()

    def publish(self, cluster: int, source_endpoint: int, zcl_frame: bytes) -> None:
        """Push a ZCL frame to every consumer device that has established its key."""
        self._application.publish(cluster, source_endpoint, zcl_frame)

    def ask(self, eui64: bytes, cluster: int, payload: bytes) -> None:
        """Send a ZDO request to a member."""
        frame = ApsFrame(
            ApsKind.DATA,
            self._transmitter.count(),
            payload,
            cluster_id=cluster,
            profile_id=ZDO_PROFILE,
        )
        self._transmitter.application_frame(self.members[eui64], frame)

    # Power.

    def power_off(self) -> None:
        """Fall silent, as in a power cut."""
        self.powered = False
        self.air.detach(self)

    def power_on(self) -> None:
        """Come back with everything that its flash holds: members, keys and counters."""
        self.powered = True
        self.key_establishment.forget()
        self._transmitter.restart()
        self.air.attach(self)

    def replace_with(
        self, network: Network, credentials: Mapping[int, Credentials]
    ) -> None:
        """Become another hub, as when an engineer exchanges it: nobody is a member any more."""
        self.members.clear()
        self.log.clear()
        self.network.become(network)
        self.key_establishment.renew(credentials)
        self._transmitter.restart()
        self.on_change()

    def remember(self) -> Json:
        """Return what the hub keeps without power: network, members and device log."""
        return dump(self.network, self.members, self.log)

    def recall(self, memory: Json) -> None:
        """Put back what `remember` gave.

        Raises:
            FlashError: it is no hub's memory.
        """
        try:
            restore(memory, self.network, self.members, self.log)
        except (KeyError, TypeError, ValueError) as err:
            raise FlashError(
                "the hub's memory cannot be read; delete it to start afresh"
            ) from err
        # Counters are not written for every frame: skip what may have been used.
        self.network.counter += COUNTER_STEP
        self.network.aps_counter += COUNTER_STEP

    # Station.

    def beacon(self) -> Beacon | None:
        """Return the beacon; it permits joining while a window is open."""
        return self.network.beacon(permit_joining=self.log.open)

    def associate(
        self, eui64: bytes, pan_id: int, *, router: bool
    ) -> tuple[int, int] | None:
        """Take or refuse a MAC association, then send the network key to a listed device.

        A device that is not on the list is associated all the same, and then
        waits for a key in vain: that is how a trust centre turns it away.
        """
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
                self._transmitter.network_key, self.members[eui64], key
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
        if not self.powered:
            return
        try:
            self._receive(frame)
        except (FrameError, SecurityError) as err:
            LOGGER.debug("The hub drops a frame: %s", err)

    def _receive(self, frame: AirFrame) -> None:
        network, authentic = decode_network(frame.network)
        if network.key_sequence is None:
            self._unsecured_rejoin(network)
            return
        if network.key_sequence != self.network.key_sequence:
            raise SecurityError("the frame was sealed with another network key")
        network = unseal_network(network, authentic, self.network.key)
        member = self.members.get(network.source_eui64)
        if member is None or not member.fresh(network.counter):
            return
        if member.key is None and self._now() - member.joined_at > EVICTION_SECONDS:
            self.unpair(member.eui64)
            return
        if network.kind is NetworkKind.COMMAND:
            self._take_command(member, network)
        else:
            self._take_aps(member, network)

    def _take_aps(self, member: Member, network: NetworkFrame) -> None:
        sealed = decode_aps(network.payload)
        frame = sealed.frame
        if frame.kind is ApsKind.ACK:
            self._transmitter.fragment_acknowledged(member, frame)
            return
        if frame.kind is not ApsKind.DATA:
            return
        if frame.key is not None:
            if member.key is None or frame.key is not KeyId.LINK:
                raise SecurityError(
                    "data came under a key that is not authorised for it"
                )
            frame = sealed.unseal(member.key)
            if not member.fresh_aps(sealed.counter):
                return
        if frame.wants_ack:
            self._transmitter.acknowledge(member, frame)
        if not member.doubled(frame.counter, frame.payload):
            self._application.take(member, frame, network.destination)

    # Trust centre.

    def _unsecured_rejoin(self, network: NetworkFrame) -> None:
        """Take a trust centre rejoin: the network key goes out under the established key."""
        if network.payload[:1] != _REJOIN_REQUEST:
            return
        member = self.members.get(network.source_eui64)
        if member is None or member.key is None:
            self._transmitter.rejoin_response(
                network.source, network.source, REJOIN_DENIED, secured=False
            )
            return
        self._transmitter.rejoin_response(
            network.source, member.address, REJOIN_SUCCESS, secured=False
        )
        member.counter = -1
        self._transmitter.network_key(member, member.key)

    def _take_command(self, member: Member, network: NetworkFrame) -> None:
        command = network.payload[:1]
        if command == _REJOIN_REQUEST:
            self._transmitter.rejoin_response(
                network.source, member.address, REJOIN_SUCCESS, secured=True
            )
        elif command == _LEAVE:
            self._remove(member)

    def _remove(self, member: Member) -> None:
        self.members.pop(member.eui64, None)
        self.log.unseat(member.eui64, member.key or member.join_key)
        self.on_change()

    def unpair(self, eui64: bytes, *, silently: bool = False) -> bool:
        """Tell a device to leave, and forget it; False if it is not a member.

        Args:
            eui64: the device.
            silently: forget it without telling it, as when the Leave is lost.
        """
        self.log.withdraw(eui64)
        member = self.members.get(eui64)
        if member is None:
            self.log.unseat(eui64)
            return False
        if not silently:
            leave = _LEAVE + _AS_REQUEST
            self._transmitter.network_frame(member.address, NetworkKind.COMMAND, leave)
        self._remove(member)
        return True

    def refresh_network_key(self) -> None:
        """Hand every member a new network key, then switch to it."""
        network = self.network
        key, sequence = self._random.randbytes(16), (network.key_sequence + 1) % 256
        for member in self.members.values():
            self._transmitter.network_key(
                member, member.key or member.join_key, (key, sequence)
            )
        switch = ApsFrame(
            ApsKind.COMMAND,
            self._transmitter.count(),
            bytes([ApsCommand.SWITCH_KEY, sequence]),
            delivery=Delivery.BROADCAST,
        )
        self._transmitter.network_frame(
            BROADCAST_AWAKE, NetworkKind.DATA, switch.encode()
        )
        network.key, network.key_sequence = key, sequence
        self.on_change()

    def refresh_link_key(self, eui64: bytes) -> None:
        """Retire a member's established key: what comes under it is dropped until it renews it."""
        member = self.members[eui64]
        member.key, member.joined_at = None, self._now()

    def _established(self, eui64: bytes, key: bytes) -> None:
        member = self.members[eui64]
        member.key, member.aps_counter = key, -1
        self.log.seat(eui64)
        self.on_change()

"""What leaves the hub: counted, sealed, and in fragments where it is long."""

from collections.abc import Callable
from dataclasses import replace

from ..air import AirFrame
from ..crypto.ccm import transport_key
from ..frames import (
    APS_SECURITY_SIZE,
    COORDINATOR,
    MAX_APS_PAYLOAD,
    ApsFrame,
    ApsKind,
    ApsSecurity,
    KeyId,
    NetworkCommand,
    NetworkFrame,
    NetworkKind,
    transport_network_key,
)
from .network import Member, Network


class Transmitter:
    """Sends for a hub."""

    def __init__(
        self, network: Network, sequence: int, send: Callable[[AirFrame], object]
    ) -> None:
        """Send frames of a network through a function, counting on from a sequence number."""
        self._network = network
        self._sequence = sequence
        self._send = send
        self._fragments: dict[tuple[int, int], list[ApsFrame]] = {}

    def restart(self) -> None:
        """Forget fragments under way."""
        self._fragments.clear()

    def count(self) -> int:
        """Return the next number, for network, APS and ZDO sequences alike."""
        self._sequence = (self._sequence + 1) % 256
        return self._sequence

    def network_frame(
        self,
        destination: int,
        kind: NetworkKind,
        payload: bytes,
        *,
        secured: bool = True,
    ) -> None:
        """Send one network frame."""
        network = self._network
        frame = NetworkFrame(
            kind,
            COORDINATOR,
            destination,
            self.count(),
            payload,
            source_eui64=network.eui64,
            counter=network.next_counter() if secured else 0,
            key_sequence=network.key_sequence if secured else None,
        )
        octets = frame.encode(network.key if secured else None)
        self._send(
            AirFrame(network.channel, network.pan_id, COORDINATOR, destination, octets)
        )

    def rejoin_response(
        self, to: int, address: int, status: int, *, secured: bool
    ) -> None:
        """Answer a rejoin request."""
        payload = (
            bytes([NetworkCommand.REJOIN_RESPONSE])
            + address.to_bytes(2, "little")
            + bytes([status])
        )
        self.network_frame(to, NetworkKind.COMMAND, payload, secured=secured)

    def network_key(
        self, member: Member, link_key: bytes, new: tuple[bytes, int] | None = None
    ) -> None:
        """Hand a member the network key, sealed for its link key.

        Args:
            member: who gets it.
            link_key: the key shared with it.
            new: the next key and its number; the one in force, to somebody who has none, by default.
        """
        network = self._network
        key, sequence = new or (network.key, network.key_sequence)
        command = ApsFrame(
            ApsKind.COMMAND,
            self.count(),
            transport_network_key(key, sequence, member.eui64, network.eui64),
            key=KeyId.KEY_TRANSPORT,
        )
        security = ApsSecurity(
            transport_key(link_key), network.eui64, network.next_aps_counter()
        )
        self.network_frame(
            member.address,
            NetworkKind.DATA,
            command.encode(security),
            secured=new is not None,
        )

    def acknowledge(self, member: Member, frame: ApsFrame) -> None:
        """Acknowledge a member's frame."""
        ack = ApsFrame(
            ApsKind.ACK,
            frame.counter,
            destination_endpoint=frame.source_endpoint,
            source_endpoint=frame.destination_endpoint,
            cluster_id=frame.cluster_id,
            profile_id=frame.profile_id,
        )
        self.network_frame(member.address, NetworkKind.DATA, ack.encode())

    def application_frame(self, member: Member, frame: ApsFrame) -> None:
        """Send an application frame, in fragments where it is too long for one."""
        room = MAX_APS_PAYLOAD - (APS_SECURITY_SIZE if frame.encrypted else 0)
        if len(frame.payload) <= room:
            self._sealed(member, frame)
            return
        starts = range(0, len(frame.payload), room)
        first, *rest = (
            replace(
                frame,
                payload=frame.payload[start : start + room],
                wants_ack=True,
                fragment=(index, len(starts)),
            )
            for index, start in enumerate(starts)
        )
        self._fragments[member.address, frame.counter] = rest
        self._sealed(member, first)

    def fragment_acknowledged(self, member: Member, ack: ApsFrame) -> None:
        """Send the next fragment when the one before was acknowledged (window 1)."""
        waiting = self._fragments.get((member.address, ack.counter))
        if ack.fragment is None or not waiting:
            return
        self._sealed(member, waiting.pop(0))
        if not waiting:
            del self._fragments[member.address, ack.counter]

    def _sealed(self, member: Member, frame: ApsFrame) -> None:
        security = None
        if frame.key is not None:
            if member.key is None:
                # The key was retired between the request and its answer.
                return
            security = ApsSecurity(
                member.key, self._network.eui64, self._network.next_aps_counter()
            )
        self.network_frame(member.address, NetworkKind.DATA, frame.encode(security))

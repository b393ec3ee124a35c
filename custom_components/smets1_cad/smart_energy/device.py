"""The hub as a zigpy device, as seen by a device that joined its network.

zigpy expects to be the coordinator: it drops profile 0x0109, interviews every
device it hears, and answers ZDO requests in the coordinator's name. The mixin
turns these off, so that it also works under a quirk class.
"""

from typing import Any, Final, NamedTuple, Protocol, override

from zigpy.device import ZigbeeDevice
from zigpy.endpoint import Endpoint, Status
from zigpy.profiles import zha
from zigpy.types import EUI64, NWK, TransmitOptions, ZigbeePacket
from zigpy.zcl import Cluster
from zigpy.zdo import ZDO
from zigpy.zdo.types import LogicalType, NodeDescriptor

from .clusters import CLUSTERS
from .const import PROFILE_ID
from .egress import is_secured
from .numbers import Attributes, attributes_of, read_numbers

LOCAL_ENDPOINT: Final = 1
"""The CAD's one Smart Energy endpoint."""

HUB_ADDRESS: Final = NWK(0x0000)
"""The coordinator of any Zigbee network."""

_HUB_DESCRIPTOR: Final = NodeDescriptor(
    logical_type=LogicalType.Coordinator,
    complex_descriptor_available=0,
    user_descriptor_available=0,
    reserved=0,
    aps_flags=0,
    frequency_band=NodeDescriptor.FrequencyBand.Freq2400MHz,
    mac_capability_flags=NodeDescriptor.MACCapabilityFlags.MainsPowered
    | NodeDescriptor.MACCapabilityFlags.FullFunctionDevice
    | NodeDescriptor.MACCapabilityFlags.RxOnWhenIdle,
    manufacturer_code=0,
    maximum_buffer_size=82,
    maximum_incoming_transfer_size=128,
    server_mask=0,
    maximum_outgoing_transfer_size=128,
    descriptor_capability_field=0,
)
"""What address 0 must be, until it has been asked."""


class HanFrame(NamedTuple):
    """One application frame.

    Attributes:
        endpoint_id: the endpoint of the server that sent it.
        cluster_id: the server's cluster.
        sequence: the ZCL transaction sequence number.
        command_id: within its kind.
        is_general: a ZCL general command; else one of the cluster's own.
        command: zigpy's command schema, with the fields as attributes; None where `attributes` says all.
        encrypted: it came under the link key.
        attributes: what an answer to a read or a report says; None of any other command.
    """

    endpoint_id: int
    cluster_id: int
    sequence: int
    command_id: int
    is_general: bool
    command: Any
    encrypted: bool
    attributes: Attributes | None = None


class FrameListener(Protocol):
    """Hears every application frame of the hub, replies and pushes alike."""

    def frame_received(self, frame: HanFrame) -> None:
        """Take one frame."""
        ...


class SilentZdo(ZDO):
    """A ZDO endpoint that asks but never answers.

    The stick answers ZDO requests itself, from its own endpoint table. zigpy's
    answers would claim that the CAD has no Smart Energy clusters.
    """

    @override
    def handle_message(
        self, profile: int, cluster: int, hdr: Any, args: list[Any]
    ) -> None:
        self.debug("Left to the stick: ZDO request %s", hdr.command_id)


class SmartEnergyEndpoint(Endpoint):
    """An endpoint whose server clusters are this project's own."""

    @override
    def add_input_cluster(
        self, cluster_id: int, cluster: Cluster | None = None
    ) -> Cluster:
        if (
            cluster is None
            and cluster_id not in self.in_clusters
            and (own := CLUSTERS.get(cluster_id)) is not None
        ):
            cluster = own(self, is_server=True)
        return super().add_input_cluster(cluster_id, cluster)


class SmartEnergyMixin(ZigbeeDevice):
    """Makes a zigpy device speak profile 0x0109, and keeps zigpy from interviewing it."""

    def __init__(self, application: Any, ieee: EUI64, nwk: NWK) -> None:
        """Start as a coordinator that needs no interview."""
        super().__init__(application, ieee, nwk)
        self.zdo = SilentZdo(self)
        self.endpoints[0] = self.zdo
        self.node_desc = _HUB_DESCRIPTOR
        self.encrypted = False
        """Whether the frame that is being handled came under the link key."""
        self.dropped_unencrypted = 0
        """Data frames dropped because they came without the link key."""
        self.ears: dict[tuple[int, int], ClusterEar] = {}
        """Who listens, by endpoint and cluster."""

    @property
    @override
    def is_initialized(self) -> bool:
        """Always: what the hub has is found by the session, in its own time."""
        return True

    @override
    def schedule_initialize(self) -> None:
        """Do not interview: the session asks for what it needs, once per join."""

    @override
    def schedule_group_membership_scan(self) -> None:  # type: ignore[override]
        """Do not scan: a CAD has no groups."""

    @override
    def _parse_packet_header(self, packet: ZigbeePacket) -> Any:
        """Let zigpy parse profile 0x0109; its frames are ZCL like any other."""
        if packet.profile_id == PROFILE_ID:
            packet = packet.replace(profile_id=zha.PROFILE_ID)
        return super()._parse_packet_header(packet)

    @override
    def packet_received(self, packet: ZigbeePacket) -> None:
        """Drop data that did not come under the link key; let zigpy parse the rest.

        A Default Response passes: it is how a hub says that it does not know
        the key any more, and can say it only under the network key.
        """
        self.encrypted = TransmitOptions.APS_Encryption in packet.tx_options
        if (
            packet.profile_id == PROFILE_ID
            and packet.src_ep != 0
            and not self.encrypted
            and is_secured(packet.cluster_id)
            and not _is_default_response(packet.data.serialize())
        ):
            self.dropped_unencrypted += 1
            self.debug(
                "Dropped an unencrypted frame of cluster 0x%04x", packet.cluster_id
            )
            return
        super().packet_received(packet)

    def numbers_received(
        self, endpoint_id: int, cluster_id: int, frame: bytes, lqi: int, rssi: int
    ) -> bool:
        """Hand on a frame of numbers that came under the link key.

        Args:
            endpoint_id: of the server that sent it.
            cluster_id: the server's.
            frame: from its frame control octet on.
            lqi: link quality, 0 to 255.
            rssi: dBm.

        Returns:
            Whether it was one; every other frame is zigpy's to parse.
        """
        ear = self.ears.get((endpoint_id, cluster_id))
        if ear is None or (attributes := read_numbers(frame)) is None:
            return False
        self.lqi, self.rssi = lqi, rssi
        ear.numbers_received(frame[1], frame[2], attributes)
        return True

    @override
    def _should_filter_packet(self, packet: ZigbeePacket) -> bool:
        """Filter nothing: the stick filters duplicates, and equal readings are not duplicates."""
        return False

    @override
    async def request(
        self,
        profile: int,
        cluster: int,
        src_ep: int,
        dst_ep: int,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Send from the CAD's endpoint, whichever endpoint of the hub is asked."""
        return await super().request(
            profile, cluster, LOCAL_ENDPOINT if dst_ep else 0, dst_ep, *args, **kwargs
        )

    @override
    def add_endpoint(self, endpoint_id: int) -> SmartEnergyEndpoint:
        """Add an endpoint that needs no interview."""
        endpoint = SmartEnergyEndpoint(self, endpoint_id)
        endpoint.profile_id = PROFILE_ID
        endpoint.status = Status.ZDO_INIT
        self.endpoints[endpoint_id] = endpoint
        return endpoint


def _is_default_response(frame: bytes) -> bool:
    """Whether a ZCL frame is the general command 0x0B (ZCL 2.4.1, 2.5.12)."""
    return len(frame) >= 3 and frame[0] & 0x07 == 0 and frame[2] == 0x0B


class SmartEnergyDevice(SmartEnergyMixin, ZigbeeDevice):
    """A hub without quirks."""


class ClusterEar:
    """Hands what one cluster receives to a `FrameListener`.

    Requests must be sent with ``expect_reply=False``: zigpy then matches
    nothing, so that a push that happens to carry the sequence number of a
    pending request is not taken for its reply, and every frame comes this way.
    """

    def __init__(self, cluster: Cluster, listener: FrameListener) -> None:
        """Listen at once."""
        self.cluster: Final = cluster
        self._endpoint_id = int(cluster.endpoint.endpoint_id)
        self._cluster_id = int(cluster.cluster_id)
        self._listener = listener
        cluster.add_listener(self)
        if isinstance(device := cluster.endpoint.device, SmartEnergyMixin):
            device.ears[self._endpoint_id, self._cluster_id] = self

    def close(self) -> None:
        """Stop listening."""
        self.cluster.remove_listener(self)
        device, place = (
            self.cluster.endpoint.device,
            (self._endpoint_id, self._cluster_id),
        )
        if isinstance(device, SmartEnergyMixin) and device.ears.get(place) is self:
            del device.ears[place]

    def numbers_received(
        self, sequence: int, command_id: int, attributes: Attributes
    ) -> None:
        """Take an answer or a report that came under the link key and that zigpy has not seen."""
        self._listener.frame_received(
            HanFrame(
                self._endpoint_id,
                self._cluster_id,
                sequence,
                command_id,
                is_general=True,
                command=None,
                encrypted=True,
                attributes=attributes,
            )
        )

    def general_command(self, header: Any, command: Any) -> None:
        """Take a general command; zigpy calls this."""
        command_id = int(header.command_id)
        self._hand_on(
            int(header.tsn),
            command_id,
            is_general=True,
            command=command,
            attributes=attributes_of(command_id, command),
        )

    def cluster_command(self, sequence: int, command_id: int, command: Any) -> None:
        """Take one of the cluster's own commands; zigpy calls this."""
        self._hand_on(int(sequence), int(command_id), is_general=False, command=command)

    def _hand_on(
        self,
        sequence: int,
        command_id: int,
        *,
        is_general: bool,
        command: Any,
        attributes: Attributes | None = None,
    ) -> None:
        device = self.cluster.endpoint.device
        encrypted = isinstance(device, SmartEnergyMixin) and device.encrypted
        self._listener.frame_received(
            HanFrame(
                self._endpoint_id,
                self._cluster_id,
                sequence,
                command_id,
                is_general=is_general,
                command=command,
                encrypted=encrypted,
                attributes=attributes,
            )
        )

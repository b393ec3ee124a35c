"""The application behind the hub's endpoints: finds the cluster asked, and answers as the ZCL says."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from ..aps import (
    ESI_DEVICE_ID,
    METERING_DEVICE_ID,
    SMART_ENERGY_PROFILE,
    ApsMessage,
    EndpointDescription,
    Fuel,
    Publish,
)
from ..clock import Clock, Instant
from ..zcl import (
    Attribute,
    FrameType,
    General,
    MalformedFrameError,
    Record,
    Status,
    ZclFrame,
    attribute_ids,
    cluster_tables,
    decode_fields,
    default_response,
    discover_attributes_response,
    discover_commands_response,
    discover_request,
    encode_fields,
    read_response,
    report,
    write_requests,
)
from .cluster import Answer, ClusterServer, Readers
from .device_management import DeviceManagementServer
from .event_log import EventLog, EventsServer
from .general import BasicServer, Firmware, TimeServer
from .home import Home, HomeConfig
from .messaging import MessagingServer
from .metering import MeteringServer
from .overrides import Overrides
from .price import PriceServer

_HEADER: int = 3
_FIRST_BROADCAST: int = 0xFFF8


class HanServers:
    """Serves a home's meters, prices and messages; an `ApplicationServer` for the hub."""

    def __init__(self, clock: Clock, config: HomeConfig | None = None) -> None:
        """Furnish a home and put its servers on their endpoints."""
        self.config = config or HomeConfig()
        self.clock = clock
        self.home = Home(clock, self.config)
        self.flavour = self.config.flavour
        self.overrides = Overrides()
        self._publish: Publish | None = None
        self._sequence = 0
        self._servers: dict[tuple[int, int], ClusterServer] = {}
        self.metering: dict[Fuel, MeteringServer] = {}
        self.price: dict[Fuel, PriceServer] = {}
        self.firmware = Firmware("Virtual", "VH-100", "1.9.2")
        self.time = TimeServer(clock)
        self.messaging = MessagingServer()
        self.device_management = DeviceManagementServer(
            self.home.supplier, self._site_id
        )
        self.event_log = EventLog()
        self._place()
        self._endpoints = tuple(self._describe())

    # Where things are.

    def _place(self) -> None:
        places, room = self.flavour.endpoints, self.config.room
        for server in (
            BasicServer(self.firmware),
            self.time,
            self.messaging,
            self.device_management,
            EventsServer(self.event_log, room),
        ):
            self._add(places.esi, server)
        for fuel, meter in self.home.meters.items():
            gas = fuel is Fuel.GAS
            endpoint = places.gas if gas else places.electricity
            self.metering[fuel] = MeteringServer(meter, self.flavour, room)
            self.price[fuel] = PriceServer(
                meter, self.home.supplier, self.flavour, room
            )
            self._add(endpoint, self.metering[fuel])
            self._add(endpoint if gas else places.esi, self.price[fuel])
            if endpoint != places.esi:
                identity = meter.identity
                self._add(
                    endpoint,
                    BasicServer(
                        Firmware(
                            identity.manufacturer, identity.model, identity.firmware
                        )
                    ),
                )

    def _add(self, endpoint: int, server: ClusterServer) -> None:
        if self.flavour.has_cluster(server.cluster_id):
            self._servers[endpoint, server.cluster_id] = server

    def _describe(self) -> list[EndpointDescription]:
        places = self.flavour.endpoints
        fuels = {places.esi: Fuel.ELECTRICITY, places.electricity: Fuel.ELECTRICITY}
        fuels[places.gas] = Fuel.GAS
        return [
            EndpointDescription(
                endpoint,
                ESI_DEVICE_ID if endpoint == places.esi else METERING_DEVICE_ID,
                tuple(sorted(c for e, c in self._servers if e == endpoint)),
                fuel=fuels[endpoint],
            )
            for endpoint in sorted({endpoint for endpoint, _ in self._servers})
        ]

    def _site_id(self) -> str:
        return next(iter(self.home.meters.values())).identity.site_id

    # The ApplicationServer that the hub knows.

    def endpoints(self) -> Sequence[EndpointDescription]:
        """Return the descriptors of every endpoint served."""
        return self._endpoints

    def connect(self, publish: Publish) -> None:
        """Take the function that pushes unsolicited frames."""
        self._publish = publish

    def handle(self, message: ApsMessage) -> list[bytes]:
        """Answer one request; an unreadable one, or one for nobody, gets no answer."""
        if message.profile_id != SMART_ENERGY_PROFILE or not any(
            description.endpoint == message.destination_endpoint
            for description in self._endpoints
        ):
            return []
        try:
            frame = ZclFrame.from_bytes(message.payload)
        except MalformedFrameError:
            return []
        broadcast = message.destination >= _FIRST_BROADCAST
        if frame.to_client or (
            frame.frame_type is FrameType.GENERAL and frame.command in _ONE_WAY
        ):
            return []
        replies = self._answer(message.destination_endpoint, message.cluster_id, frame)
        if broadcast:
            replies = [reply for reply in replies if not _is_default_response(reply)]
        return [reply.to_bytes() for reply in replies]

    # Answering.

    def _answer(
        self, endpoint: int, cluster_id: int, frame: ZclFrame
    ) -> list[ZclFrame]:
        server = self._servers.get((endpoint, cluster_id))
        general = frame.frame_type is FrameType.GENERAL
        try:
            if frame.manufacturer is not None:
                status = (
                    Status.UNSUP_MANUF_GENERAL_COMMAND
                    if general
                    else Status.UNSUP_MANUF_CLUSTER_COMMAND
                )
                return [default_response(frame, status)]
            if general:
                return self._general(endpoint, cluster_id, server, frame)
            if server is None:
                return [default_response(frame, Status.UNSUP_CLUSTER_COMMAND)]
            return self._command(server, frame)
        except MalformedFrameError:
            return [default_response(frame, Status.MALFORMED_COMMAND)]

    def _command(self, server: ClusterServer, frame: ZclFrame) -> list[ZclFrame]:
        command = cluster_tables()[server.cluster_id].received.get(frame.command)
        if (
            command is None
            or not self.flavour.has(command)
            or command.name not in server.commands()
        ):
            return [default_response(frame, Status.UNSUP_CLUSTER_COMMAND)]
        fields = decode_fields(command, frame.payload, self.flavour.rank)
        result = server.command(command.name, fields, self.clock.instant())
        if isinstance(result, Status):
            if result is Status.SUCCESS and frame.disable_default_response:
                return []
            return [default_response(frame, result)]
        return [
            self._build(server.cluster_id, answer, sequence=frame.sequence)
            for answer in result
        ]

    def _build(self, cluster_id: int, answer: Answer, *, sequence: int) -> ZclFrame:
        command = cluster_tables()[cluster_id].command(answer.command)
        return ZclFrame(
            FrameType.CLUSTER,
            command.command_id,
            sequence,
            encode_fields(command, answer.fields, self.flavour.rank, last=answer.last),
            to_client=True,
        )

    def _general(
        self,
        endpoint: int,
        cluster_id: int,
        server: ClusterServer | None,
        frame: ZclFrame,
    ) -> list[ZclFrame]:
        room = self.config.room - _HEADER
        match frame.command:
            case General.READ_ATTRIBUTES:
                records = self.records(
                    endpoint, cluster_id, attribute_ids(frame.payload)
                )
                payload = read_response(records, room)
                return [_general(frame, General.READ_ATTRIBUTES_RESPONSE, payload)]
            case General.DISCOVER_ATTRIBUTES:
                start, limit = discover_request(frame.payload, 2)
                known = self._known(cluster_id, server)
                payload = discover_attributes_response(
                    ((key, attribute.type) for key, (attribute, _) in known.items()),
                    start,
                    limit,
                    room,
                )
                return [_general(frame, General.DISCOVER_ATTRIBUTES_RESPONSE, payload)]
            case (
                General.DISCOVER_COMMANDS_RECEIVED | General.DISCOVER_COMMANDS_GENERATED
            ) if self.flavour.discover_commands:
                return [self._discover_commands(cluster_id, server, frame, room)]
            case General.WRITE_ATTRIBUTES | General.WRITE_ATTRIBUTES_UNDIVIDED:
                return [self._refuse_writes(cluster_id, server, frame)]
            case General.WRITE_ATTRIBUTES_NO_RESPONSE:
                return []
            case General.CONFIGURE_REPORTING:
                payload = bytes((Status.UNREPORTABLE_ATTRIBUTE,)) + frame.payload[:3]
                return [_general(frame, General.CONFIGURE_REPORTING_RESPONSE, payload)]
            case _:
                return [default_response(frame, Status.UNSUP_GENERAL_COMMAND)]

    def _known(
        self, cluster_id: int, server: ClusterServer | None
    ) -> Mapping[int, tuple[Attribute, Readers]]:
        """Return the attributes that both the version and the server have."""
        if server is None:
            return {}
        table = cluster_tables()[cluster_id].attributes
        readers = server.attributes(self.clock.instant())
        return {
            key: (attribute, readers)
            for key in readers
            if (attribute := table.get(key)) is not None and self.flavour.has(attribute)
        }

    def records(
        self, endpoint: int, cluster_id: int, wanted: Sequence[int]
    ) -> list[Record]:
        """Read attributes as a request does: one record each, in the order asked for."""
        at: Instant = self.clock.instant()
        server = self._servers.get((endpoint, cluster_id))
        known = self._known(cluster_id, server)
        records = []
        for key in wanted:
            if key not in known:
                records.append(Record(key, status=Status.UNSUPPORTED_ATTRIBUTE))
                continue
            attribute, readers = known[key]
            value = self.overrides.apply(
                endpoint, cluster_id, key, partial(readers[key], at)
            )
            records.append(Record(key, attribute.type, value))
        return records

    def _discover_commands(
        self, cluster_id: int, server: ClusterServer | None, frame: ZclFrame, room: int
    ) -> ZclFrame:
        start, limit = discover_request(frame.payload, 1)
        received = frame.command == General.DISCOVER_COMMANDS_RECEIVED
        known: list[int] = []
        if server is not None:
            table = cluster_tables()[cluster_id]
            known = [
                command.command_id
                for command in (
                    table.received if received else table.generated
                ).values()
                if self.flavour.has(command)
                and (not received or command.name in server.commands())
            ]
        return _general(
            frame,
            General.DISCOVER_COMMANDS_RECEIVED_RESPONSE
            if received
            else General.DISCOVER_COMMANDS_GENERATED_RESPONSE,
            discover_commands_response(known, start, limit, room),
        )

    def _refuse_writes(
        self, cluster_id: int, server: ClusterServer | None, frame: ZclFrame
    ) -> ZclFrame:
        """Refuse every write: a consumer device has nothing to set in a meter."""
        known = self._known(cluster_id, server)
        payload = b""
        for key, _, _ in write_requests(frame.payload):
            status = Status.UNSUPPORTED_ATTRIBUTE
            if key in known:
                writable = known[key][0].writable
                status = Status.NOT_AUTHORIZED if writable else Status.READ_ONLY
            payload += bytes((status,)) + key.to_bytes(2, "little")
        return _general(frame, General.WRITE_ATTRIBUTES_RESPONSE, payload)

    # Pushing.

    def push(self, endpoint: int, cluster_id: int, answer: Answer) -> bytes | None:
        """Publish a command that nobody asked for; returns the frame.

        None where the hub's version does not have the command, or the endpoint
        not the cluster.
        """
        command = cluster_tables()[cluster_id].command(answer.command)
        if not self.flavour.has(command) or (endpoint, cluster_id) not in self._servers:
            return None
        return self._send(
            endpoint,
            cluster_id,
            self._build(cluster_id, answer, sequence=self._next_sequence()),
        )

    def push_report(
        self, endpoint: int, cluster_id: int, wanted: Sequence[int]
    ) -> bytes | None:
        """Report attributes that nobody asked for; returns the frame, None for nothing to say."""
        records = [
            record
            for record in self.records(endpoint, cluster_id, wanted)
            if record.status is Status.SUCCESS
        ]
        if not records:
            return None
        return self._send(
            endpoint,
            cluster_id,
            ZclFrame(
                FrameType.GENERAL,
                General.REPORT_ATTRIBUTES,
                self._next_sequence(),
                report(records),
                to_client=True,
            ),
        )

    def _next_sequence(self) -> int:
        self._sequence = (self._sequence + 1) % 256
        return self._sequence

    def _send(self, endpoint: int, cluster_id: int, frame: ZclFrame) -> bytes:
        octets = frame.to_bytes()
        if self._publish is not None:
            self._publish(cluster_id, endpoint, octets)
        return octets


_ONE_WAY = frozenset(
    {
        General.DEFAULT_RESPONSE,
        General.REPORT_ATTRIBUTES,
        General.READ_ATTRIBUTES_RESPONSE,
    }
)


def _general(request: ZclFrame, command: General, payload: bytes) -> ZclFrame:
    return replace(
        default_response(request, Status.SUCCESS), command=command, payload=payload
    )


def _is_default_response(frame: ZclFrame) -> bool:
    return (
        frame.frame_type is FrameType.GENERAL
        and frame.command == General.DEFAULT_RESPONSE
    )

"""The application behind the hub's endpoints: finds the cluster asked, and answers as the ZCL says."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

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
    FrameType,
    General,
    MalformedFrameError,
    Status,
    ZclFrame,
    cluster_tables,
    report,
)
from .answering import Responder
from .calendar import CalendarServer
from .cluster import Answer, ClusterServer
from .device_management import DeviceManagementServer
from .event_log import EventLog, EventsServer
from .general import BasicServer, TimeServer
from .home import Home, HomeConfig
from .messaging import MessagingServer
from .meter import Meter, Supply
from .metering import MeteringServer
from .overrides import Overrides
from .prepayment import PrepaymentServer
from .price import PRICE, PriceServer

_FIRST_BROADCAST: Final = 0xFFF8


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
        self.time = TimeServer(clock)
        self.messaging = MessagingServer()
        self.device_management = DeviceManagementServer(
            self.home.supplier, self._site_id
        )
        self.event_log = EventLog()
        self.responder = Responder(
            self._servers,
            self.flavour,
            clock,
            room=self.config.room,
            overrides=self.overrides,
        )
        self._pending: list[tuple[Instant, Callable[[], None]]] = []
        self._place()
        self._endpoints = tuple(self._describe())
        self._told = {fuel: self._rate_in_force(fuel) for fuel in self.price}

    # Where things are.

    def _place(self) -> None:
        esi, room = self.flavour.endpoints.esi, self.config.room
        for server in (
            BasicServer(self.home.hub_firmware),
            self.time,
            self.messaging,
            self.device_management,
            EventsServer(self.event_log, room),
        ):
            self._add(esi, server)
        for fuel in self.home.meters:
            self._place_meter(fuel)

    def _place_meter(self, fuel: Fuel) -> None:
        """Put the servers of one fuel on their endpoints, in place of an earlier meter's."""
        places, room, supplier = (
            self.flavour.endpoints,
            self.config.room,
            self.home.supplier,
        )
        meter = self.home.meters[fuel]
        endpoint = self.metering_endpoint(fuel)
        self.metering[fuel] = MeteringServer(meter, self.flavour, room)
        self.price[fuel] = PriceServer(meter, supplier, self.flavour, room)
        self._add(endpoint, self.metering[fuel])
        self._add(self.price_endpoint(fuel), self.price[fuel])
        self._add(endpoint, PrepaymentServer(self.home.accounts[fuel], room))
        if endpoint != places.esi:
            self._add(endpoint, BasicServer(meter.firmware))
        if fuel is Fuel.ELECTRICITY:
            self._add(places.esi, CalendarServer(meter, supplier))

    def metering_endpoint(self, fuel: Fuel) -> int:
        """Return where a fuel's meter is served."""
        places = self.flavour.endpoints
        return places.gas if fuel is Fuel.GAS else places.electricity

    def price_endpoint(self, fuel: Fuel) -> int:
        """Return where a fuel's prices are served: with the gas mirror, or on the ESI."""
        places = self.flavour.endpoints
        return places.gas if fuel is Fuel.GAS else places.esi

    def replace_meter(self, meter: Meter) -> None:
        """Serve another meter in place of the one of its fuel; a prepaid balance moves over."""
        at = self.clock.instant()
        old = self.home.accounts[meter.fuel]
        self.home.accounts[meter.fuel] = replace(
            old,
            meter=meter,
            opened=at,
            opening=old.credit(at),
            debt=old.debt_left(at),
            top_ups=[],
        )
        self.home.meters[meter.fuel] = meter
        self._place_meter(meter.fuel)

    def _add(self, endpoint: int, server: ClusterServer) -> None:
        if self.flavour.has_cluster(server.cluster_id):
            self._servers[endpoint, server.cluster_id] = server

    def _describe(self) -> list[EndpointDescription]:
        fuels = {
            endpoint: fuel
            for fuel in self.home.meters
            for endpoint in (self.metering_endpoint(fuel), self.price_endpoint(fuel))
        }
        return [
            EndpointDescription(
                endpoint,
                ESI_DEVICE_ID
                if endpoint == self.flavour.endpoints.esi
                else METERING_DEVICE_ID,
                tuple(sorted(c for e, c in self._servers if e == endpoint)),
                fuel=fuels.get(endpoint),
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
        self.clock.on_jump(self.tick)

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
        replies = self.responder.answer(
            message.destination_endpoint, message.cluster_id, frame
        )
        if broadcast:
            replies = [reply for reply in replies if not _is_default_response(reply)]
        return [reply.to_bytes() for reply in replies]

    # Time.

    def later(self, at: Instant, action: Callable[[], None]) -> None:
        """Do something when the network's time comes to an instant (at once if it is past)."""
        self._pending.append((at, action))
        self._pending.sort(key=lambda entry: entry[0])
        self.tick()

    def tick(self) -> None:
        """Do what is due: planned actions, new rates told, supplies cut for want of credit.

        Call it often, about once a second; a jump of the clock calls it too.
        """
        at = self.clock.instant()
        while self._pending and self._pending[0][0] <= at:
            self._pending.pop(0)[1]()
        for fuel, price in self.price.items():
            if (rate := self._rate_in_force(fuel)) != self._told[fuel]:
                self._told[fuel] = rate
                self.push(self.price_endpoint(fuel), PRICE, price.current_price(at))
        for fuel, account in self.home.accounts.items():
            meter = self.home.meters[fuel]
            if account.exhausted(at) and meter.supply is Supply.ON:
                meter.switch_supply(Supply.OFF, at)

    def _rate_in_force(self, fuel: Fuel) -> tuple[Instant, int, int, int]:
        at = self.clock.instant()
        rate = self.price[fuel].rate(at)
        return (
            self.home.meters[fuel].schedule.at(at).issued,
            rate.tier,
            rate.block,
            rate.price,
        )

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
            self.responder.build(cluster_id, answer, sequence=self._next_sequence()),
        )

    def push_report(
        self, endpoint: int, cluster_id: int, wanted: Sequence[int]
    ) -> bytes | None:
        """Report attributes that nobody asked for; returns the frame, None for nothing to say."""
        records = [
            record
            for record in self.responder.records(endpoint, cluster_id, wanted)
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


_ONE_WAY: Final = frozenset(
    {
        General.DEFAULT_RESPONSE,
        General.REPORT_ATTRIBUTES,
        General.READ_ATTRIBUTES_RESPONSE,
    }
)


def _is_default_response(frame: ZclFrame) -> bool:
    return (
        frame.frame_type is FrameType.GENERAL
        and frame.command == General.DEFAULT_RESPONSE
    )

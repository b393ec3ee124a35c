"""A bellows application whose stick joins a network that somebody else runs.

bellows and zigpy assume to be the coordinator. Every code path of theirs that
would form, change, permit, repair, interview or survey is shut here, and every
packet that leaves passes one gate.
"""

from collections.abc import Callable
from typing import Any, Final, NoReturn, override

from bellows.ash import AshException
from bellows.config import CONF_EZSP_CONFIG, CONF_USE_THREAD
from bellows.exception import ControllerError
from bellows.types import EmberNodeType, sl_Status
import bellows.zigbee.application
from zigpy.config import CONF_DEVICE
from zigpy.device import BaseDevice, ZigbeeDevice
from zigpy.exceptions import NetworkNotFormed
from zigpy.state import NodeInfo
from zigpy.types import (
    EUI64,
    NWK,
    AddrMode,
    Channels,
    ExtendedPanId,
    PanId,
    ZigbeePacket,
    uint8_t,
)

from ..smart_energy.const import PROFILE_ID
from ..smart_energy.device import HUB_ADDRESS, SmartEnergyDevice
from ..smart_energy.network import Gate, RadioEvent
from .config import ENDPOINT
from .const import LOGGER
from .ezsp import QuietEzsp
from .incoming import HubMessage
from .status import channel_mask, normalise

_EVENTS: Final = {
    sl_Status.NETWORK_UP: RadioEvent.NETWORK_UP,
    sl_Status.NETWORK_DOWN: RadioEvent.NETWORK_DOWN,
    sl_Status.ZIGBEE_MOVE_FAILED: RadioEvent.NETWORK_DOWN,
    sl_Status.NOT_JOINED: RadioEvent.NETWORK_DOWN,
    sl_Status.ZIGBEE_NODE_ID_CHANGED: RadioEvent.NETWORK_CHANGED,
    sl_Status.ZIGBEE_PAN_ID_CHANGED: RadioEvent.NETWORK_CHANGED,
    sl_Status.ZIGBEE_CHANNEL_CHANGED: RadioEvent.NETWORK_CHANGED,
}
"""Stack statuses that a session must know of."""

JOINED_ROLES: Final = (EmberNodeType.END_DEVICE, EmberNodeType.ROUTER)


class NotForCads(ControllerError):
    """Raised when something asks the stick for what only a coordinator does."""


class JoiningApplication(bellows.zigbee.application.ControllerApplication):
    """The stick, once connected. One instance lives as long as one connection."""

    @staticmethod
    def SCHEMA(config: dict[str, Any]) -> dict[str, Any]:
        """Take the config as it is: `application_config` has checked it."""
        return config

    def __init__(
        self,
        config: dict[str, Any],
        *,
        gate: Gate,
        on_event: Callable[[JoiningApplication, RadioEvent], None],
    ) -> None:
        """Keep the gate that every packet must pass, and whom to tell of events."""
        super().__init__(config)
        self._gate = gate
        self._on_event = on_event
        self.trust_centre: EUI64 | None = None
        self.hub: SmartEnergyDevice | None = None
        """The hub, once on a network."""
        self.role: EmberNodeType | None = None
        self.is_lost = False

    # What is kept, in the form that a joined device needs.

    @override
    async def register_endpoints(self) -> None:
        """Register the CAD's endpoint, and no other. The stack wants it before the network is up."""
        await self.add_endpoint(ENDPOINT)

    @override
    async def load_network_info(self, *, load_devices: bool = False) -> None:
        """Take over where the stick is: role, address, channel, trust centre. Reads no keys.

        Raises:
            NetworkNotFormed: it is on no network.
            NotForCads: it is the coordinator of a network of its own.
        """
        await self._ensure_network_running()
        status, node_type, parameters = await self._ezsp.getNetworkParameters()
        self._check_status(status)
        if node_type == EmberNodeType.COORDINATOR:
            raise NotForCads("The stick coordinates a network of its own")
        if node_type not in JOINED_ROLES:
            raise NetworkNotFormed(f"The stick is a {node_type.name} on no network")
        (address,) = await self._ezsp.getNodeId()
        (eui64,) = await self._ezsp.getEui64()
        status, security = await self._ezsp.getCurrentSecurityState()
        self._check_status(status)
        self.role = node_type
        self.trust_centre = EUI64(security.trustCenterLongAddress)
        self.state.node_info = NodeInfo(
            nwk=NWK(address), ieee=EUI64(eui64), logical_type=node_type.zdo_logical_type
        )
        info = self.state.network_info
        info.channel = uint8_t(parameters.radioChannel)
        info.channel_mask = channel_mask([parameters.radioChannel])
        info.pan_id = PanId(parameters.panId)
        info.extended_pan_id = ExtendedPanId(parameters.extendedPanId)
        info.nwk_update_id = uint8_t(parameters.nwkUpdateId)

    @override
    async def start_network(self) -> None:
        """Bring up the stored network and model the hub; repairs and changes nothing."""
        await self.load_network_info()
        assert self.trust_centre is not None
        if self.hub is None or self.hub.ieee != self.trust_centre:
            self.devices.clear()
            self.hub = self.add_device(self.trust_centre, HUB_ADDRESS)
        self.controller_event.set()

    @override
    async def initialize(self, *, auto_form: bool = False) -> None:
        """Bring up the stored network. Never forms one, whatever is asked."""
        await self.start_network()

    @override
    async def connect(self) -> None:
        """Open the stick, register the endpoint, and hear its callbacks from the first moment.

        In place of bellows' own, whose connection is not to be closed while it sends.
        One that fails half-way is closed by `shutdown`.
        """
        self._ezsp = QuietEzsp(self.config[CONF_DEVICE], self)
        await self._ezsp.connect(use_thread=self.config[CONF_USE_THREAD])
        await self._ezsp.write_config(self.config[CONF_EZSP_CONFIG])
        await self.register_endpoints()
        self._ezsp.add_callback(self.ezsp_callback_handler)
        self._ezsp.on_message = self.message_received

    @override
    def add_device(self, ieee: EUI64, nwk: NWK) -> SmartEnergyDevice:
        """Model the hub; nothing else of the HAN is a device here."""
        if nwk != HUB_ADDRESS:
            raise NotForCads("Only the hub is a device to a CAD")
        device = SmartEnergyDevice(self, ieee, nwk)
        self.devices[ieee] = device
        return device

    @override
    async def send_packet(self, packet: ZigbeePacket) -> None:
        """Send a packet that the gate lets through. There is no other way out.

        Beside it only acknowledgements leave: the stick's own, and those that bellows has
        it send for fragments of the hub's long answers; see `incoming`.

        Raises:
            EgressDenied: the gate did not let it through.
            DeliveryError: the hub did not take it.
            ControllerError: the stick failed; bellows has many ways to say so.
        """
        self._gate(packet)
        try:
            await super().send_packet(packet)
        except AttributeError as err:
            # bellows has no connection any more once it is closed, and looks for it all the same.
            if self._ezsp is not None:
                raise
            raise ControllerError("The stick was closed while it was sending") from err
        except (AshException, RuntimeError, OSError) as err:
            if isinstance(err, TimeoutError):
                raise
            raise ControllerError("The stick failed while it was sending") from err

    def message_received(self, message: HubMessage) -> bool:
        """Hand a reading of the hub on; return whether it was one. bellows reads everything else."""
        hub = self.hub
        return hub is not None and hub.numbers_received(
            message.endpoint_id,
            message.cluster_id,
            message.payload,
            message.lqi,
            message.rssi,
        )

    @override
    def packet_received(self, packet: ZigbeePacket) -> None:
        """Take packets of the hub; leave everybody else's alone, undiscovered."""
        source, hub = packet.src, self.hub
        if (
            source is None
            or source.address != HUB_ADDRESS
            or source.addr_mode != AddrMode.NWK
        ):
            LOGGER.debug("Ignored a packet that is not the hub's")
        elif hub is None:
            LOGGER.debug("Ignored a packet that came before the network was taken up")
        elif packet.profile_id == PROFILE_ID:
            # Nothing that zigpy looks for first (ZDO, Green Power, an unknown sender) is in it.
            hub.packet_received(packet)
        else:
            super().packet_received(packet)

    @override
    def ezsp_callback_handler(self, frame_name: str, args: list[Any]) -> None:
        """Hand on what the stack says of the network, beside what bellows handles."""
        if frame_name in _HANDLED_BY_BELLOWS:
            super().ezsp_callback_handler(frame_name, args)
        elif frame_name == "stackStatusHandler":
            event = _EVENTS.get(normalise(args[0]))
            if event is not None:
                self._on_event(self, event)
        elif frame_name == "switchNetworkKeyHandler":
            self._on_event(self, RadioEvent.NETWORK_KEY_CHANGED)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that the stick is gone."""
        super().connection_lost(exc)
        self.is_lost = True
        self._on_event(self, RadioEvent.CONNECTION_LOST)

    @property
    def ezsp(self) -> Any:
        """The EZSP connection, for the other modules of this package.

        Raises:
            ControllerError: the stick is not connected.
        """
        if self._ezsp is None:
            raise ControllerError("The stick is not connected")
        return self._ezsp

    # What zigpy does by itself, and a CAD must not.

    @override
    def handle_join(
        self, nwk: NWK, ieee: EUI64, parent_nwk: NWK, *, handle_rejoin: bool = True
    ) -> None:
        """Interview nobody that announces itself."""

    @override
    def handle_leave(self, nwk: NWK, ieee: EUI64) -> None:
        """Take the hub's leaving for the end of the network; ignore anybody else's."""
        if ieee == self.trust_centre:
            self._on_event(self, RadioEvent.NETWORK_DOWN)

    @override
    def handle_relays(self, nwk: NWK, relays: list[NWK]) -> None:
        """Keep no routes: the CAD's parent does."""

    @override
    async def _discover_unknown_device(self, nwk: NWK) -> None:
        """Broadcast no address requests."""

    # What would change a network, the stick's or another's.

    @override
    async def permit(self, time_s: int = 60, node: EUI64 | None = None) -> NoReturn:
        """Refuse: a CAD lets nobody join."""
        raise NotForCads("A CAD lets nobody join")

    @override
    async def permit_ncp(self, time_s: int = 60) -> NoReturn:
        """Refuse: a CAD lets nobody join."""
        raise NotForCads("A CAD lets nobody join")

    @override
    async def permit_with_link_key(
        self, node: EUI64, link_key: Any, time_s: int = 60
    ) -> NoReturn:
        """Refuse: a CAD lets nobody join."""
        raise NotForCads("A CAD lets nobody join")

    @override
    async def form_network(self, *, fast: bool = False) -> NoReturn:
        """Refuse: a CAD forms no network."""
        raise NotForCads("A CAD forms no network")

    @override
    async def write_network_info(
        self, *, network_info: Any, node_info: Any
    ) -> NoReturn:
        """Refuse: a CAD writes no network settings."""
        raise NotForCads("A CAD writes no network settings")

    @override
    async def reset_network_info(self) -> NoReturn:
        """Refuse: leaving is asked for by its own name."""
        raise NotForCads("A CAD is not reset; it leaves")

    @override
    async def move_network_to_channel(
        self, new_channel: int, *, num_broadcasts: int = 5
    ) -> NoReturn:
        """Refuse: the hub chooses the channel."""
        raise NotForCads("The hub chooses the channel")

    @override
    async def energy_scan(
        self, channels: Channels, duration_exp: int, count: int
    ) -> NoReturn:
        """Refuse: a CAD surveys nothing."""
        raise NotForCads("A CAD surveys nothing")

    @override
    async def remove(
        self, ieee: EUI64, remove_children: bool = True, rejoin: bool = False
    ) -> NoReturn:
        """Refuse: it would tell the hub to leave."""
        raise NotForCads("A CAD removes nobody")

    @override
    async def force_remove(self, dev: ZigbeeDevice) -> NoReturn:
        """Refuse: a CAD removes nobody."""
        raise NotForCads("A CAD removes nobody")

    @override
    async def reinterview_device(self, ieee: EUI64) -> NoReturn:
        """Refuse: the session asks the hub for what it needs."""
        raise NotForCads("The session asks the hub for what it needs")

    @override
    def _finalize_device(self, device: BaseDevice) -> BaseDevice:
        """Leave the hub as it was made."""
        return device

    @override
    async def _reset(self) -> NoReturn:
        """Refuse: a reset forgets the endpoint; the stick is closed and opened again instead."""
        raise NotForCads("The stick is restarted by closing and opening it")


_HANDLED_BY_BELLOWS: Final = frozenset({"incomingMessageHandler", "messageSentHandler"})
"""The callbacks that carry frames; trust centre, route and conflict callbacks are a coordinator's."""

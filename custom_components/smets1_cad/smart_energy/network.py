"""What Smart Energy needs of a radio: find a HAN, join it, stay on it, carry frames.

The one radio that exists is an EmberZNet stick (`radio/`). Smart Energy does
not know it; it knows this protocol.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, override

from zigpy.types import EUI64, KeyData, ZigbeePacket

from ..cad.errors import Responsible
from .device import SmartEnergyDevice
from .errors import SmartEnergyError

PREFERRED_CHANNELS: Final = (11, 14, 15, 19, 20, 24, 25)
"""Channels on which Smart Energy hubs live; scanned first (SE 1.4, 5.5.1)."""

OTHER_CHANNELS: Final = (12, 13, 16, 17, 18, 21, 22, 23, 26)
"""The rest of the 2.4 GHz channels."""


class NodeRole(StrEnum):
    """As what the CAD joins."""

    END_DEVICE = "end_device"
    """Neither routes nor takes children, and stays awake: the rule (R16)."""
    ROUTER = "router"
    """Only for a hub that insists on it; shut to joins."""


class RadioEvent(StrEnum):
    """What a radio tells of its own accord."""

    NETWORK_UP = "network_up"
    NETWORK_DOWN = "network_down"
    """The stick lost the network: parent gone, or told to leave."""
    NETWORK_CHANGED = "network_changed"
    """Address, channel or PAN id changed; the stick followed."""
    NETWORK_KEY_CHANGED = "network_key_changed"
    CONNECTION_LOST = "connection_lost"
    """The stick itself is gone, or no longer answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beacon:
    """A network heard while scanning.

    Attributes:
        lqi: link quality, 0 to 255.
        rssi: dBm.
    """

    channel: int
    pan_id: int
    extended_pan_id: EUI64
    permits_joining: bool
    nwk_update_id: int
    stack_profile: int
    lqi: int
    rssi: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The network that the CAD is on."""

    channel: int
    pan_id: int
    extended_pan_id: EUI64
    address: int
    """The CAD's network address."""
    role: NodeRole
    trust_centre: EUI64
    """The hub's EUI-64."""

    @override
    def __repr__(self) -> str:
        """Leave out what names the household's devices."""
        return f"Network(channel={self.channel}, role={self.role!s})"


class RadioError(SmartEnergyError):
    """Base of every error of the radio and its network."""

    reason = "radio"


class RadioLost(RadioError):
    """Raised when the stick cannot be reached, or stopped answering."""

    reason = "radio_lost"
    responsible = Responsible.HOUSEHOLDER


class WrongStick(RadioLost):
    """Raised when another stick is at the port of the CAD's own, which is as good as gone meanwhile.

    It is left as it was: it may be another CAD's, or another program's.
    """

    reason = "wrong_stick"


class ForeignNetwork(RadioError):
    """Raised when the stick holds a network that is not this pairing's.

    It is left untouched: it may be another program's, with all its devices.
    """

    reason = "foreign_network"
    responsible = Responsible.HOUSEHOLDER


class JoinError(RadioError):
    """Base of what can end a join.

    Attributes:
        may_pass: whether trying again later can help without anybody's help.
    """

    reason = "join_failed"
    may_pass = True


class NoHubHeard(JoinError):
    """Raised when no network answered the scan: out of range, or the hub is off."""

    reason = "no_hub_heard"
    responsible = Responsible.HOUSEHOLDER


class NotPermitted(JoinError):
    """Raised when hubs were heard but none lets devices join now."""

    reason = "not_permitted"
    responsible = Responsible.SUPPLIER


class JoinRefused(JoinError):
    """Raised when the hub would not associate: the list is full, or the CAD is not on it."""

    reason = "join_refused"
    responsible = Responsible.SUPPLIER


class WrongInstallCode(JoinError):
    """Raised when no network key came that could be read: the usual sign of a wrong install code."""

    reason = "wrong_install_code"
    responsible = Responsible.SUPPLIER


class NotSmartEnergy(JoinError):
    """Raised when the network handed out its key in the clear, which no Smart Energy hub does."""

    reason = "not_smart_energy"
    responsible = Responsible.SUPPLIER
    may_pass = False


class RejoinFailed(RadioError):
    """Raised when the network was not found again, or did not take the CAD back."""

    reason = "rejoin_failed"


class KeyInstallUnsupported(RadioError):
    """Raised when the stick's firmware offers no way to take a link key."""

    reason = "key_install_unsupported"
    responsible = Responsible.HOUSEHOLDER


class StickCbke(Protocol):
    """Key establishment computed inside the stick: its private key never leaves it.

    One run is generate, compute, store; a run that ends early must `store(False)`.
    """

    @property
    def suite(self) -> int:
        """1 for sect163k1, 2 for sect283k1."""
        ...

    @property
    def certificate(self) -> bytes:
        """The stick's implicit certificate, 48 or 74 octets."""
        ...

    async def generate(self) -> bytes:
        """Make an ephemeral key pair; return its public point, 22 or 37 octets."""
        ...

    async def compute(self, certificate: bytes, point: bytes) -> tuple[bytes, bytes]:
        """Take the partner's certificate and ephemeral point; return MACU and MACV, 16 octets each."""
        ...

    async def store(self, keep: bool) -> None:
        """Make the key the trust centre link key, or forget everything of this run."""
        ...


type RadioListener = Callable[[RadioEvent], None]
type Gate = Callable[[ZigbeePacket], None]
"""Raises for a packet that must not leave; called once for each, in one place."""


class HanRadio(Protocol):
    """A radio that joins. Only one caller at a time."""

    @property
    def eui64(self) -> EUI64:
        """The CAD's own address. Only while connected."""
        ...

    @property
    def firmware(self) -> str:
        """The version of its firmware as it was connected last, "" unknown."""
        ...

    @property
    def hub(self) -> SmartEnergyDevice:
        """The hub as a zigpy device. Only while on a network."""
        ...

    async def connect(self) -> None:
        """Open the stick and register the CAD's endpoint; touches no network.

        Raises:
            RadioLost: it cannot be opened, or does not answer.
        """
        ...

    async def disconnect(self, *, silence: bool = False) -> None:
        """Close the stick; never raises.

        It keeps its network, and goes on by itself: it polls its parent, acknowledges what the hub sends, and takes its
        order to leave.

        Args:
            silence: take the network down, so that nothing leaves the stick before it is opened again, and nothing
                reaches it.
        """
        ...

    async def resume(self) -> Network | None:
        """Take up the network that the stick holds; None if it holds none.

        Raises:
            ForeignNetwork: the stick forms a network of its own.
            RadioLost: it stopped answering.
        """
        ...

    async def holds_network(self) -> bool:
        """Whether the stick still holds a network, in reach or not; one that was told to leave does not."""
        ...

    async def scan(self, channels: Sequence[int]) -> list[Beacon]:
        """Listen for networks."""
        ...

    async def join(self, beacon: Beacon, link_key: KeyData) -> Network:
        """Join one network with the link key that comes of the install code.

        Raises:
            JoinError: one of its kinds, for each way to fail.
            RadioLost: the stick stopped answering.
        """
        ...

    async def rejoin(self, *, secured: bool, all_channels: bool) -> Network:
        """Find the network again and go back.

        Args:
            secured: under the network key that the stick has; else the hub sends the
                present one under the link key (trust centre rejoin).
            all_channels: search all channels instead of the present one.

        Raises:
            RejoinFailed: not found, or not taken back.
        """
        ...

    async def leave(self) -> None:
        """Leave for good and forget network and keys; joining again needs the supplier."""
        ...

    async def stick_cbke(self, suites: int) -> StickCbke | None:
        """Return key establishment inside the stick, for the strongest of some suites (bitmap), or None."""
        ...

    async def install_link_key(self, key: KeyData) -> None:
        """Make a key the trust centre link key.

        Raises:
            KeyInstallUnsupported: the firmware offers no way.
        """
        ...

    async def restart(self) -> Network:
        """Close the stick, open it again and take up its network.

        Raises:
            WrongStick: another one is at its port now.
            RadioLost: it does not come back, or has lost its network.
        """
        ...

    def listen(self, listener: RadioListener) -> Callable[[], None]:
        """Hear events until the returned function is called."""
        ...

    def set_gate(self, gate: Gate) -> None:
        """Set what every outgoing packet must pass. Without one nothing leaves."""
        ...


type RadioFactory = Callable[[], Awaitable[HanRadio]]

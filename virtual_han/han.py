"""The whole network in one object: air, hub, meters, and the stick under test."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final, Self

from .air import Air
from .capture import Capture, RecordedAir
from .clock import Clock
from .crypto.ecqv import CertificateAuthority, Credentials
from .crypto.suite import SUITE_1, SUITES
from .events import Events, HubHooks
from .faults import Faults
from .hub import SMETS1_SLOTS, CommunicationsHub, DeviceLog, Network
from .hub.admission import MAX_WINDOW
from .hub.keep_alive import CLUSTER as KEEP_ALIVE
from .meters import HanServers, HomeConfig
from .referee import Referee
from .state import State
from .stick import DEFAULT_VERSION, Flash, Ncp, StickServer, Timing

STICK_EUI64: Final = bytes.fromhex("00124B0001ABCDEF")
HUB_EUI64: Final = bytes.fromhex("000D6F0000C0FFEE")
IHD_EUI64: Final = bytes.fromhex("0022A30000123456")
STICK_FILE: Final = "stick.json"
HUB_FILE: Final = "hub.json"
INSTALL_CODE: Final = bytes.fromhex("83FED3407A939723A5C639B26916D505")
"""The example code of the Zigbee documents, without its CRC (C3B5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HanConfig:
    """What the network is like.

    Attributes:
        seed: of every key, identifier and ephemeral value; the same seed, the same network.
        channel: 11 to 26.
        suites: bits of the suites that the hub offers.
        slots: how many consumer devices it takes: 1 on SMETS1, 4 on SMETS2.
        ihd: whether an in-home display already holds a slot.
        home: the meters and the hub's Smart Energy version.
        ezsp_version: of the stick's firmware: 8, 13, 14 or 18.
        stick_eui64: big-endian.
        install_code: of the stick, without its CRC.
        stick_cbke: bits of the suites that the stick's firmware computes; its tokens then hold certificates.
        state: a folder in which stick and hub keep what they know between two runs; None keeps nothing.
        timing: how long the stick's stack waits.
        answer_time: real seconds for which the referee wants an answer to be waited for.
        host: the address to listen on.
        port: the stick's port; 0 takes any free one.
    """

    seed: int = 1
    channel: int = 15
    suites: tuple[int, ...] = (SUITE_1.bit,)
    slots: int = SMETS1_SLOTS
    ihd: bool = False
    home: HomeConfig = field(default_factory=HomeConfig)
    ezsp_version: int = DEFAULT_VERSION
    stick_eui64: bytes = STICK_EUI64
    install_code: bytes = field(default=INSTALL_CODE, repr=False)
    stick_cbke: tuple[int, ...] = ()
    state: Path | None = None
    timing: Timing = field(default_factory=Timing)
    answer_time: float = 10.0
    host: str = "127.0.0.1"
    port: int = 0


class VirtualHan:
    """One home's network, with one stick."""

    def __init__(
        self,
        config: HanConfig | None = None,
        clock: Clock | None = None,
        capture: Capture | None = None,
    ) -> None:
        """Build everything; nothing listens until `start`.

        Args:
            config: what the network is like.
            clock: its time. By default the real one, which goes on from an earlier run.
            capture: where its traffic is written.
        """
        self.config = config = config or HanConfig()
        earlier = State.load(config.state / HUB_FILE) if config.state else None
        self.clock = clock or Clock(earlier.began if earlier else None)
        self._began = self.clock.now()
        self._random = random = Random(config.seed)
        self.authorities = {
            bit: CertificateAuthority(SUITES[bit], random) for bit in sorted(SUITES)
        }
        self.air = Air() if capture is None else RecordedAir(capture)
        self.log = DeviceLog(self._now, slots=config.slots)
        self.servers = HanServers(self.clock, config.home)
        self.hub = CommunicationsHub(
            self.air,
            Network.form(HUB_EUI64, config.channel, random),
            self.log,
            self._hub_credentials(HUB_EUI64),
            now=self._now,
            random=random,
        )
        self.hub.add_server(self.servers)
        self.hub.keep_alive.offered = config.home.flavour.has_cluster(KEEP_ALIVE)
        if earlier is not None:
            self.hub.recall(earlier.hub)
            # What is drawn from now on must not be what the earlier run drew.
            random.seed(f"{config.seed} {earlier.time.isoformat()}")
            if clock is None:
                self._catch_up(earlier.time)
        elif config.ihd:
            self.log.seat(IHD_EUI64)
        self.hub.on_change = self.save
        self.referee = Referee(
            self._now, self.hub.endpoints, answer_time=config.answer_time
        )
        self.hub.hooks.observe = self.referee.request
        self.stick = StickServer(
            self._build_stick(), host=config.host, port=config.port
        )
        self.events = Events(
            self.servers,
            HubHooks(self.unpair, self.hub.refresh_network_key, self.exchange_hub),
        )
        self.ncp.observers.append(self.referee.stick_command)
        self.ncp.listeners.append(self.referee.delivered)
        self.faults = Faults(
            self.hub, self.stick, self.servers.time, Random(f"{config.seed} faults")
        )

    def _catch_up(self, last: datetime) -> None:
        """Go on from when the run before ended, so that registers never fall."""
        target = max(last, datetime.now(UTC))
        if target > self.clock.now():
            self.clock.move_to(target)

    def save(self) -> None:
        """Write what the network keeps between two runs, if it keeps anything."""
        if self.config.state is not None:
            state = State(self._began, self.clock.now(), self.hub.remember())
            state.save(self.config.state / HUB_FILE)

    def _hub_credentials(self, eui64: bytes) -> dict[int, Credentials]:
        return {bit: self.authorities[bit].issue(eui64) for bit in self.config.suites}

    def _now(self) -> float:
        return self.clock.now().timestamp()

    def _build_stick(self) -> Ncp:
        config = self.config
        if config.state is None:
            flash = Flash(config.stick_eui64)
        else:
            config.state.mkdir(parents=True, exist_ok=True)
            flash = Flash.open(config.state / STICK_FILE, config.stick_eui64)
        if not flash.install_code:
            flash.install_code = config.install_code
        for bit in config.stick_cbke:
            flash.cbke.setdefault(bit, self.authorities[bit].issue(flash.eui64))
        return Ncp(
            self.air,
            flash,
            version=config.ezsp_version,
            cbke_suites=frozenset(config.stick_cbke),
            random=self._random,
            timing=config.timing,
        )

    @property
    def ncp(self) -> Ncp:
        """The stick's firmware."""
        return self.stick.ncp

    @property
    def url(self) -> str:
        """What to give bellows as the device path."""
        return self.stick.url

    def credentials(
        self, bit: int = SUITE_1.bit, eui64: bytes | None = None
    ) -> Credentials:
        """Issue test credentials for a device, the stick's EUI-64 by default."""
        return self.authorities[bit].issue(eui64 or self.ncp.flash.eui64)

    def admit(
        self, seconds: float = MAX_WINDOW, *, install_code: bytes | None = None
    ) -> None:
        """Put the stick on the hub's list for a time."""
        self.log.add(
            self.ncp.flash.eui64, install_code or self.config.install_code, seconds
        )

    def unpair(self) -> None:
        """Make every consumer device leave, as a supplier may."""
        for eui64 in {*self.hub.members, *self.log.seated}:
            self.hub.unpair(eui64)

    def exchange_hub(self) -> None:
        """Put another hub in: another EUI-64, network and keys, and an empty list."""
        number = int.from_bytes(self.hub.network.eui64) + 1
        eui64 = number.to_bytes(8)
        network = Network.form(eui64, self.config.channel, self._random)
        self.hub.replace_with(network, self._hub_credentials(eui64))

    async def start(self) -> None:
        """Let the stick listen."""
        await self.stick.start()

    async def stop(self) -> None:
        """Close the stick's socket; its flash keeps the network."""
        self.faults.stop()
        self.save()
        await self.stick.stop()

    async def __aenter__(self) -> Self:
        """Start on entry."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop on exit."""
        await self.stop()

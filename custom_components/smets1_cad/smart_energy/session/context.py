"""What the stages of a session share."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from zigpy.types import KeyData

from ...cad.breaker import Breaker
from ...cad.clock import Clock
from ...cad.errors import CadError, NotKept
from ...cad.link import ConsentMissing, LinkState
from ...cad.models import Fuel
from ...cad.pacing import FLOORS, Pacer
from ..certificate import Credentials
from ..eui64 import Eui64
from ..network import HanRadio, WrongStick
from .const import Interest, Timings
from .errors import NOT_CONNECTED, NotRunning
from .gate import Gate
from .record import HanRecord, HanStore


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionConfig:
    """What the user has decided.

    Attributes:
        link_key: the link key that the install code makes.
        eui64: the CAD's own; a stick with another is not touched. None takes any stick.
        credentials: device certificates with their keys, for key establishment on the
            host; of one suite or both. None are needed where the stick has its own.
        intervals: how often to read each fuel; never more often than pacing allows.
        interests: what somebody uses beside readings, prices and identities.
        timings: for tests.
    """

    link_key: KeyData = field(repr=False)
    eui64: Eui64 | None = None
    credentials: tuple[Credentials, ...] = field(default=(), repr=False)
    intervals: dict[Fuel, timedelta] = field(default_factory=dict)
    interests: frozenset[Interest] = frozenset()
    timings: Timings = field(default_factory=Timings)

    def interval(self, fuel: Fuel) -> timedelta:
        """Return how often to read a fuel."""
        return max(FLOORS[fuel], self.intervals.get(fuel, FLOORS[fuel]))


type StatusSetter = Callable[[LinkState, CadError | None, float | None], None]


@dataclass(slots=True, kw_only=True)
class Context:
    """One session's parts.

    Attributes:
        set_status: takes state, error and the seconds until the next attempt.
        has_consent: whether consent is in force now.
        is_running: whether anything may be sent: from the start until the session is being stopped.
        firmware: of the stick, as it said last; "" unknown.
    """

    radio: HanRadio
    pacer: Pacer
    store: HanStore
    clock: Clock
    config: SessionConfig
    set_status: StatusSetter
    has_consent: Callable[[], bool]
    is_running: bool = False
    gate: Gate = field(init=False)
    record: HanRecord = field(default_factory=HanRecord)
    firmware: str = ""
    counters: Counter[str] = field(default_factory=Counter)
    breaker: Breaker = field(init=False)

    def __post_init__(self) -> None:
        """Give the session its gate and its breaker."""
        self.gate = Gate(self.require_running)
        self.breaker = Breaker(self.clock)

    @property
    def timings(self) -> Timings:
        """How long to wait for what."""
        return self.config.timings

    @property
    def han(self) -> str:
        """What names the HAN to the pacer: the hub."""
        return self.record.trust_centre or ""

    def require_consent(self) -> None:
        """Do nothing while consent is in force.

        Raises:
            ConsentMissing: it is not; the session ends.
        """
        if not self.has_consent():
            raise ConsentMissing(
                "Consent is no longer in force. Give it in the integration's settings to go on."
            )

    def require_running(self) -> None:
        """Do nothing while the session runs with consent.

        Raises:
            ConsentMissing: consent is not in force.
            NotRunning: the session is being stopped.
        """
        self.require_consent()
        if not self.is_running:
            raise NotRunning(NOT_CONNECTED)

    async def open_stick(self) -> None:
        """Open the stick, if it is the CAD's own.

        Raises:
            WrongStick: it is another one. It is closed again, as it was.
            RadioLost: it cannot be opened, or does not answer.
        """
        await self.radio.connect()
        expected = self.config.eui64
        if (
            expected is not None
            and self.radio.eui64.serialize()[::-1] != expected.octets
        ):
            await self.radio.disconnect()
            raise WrongStick(
                "Another stick is at the port of the CAD's own. It was left as it was. Plug the CAD's stick in, or choose "
                "its port."
            )
        self.firmware = self.radio.firmware or self.firmware

    async def save(self) -> None:
        """Store the record.

        Raises:
            NotKept: the store did not take it.
        """
        self.record.read_once = set(self.gate.read_once)
        await self._save(self.record)

    async def _save(self, record: HanRecord) -> None:
        try:
            await self.store.save(record.as_dict())
        except CadError as err:
            raise NotKept.because(err) from err

    async def load(self) -> None:
        """Take over what an earlier process stored."""
        self.record = HanRecord.from_dict(await self.store.load())
        self.gate.joined()
        self.gate.restore(self.record.read_once)

    async def forget_join(self) -> None:
        """Forget the network and all that was found on it.

        Raises:
            NotKept: the store did not take it; then nothing is forgotten.
        """
        await self._save(HanRecord())
        self.record = HanRecord()
        self.gate.joined()

    def status(
        self, state: LinkState, error: CadError | None = None, wait: float | None = None
    ) -> None:
        """Tell where the session is."""
        self.set_status(state, error, wait)

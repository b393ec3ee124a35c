"""What a coordinator needs of any CAD, whichever way it reads the meter."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from .errors import CadError
from .models import CadUpdate, Fuel


class LinkState(StrEnum):
    """Where a CAD is on its way to readings."""

    DISCONNECTED = "disconnected"
    """No connection to the radio or the broker."""
    NOT_JOINED = "not_joined"
    """Connected, on no HAN; the next try to join is waited for."""
    SCANNING = "scanning"
    JOINING = "joining"
    JOINED = "joined"
    """On the HAN, but not authorised: nothing can be read yet."""
    KEY_ESTABLISHMENT = "key_establishment"
    DISCOVERING = "discovering"
    """Finding out which meters and values the hub has."""
    RUNNING = "running"
    REJOINING = "rejoining"
    """The HAN was lost; the way back is being looked for."""
    FAILED = "failed"
    """Ended for a reason that waiting does not mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatus:
    """The state of a link, and what there is to say of it.

    Attributes:
        state: where it is.
        since: when it came there, UTC.
        error: why it is not running; its reason, responsible and message are for people.
        next_attempt: when it tries again, UTC; None if it does not, or is at it.
    """

    state: LinkState
    since: datetime
    error: CadError | None = None
    next_attempt: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What the link has found that it can read.

    Attributes:
        fuels: fuels with a meter.
        tariff: fuels whose prices can be read.
        profile: fuels whose half-hourly log can be read.
        prepayment: fuels with prepayment.
        messages: whether supplier messages can arrive.
    """

    fuels: frozenset[Fuel] = frozenset()
    tariff: frozenset[Fuel] = frozenset()
    profile: frozenset[Fuel] = frozenset()
    prepayment: frozenset[Fuel] = frozenset()
    messages: bool = False


LOOKING: Final = frozenset(
    {LinkState.NOT_JOINED, LinkState.SCANNING, LinkState.JOINING}
)
"""States in which a CAD looks for the HAN that takes it in, or waits until it looks again."""

NO_CAPABILITIES: Final = Capabilities()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatistics:
    """Evidence of how the link behaves, for diagnostics. Holds nothing personal.

    Attributes:
        counters: by name, such as "replies_missed".
        signal_lqi: link quality of the last frame, 0 to 255, None unknown.
        signal_rssi: dBm of the last frame, None unknown.
    """

    counters: dict[str, int] = field(default_factory=dict)
    signal_lqi: int | None = None
    signal_rssi: int | None = None


class Grant(Protocol):
    """The householder's consent, as the link sees it. Without a valid one nothing starts (R1)."""

    @property
    def is_valid(self) -> bool:
        """Whether it is in force now."""
        ...

    @property
    def fuels(self) -> frozenset[Fuel]:
        """The fuels that may be read."""
        ...


class ConsentMissing(CadError):
    """Raised when a link is asked to start without consent in force."""

    reason = "consent_missing"


type UpdateListener = Callable[[CadUpdate], None]
type StatusListener = Callable[[LinkStatus], None]


class CadLink(Protocol):
    """A way to be a CAD."""

    @property
    def status(self) -> LinkStatus:
        """Where the link is."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it has found so far; grows, also days later."""
        ...

    @property
    def statistics(self) -> LinkStatistics:
        """How it behaves."""
        ...

    @property
    def firmware(self) -> str:
        """The version of the CAD's own firmware as it said last, "" unknown; a kind of CAD may leave it out.

        It can change whenever the status does.
        """
        return ""

    def findings(self) -> dict[str, Any]:
        """Return for diagnostics, as JSON: ``endpoints`` as found, ``next_allowed`` by fuel, UTC."""
        ...

    async def start(self, grant: Grant) -> None:
        """Begin, and keep going until stopped; returns before anything is read.

        Raises:
            ConsentMissing: the grant is not in force.
        """
        ...

    async def stop(self) -> None:
        """End the flow of data at once. The pairing stays; `start` takes it up again."""
        ...

    async def unpair(self) -> None:
        """Leave the HAN for good and forget everything about it. Ends stopped.

        Raises:
            CadError: it has not left, and nothing is forgotten.
        """
        ...

    async def refresh(self, fuel: Fuel) -> None:
        """Ask a meter out of turn.

        Raises:
            TooSoon: pacing does not allow it yet; says when it will.
            CadError: the meter was asked and did not answer, or the link is not running.
        """
        ...

    def doubt(self, fuel: Fuel) -> None:
        """Ask a meter anew who it is, when pacing allows: what it says looks like another's."""
        ...

    async def fetch_profile(self, fuel: Fuel, until: datetime, periods: int) -> None:
        """Ask for the meter's own half-hourly log; it arrives as updates.

        Args:
            fuel: of which meter.
            until: end of the newest period wanted, UTC.
            periods: how many, at most.

        Raises:
            TooSoon: pacing does not allow it yet; says when it will.
            CadError: the meter keeps no log, did not answer, or the link is not running.
        """
        ...

    def join_now(self) -> None:
        """Look for the HAN now, and often again for a while: somebody says that it opens.

        Paced all the same, however often it is called. A CAD whose radio is its own
        looks by itself, and has nothing to do here.
        """

    def on_update(self, listener: UpdateListener) -> Callable[[], None]:
        """Hear every reading, tariff and message until the returned function is called."""
        ...

    def on_status(self, listener: StatusListener) -> Callable[[], None]:
        """Hear every change of the status until the returned function is called."""
        ...

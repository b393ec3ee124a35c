"""The supplier's desk: pairing requests and what becomes of them as time goes by."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

from ..clock import Clock
from .behaviour import Behaviour, Outcome
from .problem import Json


class HubDoor(Protocol):
    """What the supplier can do at a communications hub."""

    def admit(self, eui64: bytes, install_code: bytes, seconds: float) -> None:
        """Put a device on the list for a time."""
        ...

    def is_paired(self, eui64: bytes) -> bool:
        """Say whether a device has joined."""
        ...

    def remove(self, eui64: bytes) -> None:
        """Take a device off the list and off the network."""
        ...


class State(StrEnum):
    """Where a request is; a pairing request and an unpairing request share some."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    HAN_OPEN = "han_open"
    PAIRED = "paired"
    REMOVED = "removed"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"
    UNPAIRED = "unpaired"


OPEN = frozenset(
    {State.RECEIVED, State.ACKNOWLEDGED, State.ACCEPTED, State.HAN_OPEN, State.PAIRED}
)
"""States in which another request for the same CAD is refused."""

_WHO: dict[State, str] = {
    State.RECEIVED: "supplier",
    State.ACKNOWLEDGED: "supplier",
    State.ACCEPTED: "meter_operator",
    State.REFUSED: "householder",
    State.HAN_OPEN: "cad_provider",
    State.PAIRED: "nobody",
    State.REMOVED: "householder",
    State.WITHDRAWING: "meter_operator",
    State.WITHDRAWN: "nobody",
    State.UNPAIRED: "nobody",
}


@dataclass(slots=True)
class Request:
    """A pairing or an unpairing request.

    Attributes:
        request_id: the service's name for it.
        eui64: the CAD.
        behaviour: how it is treated.
        state: where it is.
        since: seconds since 1970 at which it came there.
        install_code: without its CRC; empty for an unpairing.
        reason: why it was refused or removed.
        closes: when the window closes.
        tenancy_change: when the tenant changes, where the supplier knows.
        unpairing: which of the two it is.
    """

    request_id: str
    eui64: bytes
    behaviour: Behaviour
    state: State
    since: float
    install_code: bytes = field(default=b"", repr=False)
    reason: tuple[str, str] | None = None
    closes: float | None = None
    tenancy_change: float | None = None
    unpairing: bool = False

    def enter(self, state: State, at: float) -> None:
        """Come to a state."""
        self.state, self.since = state, at

    def as_json(self) -> Json:
        """Return its status as the contract has it."""
        status: Json = {
            "request_id": self.request_id,
            "state": self.state.value,
            "updated_at": rfc3339(self.since),
            "who_acts": _WHO[self.state],
            "poll_after_seconds": self.behaviour.poll_after,
            "reference": f"VE-{self.request_id}",
        }
        if self.reason is not None:
            status["reason"] = {"code": self.reason[0], "text": self.reason[1]}
        if self.state is State.HAN_OPEN and self.closes is not None:
            status["window"] = {
                "opens_at": rfc3339(self.since),
                "closes_at": rfc3339(self.closes),
            }
        if self.tenancy_change is not None:
            status["tenancy_change"] = {"effective_at": rfc3339(self.tenancy_change)}
        return status


def rfc3339(seconds: float) -> str:
    """Return seconds since 1970 as RFC 3339 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


class Desk:
    """Works through requests; call `work` often, or whenever somebody asks."""

    def __init__(
        self, clock: Clock, hub: HubDoor, behaviour: Behaviour | None = None
    ) -> None:
        """Sit down beside a hub."""
        self.behaviour = behaviour or Behaviour()
        self.requests: dict[str, Request] = {}
        self.tenancy_notices: list[Json] = []
        self._clock = clock
        self._hub = hub
        clock.on_jump(self.work)

    @property
    def now(self) -> float:
        """Seconds since 1970, by the network's clock."""
        return self._clock.now().timestamp()

    def next_id(self, prefix: str) -> str:
        """Return a name for a new request."""
        return f"{prefix}{len(self.requests) + 1:05}"

    def take_pairing(self, eui64: bytes, install_code: bytes) -> Request:
        """Take a pairing request in."""
        request = Request(
            self.next_id("P"),
            eui64,
            self.behaviour,
            State.RECEIVED,
            self.now,
            install_code=install_code,
        )
        self.requests[request.request_id] = request
        return request

    def take_unpairing(self, eui64: bytes) -> Request:
        """Take an unpairing request in."""
        request = Request(
            self.next_id("U"),
            eui64,
            self.behaviour,
            State.RECEIVED,
            self.now,
            unpairing=True,
        )
        self.requests[request.request_id] = request
        return request

    def open_request(self, eui64: bytes) -> Request | None:
        """Return the pairing request for a CAD that is not yet settled."""
        return next(
            (
                request
                for request in self.requests.values()
                if request.eui64 == eui64
                and not request.unpairing
                and request.state in OPEN
            ),
            None,
        )

    def withdraw(self, request: Request) -> None:
        """Withdraw a pairing request; a CAD that may be listed is removed first."""
        if request.state in {State.HAN_OPEN, State.PAIRED}:
            request.enter(State.WITHDRAWING, self.now)
        elif request.state in OPEN:
            request.enter(State.WITHDRAWN, self.now)

    def announce_tenancy(self, at: float) -> None:
        """Tell, with every pairing's status, that the tenant changes at a time."""
        for request in self.requests.values():
            if not request.unpairing:
                request.tenancy_change = at

    def work(self) -> None:
        """Bring every request to where it is by now."""
        for request in self.requests.values():
            step = self._unpairing_step if request.unpairing else self._pairing_step
            while step(request):
                pass

    def _due(self, request: Request, seconds: float) -> float | None:
        """Return the moment so many seconds after the request's last step, if it has come."""
        moment = request.since + seconds
        return moment if moment <= self.now else None

    def _pairing_step(self, request: Request) -> bool:
        """Take one step that is due; False where there is none."""
        behaviour = request.behaviour
        if behaviour.outcome in {Outcome.IGNORE, Outcome.FORGET}:
            return False
        steps: dict[State, tuple[float | None, Callable[[Request, float], None]]] = {
            State.RECEIVED: (behaviour.acknowledge_after, self._acknowledge),
            State.ACKNOWLEDGED: (behaviour.decide_after, self._decide),
            State.ACCEPTED: (behaviour.open_after, self._open),
            State.PAIRED: (behaviour.remove_after, self._throw_out),
            State.WITHDRAWING: (behaviour.unpair_after, self._withdrawn),
        }
        if request.state is State.HAN_OPEN:
            return self._watch(request)
        wait, action = steps.get(request.state, (None, self._acknowledge))
        if wait is None or (moment := self._due(request, wait)) is None:
            return False
        action(request, moment)
        return True

    def _acknowledge(self, request: Request, at: float) -> None:
        request.enter(State.ACKNOWLEDGED, at)

    def _decide(self, request: Request, at: float) -> None:
        if request.behaviour.outcome is Outcome.REFUSE:
            request.reason = (request.behaviour.refusal, request.behaviour.refusal_text)
            request.enter(State.REFUSED, at)
        else:
            request.enter(State.ACCEPTED, at)

    def _open(self, request: Request, at: float) -> None:
        """Put the CAD on the hub's list; a window that has passed meanwhile was never opened."""
        seconds = request.behaviour.window
        if at + seconds <= self.now:
            at = self.now
        request.closes = at + seconds
        request.enter(State.HAN_OPEN, at)
        self._hub.admit(request.eui64, request.install_code, request.closes - self.now)

    def _watch(self, request: Request) -> bool:
        """See whether the CAD has joined, or the window has closed."""
        if self._hub.is_paired(request.eui64):
            request.enter(State.PAIRED, self.now)
            return True
        if request.closes is not None and request.closes <= self.now:
            request.enter(State.ACCEPTED, request.closes)
            return True
        return False

    def _throw_out(self, request: Request, at: float) -> None:
        self._hub.remove(request.eui64)
        request.reason = ("security", "The device was removed after a security review.")
        request.enter(State.REMOVED, at)

    def _withdrawn(self, request: Request, at: float) -> None:
        self._hub.remove(request.eui64)
        request.enter(State.WITHDRAWN, at)

    def _unpairing_step(self, request: Request) -> bool:
        behaviour = request.behaviour
        if request.state is State.RECEIVED:
            moment = self._due(request, behaviour.acknowledge_after)
            if moment is not None:
                request.enter(State.ACKNOWLEDGED, moment)
            return moment is not None
        if request.state is not State.ACKNOWLEDGED:
            return False
        moment = self._due(request, behaviour.unpair_after)
        if moment is None:
            return False
        if behaviour.refuse_unpairing:
            request.reason = (
                "identity_not_confirmed",
                "We could not confirm who is asking.",
            )
            request.enter(State.REFUSED, moment)
            return True
        self._hub.remove(request.eui64)
        request.enter(State.UNPAIRED, moment)
        for other in self.requests.values():
            if (
                other.eui64 == request.eui64
                and not other.unpairing
                and other.state in OPEN
            ):
                other.reason = ("consumer_asked", "Removed at the consumer's request.")
                other.enter(State.REMOVED, moment)
        return True

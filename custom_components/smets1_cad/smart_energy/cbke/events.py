"""What goes into the state machines of key establishment, and what comes out.

Times are seconds of a monotonic clock. The driver's loop is short:

    for action in machine.feed(event, now):
        Send         send `payload` as cluster command `command_id`, without APS encryption
        SetTimer     feed `Elapsed()` at `at`; None stops the timer; there is only one
        Compute      run `run()` in an executor and feed what it returns
        Established  keep the link key; the exchange is over
        Failed       the exchange is over; ask a `RetryPlan` when to start the next
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from zigpy.types import EUI64

from ..certificate import CryptoSuite, Secret
from ..ecc import Point
from ..errors import SmartEnergyError
from .crypto import Agreement, EphemeralKey
from .failure import Failure
from .messages import Command, Message

type Computation = EphemeralKey | Point | Agreement | tuple[EphemeralKey, Agreement]


@dataclass(frozen=True, slots=True)
class Start:
    """Begin the exchange (initiator only)."""


@dataclass(frozen=True, slots=True)
class Received:
    """A command of the Key Establishment cluster has arrived.

    Attributes:
        sender: the EUI-64 of the node that sent it, as the network layer knows it.
        command_id: the cluster command.
        payload: what follows the ZCL header.
        tsn: the ZCL sequence number, which tells a retransmission from a new request.
    """

    sender: EUI64
    command_id: int
    payload: bytes
    tsn: int


@dataclass(frozen=True, slots=True)
class Computed:
    """A computation has ended.

    Attributes:
        task: which one.
        result: its result, or the error in the partner's data that it found.
    """

    task: int
    result: Computation | SmartEnergyError = field(repr=False)


@dataclass(frozen=True, slots=True)
class Elapsed:
    """The timer has run out."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send a command: the initiator from client to server, the responder from server to client.

    Attributes:
        destination: the partner.
        message: what to send.
        tsn: the request's sequence number where this answers a request, otherwise
            None, for a new one.
    """

    destination: EUI64
    message: Message
    tsn: int | None = None

    @property
    def command_id(self) -> Command:
        """Return the cluster command."""
        return self.message.command

    @property
    def payload(self) -> bytes:
        """Return what follows the ZCL header."""
        return self.message.to_bytes()


@dataclass(frozen=True, slots=True)
class SendFailed:
    """A message could not be delivered, or was refused by a Default Response.

    It is ignored where the exchange has moved on since.

    Attributes:
        send: the action that failed.
    """

    send: Send


type Event = Start | Received | Computed | Elapsed | SendFailed


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Set the one timer to a time, or stop it."""

    at: float | None


@dataclass(frozen=True, slots=True)
class Compute:
    """Run a computation of some milliseconds in an executor."""

    task: int
    call: Callable[[], Computation] = field(repr=False)

    def run(self) -> Computed:
        """Compute and return the event to feed; errors in the partner's data are in it."""
        try:
            return Computed(self.task, self.call())
        except SmartEnergyError as err:
            return Computed(self.task, err)


@dataclass(frozen=True, slots=True)
class Established:
    """The partner has proven who it is and holds the same key.

    Attributes:
        partner: its EUI-64.
        suite: the suite used.
        link_key: the new link key, 16 octets in transmitted order.
    """

    partner: EUI64
    suite: CryptoSuite
    link_key: Secret


@dataclass(frozen=True, slots=True)
class Failed:
    """The exchange has ended without a key."""

    partner: EUI64
    failure: Failure


type Action = Send | SetTimer | Compute | Established | Failed

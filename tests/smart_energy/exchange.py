"""Drives the two state machines of key establishment against each other, on simulated time."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from zigpy.types import EUI64

from custom_components.smets1_cad.smart_energy.cbke import (
    Compute,
    Elapsed,
    Established,
    Event,
    Failed,
    Initiator,
    Received,
    Responder,
    Send,
    SetTimer,
    Start,
)
from custom_components.smets1_cad.smart_energy.certificate import (
    Credentials,
    CryptoSuite,
)

from .authority import CAD, HUB, Authority

type Machine = Initiator | Responder


@cache
def both(suite: CryptoSuite) -> tuple[Credentials, Credentials]:
    """Return the credentials of a CAD and a hub, of the same CA."""
    authority = Authority(suite)
    return authority.issue(CAD).credentials(), authority.issue(HUB).credentials()


@dataclass
class Side:
    """One machine, with what it has said and its timer."""

    machine: Machine
    eui64: EUI64
    timer: float | None = None
    sent: list[Send] = field(default_factory=list)
    established: list[Established] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)

    def feed(self, event: Event, now: float = 0.0) -> list[Send]:
        """Feed an event, do the computations, and return what is sent."""
        sent: list[Send] = []
        events = deque([event])
        while events:
            for action in self.machine.feed(events.popleft(), now):
                match action:
                    case Send():
                        sent.append(action)
                    case SetTimer(at):
                        self.timer = at
                    case Compute():
                        events.append(action.run())
                    case Established():
                        self.established.append(action)
                    case Failed():
                        self.failed.append(action)
        self.sent += sent
        return sent

    def run_out(self) -> list[Send]:
        """Let the timer elapse."""
        assert self.timer is not None
        return self.feed(Elapsed(), self.timer)


def run(
    initiator: Side,
    responder: Side,
    change: Callable[[int, Send], bytes] = lambda _index, send: send.payload,
) -> None:
    """Carry the messages between both until nothing is left, each changed on its way.

    `change` gets the message's position in the exchange, from 0, and the message.
    """
    queue = deque((responder, initiator, send) for send in initiator.feed(Start()))
    index = 0
    while queue:
        receiver, sender, send = queue.popleft()
        event = Received(
            sender.eui64,
            send.command_id,
            change(index, send),
            index if send.tsn is None else send.tsn,
        )
        index += 1
        queue.extend((sender, receiver, answer) for answer in receiver.feed(event))

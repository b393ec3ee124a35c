"""What both sides of key establishment have in common: time, computations and endings."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Final

from ..errors import CertificateError, SmartEnergyError
from .events import (
    Action,
    Computation,
    Compute,
    Computed,
    Elapsed,
    Event,
    Received,
    Send,
    SendFailed,
    SetTimer,
    Start,
)
from .failure import Failure, FailureReason
from .messages import TerminateStatus
from .offer import GenerateTimes, Refusal, refuse_certificate

ANSWER_ALLOWANCE: Final = 10.0
"""Seconds that an answer may take beyond the time its sender asked for: the way there and back."""


class Machine[State: Enum](ABC):
    """A state machine that does no input or output, takes no time and reads no clock.

    Attributes:
        state: where the exchange is.
    """

    def __init__(
        self,
        state: State,
        times: GenerateTimes | None,
        utc_now: Callable[[], datetime] | None,
    ) -> None:
        """Start in a state."""
        self.state = state
        self._times: Final = times or GenerateTimes()
        self._utc_now: Final = utc_now
        self._now = 0.0
        self._deadline: float | None = None
        self._task = 0
        # The message that was sent last, for as long as its answer is due.
        self._awaiting: Send | None = None

    def feed(self, event: Event, now: float) -> list[Action]:
        """Take an event and return what is to be done, in order.

        Args:
            event: what has happened.
            now: the monotonic time in seconds.
        """
        self._now = now
        match event:
            case Start():
                return self._start()
            case Received():
                return self._receive(event)
            case Computed():
                return self._computed(event)
            case Elapsed():
                return self._elapsed()
        return self._send_failed(event)

    @abstractmethod
    def _start(self) -> list[Action]:
        """Begin."""

    @abstractmethod
    def _receive(self, event: Received) -> list[Action]:
        """Take a command."""

    @abstractmethod
    def _take_result(self, result: Computation) -> list[Action]:
        """Go on with the result of the computation of this state."""

    @abstractmethod
    def _refuse_result(self, refusal: Refusal) -> list[Action]:
        """End the exchange because the computation found the partner's data wrong."""

    @abstractmethod
    def _fail(self, failure: Failure) -> list[Action]:
        """End the exchange, with nothing more to send."""

    def _computed(self, event: Computed) -> list[Action]:
        if event.task != self._task:
            # It belongs to an exchange that is over.
            return []
        self._task += 1
        match event.result:
            case CertificateError() as err:
                return self._refuse_result(refuse_certificate(err))
            case SmartEnergyError() as err:
                return self._refuse_result(
                    Refusal(TerminateStatus.BAD_MESSAGE, str(err))
                )
            case result:
                return self._take_result(result)

    def _elapsed(self) -> list[Action]:
        if self._deadline is None:
            return []
        if self._now < self._deadline:
            return [SetTimer(self._deadline)]
        # Nothing is sent: the partner's own timer ends the exchange there.
        return self._fail(
            Failure(FailureReason.TIMEOUT, detail=f"while {self._doing()}")
        )

    def _send_failed(self, event: SendFailed) -> list[Action]:
        if self._awaiting is None or event.send != self._awaiting:
            # The exchange has gone on: only the acknowledgement was lost.
            return []
        return self._fail(
            Failure(FailureReason.NOT_SENT, detail=f"while {self._doing()}")
        )

    def _compute(
        self, state: State, call: Callable[[], Computation], seconds: int
    ) -> list[Action]:
        """Ask for a computation that should take no more than some seconds."""
        self.state = state
        self._awaiting = None
        return [self._wait(seconds), Compute(self._task, call)]

    def _await_answer(self, state: State, send: Send, seconds: int) -> list[Action]:
        """Send, and wait for the answer, for which the partner wants some seconds."""
        self.state = state
        self._awaiting = send
        return [send, self._wait(seconds)]

    def _wait(self, seconds: int) -> SetTimer:
        self._deadline = self._now + seconds + ANSWER_ALLOWANCE
        return SetTimer(self._deadline)

    def _stop(self, state: State) -> None:
        """Expect nothing more."""
        self.state = state
        self._deadline = self._awaiting = None
        # The result of a computation under way is of no more use.
        self._task += 1

    def _doing(self) -> str:
        return self.state.name.lower()


def held[T](value: T | None) -> T:
    """Return what the state guarantees to be there."""
    assert value is not None
    return value

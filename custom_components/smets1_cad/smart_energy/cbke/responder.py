"""The side that is asked for key establishment (SE 1.4 C.4.2.4)."""

from collections.abc import Callable, Iterable
from datetime import datetime
from enum import Enum, auto
import hmac
from typing import Final

from zigpy.types import EUI64

from ..certificate import Credentials, CryptoSuite
from ..ecc import Point
from ..errors import CertificateError, FrameError, SmartEnergyError
from .crypto import (
    Agreement,
    EphemeralKey,
    agree_as_responder,
    generate_ephemeral_key,
    partner_public_key,
)
from .events import (
    Action,
    Computation,
    Compute,
    Computed,
    Elapsed,
    Established,
    Event,
    Failed,
    Received,
    Send,
    SendFailed,
    SetTimer,
    Start,
)
from .failure import Failure, FailureReason
from .messages import (
    Command,
    ConfirmKey,
    EphemeralData,
    InitiateKeyEstablishment,
    Message,
    TerminateKeyEstablishment,
    TerminateStatus,
    parse_message,
)
from .offer import (
    ANSWER_ALLOWANCE,
    GenerateTimes,
    Refusal,
    judge_offer,
    judge_suite,
    make_offer,
    make_terminate,
    refuse_certificate,
    supported_suites,
)


class ResponderState(Enum):
    """Where the exchange is."""

    IDLE = auto()
    CHECKING = auto()
    """Computing the partner's public key."""
    EXCHANGING = auto()
    """Waiting for the partner's ephemeral key."""
    AGREEING = auto()
    """Making the ephemeral key and computing the keys."""
    CONFIRMING = auto()
    """Waiting for the partner's MAC."""


type _Request = tuple[int, bytes]


def _admit_all(_partner: EUI64) -> bool:
    return True


class Responder:
    """Answers one exchange at a time, for as long as the device is on the network.

    It does no input or output: see `events`. Between exchanges it holds no secret but the
    credentials; the answers of the last exchange stay, for a partner that did not hear them.
    """

    def __init__(
        self,
        credentials: Iterable[Credentials],
        *,
        times: GenerateTimes | None = None,
        admits: Callable[[EUI64], bool] = _admit_all,
        utc_now: Callable[[], datetime] | None = None,
    ) -> None:
        """Prepare to answer.

        Args:
            credentials: one for each supported suite.
            times: what to ask of the partner's patience.
            admits: tells whether a partner may establish a key now; NO_RESOURCES is
                the answer to others.
            utc_now: gives an aware time, to refuse certificates that are not valid;
                without it validity is not checked.
        """
        self.state = ResponderState.IDLE
        self.partner: EUI64 | None = None
        self._credentials: Final = {held.suite: held for held in credentials}
        self._suites: Final = supported_suites(self._credentials.values())
        self._times = times or GenerateTimes()
        self._admits = admits
        self._utc_now = utc_now
        self._deadline: float | None = None
        self._task = 0
        # The partner's requests of this exchange, each with its answer as soon as there is one.
        self._answers: dict[_Request, Message | None] = {}
        self._request: _Request = (Command.INITIATE, b"")
        self._request_tsn: int | None = None
        self._first_tsn: int | None = None
        self._offer: InitiateKeyEstablishment | None = None
        self._partner_key: Point | None = None
        self._agreement: Agreement | None = None

    def feed(self, event: Event, now: float) -> list[Action]:
        """Take an event at a monotonic time in seconds and return what is to be done, in order."""
        match event:
            case Start():
                return []
            case Received():
                return self._receive(event, now)
            case Computed():
                return self._computed(event, now)
            case Elapsed():
                return self._elapsed(now)
            case SendFailed():
                return self._fail(
                    Failure(FailureReason.NOT_SENT, detail=f"while {self._doing()}")
                )

    def _receive(self, event: Received, now: float) -> list[Action]:
        from_partner = event.sender == self.partner
        if from_partner and (repeated := self._repeat(event)) is not None:
            return repeated
        try:
            message = parse_message(event.command_id, event.payload)
        except FrameError as err:
            return self._refuse(event, Refusal(TerminateStatus.BAD_MESSAGE, str(err)))
        if isinstance(message, TerminateKeyEstablishment):
            return self._fail(Failure.from_terminate(message)) if from_partner else []
        if isinstance(message, InitiateKeyEstablishment):
            busy = self.state is not ResponderState.IDLE and not from_partner
            if busy or not self._admits(event.sender):
                return [self._terminate(event, TerminateStatus.NO_RESOURCES)]
            self._begin(event, message)
        elif not from_partner:
            return [self._terminate(event, TerminateStatus.BAD_MESSAGE)]
        self._request = (event.command_id, event.payload)
        self._request_tsn = event.tsn
        self._answers[self._request] = None
        try:
            return self._step(message, now)
        except Refusal as err:
            return self._refuse(event, err)

    def _repeat(self, event: Received) -> list[Action] | None:
        """Return what to do about a copy of an earlier step, or None if it is not one."""
        request = (event.command_id, event.payload)
        if request not in self._answers:
            return None
        if (answer := self._answers[request]) is None:
            # The answer is on its way; it goes to the latest copy.
            self._request_tsn = event.tsn
            return []
        if event.command_id == Command.INITIATE and event.tsn != self._first_tsn:
            # No retransmission: the partner starts anew.
            return None
        return [Send(event.sender, answer, event.tsn)]

    def _begin(self, event: Received, offer: InitiateKeyEstablishment) -> None:
        self._end()
        self._answers.clear()
        self.partner = event.sender
        self._first_tsn = event.tsn
        self._offer = offer

    def _step(self, message: Message, now: float) -> list[Action]:
        match self.state, message:
            case ResponderState.IDLE, InitiateKeyEstablishment():
                return self._check(message, now)
            case ResponderState.EXCHANGING, EphemeralData():
                return self._agree(message, now)
            case ResponderState.CONFIRMING, ConfirmKey():
                return self._confirm(message)
        raise Refusal(
            TerminateStatus.BAD_MESSAGE, f"{message.command.name} while {self._doing()}"
        )

    def _check(self, offer: InitiateKeyEstablishment, now: float) -> list[Action]:
        credentials = self._credentials[judge_suite(offer, self._suites)]
        partner = self._held(self.partner)
        utc_now = self._utc_now() if self._utc_now else None
        certificate = judge_offer(offer, credentials, partner, utc_now)
        return self._compute(
            ResponderState.CHECKING,
            lambda: partner_public_key(credentials, certificate),
            self._times.ephemeral,
            now,
        )

    def _agree(self, message: EphemeralData, now: float) -> list[Action]:
        credentials = self._chosen()
        suite = credentials.suite
        if len(message.public_key) != suite.point_size:
            raise Refusal(
                TerminateStatus.BAD_MESSAGE,
                f"an ephemeral key of {len(message.public_key)} octets for its suite",
            )
        partner, partner_key = self._held(self.partner), self._held(self._partner_key)
        self._partner_key = None

        def compute() -> tuple[EphemeralKey, Agreement]:
            own = generate_ephemeral_key(suite)
            return own, agree_as_responder(
                credentials, own, partner, partner_key, message.public_key
            )

        return self._compute(ResponderState.AGREEING, compute, self._times.confirm, now)

    def _confirm(self, message: ConfirmKey) -> list[Action]:
        agreement = self._held(self._agreement)
        if not hmac.compare_digest(agreement.initiator_mac.reveal(), message.mac):
            raise Refusal(TerminateStatus.BAD_KEY_CONFIRM, "the partner's MAC is wrong")
        answer = self._answer(ConfirmKey(agreement.responder_mac.reveal()))
        partner, suite = self._held(self.partner), self._chosen().suite
        self._end()
        return [answer, SetTimer(None), Established(partner, suite, agreement.link_key)]

    def _computed(self, event: Computed, now: float) -> list[Action]:
        if event.task != self._task:
            return []
        self._task += 1
        match self.state, event.result:
            case ResponderState.CHECKING, Point() as partner_key:
                self._partner_key = partner_key
                self.state = ResponderState.EXCHANGING
                offer = make_offer(self._chosen(), self._times)
                return [
                    self._answer(offer),
                    self._wait(self._held(self._offer).ephemeral_time, now),
                ]
            case ResponderState.AGREEING, (
                EphemeralKey() as own,
                Agreement() as agreement,
            ):
                self._agreement = agreement
                self.state = ResponderState.CONFIRMING
                return [
                    self._answer(EphemeralData(own.public)),
                    self._wait(self._held(self._offer).confirm_time, now),
                ]
            case _, CertificateError() as err:
                refusal = refuse_certificate(self._chosen().suite, err)
            case _, SmartEnergyError() as err:
                refusal = Refusal(TerminateStatus.BAD_MESSAGE, str(err))
            case _:
                raise TypeError(f"no result of the computation while {self._doing()}")
        terminate = make_terminate(refusal.status, self._suites)
        return [
            self._answer(terminate),
            *self._fail(Failure.from_status(refusal.status, str(refusal))),
        ]

    def _elapsed(self, now: float) -> list[Action]:
        if self._deadline is None:
            return []
        if now < self._deadline:
            return [SetTimer(self._deadline)]
        # Nothing is sent: the partner's own timer ends the exchange there.
        return self._fail(
            Failure(FailureReason.TIMEOUT, detail=f"while {self._doing()}")
        )

    def _compute(
        self,
        state: ResponderState,
        call: Callable[[], Computation],
        seconds: float,
        now: float,
    ) -> list[Action]:
        self.state = state
        return [self._wait(seconds, now), Compute(self._task, call)]

    def _wait(self, seconds: float, now: float) -> SetTimer:
        self._deadline = now + seconds + ANSWER_ALLOWANCE
        return SetTimer(self._deadline)

    def _answer(self, message: Message) -> Send:
        """Answer the partner's latest request, and keep the answer for copies of it."""
        self._answers[self._request] = message
        return Send(self._held(self.partner), message, self._request_tsn)

    def _refuse(self, event: Received, refusal: Refusal) -> list[Action]:
        send = self._terminate(event, refusal.status)
        if event.sender != self.partner:
            return [send]
        self._answers[event.command_id, event.payload] = send.message
        return [send, *self._fail(Failure.from_status(refusal.status, str(refusal)))]

    def _terminate(self, event: Received, status: TerminateStatus) -> Send:
        return Send(event.sender, make_terminate(status, self._suites), event.tsn)

    def _fail(self, failure: Failure) -> list[Action]:
        if self.state is ResponderState.IDLE and self._offer is None:
            # Nothing was going on that could fail.
            return []
        partner = self._held(self.partner)
        self._end()
        return [SetTimer(None), Failed(partner, failure)]

    def _end(self) -> None:
        self.state = ResponderState.IDLE
        # A computation under way is of no more use.
        self._task += 1
        self._deadline = None
        self._offer = self._partner_key = self._agreement = None

    def _chosen(self) -> Credentials:
        return self._credentials[CryptoSuite(self._held(self._offer).suite)]

    def _held[T](self, value: T | None) -> T:
        """Return what the state guarantees to be there."""
        assert value is not None
        return value

    def _doing(self) -> str:
        return self.state.name.lower()

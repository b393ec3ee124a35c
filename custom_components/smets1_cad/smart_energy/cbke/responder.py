"""The side that is asked for key establishment (SE 1.4 C.4.2.4)."""

from collections.abc import Callable, Iterable
from datetime import datetime
from enum import Enum, auto
import hmac
from typing import Final, override

from zigpy.types import EUI64

from ..certificate import Credentials, CryptoSuite
from ..ecc import Point
from ..errors import FrameError
from .crypto import (
    Agreement,
    EphemeralKey,
    agree_as_responder,
    generate_ephemeral_key,
    partner_public_key,
)
from .events import Action, Computation, Established, Failed, Received, Send, SetTimer
from .failure import Failure, FailureReason
from .machine import Machine, held
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
    GenerateTimes,
    Refusal,
    judge_ephemeral,
    judge_offer,
    judge_suite,
    make_offer,
    make_terminate,
    supported_suites,
)

ANSWERS_KEPT: Final = 30.0
"""Seconds for which the answers of an exchange that is over are given again to copies of its requests."""

type _Request = tuple[int, bytes]


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


def _admit_all(_partner: EUI64) -> bool:
    return True


class Responder(Machine[ResponderState]):
    """Answers one exchange at a time, for as long as the device is on the network.

    See `events` for how to drive it. Between exchanges it holds no secret but the
    credentials; the answers of the last exchange, which were sent openly, stay a while for a
    partner that did not hear them.

    Attributes:
        partner: the EUI-64 of the other side of this exchange or the last one.
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
                the answer to others. A CAD admits its trust centre, and nobody while an
                `Initiator` of its own is at work.
            utc_now: gives an aware time, to refuse certificates that are not valid;
                without it validity is not checked.
        """
        super().__init__(ResponderState.IDLE, times, utc_now)
        self.partner: EUI64 | None = None
        self._credentials: Final = {ours.suite: ours for ours in credentials}
        self._suites: Final = supported_suites(self._credentials.values())
        self._admits: Final = admits
        # The partner's requests, each with its answer as soon as there is one.
        self._answers: dict[_Request, Message | None] = {}
        self._answers_until = 0.0
        self._request: _Request = (Command.INITIATE, b"")
        self._request_tsn = 0
        self._first_tsn = 0
        # The partner's offer; None while there is no exchange.
        self._offer: InitiateKeyEstablishment | None = None
        self._partner_key: Point | None = None
        self._agreement: Agreement | None = None

    @override
    def _start(self) -> list[Action]:
        # It is the partner who starts.
        return []

    @override
    def _receive(self, event: Received) -> list[Action]:
        from_partner = event.sender == self.partner
        if from_partner and (repeated := self._repeat(event)) is not None:
            return repeated
        try:
            message = parse_message(event.command_id, event.payload)
        except FrameError as err:
            if event.command_id != Command.TERMINATE:
                refusal = Refusal(TerminateStatus.BAD_MESSAGE, str(err))
                return self._refuse(event, refusal)
            # Never answered with another Terminate.
            failure = Failure(
                FailureReason.BAD_MESSAGE, by_partner=True, detail=str(err)
            )
            return self._fail(failure) if from_partner else []
        if isinstance(message, TerminateKeyEstablishment):
            return self._fail(Failure.from_terminate(message)) if from_partner else []
        if isinstance(message, InitiateKeyEstablishment):
            busy = self._offer is not None and not from_partner
            if busy or not self._admits(event.sender):
                return [self._terminate(event, TerminateStatus.NO_RESOURCES)]
            self._begin(event, message)
        elif self._offer is None or not from_partner:
            return [self._terminate(event, TerminateStatus.BAD_MESSAGE)]
        self._request = (event.command_id, event.payload)
        self._request_tsn = event.tsn
        self._answers[self._request] = None
        try:
            return self._step(message)
        except Refusal as err:
            return self._refuse(event, err)

    def _repeat(self, event: Received) -> list[Action] | None:
        """Return what to do about a copy of an earlier step, or None if it is not one."""
        if self._offer is None and self._now > self._answers_until:
            self._answers.clear()
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

    def _step(self, message: Message) -> list[Action]:
        match self.state, message:
            case ResponderState.IDLE, InitiateKeyEstablishment():
                return self._check(message)
            case ResponderState.EXCHANGING, EphemeralData():
                return self._agree(message)
            case ResponderState.CONFIRMING, ConfirmKey():
                return self._confirm(message)
        raise Refusal(
            TerminateStatus.BAD_MESSAGE, f"{message.command.name} while {self._doing()}"
        )

    def _check(self, offer: InitiateKeyEstablishment) -> list[Action]:
        credentials = self._credentials[judge_suite(offer, self._suites)]
        certificate = judge_offer(
            offer, credentials.certificate, held(self.partner), self._utc_now
        )
        return self._compute(
            ResponderState.CHECKING,
            lambda: partner_public_key(credentials, certificate),
            self._times.ephemeral,
        )

    def _agree(self, message: EphemeralData) -> list[Action]:
        credentials = self._chosen()
        suite = credentials.suite
        judge_ephemeral(message, suite)
        partner, partner_key = held(self.partner), held(self._partner_key)
        self._partner_key = None

        def compute() -> tuple[EphemeralKey, Agreement]:
            own = generate_ephemeral_key(suite)
            return own, agree_as_responder(
                credentials, own, partner, partner_key, message.public_key
            )

        return self._compute(ResponderState.AGREEING, compute, self._times.confirm)

    def _confirm(self, message: ConfirmKey) -> list[Action]:
        agreement = held(self._agreement)
        if not hmac.compare_digest(agreement.initiator_mac.reveal(), message.mac):
            raise Refusal(TerminateStatus.BAD_KEY_CONFIRM, "the partner's MAC is wrong")
        answer = self._answer(ConfirmKey(agreement.responder_mac.reveal()))
        suite = self._chosen().suite
        self._end()
        return [
            answer,
            SetTimer(None),
            Established(answer.destination, suite, agreement.link_key),
        ]

    @override
    def _take_result(self, result: Computation) -> list[Action]:
        offer = held(self._offer)
        match self.state, result:
            case ResponderState.CHECKING, Point() as partner_key:
                self._partner_key = partner_key
                answer = self._answer(make_offer(self._chosen(), self._times))
                return self._await_answer(
                    ResponderState.EXCHANGING, answer, offer.ephemeral_time
                )
            case (
                ResponderState.AGREEING,
                (EphemeralKey() as own, Agreement() as agreement),
            ):
                self._agreement = agreement
                answer = self._answer(EphemeralData(own.public))
                return self._await_answer(
                    ResponderState.CONFIRMING, answer, offer.confirm_time
                )
        raise TypeError(f"not the result of a computation while {self._doing()}")

    @override
    def _refuse_result(self, refusal: Refusal) -> list[Action]:
        terminate = make_terminate(
            refusal.status, supported=self._suites, in_use=held(self._offer).suite
        )
        return [
            self._answer(terminate),
            *self._fail(Failure.from_status(refusal.status, str(refusal))),
        ]

    def _answer(self, message: Message) -> Send:
        """Answer the partner's latest request, and keep the answer for copies of it."""
        self._answers[self._request] = message
        return Send(held(self.partner), message, self._request_tsn)

    def _refuse(self, event: Received, refusal: Refusal) -> list[Action]:
        send = self._terminate(event, refusal.status)
        if self._offer is None or event.sender != self.partner:
            return [send]
        self._answers[event.command_id, event.payload] = send.message
        return [send, *self._fail(Failure.from_status(refusal.status, str(refusal)))]

    def _terminate(self, event: Received, status: TerminateStatus) -> Send:
        in_use = self._offer.suite if self._offer else 0
        terminate = make_terminate(status, supported=self._suites, in_use=in_use)
        return Send(event.sender, terminate, event.tsn)

    @override
    def _fail(self, failure: Failure) -> list[Action]:
        if self._offer is None:
            # There is no exchange that could fail.
            return []
        self._end()
        return [SetTimer(None), Failed(held(self.partner), failure)]

    def _end(self) -> None:
        self._stop(ResponderState.IDLE)
        self._offer = self._partner_key = self._agreement = None
        # A request that will get no answer any more is not a copy when it comes again.
        self._answers = {
            request: answer for request, answer in self._answers.items() if answer
        }
        self._answers_until = self._now + ANSWERS_KEPT

    def _chosen(self) -> Credentials:
        return self._credentials[CryptoSuite(held(self._offer).suite)]

"""The side that starts key establishment: what a CAD does after it has joined (SE 1.4 C.4.2.4)."""

from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto
import hmac
from typing import Final, override

from zigpy.types import EUI64

from ..certificate import Credentials
from ..ecc import Point
from ..errors import FrameError
from .crypto import (
    Agreement,
    EphemeralKey,
    agree_as_initiator,
    generate_ephemeral_key,
    partner_public_key,
)
from .events import (
    Action,
    Computation,
    Established,
    Event,
    Failed,
    Received,
    Send,
    SetTimer,
)
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
)


class InitiatorState(Enum):
    """Where the exchange is."""

    IDLE = auto()
    GENERATING = auto()
    """Making the ephemeral key."""
    OFFERED = auto()
    """Waiting for the partner's certificate."""
    CHECKING = auto()
    """Computing the partner's public key."""
    EXCHANGING = auto()
    """Waiting for the partner's ephemeral key."""
    AGREEING = auto()
    """Computing the keys."""
    CONFIRMING = auto()
    """Waiting for the partner's MAC."""
    ENDED = auto()


class Initiator(Machine[InitiatorState]):
    """One exchange with one partner; make a new one for each attempt.

    See `events` for how to drive it. After `Established` or `Failed` it holds no secret
    and ignores whatever comes.

    Attributes:
        partner: the EUI-64 of the other side.
        suite: the cryptographic suite in use.
    """

    def __init__(
        self,
        credentials: Credentials,
        partner: EUI64,
        *,
        suites: int | None = None,
        times: GenerateTimes | None = None,
        utc_now: Callable[[], datetime] | None = None,
    ) -> None:
        """Prepare the exchange.

        Args:
            credentials: of the suite to use, see `choose_credentials`.
            partner: the EUI-64 of the trust centre, or of another ESI.
            suites: bitmap of all suites that the device supports, to tell the partner;
                that of the credentials if not given.
            times: what to ask of the partner's patience.
            utc_now: gives an aware time, to refuse a partner's certificate that is not
                valid; without it validity is not checked.
        """
        super().__init__(InitiatorState.IDLE, times, utc_now)
        self.partner: Final = partner
        self.suite: Final = credentials.suite
        self._suites: Final = credentials.suite if suites is None else suites
        self._seen: set[tuple[int, bytes]] = set()
        self._credentials: Credentials | None = credentials
        self._ephemeral: EphemeralKey | None = None
        self._partner_offer: InitiateKeyEstablishment | None = None
        self._partner_key: Point | None = None
        self._agreement: Agreement | None = None

    @override
    def feed(self, event: Event, now: float) -> list[Action]:
        if self.state is InitiatorState.ENDED:
            return []
        return super().feed(event, now)

    @override
    def _start(self) -> list[Action]:
        if self.state is not InitiatorState.IDLE:
            return []
        suite = self.suite
        return self._compute(
            InitiatorState.GENERATING,
            lambda: generate_ephemeral_key(suite),
            self._times.ephemeral,
        )

    @override
    def _receive(self, event: Received) -> list[Action]:
        if event.sender != self.partner or self.state is InitiatorState.IDLE:
            return []
        if (event.command_id, event.payload) in self._seen:
            # A copy of a step that has been taken.
            return []
        try:
            message = parse_message(event.command_id, event.payload)
            if isinstance(message, TerminateKeyEstablishment):
                return self._fail(Failure.from_terminate(message))
            actions = self._step(message)
        except FrameError as err:
            if event.command_id == Command.TERMINATE:
                # Never answered with another Terminate.
                return self._fail(
                    Failure(FailureReason.BAD_MESSAGE, by_partner=True, detail=str(err))
                )
            return self._refuse(Refusal(TerminateStatus.BAD_MESSAGE, str(err)))
        except Refusal as err:
            return self._refuse(err)
        self._seen.add((event.command_id, event.payload))
        return actions

    def _step(self, message: Message) -> list[Action]:
        match self.state, message:
            case InitiatorState.OFFERED, InitiateKeyEstablishment():
                return self._check(message)
            case InitiatorState.EXCHANGING, EphemeralData():
                return self._agree(message)
            case InitiatorState.CONFIRMING, ConfirmKey():
                return self._confirm(message)
        raise Refusal(
            TerminateStatus.BAD_MESSAGE, f"{message.command.name} while {self._doing()}"
        )

    def _check(self, offer: InitiateKeyEstablishment) -> list[Action]:
        credentials = held(self._credentials)
        judge_suite(offer, credentials.suite)
        certificate = judge_offer(
            offer, credentials.certificate, self.partner, self._utc_now
        )
        self._partner_offer = offer
        return self._compute(
            InitiatorState.CHECKING,
            lambda: partner_public_key(credentials, certificate),
            self._times.ephemeral,
        )

    def _agree(self, message: EphemeralData) -> list[Action]:
        judge_ephemeral(message, self.suite)
        credentials = held(self._credentials)
        own = held(self._ephemeral)
        partner_key = held(self._partner_key)
        self._ephemeral = self._partner_key = None
        return self._compute(
            InitiatorState.AGREEING,
            lambda: agree_as_initiator(
                credentials, own, self.partner, partner_key, message.public_key
            ),
            self._times.confirm,
        )

    def _confirm(self, message: ConfirmKey) -> list[Action]:
        agreement = held(self._agreement)
        if not hmac.compare_digest(agreement.responder_mac.reveal(), message.mac):
            raise Refusal(TerminateStatus.BAD_KEY_CONFIRM, "the partner's MAC is wrong")
        self._end()
        return [
            SetTimer(None),
            Established(self.partner, self.suite, agreement.link_key),
        ]

    @override
    def _take_result(self, result: Computation) -> list[Action]:
        match self.state, result:
            case InitiatorState.GENERATING, EphemeralKey() as ephemeral:
                self._ephemeral = ephemeral
                offer = make_offer(held(self._credentials), self._times)
                return self._send(InitiatorState.OFFERED, offer, 0)
            case InitiatorState.CHECKING, Point() as partner_key:
                self._partner_key = partner_key
                message = EphemeralData(held(self._ephemeral).public)
                seconds = held(self._partner_offer).ephemeral_time
                return self._send(InitiatorState.EXCHANGING, message, seconds)
            case InitiatorState.AGREEING, Agreement() as agreement:
                self._agreement = agreement
                mac = ConfirmKey(agreement.initiator_mac.reveal())
                seconds = held(self._partner_offer).confirm_time
                return self._send(InitiatorState.CONFIRMING, mac, seconds)
        raise TypeError(f"not the result of a computation while {self._doing()}")

    def _send(
        self, state: InitiatorState, message: Message, seconds: int
    ) -> list[Action]:
        return self._await_answer(state, Send(self.partner, message), seconds)

    def _refuse(self, refusal: Refusal) -> list[Action]:
        terminate = make_terminate(
            refusal.status, supported=self._suites, in_use=self.suite
        )
        return [
            Send(self.partner, terminate),
            *self._fail(Failure.from_status(refusal.status, str(refusal))),
        ]

    @override
    def _refuse_result(self, refusal: Refusal) -> list[Action]:
        return self._refuse(refusal)

    @override
    def _fail(self, failure: Failure) -> list[Action]:
        self._end()
        return [SetTimer(None), Failed(self.partner, failure)]

    def _end(self) -> None:
        self._stop(InitiatorState.ENDED)
        self._seen.clear()
        self._credentials = self._ephemeral = None
        self._partner_offer = self._partner_key = self._agreement = None

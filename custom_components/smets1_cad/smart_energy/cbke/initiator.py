"""The side that starts key establishment: what a CAD does after it has joined (SE 1.4 C.4.2.4)."""

from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto
import hmac
from typing import Final

from zigpy.types import EUI64

from ..certificate import Credentials, ImplicitCertificate
from ..ecc import Point
from ..errors import CertificateError, FrameError, SmartEnergyError
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


class Initiator:
    """One exchange with one partner; make a new one for each attempt.

    It does no input or output, takes no time and reads no clock: `feed` takes an event and
    returns what is to be done (see `events`). After `Established` or `Failed` it holds no secret
    and ignores whatever comes.
    """

    def __init__(
        self,
        credentials: Credentials,
        partner: EUI64,
        *,
        times: GenerateTimes | None = None,
        utc_now: datetime | None = None,
    ) -> None:
        """Prepare the exchange.

        Args:
            credentials: of the suite to use, see `choose_credentials`.
            partner: the EUI-64 of the trust centre, or of another ESI.
            times: what to ask of the partner's patience.
            utc_now: an aware time, to refuse a partner's certificate that is not valid;
                without it validity is not checked.
        """
        self.partner: Final = partner
        self.suite: Final = credentials.suite
        self.state = InitiatorState.IDLE
        self._times = times or GenerateTimes()
        self._utc_now = utc_now
        self._deadline: float | None = None
        self._task = 0
        self._seen: set[tuple[int, bytes]] = set()
        self._partner_confirm_time = 0
        self._partner_ephemeral_time = 0
        self._credentials: Credentials | None = credentials
        self._ephemeral: EphemeralKey | None = None
        self._partner_key: Point | None = None
        self._agreement: Agreement | None = None

    def feed(self, event: Event, now: float) -> list[Action]:
        """Take an event at a monotonic time in seconds and return what is to be done, in order."""
        if self.state is InitiatorState.ENDED:
            return []
        match event:
            case Start():
                return self._start(now)
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

    def _start(self, now: float) -> list[Action]:
        if self.state is not InitiatorState.IDLE:
            return []
        suite = self.suite
        return self._compute(
            InitiatorState.GENERATING,
            lambda: generate_ephemeral_key(suite),
            self._times.ephemeral,
            now,
        )

    def _receive(self, event: Received, now: float) -> list[Action]:
        if event.sender != self.partner or self.state is InitiatorState.IDLE:
            return []
        if (event.command_id, event.payload) in self._seen:
            # A copy of a step that has been taken.
            return []
        try:
            message = parse_message(event.command_id, event.payload)
            if isinstance(message, TerminateKeyEstablishment):
                return self._fail(Failure.from_terminate(message))
            actions = self._step(message, now)
        except FrameError as err:
            return self._refuse(TerminateStatus.BAD_MESSAGE, str(err))
        except Refusal as err:
            return self._refuse(err.status, str(err))
        self._seen.add((event.command_id, event.payload))
        return actions

    def _step(self, message: Message, now: float) -> list[Action]:
        match self.state, message:
            case InitiatorState.OFFERED, InitiateKeyEstablishment():
                return self._check(message, now)
            case InitiatorState.EXCHANGING, EphemeralData():
                return self._agree(message, now)
            case InitiatorState.CONFIRMING, ConfirmKey():
                return self._confirm(message)
        raise Refusal(
            TerminateStatus.BAD_MESSAGE, f"{message.command.name} while {self._doing()}"
        )

    def _check(self, offer: InitiateKeyEstablishment, now: float) -> list[Action]:
        credentials = self._held_credentials()
        judge_suite(offer, credentials.suite)
        certificate: ImplicitCertificate = judge_offer(
            offer, credentials, self.partner, self._utc_now
        )
        self._partner_ephemeral_time = offer.ephemeral_time
        self._partner_confirm_time = offer.confirm_time
        return self._compute(
            InitiatorState.CHECKING,
            lambda: partner_public_key(credentials, certificate),
            self._times.ephemeral,
            now,
        )

    def _agree(self, message: EphemeralData, now: float) -> list[Action]:
        credentials = self._held_credentials()
        if len(message.public_key) != credentials.suite.point_size:
            raise Refusal(
                TerminateStatus.BAD_MESSAGE,
                f"an ephemeral key of {len(message.public_key)} octets for its suite",
            )
        own, partner_key = self._ephemeral, self._partner_key
        assert own is not None
        assert partner_key is not None
        self._ephemeral = self._partner_key = None
        return self._compute(
            InitiatorState.AGREEING,
            lambda: agree_as_initiator(
                credentials, own, self.partner, partner_key, message.public_key
            ),
            self._times.confirm,
            now,
        )

    def _confirm(self, message: ConfirmKey) -> list[Action]:
        agreement = self._agreement
        assert agreement is not None
        if not hmac.compare_digest(agreement.responder_mac.reveal(), message.mac):
            raise Refusal(TerminateStatus.BAD_KEY_CONFIRM, "the partner's MAC is wrong")
        self._end()
        return [
            SetTimer(None),
            Established(self.partner, self.suite, agreement.link_key),
        ]

    def _computed(self, event: Computed, now: float) -> list[Action]:
        if event.task != self._task:
            return []
        self._task += 1
        match self.state, event.result:
            case InitiatorState.GENERATING, EphemeralKey() as ephemeral:
                self._ephemeral = ephemeral
                offer = make_offer(self._held_credentials(), self._times)
                return self._send(InitiatorState.OFFERED, offer, 0, now)
            case InitiatorState.CHECKING, Point() as partner_key:
                self._partner_key = partner_key
                assert self._ephemeral is not None
                message = EphemeralData(self._ephemeral.public)
                return self._send(
                    InitiatorState.EXCHANGING,
                    message,
                    self._partner_ephemeral_time,
                    now,
                )
            case InitiatorState.AGREEING, Agreement() as agreement:
                self._agreement = agreement
                mac = ConfirmKey(agreement.initiator_mac.reveal())
                return self._send(
                    InitiatorState.CONFIRMING, mac, self._partner_confirm_time, now
                )
            case _, CertificateError() as err:
                refusal = refuse_certificate(self.suite, err)
                return self._refuse(refusal.status, str(err))
            case _, SmartEnergyError() as err:
                return self._refuse(TerminateStatus.BAD_MESSAGE, str(err))
        raise TypeError(f"no result of the computation while {self._doing()}")

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
        state: InitiatorState,
        call: Callable[[], Computation],
        seconds: float,
        now: float,
    ) -> list[Action]:
        self.state = state
        self._deadline = now + seconds + ANSWER_ALLOWANCE
        return [SetTimer(self._deadline), Compute(self._task, call)]

    def _send(
        self, state: InitiatorState, message: Message, seconds: float, now: float
    ) -> list[Action]:
        self.state = state
        self._deadline = now + seconds + ANSWER_ALLOWANCE
        return [Send(self.partner, message), SetTimer(self._deadline)]

    def _refuse(self, status: TerminateStatus, detail: str) -> list[Action]:
        terminate = make_terminate(status, self.suite)
        return [
            Send(self.partner, terminate),
            *self._fail(Failure.from_status(status, detail)),
        ]

    def _fail(self, failure: Failure) -> list[Action]:
        self._end()
        return [SetTimer(None), Failed(self.partner, failure)]

    def _end(self) -> None:
        self.state = InitiatorState.ENDED
        self._deadline = None
        self._seen.clear()
        self._credentials = self._ephemeral = self._partner_key = self._agreement = None

    def _held_credentials(self) -> Credentials:
        assert self._credentials is not None
        return self._credentials

    def _doing(self) -> str:
        return self.state.name.lower()

"""Run key establishment with the hub: on the host, or inside the stick."""

from asyncio import Queue, get_running_loop, timeout, timeout_at
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
import hmac
from typing import Final

from zigpy.types import EUI64, KeyData
from zigpy.zcl import Cluster

from ..cbke import (
    Action,
    Compute,
    ConfirmKey,
    Elapsed,
    EphemeralData,
    Established,
    Failed,
    Failure,
    FailureReason,
    GenerateTimes,
    InitiateKeyEstablishment,
    Initiator,
    Message,
    Received,
    Send,
    SendFailed,
    SetTimer,
    Start,
    TerminateKeyEstablishment,
    TerminateStatus,
    choose_credentials,
    parse_message,
)
from ..cbke.machine import ANSWER_ALLOWANCE
from ..cbke.offer import LONGEST_TIME
from ..certificate import Credentials, CryptoSuite, parse_certificate
from ..device import HanFrame
from ..errors import CertificateError, FrameError, KeyEstablishmentError
from ..network import StickCbke
from .const import LOGGER
from .errors import HubRefused, HubSilent
from .exchange import Exchange

SUITE_ATTRIBUTE: Final = 0x0000
"""KeyEstablishmentSuite: a bitmap of `CryptoSuite`."""

_STICK_TIMES: Final = GenerateTimes(ephemeral=20, confirm=60)
"""What an old stick's processor may need."""


class KeyExchangeFailed(KeyEstablishmentError):
    """Raised when an exchange ends without a key.

    Attributes:
        failure: what happened, for a `RetryPlan`.
    """

    def __init__(self, failure: Failure) -> None:
        """Take over what people are told."""
        error = failure.to_error()
        super().__init__(str(error), reason=error.reason, responsible=error.responsible)
        self.failure = failure


class KeyExchange:
    """Key establishment with one hub over one connection.

    Feed it every frame of the hub's Key Establishment cluster.
    """

    def __init__(self, exchange: Exchange, cluster: Cluster, partner: EUI64) -> None:
        """Prepare to speak to a partner's Key Establishment server."""
        self._exchange = exchange
        self._cluster = cluster
        self._partner = partner
        self._frames: Queue[HanFrame] = Queue()

    def frame_received(self, frame: HanFrame) -> None:
        """Take one frame of the cluster."""
        if not frame.is_general:
            self._frames.put_nowait(frame)

    async def offered_suites(self) -> int:
        """Return the suites that the hub offers, as a bitmap.

        A hub that does not answer, or does not know, is taken to offer suite 1, which
        every Smart Energy hub has.
        """
        try:
            frame = await self._exchange.read(self._cluster, [SUITE_ATTRIBUTE])
        except (HubSilent, HubRefused) as err:
            LOGGER.debug("The hub does not say which suites it offers: %s", err)
            return CryptoSuite.SUITE_1
        said = frame.attributes and frame.attributes.values.get(SUITE_ATTRIBUTE)
        return said if isinstance(said, int) else CryptoSuite.SUITE_1

    async def on_host(
        self,
        credentials: Sequence[Credentials],
        offered: int,
        utc_now: Callable[[], datetime],
    ) -> KeyData:
        """Establish a key with credentials that the host holds; computes in the executor.

        Args:
            credentials: of one suite or both; the strongest common one is used.
            offered: the hub's suites.
            utc_now: to check the hub's certificate.

        Raises:
            KeyExchangeFailed: no key came of it.
            KeyEstablishmentError: no suite is common to both.
        """
        self._drain()
        chosen = choose_credentials(credentials, offered)
        machine = Initiator(chosen, self._partner, utc_now=utc_now)
        loop = get_running_loop()
        deadline: float | None = None
        actions: deque[Action] = deque(machine.feed(Start(), loop.time()))
        while True:
            while actions:
                match actions.popleft():
                    case Send() as send:
                        if not await self._send(send.message):
                            failed = SendFailed(send)
                            actions.extend(machine.feed(failed, loop.time()))
                    case SetTimer(at=at):
                        deadline = at
                    case Compute() as compute:
                        done = await loop.run_in_executor(None, compute.run)
                        actions.extend(machine.feed(done, loop.time()))
                    case Established(link_key=link_key):
                        return KeyData(link_key.reveal())
                    case Failed(failure=failure):
                        raise KeyExchangeFailed(failure)
            frame = await self._next(deadline)
            now = loop.time()
            if frame is None:
                actions.extend(machine.feed(Elapsed(), now))
            else:
                received = Received(
                    self._partner,
                    frame.command_id,
                    frame.command.serialize(),
                    frame.sequence,
                )
                actions.extend(machine.feed(received, now))

    async def in_stick(self, stick: StickCbke) -> None:
        """Establish a key inside the stick, which keeps it.

        Raises:
            KeyExchangeFailed: no key came of it.
        """
        self._drain()
        try:
            await self._in_stick(stick)
        except BaseException:
            await stick.store(False)
            raise

    async def _in_stick(self, stick: StickCbke) -> None:
        suite = CryptoSuite(stick.suite)
        point = await stick.generate()
        offer = await self._ask(
            InitiateKeyEstablishment(
                suite, _STICK_TIMES.ephemeral, _STICK_TIMES.confirm, stick.certificate
            ),
            InitiateKeyEstablishment,
            suite,
            0,
        )
        self._judge(offer, stick, suite)
        ephemeral = await self._ask(
            EphemeralData(point), EphemeralData, suite, offer.ephemeral_time
        )
        own_mac, partner_mac = await stick.compute(
            offer.certificate, ephemeral.public_key
        )
        confirmed = await self._ask(
            ConfirmKey(own_mac), ConfirmKey, suite, offer.confirm_time
        )
        if not hmac.compare_digest(confirmed.mac, partner_mac):
            await self._terminate(TerminateStatus.BAD_KEY_CONFIRM, suite)
            raise KeyExchangeFailed(Failure(FailureReason.BAD_KEY_CONFIRM))
        await stick.store(True)

    def _judge(
        self, offer: InitiateKeyEstablishment, stick: StickCbke, suite: CryptoSuite
    ) -> None:
        """Check the hub's offer; the stick itself checks only the mathematics."""
        if (
            offer.suite != suite
            or max(offer.ephemeral_time, offer.confirm_time) > LONGEST_TIME
        ):
            raise KeyExchangeFailed(Failure(FailureReason.BAD_MESSAGE))
        try:
            theirs = parse_certificate(offer.certificate)
            own = parse_certificate(stick.certificate)
            if theirs.issuer != own.issuer:
                raise KeyExchangeFailed(Failure(FailureReason.UNKNOWN_ISSUER))
            theirs.check(subject=self._partner)
        except CertificateError as err:
            raise KeyExchangeFailed(
                Failure(FailureReason.INVALID_CERTIFICATE, detail=str(err))
            ) from err

    async def _ask[MessageT: Message](
        self, message: Message, answer: type[MessageT], suite: CryptoSuite, seconds: int
    ) -> MessageT:
        """Send a step and wait for the partner's, as long as it asked for."""
        if not await self._send(message):
            raise KeyExchangeFailed(Failure(FailureReason.NOT_SENT))
        frame = await self._next(get_running_loop().time() + seconds + ANSWER_ALLOWANCE)
        if frame is None:
            raise KeyExchangeFailed(Failure(FailureReason.TIMEOUT))
        try:
            said = parse_message(frame.command_id, frame.command.serialize())
        except FrameError as err:
            raise KeyExchangeFailed(Failure(FailureReason.BAD_MESSAGE)) from err
        if isinstance(said, TerminateKeyEstablishment):
            raise KeyExchangeFailed(Failure.from_terminate(said))
        if not isinstance(said, answer):
            await self._terminate(TerminateStatus.BAD_MESSAGE, suite)
            raise KeyExchangeFailed(Failure(FailureReason.BAD_MESSAGE))
        return said

    async def _terminate(self, status: TerminateStatus, suite: CryptoSuite) -> None:
        await self._send(TerminateKeyEstablishment(status, 0, suite))

    async def _send(self, message: Message) -> bool:
        """Send a message; tell whether the hub acknowledged it."""
        try:
            await self._exchange.tell(self._cluster, message.command, *_fields(message))
        except HubSilent as err:
            LOGGER.debug("%s was not sent: %s", message.command.name, err)
            return False
        return True

    async def _next(self, deadline: float | None) -> HanFrame | None:
        """Return the next frame, or None when the deadline passes."""
        try:
            async with timeout(None) if deadline is None else timeout_at(deadline):
                return await self._frames.get()
        except TimeoutError:
            return None

    def _drain(self) -> None:
        """Forget frames of an earlier exchange."""
        while not self._frames.empty():
            self._frames.get_nowait()


def _fields(message: Message) -> tuple[object, ...]:
    """Return a message's fields as zigpy's command schema takes them."""
    match message:
        case InitiateKeyEstablishment():
            return (
                message.suite,
                message.ephemeral_time,
                message.confirm_time,
                message.certificate,
            )
        case EphemeralData():
            return (message.public_key,)
        case ConfirmKey():
            return (message.mac,)
        case TerminateKeyEstablishment():
            return (message.status, message.wait_time, message.suites)

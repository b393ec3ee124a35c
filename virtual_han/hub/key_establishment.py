"""Certificate-based key establishment, as the responder (SE 1.4 Annex C)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from random import Random
import struct
from typing import Final

from ..crypto.agreement import Agreement, Ephemeral, agree, draw_ephemeral
from ..crypto.ecqv import Credentials
from ..crypto.suite import SUITES, Suite
from ..errors import VirtualHanError
from ..zcl import (
    TYPES,
    FrameType,
    General,
    Record,
    Status,
    ZclFrame,
    default_response,
    read_attributes_response,
)

CLUSTER: Final = 0x0800
ATTRIBUTE_SUITE: Final = 0x0000
EPHEMERAL_SECONDS: Final = 3
CONFIRM_SECONDS: Final = 6
BUSY_WAIT_SECONDS: Final = 20
_MAX_SECONDS: Final = 254
_INITIATE: Final = struct.Struct("<HBB")
_TERMINATE: Final = struct.Struct("<BBH")


class Command(IntEnum):
    """Commands; a request and its response share the number."""

    INITIATE = 0x00
    EPHEMERAL = 0x01
    CONFIRM = 0x02
    TERMINATE = 0x03


class Terminate(IntEnum):
    """Reasons to give up."""

    UNKNOWN_ISSUER = 0x01
    BAD_KEY_CONFIRM = 0x02
    BAD_MESSAGE = 0x03
    NO_RESOURCES = 0x04
    UNSUPPORTED_SUITE = 0x05
    INVALID_CERTIFICATE = 0x06


@dataclass(slots=True)
class _Exchange:
    """One exchange under way."""

    partner: bytes
    credentials: Credentials
    certificate: bytes
    ephemeral: Ephemeral | None = None
    agreement: Agreement | None = field(default=None, repr=False)


class Responder:
    """Answers one partner at a time."""

    def __init__(
        self,
        credentials: Mapping[int, Credentials],
        random: Random,
        established: Callable[[bytes, bytes], None],
    ) -> None:
        """Take credentials by suite bit, and what to call with partner and key in the end."""
        self._credentials = credentials
        self._random = random
        self._established = established
        self._exchange: _Exchange | None = None

    @property
    def suites(self) -> int:
        """The KeyEstablishmentSuite attribute: one bit for each suite offered."""
        return sum(self._credentials)

    def renew(self, credentials: Mapping[int, Credentials]) -> None:
        """Use other credentials from now on."""
        self._credentials = credentials
        self._exchange = None

    def forget(self) -> None:
        """Drop an exchange that is under way, as a restart does."""
        self._exchange = None

    def handle(self, partner: bytes, frame: ZclFrame) -> list[ZclFrame]:
        """Answer one frame of a partner (its EUI-64)."""
        if frame.frame_type is not FrameType.CLUSTER:
            if frame.command != General.READ_ATTRIBUTES:
                return []
            suites = Record(ATTRIBUTE_SUITE, TYPES["enum16"], self.suites)
            return [read_attributes_response(frame, [suites])]
        match frame.command:
            case Command.INITIATE:
                return [self._initiate(partner, frame)]
            case Command.EPHEMERAL:
                return [self._ephemeral(partner, frame)]
            case Command.CONFIRM:
                return [self._confirm(partner, frame)]
            case Command.TERMINATE:
                self._drop(partner)
                return []
        return [default_response(frame, Status.UNSUP_CLUSTER_COMMAND)]

    def _drop(self, partner: bytes) -> None:
        if self._exchange is not None and self._exchange.partner == partner:
            self._exchange = None

    def _terminate(
        self, partner: bytes, frame: ZclFrame, reason: Terminate, wait: int = 0
    ) -> ZclFrame:
        self._drop(partner)
        return frame.answer(
            FrameType.CLUSTER,
            Command.TERMINATE,
            _TERMINATE.pack(reason, wait, self.suites),
        )

    def _initiate(self, partner: bytes, frame: ZclFrame) -> ZclFrame:
        if self._exchange is not None and self._exchange.partner != partner:
            return self._terminate(
                partner, frame, Terminate.NO_RESOURCES, BUSY_WAIT_SECONDS
            )
        if len(frame.payload) < _INITIATE.size:
            return self._terminate(partner, frame, Terminate.BAD_MESSAGE)
        bits, ephemeral_seconds, confirm_seconds = _INITIATE.unpack_from(frame.payload)
        certificate = frame.payload[_INITIATE.size :]
        if (
            bits.bit_count() != 1
            or max(ephemeral_seconds, confirm_seconds) > _MAX_SECONDS
        ):
            return self._terminate(partner, frame, Terminate.BAD_MESSAGE)
        if bits not in self._credentials:
            return self._terminate(partner, frame, Terminate.UNSUPPORTED_SUITE)
        own = self._credentials[bits]
        if reason := _refuse_certificate(own, SUITES[bits], certificate, partner):
            return self._terminate(partner, frame, reason)
        self._exchange = _Exchange(partner, own, certificate)
        answer = (
            _INITIATE.pack(bits, EPHEMERAL_SECONDS, CONFIRM_SECONDS) + own.certificate
        )
        return frame.answer(FrameType.CLUSTER, Command.INITIATE, answer)

    def _ephemeral(self, partner: bytes, frame: ZclFrame) -> ZclFrame:
        exchange = self._exchange
        if (
            exchange is None
            or exchange.partner != partner
            or exchange.ephemeral is not None
        ):
            return self._terminate(partner, frame, Terminate.BAD_MESSAGE)
        own = exchange.credentials
        exchange.ephemeral = draw_ephemeral(own.suite.curve, self._random)
        try:
            exchange.agreement = agree(
                own,
                exchange.ephemeral,
                exchange.certificate,
                frame.payload,
                initiator=False,
            )
        except VirtualHanError:
            return self._terminate(partner, frame, Terminate.BAD_MESSAGE)
        return frame.answer(
            FrameType.CLUSTER, Command.EPHEMERAL, exchange.ephemeral.public
        )

    def _confirm(self, partner: bytes, frame: ZclFrame) -> ZclFrame:
        exchange = self._exchange
        if (
            exchange is None
            or exchange.partner != partner
            or exchange.agreement is None
        ):
            return self._terminate(partner, frame, Terminate.BAD_MESSAGE)
        agreement = exchange.agreement
        if frame.payload != agreement.initiator_mac:
            return self._terminate(partner, frame, Terminate.BAD_KEY_CONFIRM)
        self._exchange = None
        self._established(partner, agreement.link_key)
        return frame.answer(FrameType.CLUSTER, Command.CONFIRM, agreement.responder_mac)


def _refuse_certificate(
    own: Credentials, suite: Suite, certificate: bytes, partner: bytes
) -> Terminate | None:
    """Return why a partner's certificate is refused, or None."""
    if len(certificate) != suite.certificate_size:
        return Terminate.BAD_MESSAGE
    if suite.issuer(certificate) != suite.issuer(own.certificate):
        return Terminate.UNKNOWN_ISSUER
    if suite.subject(certificate) != partner:
        return Terminate.INVALID_CERTIFICATE
    if not suite.well_formed(certificate):
        return Terminate.INVALID_CERTIFICATE
    return None

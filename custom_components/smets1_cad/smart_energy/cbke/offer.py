"""What both sides offer each other in the first message, and how the other's offer is judged."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from zigpy.types import EUI64

from ..certificate import (
    Credentials,
    CryptoSuite,
    ImplicitCertificate,
    parse_certificate,
)
from ..errors import CertificateError, KeyEstablishmentError
from .messages import (
    EphemeralData,
    InitiateKeyEstablishment,
    TerminateKeyEstablishment,
    TerminateStatus,
)

LONGEST_TIME: Final = 254
"""Seconds; 255 is not a time that a side may ask for."""
_WAIT_TIME: Final = {
    TerminateStatus.BAD_MESSAGE: 10,
    TerminateStatus.NO_RESOURCES: 20,
}


@dataclass(frozen=True, slots=True)
class GenerateTimes:
    """Seconds that a side asks for: to make its ephemeral key, and to compute its MAC.

    The defaults are for a small computer that is busy starting up.
    """

    ephemeral: int = 10
    confirm: int = 15

    def __post_init__(self) -> None:
        """Refuse times that cannot be sent."""
        if not (
            0 <= self.ephemeral <= LONGEST_TIME and 0 <= self.confirm <= LONGEST_TIME
        ):
            raise ValueError(f"generate times are 0 to {LONGEST_TIME} seconds")


class Refusal(KeyEstablishmentError):
    """Raised when the partner's message ends the exchange.

    Attributes:
        status: what to tell the partner.
    """

    def __init__(self, status: TerminateStatus, message: str) -> None:
        """Keep the status."""
        super().__init__(message)
        self.status = status


def choose_credentials(available: Iterable[Credentials], offered: int) -> Credentials:
    """Return the credentials of the highest suite that is in the `offered` bitmap.

    `offered` is the partner's KeyEstablishmentSuite attribute (0x0000), or the suites of
    its Terminate message.

    Raises:
        KeyEstablishmentError: there is no common suite.
    """
    common = [credentials for credentials in available if credentials.suite & offered]
    if not common:
        raise KeyEstablishmentError(
            f"the partner offers suites 0x{offered:04X}, for which there is no certificate; a certificate of another"
            " suite is needed",
            reason="key_establishment_unsupported_suite",
        )
    return max(common, key=lambda credentials: credentials.suite)


def supported_suites(available: Iterable[Credentials]) -> int:
    """Return the value of the own KeyEstablishmentSuite attribute."""
    suites = 0
    for credentials in available:
        suites |= credentials.suite
    return suites


def make_offer(
    credentials: Credentials, times: GenerateTimes
) -> InitiateKeyEstablishment:
    """Return the first message of either side."""
    return InitiateKeyEstablishment(
        credentials.suite, times.ephemeral, times.confirm, credentials.certificate.raw
    )


def judge_suite(offer: InitiateKeyEstablishment, supported: int) -> CryptoSuite:
    """Return the suite of the partner's offer.

    Raises:
        Refusal: it is not one suite, or not one of the supported.
    """
    if offer.suite.bit_count() != 1:
        raise Refusal(
            TerminateStatus.BAD_MESSAGE,
            f"suites 0x{offer.suite:04X} instead of a single one",
        )
    if not offer.suite & supported:
        raise Refusal(
            TerminateStatus.UNSUPPORTED_SUITE,
            f"suite 0x{offer.suite:04X} is not supported",
        )
    return CryptoSuite(offer.suite)


def judge_offer(
    offer: InitiateKeyEstablishment,
    own: ImplicitCertificate,
    sender: EUI64,
    utc_now: Callable[[], datetime] | None = None,
) -> ImplicitCertificate:
    """Check the partner's offer, whose suite has been judged, and return its certificate.

    Args:
        offer: the partner's first message.
        own: this side's certificate: the partner's must be of its suite and issuer.
        sender: the EUI-64 of the partner, to whom its certificate must belong.
        utc_now: gives an aware time, to check the validity.

    Raises:
        Refusal: the exchange must not go on.
    """
    if max(offer.ephemeral_time, offer.confirm_time) > LONGEST_TIME:
        raise Refusal(TerminateStatus.BAD_MESSAGE, "a generate time of 255 s")
    if len(offer.certificate) != own.suite.certificate_size:
        raise Refusal(
            TerminateStatus.BAD_MESSAGE,
            f"a certificate of {len(offer.certificate)} octets for its suite",
        )
    certificate = parse_certificate(offer.certificate)
    if certificate.issuer != own.issuer:
        raise Refusal(
            TerminateStatus.UNKNOWN_ISSUER,
            f"a certificate of the unknown issuer {certificate.issuer.hex()}",
        )
    try:
        certificate.check(subject=sender, now=utc_now() if utc_now else None)
    except CertificateError as err:
        raise refuse_certificate(err) from err
    return certificate


def judge_ephemeral(message: EphemeralData, suite: CryptoSuite) -> None:
    """Check the length of the partner's ephemeral key; the point is checked where it is used.

    Raises:
        Refusal: the length is not that of the suite.
    """
    if len(message.public_key) != suite.point_size:
        raise Refusal(
            TerminateStatus.BAD_MESSAGE,
            f"an ephemeral key of {len(message.public_key)} octets for its suite",
        )


def refuse_certificate(error: CertificateError) -> Refusal:
    """Return the refusal for a partner's certificate."""
    return Refusal(TerminateStatus.INVALID_CERTIFICATE, str(error))


def make_terminate(
    status: TerminateStatus, *, supported: int, in_use: int = 0
) -> TerminateKeyEstablishment:
    """Return the message that ends an exchange.

    Hubs of Smart Energy 1.0 and 1.1, which use suite 1, do not know
    INVALID_CERTIFICATE: there it is a bad message.

    Args:
        status: why.
        supported: bitmap of the suites of this side.
        in_use: the suite of the exchange, or 0 outside one.
    """
    if status is TerminateStatus.INVALID_CERTIFICATE and in_use == CryptoSuite.SUITE_1:
        status = TerminateStatus.BAD_MESSAGE
    return TerminateKeyEstablishment(status, _WAIT_TIME.get(status, 0), supported)

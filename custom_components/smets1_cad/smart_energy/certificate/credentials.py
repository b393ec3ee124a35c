"""What a device needs to prove who it is: certificate, private key and the CA's key."""

from dataclasses import dataclass, field
from datetime import datetime
import hmac
from typing import Final

from zigpy.types import EUI64

from ..ecc import Point, PointError
from ..errors import CertificateError
from .implicit import Suite1Certificate, Suite2Certificate, parse_certificate
from .secret import Secret
from .suite import CryptoSuite

_TEST_CA_KEYS: Final = frozenset(
    map(
        bytes.fromhex,
        (
            "0200FDE8A7F3D1084224962A4E7C54E69AC3F04DA6B8",
            "0207A445022D9F39F49BDC38380026A27A9E0A1799313AB28C5C1A1C6B605154DB1DFF6752",
        ),
    )
)
"""The public keys of the test CA for suites 1 and 2 (SE 1.4 Annex C.5.1.1)."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A device's certificate with its private key, found to belong together.

    Attributes:
        certificate: the device's implicit certificate.
        ca_key: the public key of the CA that issued it and that partners must share.
        private_key: 21 or 36 octets, big-endian.
    """

    certificate: Suite1Certificate | Suite2Certificate
    ca_key: Point = field(repr=False)
    private_key: Secret

    @property
    def suite(self) -> CryptoSuite:
        """Return the suite for which the credentials are."""
        return self.certificate.suite

    @property
    def eui64(self) -> EUI64:
        """Return the EUI-64 to which the certificate is bound."""
        return self.certificate.subject

    @property
    def is_test(self) -> bool:
        """Tell whether the CA is the one for tests, whose certificates no production hub takes."""
        return self.suite.curve.compress(self.ca_key) in _TEST_CA_KEYS

    @classmethod
    def verify(
        cls,
        *,
        certificate: bytes,
        ca_public_key: bytes,
        private_key: bytes,
        public_key: bytes | None = None,
        eui64: EUI64 | None = None,
        now: datetime | None = None,
    ) -> Credentials:
        """Return credentials after checking all that can be checked.

        Args:
            certificate: 48 or 74 octets.
            ca_public_key: the CA's compressed public key, 22 or 37 octets.
            private_key: 21 or 36 octets, big-endian.
            public_key: the device's compressed public key, where it is at hand to compare.
            eui64: the device's address, where it is known.
            now: an aware time, to check the validity of a suite 2 certificate.

        The computation takes some milliseconds: run it in an executor.

        Raises:
            CertificateError: its `reason` says what is wrong.
        """
        parsed = parse_certificate(certificate)
        parsed.check(subject=eui64, now=now)
        suite = parsed.suite
        curve = suite.curve
        if (
            len(ca_public_key) == _other(suite).point_size
            or len(private_key) == _other(suite).private_key_size
        ):
            raise CertificateError(
                f"the certificate is of suite {suite.value}, but a key with it is of suite {_other(suite).value};"
                " use the values of one suite together",
                reason="certificate_mixed_suites",
            )
        if len(private_key) != suite.private_key_size:
            raise CertificateError(
                f"the private key has {len(private_key)} octets instead of {suite.private_key_size};"
                " check that it is complete",
                reason="certificate_wrong_length",
            )
        try:
            ca_key = curve.decompress(ca_public_key)
        except PointError as err:
            raise CertificateError(
                f"the CA's public key: {err}", reason="certificate_bad_ca_key"
            ) from err
        scalar = int.from_bytes(private_key)
        if not 0 < scalar < curve.order:
            raise CertificateError(
                f"the private key is out of the range of {curve.name}; check that it is complete and of this suite",
                reason="certificate_private_key_range",
            )
        computed = parsed.public_key(ca_key)
        if public_key is not None and not hmac.compare_digest(
            curve.compress(computed), public_key
        ):
            raise CertificateError(
                "the device's public key does not follow from the certificate and the CA's public key; check all"
                " three for a wrong digit, and that they were issued together",
                reason="certificate_public_key_mismatch",
            )
        if curve.multiply_add((scalar, curve.base)) != computed:
            raise CertificateError(
                "the private key does not belong to the certificate; check certificate, CA public key and private key"
                " for a wrong digit, and that they were issued together",
                reason="certificate_key_mismatch",
            )
        return cls(certificate=parsed, ca_key=ca_key, private_key=Secret(private_key))


def _other(suite: CryptoSuite) -> CryptoSuite:
    return CryptoSuite.SUITE_2 if suite is CryptoSuite.SUITE_1 else CryptoSuite.SUITE_1

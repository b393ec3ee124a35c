"""A certificate authority that issues implicit certificates (ECQV, SEC 4)."""

from dataclasses import dataclass, field
from random import Random
from typing import Final

from ..errors import PointError, SuiteError
from .curve import Point
from .mmo import hash_octets
from .suite import SUITE_1, Suite

TEST_ISSUER: Final = bytes.fromhex("5445535453454341")
"""The letters TESTSECA, which the test certificates of Smart Energy carry."""

_SUITE_2_TYPE_CURVE_HASH: Final = bytes([0x0D, 0x08])
_SUITE_2_VALID_FROM: Final = (1_577_836_800).to_bytes(5)
_FOREVER: Final = b"\xff" * 4
_KEY_AGREEMENT: Final = 0x08


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a device needs to establish keys.

    Attributes:
        suite: the suite that all of it belongs to.
        ca_public_key: the authority's compressed public key.
        certificate: the device's implicit certificate.
        private_key: the device's private key, 21 or 36 octets.
    """

    suite: Suite
    ca_public_key: bytes
    certificate: bytes
    private_key: bytes = field(repr=False)

    def as_text(self) -> str:
        """Return the lines that a CA prints, for a person to paste."""
        return (
            f"CA Public Key: {self.ca_public_key.hex().upper()}\n"
            f"Device Implicit Cert: {self.certificate.hex().upper()}\n"
            f"Device Private Key: {self.private_key.hex().upper()}"
        )


def public_key(suite: Suite, ca_public_key: bytes, certificate: bytes) -> Point:
    """Return the public key that an implicit certificate stands for.

    Raises:
        SuiteError: the certificate is not one of this suite.
        PointError: its reconstruction key is no point, or the result is infinity.
    """
    if len(certificate) != suite.certificate_size:
        raise SuiteError(
            f"a certificate has {suite.certificate_size} octets, not {len(certificate)}"
        )
    curve = suite.curve
    digest = int.from_bytes(hash_octets(certificate))
    reconstruction = curve.decompress(suite.reconstruction_key(certificate))
    result = curve.add(
        curve.scale(digest, reconstruction), curve.decompress(ca_public_key)
    )
    if result is None:
        raise PointError("the certificate stands for no public key")
    return result


class CertificateAuthority:
    """Issues certificates of one suite with a private key of its own."""

    def __init__(
        self, suite: Suite, random: Random, *, issuer: bytes = TEST_ISSUER
    ) -> None:
        """Draw the authority's key pair from the random source."""
        self.suite = suite
        self.issuer = issuer
        self._random = random
        self._private = random.randrange(1, suite.curve.order)
        point = suite.curve.scale(self._private, suite.curve.generator)
        assert point is not None
        self.public_key = suite.curve.compress(point)

    def issue(self, eui64: bytes) -> Credentials:
        """Return a certificate and private key for an EUI-64 given big-endian."""
        curve = self.suite.curve
        secret = self._random.randrange(1, curve.order)
        point = curve.scale(secret, curve.generator)
        assert point is not None
        certificate = self._encode(curve.compress(point), eui64)
        digest = int.from_bytes(hash_octets(certificate))
        private = (digest * secret + self._private) % curve.order
        return Credentials(
            self.suite, self.public_key, certificate, private.to_bytes(curve.field_size)
        )

    def _encode(self, reconstruction: bytes, eui64: bytes) -> bytes:
        """Lay out the certificate (SE 1.4 Annex C.4.2.2 and C.4.2.3.1)."""
        if self.suite is SUITE_1:
            return (
                reconstruction
                + eui64
                + self.issuer
                + bytes.fromhex("01090006000000000000")
            )
        serial = self._random.randbytes(8)
        return (
            b"\x00"
            + serial
            + _SUITE_2_TYPE_CURVE_HASH
            + self.issuer
            + _SUITE_2_VALID_FROM
            + _FOREVER
            + eui64
            + bytes([_KEY_AGREEMENT])
            + reconstruction
        )

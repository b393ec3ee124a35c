"""The two cryptographic suites of Key Establishment: curve, certificate and sizes."""

from dataclasses import dataclass
from typing import Final

from .curve import SECT163K1, SECT283K1, Curve

EUI64_SIZE: Final = 8
_PROFILE: Final = b"\x01\x09"
_SUITE_2_CONSTANTS: Final = (0x00, 0x0D, 0x08)
_KEY_AGREEMENT: Final = 0x08


@dataclass(frozen=True, slots=True)
class Suite:
    """One suite (SE 1.4 Annex C).

    Attributes:
        bit: its bit in the KeyEstablishmentSuite attribute.
        curve: the curve.
        certificate_size: 48 or 74 octets.
        subject_offset: where the holder's EUI-64 starts in the certificate.
        issuer_offset: where the issuer's identifier starts.
        key_offset: where the public reconstruction key starts.
    """

    bit: int
    curve: Curve
    certificate_size: int
    subject_offset: int
    issuer_offset: int
    key_offset: int

    @property
    def point_size(self) -> int:
        """Octets of a compressed point: 22 or 37."""
        return self.curve.field_size + 1

    def subject(self, certificate: bytes) -> bytes:
        """Return the holder's EUI-64, big-endian."""
        return certificate[self.subject_offset : self.subject_offset + EUI64_SIZE]

    def issuer(self, certificate: bytes) -> bytes:
        """Return the issuer's identifier, 8 octets."""
        return certificate[self.issuer_offset : self.issuer_offset + EUI64_SIZE]

    def reconstruction_key(self, certificate: bytes) -> bytes:
        """Return the compressed public reconstruction key."""
        return certificate[self.key_offset : self.key_offset + self.point_size]

    def well_formed(self, certificate: bytes) -> bool:
        """Tell whether a suite 2 certificate's constants are right (SE 1.4 Annex C.4.2.3.1).

        Suite 1 has the profile identifier alone to look at.
        """
        if self.key_offset == 0:
            return certificate[38:40] == _PROFILE
        kind, curve, digest, usage = (certificate[at] for at in (0, 9, 10, 36))
        return (kind, curve, digest) == _SUITE_2_CONSTANTS and bool(
            usage & _KEY_AGREEMENT
        )


SUITE_1: Final = Suite(
    bit=0x0001,
    curve=SECT163K1,
    certificate_size=48,
    subject_offset=22,
    issuer_offset=30,
    key_offset=0,
)
SUITE_2: Final = Suite(
    bit=0x0002,
    curve=SECT283K1,
    certificate_size=74,
    subject_offset=28,
    issuer_offset=11,
    key_offset=37,
)
SUITES: Final = {suite.bit: suite for suite in (SUITE_1, SUITE_2)}

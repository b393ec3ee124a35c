"""The two cryptographic suites of key establishment."""

from enum import IntEnum

from ..ecc import SECT163K1, SECT283K1, KoblitzCurve


class CryptoSuite(IntEnum):
    """A suite, numbered by its bit in the KeyEstablishmentSuite attribute (SE 1.4 C.3.1.2.1).

    Both use AES-MMO as the hash and have a 16-octet MAC and key.
    """

    SUITE_1 = 0x0001
    """sect163k1: Smart Energy 1.0 and 1.1."""
    SUITE_2 = 0x0002
    """sect283k1: from Smart Energy 1.2."""

    @property
    def curve(self) -> KoblitzCurve:
        """Return the curve of the suite."""
        return SECT163K1 if self is CryptoSuite.SUITE_1 else SECT283K1

    @property
    def certificate_size(self) -> int:
        """Return the octets of an implicit certificate."""
        return 48 if self is CryptoSuite.SUITE_1 else 74

    @property
    def private_key_size(self) -> int:
        """Return the octets of a private key and of a shared secret: 21 or 36."""
        return self.curve.scalar_size

    @property
    def point_size(self) -> int:
        """Return the octets of a compressed public key: 22 or 37."""
        return self.curve.point_size

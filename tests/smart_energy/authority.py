"""A certificate authority for tests: issues implicit certificates as SEC 4 section 2.4 says."""

from dataclasses import dataclass, field
import random

from zigpy.types import EUI64
from zigpy.util import aes_mmo_hash

from custom_components.smets1_cad.smart_energy.certificate import (
    Credentials,
    CryptoSuite,
)
from custom_components.smets1_cad.smart_energy.ecc import Point

CAD = EUI64.convert("00:22:08:00:00:00:00:0a")
HUB = EUI64.convert("00:22:08:00:00:00:00:01")
OTHER = EUI64.convert("00:22:08:00:00:00:00:02")


@dataclass
class Issued:
    """What the authority gives to a device, all big-endian octets."""

    certificate: bytes
    private_key: bytes
    public_key: bytes
    ca_public_key: bytes

    def credentials(self) -> Credentials:
        """Return the loaded credentials."""
        return Credentials.verify(
            certificate=self.certificate,
            ca_public_key=self.ca_public_key,
            private_key=self.private_key,
            public_key=self.public_key,
        )

    def text(self) -> str:
        """Return the text that the test site of a CA prints."""
        return (
            f"CA Pub Key:\n{self.ca_public_key.hex()}\n"
            f"Device Implicit Cert:\n{self.certificate.hex()}\n"
            f"Private Key Reconstruction Data:\n{self.private_key.hex()}\n"
            f"Device Public Key:\n{self.public_key.hex()}\n"
        )


@dataclass
class Authority:
    """A CA with a key of its own."""

    suite: CryptoSuite
    issuer: bytes = b"TESTROOT"
    seed: int = 1
    random: random.Random = field(init=False)
    private_key: int = field(init=False)
    public_key: Point = field(init=False)

    def __post_init__(self) -> None:
        """Make the CA's key."""
        self.random = random.Random(self.seed)
        self.private_key, self.public_key = self._key()

    def _key(self) -> tuple[int, Point]:
        curve = self.suite.curve
        scalar = self.random.randrange(1, curve.order)
        point = curve.multiply_add((scalar, curve.base))
        assert point is not None
        return scalar, point

    def issue(
        self,
        eui64: EUI64,
        *,
        profile: int = 0x0109,
        kind: int = 0,
        curve_id: int = 0x0D,
        hash_id: int = 0x08,
        valid_from: int = 0,
        valid_seconds: int = 0xFFFFFFFF,
        key_usage: int = 0x08,
        reconstruction: bytes | None = None,
    ) -> Issued:
        """Issue a certificate; the arguments are its fields."""
        curve = self.suite.curve
        scalar, point = self._key()
        if reconstruction is None:
            reconstruction = curve.compress(point)
        subject = eui64.serialize()[::-1]
        if self.suite is CryptoSuite.SUITE_1:
            raw = (
                reconstruction + subject + self.issuer + profile.to_bytes(2) + bytes(8)
            )
        else:
            raw = (
                bytes([kind])
                + bytes(8)
                + bytes([curve_id, hash_id])
                + self.issuer
                + valid_from.to_bytes(5)
                + valid_seconds.to_bytes(4)
                + subject
                + bytes([key_usage])
                + reconstruction
            )
        fraction = int.from_bytes(aes_mmo_hash(raw).serialize())
        private_key = (fraction * scalar + self.private_key) % curve.order
        public_key = curve.multiply_add((private_key, curve.base))
        assert public_key is not None
        return Issued(
            raw,
            private_key.to_bytes(self.suite.private_key_size),
            curve.compress(public_key),
            curve.compress(self.public_key),
        )

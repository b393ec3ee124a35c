"""An install code, its CRC, and the link key that it stands for (SE 5.4.8.1.1)."""

from dataclasses import dataclass
import secrets
from typing import Final, Self

from zigpy.util import aes_mmo_hash

from ..errors import InstallCodeError
from ..typed import grouped

BITS: Final = (48, 64, 96, 128)
"""Lengths that Smart Energy allows, without the CRC."""
CRC_OCTETS: Final = 2
_POLYNOMIAL: Final = 0x8408  # 0x1021, reflected


def crc_x25(octets: bytes) -> int:
    """Give CRC-16/X-25: polynomial 0x1021 reflected, start 0xFFFF, inverted at the end."""
    crc = 0xFFFF
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
    return crc ^ 0xFFFF


@dataclass(frozen=True, slots=True, repr=False)
class InstallCode:
    """An install code. A secret: it joins a network as this device.

    Attributes:
        octets: 6, 8, 12 or 16 octets, without the CRC. The DCC takes this form.
    """

    octets: bytes

    def __post_init__(self) -> None:
        """Refuse other lengths.

        Raises:
            InstallCodeError: not 6, 8, 12 or 16 octets.
        """
        if len(self.octets) * 8 not in BITS:
            raise InstallCodeError(
                "An install code has 6, 8, 12 or 16 octets besides its CRC",
                reason="install_code_length",
            )

    @classmethod
    def generate(cls, bits: int = 128) -> Self:
        """Make a new one from the system's secure random source.

        Args:
            bits: 48, 64, 96 or 128; anything but 128 only where a hub needs it.

        Raises:
            InstallCodeError: another length.
        """
        return cls(secrets.token_bytes(bits // 8) if bits in BITS else b"")

    @property
    def bits(self) -> int:
        """Its length without the CRC: 48, 64, 96 or 128."""
        return len(self.octets) * 8

    @property
    def crc(self) -> bytes:
        """The two octets of its CRC in the order in which they are printed: low one first."""
        return crc_x25(self.octets).to_bytes(CRC_OCTETS, "little")

    @property
    def with_crc(self) -> bytes:
        """The code and its CRC, as on a label."""
        return self.octets + self.crc

    @property
    def link_key(self) -> bytes:
        """The preconfigured link key: AES-MMO of the code and its CRC, 16 octets. A secret."""
        return aes_mmo_hash(self.with_crc).serialize()

    def digits(self, *, crc: bool = True) -> str:
        """Give the hexadecimal digits in capitals, with or without the CRC. A secret."""
        return (self.with_crc if crc else self.octets).hex().upper()

    def in_fours(self, *, crc: bool = True) -> str:
        """Give the digits in groups of four, for reading aloud. A secret."""
        return grouped(self.digits(crc=crc), 4, " ")

    def __repr__(self) -> str:
        """Hide the code."""
        return f"InstallCode(<{self.bits} bits>)"

"""The EUI-64 of a device: what suppliers call MAC, GUID, UID or EUI."""

from dataclasses import dataclass
from typing import Self

from .errors import Eui64Error
from .typed import WrongCharacter, grouped, hex_digits

_CODE_LENGTHS = frozenset({20, 24, 28, 32, 36})


@dataclass(frozen=True, slots=True)
class Eui64:
    """An EUI-64.

    Attributes:
        octets: the eight octets as printed, the maker's number first. On the air
            and in zigpy's type they go the other way round.
    """

    octets: bytes

    def __post_init__(self) -> None:
        """Refuse what is no address.

        Raises:
            Eui64Error: not eight octets, or all zeros, or all ones.
        """
        if len(self.octets) != 8:
            raise Eui64Error("An EUI-64 has eight octets", reason="eui64_length")
        if self.octets in {bytes(8), b"\xff" * 8}:
            raise Eui64Error(
                "This EUI-64 is a placeholder; read it from the label or the settings of the CAD",
                reason="eui64_placeholder",
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what people type: any separators, small or capital letters.

        Raises:
            Eui64Error: with the position of a wrong character, or what the text
                seems to be instead: a Wi-Fi MAC (12 digits), an install code.
        """
        digits = hex_digits(text)
        if isinstance(digits, WrongCharacter):
            raise Eui64Error(
                f"{digits}. Check it against the label",
                reason="eui64_character",
                position=digits.position,
            )
        if len(digits) == 12:
            raise Eui64Error(
                "12 digits are a Wi-Fi or Ethernet MAC; the EUI-64 has 16, look for EUI, GUID or UID",
                reason="eui64_is_mac",
            )
        if len(digits) in _CODE_LENGTHS:
            raise Eui64Error(
                f"{len(digits)} digits are an install code; the EUI-64 has 16, look for EUI, GUID or UID",
                reason="eui64_is_install_code",
            )
        if len(digits) != 16:
            raise Eui64Error(
                f"An EUI-64 has 16 digits, this has {len(digits)}; check it against the label",
                reason="eui64_length",
            )
        return cls(bytes.fromhex(digits))

    def __str__(self) -> str:
        """Sixteen hexadecimal digits in capitals."""
        return self.octets.hex().upper()

    def __repr__(self) -> str:
        """Show the last four digits only: the address is the household's."""
        return f"Eui64(...{self.octets[-2:].hex().upper()})"

    @property
    def with_hyphens(self) -> str:
        """As the DCC's systems take it: AA-BB-CC-DD-EE-FF-00-11."""
        return grouped(str(self), 2, "-")

    @property
    def with_colons(self) -> str:
        """As Zigbee tools print it: aa:bb:cc:dd:ee:ff:00:11."""
        return grouped(self.octets.hex(), 2, ":")

    @property
    def in_fours(self) -> str:
        """For reading aloud: AABB CCDD EEFF 0011."""
        return grouped(str(self), 4, " ")

    def is_same_as(self, other: Eui64) -> bool:
        """Whether both are one address, also where one of them was printed back to front."""
        return other.octets in {self.octets, self.octets[::-1]}

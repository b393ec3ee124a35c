"""Hexadecimal as people type, paste and misread it."""

from dataclasses import dataclass
from typing import Final
import unicodedata

_SEPARATORS: Final = frozenset("-:.,;_/|'\"\u00b7")
# Letters that are misread from a label as a digit, and letters of other
# alphabets that look the same as the hexadecimal ones.
_LOOK_ALIKES: Final = {
    "O": "0",
    "Q": "0",
    "I": "1",
    "L": "1",
    "Z": "2",
    "S": "5",
    "G": "6",
    "\u0410": "A",  # Cyrillic
    "\u0412": "B",
    "\u0421": "C",
    "\u0415": "E",
    "\u041e": "0",
    "\u0391": "A",  # Greek
    "\u0392": "B",
    "\u0395": "E",
    "\u039f": "0",
}
_HEX: Final = frozenset("0123456789ABCDEF")


@dataclass(frozen=True, slots=True)
class WrongCharacter:
    """A character that is no hexadecimal digit.

    Attributes:
        position: counted from 1, without separators.
        meant: the digit that it looks like, or None.
    """

    position: int
    meant: str | None

    def __str__(self) -> str:
        """Say where, and what it may have been."""
        where = f"Character {self.position} (not counting spaces and dashes)"
        if self.meant is None:
            return f"{where} is not one of 0 to 9 and A to F"
        article = "the letter" if self.meant in "ABCDEF" else "the digit"
        return f"{where} is not one of 0 to 9 and A to F; {article} {self.meant} looks alike"


def hex_digits(text: str) -> str | WrongCharacter:
    """Give the hexadecimal digits of what was typed, in capitals.

    Spaces of every kind, dashes, colons, dots and the like are dropped, also a
    leading 0x; full-width digits count as digits.

    Returns:
        The digits, or the first character that is none.
    """
    digits: list[str] = []
    for character in (
        unicodedata.normalize("NFKC", text).upper().strip().removeprefix("0X")
    ):
        if separates(character):
            continue
        if character not in _HEX:
            return WrongCharacter(len(digits) + 1, _LOOK_ALIKES.get(character))
        digits.append(character)
    return "".join(digits)


def separates(character: str) -> bool:
    """Whether a character only separates groups: white space, dashes, invisible ones."""
    return (
        character.isspace()
        or character in _SEPARATORS
        or unicodedata.category(character) in {"Pd", "Cf"}
    )


def in_pairs(text: str) -> bool:
    """Whether the digits are written two by two, as addresses are."""
    groups = "".join(
        " " if separates(character) else character for character in text
    ).split()
    return len(groups) > 1 and all(len(group) == 2 for group in groups)


def grouped(digits: str, size: int, separator: str) -> str:
    """Write digits in groups of `size`."""
    return separator.join(digits[at : at + size] for at in range(0, len(digits), size))

"""Reading an install code that somebody typed, pasted or scanned.

Nothing is guessed. What is surely wrong is an error that says where; what could be
read in two ways, or cannot be checked, comes back with its doubts, for the person
to confirm.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
import re
from typing import Final

from ..errors import InstallCodeError
from ..eui64 import Eui64
from ..typed import WrongCharacter, hex_digits, in_pairs
from .code import CRC_OCTETS, InstallCode, crc_x25
from .qr import read_qr

_WITH_CRC: Final = frozenset({16, 20, 28, 36})
_WITHOUT_CRC: Final = frozenset({12, 16, 24, 32})
_EUI64_DIGITS: Final = 16
_MAC_DIGITS: Final = 12
_DIGITS: Final = "0123456789ABCDEF"
# A label needs something after it: "CODE12.." is a code with the letter O for a zero.
_LABEL: Final = re.compile(
    r"^\s*(?:(?:install(?:ation)?\s*)?code|ic)\s*[\s:=#]\s*", re.IGNORECASE
)


class Doubt(StrEnum):
    """Why a person should confirm how the text was read."""

    NO_CRC = "no_crc"
    """There is no CRC, so a slip of the finger would not show."""
    MAY_BE_EUI64 = "may_be_eui64"
    """16 digits without a right CRC: an EUI-64 is as long."""
    MAY_BE_MAC = "may_be_mac"
    """12 digits: a Wi-Fi or Ethernet MAC is as long."""
    MAY_BE_LINK_KEY = "may_be_link_key"
    """32 digits: a link key is as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedInstallCode:
    """An install code, and how it was read.

    Attributes:
        code: the code.
        had_crc: its CRC was there, and right.
        doubts: what a person should confirm; empty where nothing is doubtful.
        eui64: the device's address, where a QR code gave it.
    """

    code: InstallCode
    had_crc: bool
    doubts: tuple[Doubt, ...] = ()
    eui64: Eui64 | None = None

    @property
    def needs_confirmation(self) -> bool:
        """Whether a person should confirm how the text was read."""
        return bool(self.doubts)


def parse_install_code(
    text: str, *, cad_eui64: Eui64 | None = None
) -> ParsedInstallCode:
    """Read an install code.

    Args:
        text: digits with any separators, or the content of a QR code.
        cad_eui64: the CAD's own address, if known: it is then never taken for the
            code, and a QR code of another device is refused.

    Returns:
        The code with its doubts. 16 digits are a 48-bit code if their CRC is
        right, else a 64-bit code without CRC that may be an EUI-64.

    Raises:
        InstallCodeError: with the position of the wrong character where it can be
            told, from the alphabet or from the CRC.
        Eui64Error: a QR code holds a placeholder address.
    """
    if (qr := read_qr(text)) is None:
        return _parse_digits(_LABEL.sub("", text), cad_eui64, None)
    if qr.is_link_key:
        raise InstallCodeError(
            "This QR code holds a link key; look for the install code on the label",
            reason="install_code_is_link_key",
        )
    if not qr.code:
        raise InstallCodeError(
            "This QR code holds an address and no install code; look for another code on the label",
            reason="install_code_missing",
        )
    if qr.eui64 and cad_eui64 and not cad_eui64.is_same_as(qr.eui64):
        raise InstallCodeError(
            "This QR code belongs to another device; scan the one on the CAD",
            reason="install_code_other_device",
        )
    return _parse_digits(qr.code, cad_eui64 or qr.eui64, qr.eui64)


def _parse_digits(
    text: str, cad_eui64: Eui64 | None, found: Eui64 | None
) -> ParsedInstallCode:
    digits = hex_digits(text)
    if isinstance(digits, WrongCharacter):
        raise InstallCodeError(
            f"{digits}. Check it against the label",
            reason="install_code_character",
            position=digits.position,
        )
    if not digits:
        raise InstallCodeError(
            "There is no install code; type the one on the label",
            reason="install_code_missing",
        )
    _refuse_addresses(text, digits, cad_eui64)
    if len(digits) not in _WITH_CRC | _WITHOUT_CRC:
        raise _wrong_length(digits)
    if len(digits) in _WITH_CRC and _crc_is_right(digits):
        code = InstallCode(bytes.fromhex(digits)[:-CRC_OCTETS])
        return ParsedInstallCode(code=code, had_crc=True, eui64=found)
    if len(digits) not in _WITHOUT_CRC:
        raise _wrong_crc(digits)
    doubts = {
        _EUI64_DIGITS: (Doubt.NO_CRC, Doubt.MAY_BE_EUI64),
        _MAC_DIGITS: (Doubt.NO_CRC, Doubt.MAY_BE_MAC),
        32: (Doubt.NO_CRC, Doubt.MAY_BE_LINK_KEY),
    }
    return ParsedInstallCode(
        code=InstallCode(bytes.fromhex(digits)),
        had_crc=False,
        doubts=doubts.get(len(digits), (Doubt.NO_CRC,)),
        eui64=found,
    )


def _refuse_addresses(text: str, digits: str, cad_eui64: Eui64 | None) -> None:
    octets = (
        bytes.fromhex(digits) if len(digits) in {_EUI64_DIGITS, _MAC_DIGITS} else b""
    )
    own = b"" if cad_eui64 is None else cad_eui64.octets
    # A MAC becomes an EUI-64 by FF FE in its middle.
    if octets and own and octets in {own, own[::-1]}:
        raise InstallCodeError(
            "This is the EUI-64 of the CAD; the install code is another number on the label",
            reason="install_code_is_eui64",
        )
    if len(digits) == _MAC_DIGITS and (
        in_pairs(text) or (own and octets == own[:3] + own[5:])
    ):
        raise InstallCodeError(
            "This is a Wi-Fi or Ethernet MAC; the install code is another number on the label",
            reason="install_code_is_mac",
        )


def _crc_is_right(digits: str) -> bool:
    octets = bytes.fromhex(digits)
    expected = int.from_bytes(octets[-CRC_OCTETS:], "little")
    return crc_x25(octets[:-CRC_OCTETS]) == expected


def _wrong_crc(digits: str) -> InstallCodeError:
    position = _position_of(_one_slip(digits))
    if position is None:
        return InstallCodeError(
            "The last four characters, the CRC, do not fit the rest: a character is wrong."
            " Check each one against the label",
            reason="install_code_crc",
        )
    return InstallCodeError(
        "The last four characters, the CRC, do not fit the rest. If one slip was made, it is at"
        f" character {position} (not counting spaces and dashes). Check it against the label",
        reason="install_code_crc",
        position=position,
    )


def _wrong_length(digits: str) -> InstallCodeError:
    count = len(digits)
    message = (
        f"An install code has 16, 20, 28 or 36 characters with its CRC, or 12, 16, 24 or 32"
        f" without; this has {count}."
    )
    position = None
    if count - 1 in _WITH_CRC:
        position = _position_of(_one_less(digits))
        message += " One is too many"
    elif count + 1 in _WITH_CRC:
        position = _position_of(_one_more(digits))
        message += " One is missing"
    else:
        message += " Check it against the label"
    if position is not None:
        message += (
            f", probably at character {position} (not counting spaces and dashes)"
        )
    return InstallCodeError(message, reason="install_code_length", position=position)


def _position_of(repairs: Iterator[tuple[int, str]]) -> int | None:
    """Give the place of the one repair that makes the CRC right, or None if there are several."""
    right: dict[str, int] = {}
    for position, digits in repairs:
        if _crc_is_right(digits):
            right.setdefault(digits, position)
    return next(iter(right.values())) if len(right) == 1 else None


def _one_slip(digits: str) -> Iterator[tuple[int, str]]:
    """Another digit in each place, and each pair of neighbours swapped."""
    for at, old in enumerate(digits):
        for new in _DIGITS:
            if new != old:
                yield at + 1, digits[:at] + new + digits[at + 1 :]
    for at, (first, second) in enumerate(pairwise(digits)):
        if first != second:
            yield at + 1, digits[:at] + second + first + digits[at + 2 :]


def _one_less(digits: str) -> Iterator[tuple[int, str]]:
    for at in range(len(digits)):
        yield at + 1, digits[:at] + digits[at + 1 :]


def _one_more(digits: str) -> Iterator[tuple[int, str]]:
    for at in range(len(digits) + 1):
        for new in _DIGITS:
            yield at + 1, digits[:at] + new + digits[at:]

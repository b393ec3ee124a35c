"""The numbers of meters: MPAN, MPRN and serial numbers (R3).

What people paste is read leniently and checked strictly. That a number adds up
does not prove that it is this home's. No value shows its number in its repr,
and no error repeats what was typed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
import re
from typing import Final
import unicodedata

from ..cad.errors import CadError, Responsible

_SEPARATORS: Final = re.compile(r"[\s\-./|,_\u2010-\u2015]+")
_MPAN_LABEL: Final = re.compile(r"^(?:MPAN|SUPPLYNUMBER|S)[:#]?")
_MPRN_LABEL: Final = re.compile(r"^(?:MPRN|MPR|M)[:#]?")
_MPAN: Final = re.compile(
    r"(?:(?P<profile>[0-9]{2})[0-9]{3}[0-9A-Z]{3})?(?P<core>[0-9]{13})"
)
_MPAN_WEIGHTS: Final = (3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43)
"""Primes from 3, without 11."""
_LOOK_ALIKES: Final[Mapping[str, str]] = {
    "O": "0",
    "Q": "0",
    "D": "0",
    "I": "1",
    "L": "1",
    "Z": "2",
    "S": "5",
    "B": "8",
}
_SERIAL: Final = re.compile(r"[0-9A-Z]{4,24}")

DISTRIBUTORS: Final[Mapping[int, str]] = {
    10: "Eastern England",
    11: "East Midlands",
    12: "London",
    13: "Merseyside and North Wales",
    14: "West Midlands",
    15: "North East England",
    16: "North West England",
    17: "North Scotland",
    18: "South and Central Scotland",
    19: "South East England",
    20: "Southern England",
    21: "South Wales",
    22: "South West England",
    23: "Yorkshire",
}
"""Distribution areas by the first two digits of an MPAN; from 24 on they are independent networks, which have none."""


class IdentityError(CadError):
    """Raised when what was typed about a person, a home or a meter cannot be right.

    Attributes:
        field: the form's field.
        position: the wrong character, counted from 1 and without separators, or None.
    """

    reason = "identity"
    responsible = Responsible.HOUSEHOLDER

    def __init__(
        self, message: str, *, reason: str, field_name: str, position: int | None = None
    ) -> None:
        """Keep where it went wrong."""
        super().__init__(message, reason=reason)
        self.field = field_name
        self.position = position


@dataclass(frozen=True, slots=True)
class Mpan:
    """An electricity supply point's number: 13 digits, of which the last is a check digit.

    Attributes:
        core: the 13 digits.
        profile_class: the first two of the eight digits that older bills print above, or "".
    """

    core: str = field(repr=False)
    profile_class: str = field(default="", repr=False, compare=False)

    @property
    def distributor_id(self) -> int:
        """The network that the supply point is on, 10 to 99."""
        return int(self.core[:2])

    @property
    def region(self) -> str | None:
        """The distribution area, None on an independent network."""
        return DISTRIBUTORS.get(self.distributor_id)

    @property
    def maybe_export(self) -> bool:
        """Whether the profile class is the one that non-half-hourly export was given."""
        return self.profile_class == "08"

    @property
    def grouped(self) -> str:
        """As bills print it: 2, 4, 4 and 3 digits."""
        core = self.core
        return f"{core[:2]} {core[2:6]} {core[6:10]} {core[10:]}"


@dataclass(frozen=True, slots=True)
class Mprn:
    """A gas supply point's number: 6 to 10 digits, of which the last two check the others."""

    number: str = field(repr=False)

    @property
    def adds_up(self) -> bool:
        """Whether the check digits fit: n, n-1 … 1 times the digits before, modulo 11.

        The rule is known from one public description only, so it warns and never refuses.
        """
        body, check = self.number[:-2], self.number[-2:]
        total = sum(
            int(digit) * weight
            for digit, weight in zip(body, range(len(body), 0, -1), strict=True)
        )
        return total % 11 == int(check)

    @property
    def grouped(self) -> str:
        """In groups for reading aloud: twos to fours."""
        return " ".join(_groups(self.number))


def _groups(digits: str) -> list[str]:
    """Split digits into groups of three, the last ones of two where that avoids a lone digit."""
    groups: list[str] = []
    while digits:
        size = 2 if len(digits) in {2, 4} else 3
        groups.append(digits[:size])
        digits = digits[size:]
    return groups


def compact_text(text: str) -> str:
    """Return what was pasted without separators and marks that nobody sees, upper case, in plain ASCII where it can be."""
    visible = "".join(
        character
        for character in unicodedata.normalize("NFKC", text)
        if unicodedata.category(character) != "Cf"
    )
    return _SEPARATORS.sub("", visible).upper()


def _digits_only(compact: str, name: str, field_name: str) -> None:
    """Refuse anything but digits, naming the first other character's place and what it may have been."""
    for position, character in enumerate(compact, start=1):
        if character.isascii() and character.isdigit():
            continue
        hint = _LOOK_ALIKES.get(character)
        raise IdentityError(
            f"The {name} holds something that is no digit at place {position}"
            f"{f' (perhaps a {hint})' if hint else ''}. Type it as your bill prints it.",
            reason=f"{field_name}_characters",
            field_name=field_name,
            position=position,
        )


def mpan_check_digit(first_twelve: str) -> int:
    """Return the check digit of an MPAN's first twelve digits: weighted sum modulo 11, modulo 10."""
    return (
        sum(
            int(digit) * weight
            for digit, weight in zip(first_twelve, _MPAN_WEIGHTS, strict=True)
        )
        % 11
        % 10
    )


def parse_mpan(text: str) -> Mpan:
    """Read an MPAN: 13 digits, or the 21 characters of an older bill, however they are spaced.

    Raises:
        IdentityError: ``mpan_characters``, ``mpan_length``, ``mpan_is_mprn``,
            ``mpan_distributor`` or ``mpan_check_digit``.
    """
    compact = _MPAN_LABEL.sub("", compact_text(text))
    match = _MPAN.fullmatch(compact)
    if match is None:
        _digits_only(compact, "MPAN", "mpan")
        if 6 <= len(compact) <= 10:
            raise IdentityError(
                "This is as long as an MPRN, the number of a gas meter. "
                "The MPAN of the electricity supply has 13 digits; look for the supply number on your electricity bill.",
                reason="mpan_is_mprn",
                field_name="mpan",
            )
        raise IdentityError(
            f"An MPAN has 13 digits (21 with the line above it); this has {len(compact)}. "
            "It is the supply number on your electricity bill, beside a large S; not the meter's serial number.",
            reason="mpan_length",
            field_name="mpan",
        )
    core = match["core"]
    if int(core[:2]) < min(DISTRIBUTORS):
        raise IdentityError(
            "No electricity network has a number that begins like this one. "
            "Copy the 13 digits from the bottom line of the supply number.",
            reason="mpan_distributor",
            field_name="mpan",
        )
    if mpan_check_digit(core[:12]) != int(core[12]):
        raise IdentityError(
            "The digits of this MPAN do not add up: one is wrong, or two are swapped. "
            "Compare it with your bill, digit by digit.",
            reason="mpan_check_digit",
            field_name="mpan",
        )
    return Mpan(core, match["profile"] or "")


def parse_mprn(text: str) -> Mprn:
    """Read an MPRN: 6 to 10 digits, however they are spaced.

    Raises:
        IdentityError: ``mprn_characters``, ``mprn_is_mpan`` or ``mprn_length``.
    """
    compact = _MPRN_LABEL.sub("", compact_text(text))
    _digits_only(compact, "MPRN", "mprn")
    if len(compact) in {13, 21}:
        raise IdentityError(
            "This is as long as an MPAN, the number of an electricity supply. "
            "The MPRN has 6 to 10 digits; look for it on your gas bill.",
            reason="mprn_is_mpan",
            field_name="mprn",
        )
    if not 6 <= len(compact) <= 10:
        raise IdentityError(
            f"An MPRN has 6 to 10 digits; this has {len(compact)}. It is on your gas bill; not the meter's serial number.",
            reason="mprn_length",
            field_name="mprn",
        )
    return Mprn(compact)


def parse_serial(text: str, field_name: str) -> str:
    """Read a meter's serial number; return letters and digits only, in capitals.

    Raises:
        IdentityError: ``meter_serial``.
    """
    compact = compact_text(text)
    if not _SERIAL.fullmatch(compact):
        raise IdentityError(
            "A meter's serial number has 4 to 24 letters and digits. It stands on the meter, near the bar code; "
            "leave it empty if you cannot see it.",
            reason="meter_serial",
            field_name=field_name,
        )
    return compact

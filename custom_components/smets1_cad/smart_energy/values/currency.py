"""Currencies of prices: ISO 4217 numeric codes (SE D.4.2.4.1, field Currency)."""

from dataclasses import dataclass
from typing import Final

from .sentinels import unsigned

# Where Smart Energy networks have been rolled out or tried; another code keeps
# its number and has no letters.
_ALPHA: Final = {
    36: "AUD",
    124: "CAD",
    156: "CNY",
    203: "CZK",
    208: "DKK",
    344: "HKD",
    348: "HUF",
    352: "ISK",
    356: "INR",
    376: "ILS",
    392: "JPY",
    410: "KRW",
    484: "MXN",
    554: "NZD",
    578: "NOK",
    702: "SGD",
    710: "ZAR",
    752: "SEK",
    756: "CHF",
    826: "GBP",
    840: "USD",
    946: "RON",
    949: "TRY",
    975: "BGN",
    978: "EUR",
    985: "PLN",
    986: "BRL",
}


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency; amounts are in its base unit (pounds, not pence).

    Attributes:
        numeric: the ISO 4217 number, 1 to 999.
    """

    numeric: int

    @classmethod
    def from_raw(cls, raw: int | None) -> Currency | None:
        """Take the uint16; None where it is missing, invalid, 0 or no ISO 4217 number."""
        value = unsigned(raw, 16)
        return cls(value) if value is not None and 1 <= value <= 999 else None

    @property
    def alpha(self) -> str | None:
        """The three letters, such as "GBP", or None where we do not know them."""
        return _ALPHA.get(self.numeric)


GBP: Final = Currency(826)

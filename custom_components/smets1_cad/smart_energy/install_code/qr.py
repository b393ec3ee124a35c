"""QR codes with an EUI-64 and an install code, as devices carry them."""

from dataclasses import dataclass, field
import re
from typing import Final

from ..eui64 import Eui64
from .code import InstallCode

_EUI: Final = r"[0-9A-Fa-f]{16}"
_CODE: Final = r"[0-9A-Fa-f]{12,36}"
# Labels of the fields: $I: the code; $A:, Z: and, from some makers, $D: the address.
_FIELD_CODE: Final = re.compile(rf"(?:^|[$%])I:({_CODE})(?![0-9A-Fa-f])")
_FIELD_EUI: Final = tuple(
    re.compile(rf"(?:^|[$%]){name}:({_EUI})(?![0-9A-Fa-f])") for name in ("A", "Z", "D")
)
_BAR: Final = re.compile(rf"^({_EUI})\|({_CODE})$")
_HUE: Final = re.compile(rf"^HUE:Z:({_CODE}) M:({_EUI})\b")
_BOSCH: Final = re.compile(
    rf"^RB01SG[0-9A-Fa-f]{{34}}({_EUI})DLK([0-9A-Fa-f]{{32,36}})$"
)
_LINK_KEY_DIGITS: Final = 32
# A serial number in an address's place has no maker's number.
_NO_MAKER: Final = "000000"


@dataclass(frozen=True, slots=True)
class QrContent:
    """What a QR code holds for us.

    Attributes:
        eui64: the address, or None where it has none.
        code: the install code's digits, "" where it has none. A secret.
        is_link_key: `code` is the link key itself.
    """

    eui64: Eui64 | None
    code: str = field(repr=False)
    is_link_key: bool = False


def qr_text(eui64: Eui64, code: InstallCode) -> str:
    """Write the usual form, Z:<EUI-64>$I:<install code with CRC>. A secret."""
    return f"Z:{eui64}$I:{code.digits()}"


def read_qr(text: str) -> QrContent | None:
    """Recognise the known forms.

    Z:<EUI>$I:<code>, G$M:...$D:<EUI>...$A:<EUI>$I:<code>, <EUI>|<code>,
    HUE:Z:<code> M:<EUI>, and RB01SG...<EUI>DLK<code or link key>.

    Returns:
        What it holds, or None where the text is no QR code of these forms.

    Raises:
        Eui64Error: the address in it is a placeholder.
    """
    text = text.strip()
    if match := _BAR.match(text):
        return QrContent(Eui64.parse(match[1]), match[2])
    if match := _HUE.match(text):
        return QrContent(Eui64.parse(match[2]), match[1])
    if match := _BOSCH.match(text):
        return QrContent(
            Eui64.parse(match[1]), match[2], len(match[2]) == _LINK_KEY_DIGITS
        )
    code = _FIELD_CODE.search(text)
    addresses = [match[1] for pattern in _FIELD_EUI if (match := pattern.search(text))]
    addresses = [address for address in addresses if not address.startswith(_NO_MAKER)]
    if code is None and not addresses:
        return None
    return QrContent(
        Eui64.parse(addresses[0]) if addresses else None,
        "" if code is None else code[1],
    )

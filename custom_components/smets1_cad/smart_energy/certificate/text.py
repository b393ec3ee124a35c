"""Credentials as people have them: the text that CA test sites and flash tools print.

The known spellings of each line are taken, upper or lower case, the value on the same line
or on the following ones, in hex with or without spaces, colons or a 0x before each octet:

    CA Pub Key:                        CA Public Key: 0200FDE8...
    Device Implicit Cert:              Device Implicit Cert : 0200...
    Private Key Reconstruction Data:   Device Private Key: 01E9...
    Device Public Key:                 IEEE Address: 00:22:08:...

Other lines are skipped. A text may hold the credentials of both suites; the length of each
value says to which it belongs. An erased token, all FF, counts as absent.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from itertools import takewhile
import re
from typing import Final

from zigpy.types import EUI64

from ..errors import CertificateError
from .credentials import Credentials
from .suite import CryptoSuite


class _Line(Enum):
    """A line's name and the octets it has in suite 1 and in suite 2."""

    CA_PUBLIC_KEY = "CA Public Key", 22, 37
    CERTIFICATE = "Device Implicit Cert", 48, 74
    PRIVATE_KEY = "Device Private Key", 21, 36
    PUBLIC_KEY = "Device Public Key", 22, 37
    EUI64 = "Device EUI", 8, 8

    def __init__(self, label: str, *sizes: int) -> None:
        self.label = label
        self.sizes = sizes


_LABELS: Final = {
    _Line.CA_PUBLIC_KEY: r"CA [\s_]* Pub(?:lic)? [\s_]* Key",
    _Line.CERTIFICATE: r"(?:Device [\s_]*)? Implicit [\s_]* Cert(?:ificate)?",
    # The CA's test site prints the private key itself under the name of its
    # reconstruction data.
    _Line.PRIVATE_KEY: r"(?:Device [\s_]*)? Private [\s_]* Key (?:\s* Reconstruction \s* Data)?",
    _Line.PUBLIC_KEY: r"Device [\s_]* Pub(?:lic)? [\s_]* Key",
    _Line.EUI64: r"(?:Device \s* | IEEE \s* | MAC \s*){1,2} (?:EUI [\s-]* 64 | EUI | Addr(?:ess)?) | EUI [\s-]* 64",
}
_LABEL: Final = re.compile(
    "|".join(f"(?P<{line.name}>{label})" for line, label in _LABELS.items()),
    re.IGNORECASE | re.VERBOSE,
)
# After a label: the curve, or a remark in brackets such as a size; then a colon or equals sign.
_SEPARATOR: Final = re.compile(
    r"\s*(?:(?:sect)?(?:163|283)k1|[(\[][^)\]\n]*[)\]])?\s*[:=]", re.IGNORECASE
)
_FILLING: Final = re.compile(r"0x|[\s,:;{}\"'-]", re.IGNORECASE)
_LONGEST_TEXT: Final = 16_384
_NOT_HEX: Final = re.compile(r"[^0-9a-f]", re.IGNORECASE)


def load_credentials(
    text: str, *, eui64: EUI64 | None = None, now: datetime | None = None
) -> tuple[Credentials, ...]:
    """Return the credentials in a text, one for each suite it holds, suite 1 first.

    Args:
        text: as in the module's description.
        eui64: the radio's address, to find a certificate that is another device's.
        now: an aware time, to find a suite 2 certificate that is not valid.

    The computation takes some milliseconds: run it in an executor.

    Raises:
        CertificateError: its `reason` says what is wrong. The message never
            quotes a value.
    """
    if len(text) > _LONGEST_TEXT:
        raise CertificateError(
            f"the text has more than {_LONGEST_TEXT} characters; paste the lines of the certificate only",
            reason="certificate_text_too_long",
        )
    values, printed_eui64 = _read(text)
    for suite in list(values):
        # One private key or CA key alone belongs to a certificate of the other suite.
        if _Line.CERTIFICATE not in values[suite] and len(values) > 1:
            raise CertificateError(
                f"the text has keys of suite {suite.value} but its certificate is of the other suite;"
                " use the values of one suite together",
                reason="certificate_mixed_suites",
            )
    loaded = []
    for suite in sorted(values or {CryptoSuite.SUITE_1: {}}):
        lines = values.get(suite, {})
        for line in (_Line.CA_PUBLIC_KEY, _Line.CERTIFICATE, _Line.PRIVATE_KEY):
            if line not in lines:
                raise CertificateError(
                    f'the line "{line.label}" is missing; paste the whole text as the issuer gave it',
                    reason="certificate_missing_line",
                )
        credentials = Credentials.verify(
            certificate=lines[_Line.CERTIFICATE],
            ca_public_key=lines[_Line.CA_PUBLIC_KEY],
            private_key=lines[_Line.PRIVATE_KEY],
            public_key=lines.get(_Line.PUBLIC_KEY),
            eui64=eui64,
            now=now,
        )
        if printed_eui64 is not None:
            credentials.certificate.check(subject=printed_eui64)
        loaded.append(credentials)
    return tuple(loaded)


def _read(text: str) -> tuple[dict[CryptoSuite, dict[_Line, bytes]], EUI64 | None]:
    """Sort the values of a text by suite."""
    values: dict[CryptoSuite, dict[_Line, bytes]] = {}
    eui64: EUI64 | None = None
    for line, written in _values(text):
        octets = _octets(line, written)
        if octets.count(0xFF) == len(octets):
            continue
        if line is _Line.EUI64:
            found = EUI64(octets[::-1])
            if eui64 not in (None, found):
                raise _repeated(line)
            eui64 = found
            continue
        suite = (
            CryptoSuite.SUITE_1 if len(octets) == line.sizes[0] else CryptoSuite.SUITE_2
        )
        if values.setdefault(suite, {}).setdefault(line, octets) != octets:
            raise _repeated(line)
    return values, eui64


def _values(text: str) -> Iterator[tuple[_Line, str]]:
    """Yield each known line with all the text that may be its value."""
    starts = [
        (label, separator.end())
        for label in _LABEL.finditer(text)
        if (separator := _SEPARATOR.match(text, label.end()))
    ]
    for index, (label, start) in enumerate(starts):
        end = starts[index + 1][0].start() if index + 1 < len(starts) else len(text)
        # What stands on the label's own line is its value, whatever it is.
        first, *further = text[start:end].split("\n")
        value = [first, *takewhile(_goes_on, further)]
        yield _Line[str(label.lastgroup)], "\n".join(value)


def _goes_on(line: str) -> bool:
    """Tell whether a line may belong to the value above it: no comment, and nothing named."""
    name, separator, _ = line.replace("=", ":").partition(":")
    return not (
        line.lstrip().startswith(("#", "//"))
        or (separator and _NOT_HEX.search(_FILLING.sub("", name)))
    )


def _octets(line: _Line, written: str) -> bytes:
    digits = _FILLING.sub("", written)
    if not digits:
        raise CertificateError(
            f'the line "{line.label}" has no value; paste the whole text as the issuer gave it',
            reason="certificate_missing_line",
        )
    if wrong := _NOT_HEX.search(digits):
        raise CertificateError(
            f'the line "{line.label}" is not hex at digit {wrong.start() + 1}; only 0 to 9 and A to F may stand there',
            reason="certificate_not_hex",
        )
    if len(digits) % 2 or len(digits) // 2 not in line.sizes:
        sizes = " or ".join(str(2 * size) for size in dict.fromkeys(line.sizes))
        raise CertificateError(
            f'the line "{line.label}" has {len(digits)} hex digits instead of {sizes}; check that it is complete',
            reason="certificate_wrong_length",
        )
    return bytes.fromhex(digits)


def _repeated(line: _Line) -> CertificateError:
    return CertificateError(
        f'the line "{line.label}" stands there twice with different values; paste the text of one device only',
        reason="certificate_repeated_line",
    )

"""Take what identifies a household out of anything that leaves the house (R23).

Home Assistant's own redaction looks at the names of dictionary keys only. Here
known secrets are found wherever they stand: as values, inside strings, as keys;
and what has the form of an identifier is taken out even where it is not known.
"""

from collections.abc import Iterable, Mapping
import re
from typing import Any, Final

REDACTED: Final = "**REDACTED**"

_SHORTEST: Final = 4
"""Characters below which a secret would hit too much that is none."""

_FORMS: Final = (
    # EUI-64 and MAC, in groups of two.
    re.compile(r"(?i)(?<![0-9a-f])(?:[0-9a-f]{2}[:-]){5,7}[0-9a-f]{2}(?![0-9a-f])"),
    # EUI-64, install code, key, certificate in one piece, which have letters or are long.
    re.compile(r"(?i)(?<![0-9a-z_])(?:0x)?[0-9a-f]{16,}(?![0-9a-z])"),
    # Install codes in groups of four.
    re.compile(r"(?i)(?<![0-9a-z])(?:[0-9a-f]{4}[ :-]){3,8}[0-9a-f]{4}(?![0-9a-z])"),
    # MPAN (13 digits, or 21 in groups), MPRN (8 to 10 digits), telephone numbers.
    re.compile(r"(?<![0-9.])\+?(?:[0-9][ -]?){9,21}[0-9](?![0-9.])"),
    re.compile(r"(?<![0-9.])[0-9]{8,10}(?![0-9.])"),
    re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+"),
    # Postcodes.
    re.compile(
        r"(?<![A-Za-z0-9])[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}(?![A-Za-z0-9])"
    ),
)

_TIME: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?"
)


class Redactor:
    """Cleans anything that is plain data."""

    def __init__(self, secrets: Iterable[str | None]) -> None:
        """Know the secrets; those too short to tell apart are left to their form."""
        forms: set[str] = set()
        for secret in secrets:
            if secret:
                forms.update((secret, re.sub(r"[\s:-]", "", secret)))
        known = sorted(
            (secret for secret in forms if len(secret) >= _SHORTEST),
            key=len,
            reverse=True,
        )
        self._known = (
            re.compile("|".join(map(re.escape, known)), re.IGNORECASE)
            if known
            else None
        )

    def clean(self, data: Any) -> Any:
        """Return a copy of plain data without anything that identifies the household."""
        match data:
            case str():
                return self.clean_text(data)
            case Mapping():
                return {
                    self.clean_text(str(key)): self.clean(value)
                    for key, value in data.items()
                }
            case list() | tuple() | set() | frozenset():
                return [self.clean(item) for item in data]
            case bool() | int() | float() | None:
                return data
        return self.clean_text(str(data))

    def clean_text(self, text: str) -> str:
        """Return a text without them."""
        if self._known is not None:
            text = self._known.sub(REDACTED, text)
        if _TIME.fullmatch(text):
            return text
        for form in _FORMS:
            text = form.sub(REDACTED, text)
        return text

"""What to say on the telephone, to read out, to ask and to write down (R4, R7)."""

from dataclasses import dataclass, field
from typing import Final

LETTER_NAMES: Final = {
    letter[0]: letter
    for letter in [
        "Alfa",
        "Bravo",
        "Charlie",
        "Delta",
        "Echo",
        "Foxtrot",
        "Golf",
        "Hotel",
        "India",
        "Juliett",
        "Kilo",
        "Lima",
        "Mike",
        "November",
        "Oscar",
        "Papa",
        "Quebec",
        "Romeo",
        "Sierra",
        "Tango",
        "Uniform",
        "Victor",
        "Whiskey",
        "X-ray",
        "Yankee",
        "Zulu",
    ]
}
"""The international spelling alphabet (ICAO), understood in every call centre."""


@dataclass(frozen=True, slots=True)
class ReadOut:
    """Something to read out, in groups.

    Attributes:
        groups: as written.
        spoken: each group in words.
    """

    label: str
    groups: tuple[str, ...] = field(repr=False)
    spoken: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PhoneScript:
    """What to say on the telephone.

    Attributes:
        tell: what need not be spelled, each with its label.
    """

    titles: dict[str, str] = field(repr=False)
    before: tuple[str, ...]
    say: str = field(repr=False)
    tell: tuple[tuple[str, str], ...] = field(repr=False)
    read_out: tuple[ReadOut, ...]
    ask: tuple[str, ...]
    write_down: tuple[str, ...]
    if_no: tuple[str, ...]

    def as_markdown(self) -> str:
        """Return it as a card."""
        parts = [
            _list(self.titles["before"], self.before),
            f"**{self.titles['say']}**\n\n> {self.say}",
            _list(
                self.titles["tell"],
                tuple(f"{label}: {value}" for label, value in self.tell),
            ),
        ]
        reading = [
            f"- {item.label}\n"
            + "\n".join(
                f"    - `{group}` – {spoken}"
                for group, spoken in zip(item.groups, item.spoken, strict=True)
            )
            for item in self.read_out
        ]
        parts.append(f"**{self.titles['read_out']}**\n\n" + "\n".join(reading))
        parts += [
            _list(self.titles["ask"], self.ask),
            _list(
                self.titles["write_down"],
                tuple(f"{item}: ____" for item in self.write_down),
            ),
            _list(self.titles["if_no"], self.if_no),
        ]
        return "\n\n".join(parts)


def _list(title: str, items: tuple[str, ...]) -> str:
    return f"**{title}**\n\n" + "\n".join(f"- {item}" for item in items)

"""The wording of the consent, versioned, each version in a file of its own (R1).

A file never changes once it has been shown to anybody: a correction that leaves
the substance alone is a new revision of a version, anything else is a new
version, and consent is asked for again. The record of a consent names version,
revision, language and the SHA-256 of the file's octets, and of the text as it
was shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
import hashlib
import json
from pathlib import Path
from typing import Any, Final, Self

from ..cad.models import Fuel

CURRENT_VERSION: Final = 1
DEFAULT_LANGUAGE: Final = "en"
LANGUAGES: Final = ("en", "cy")

_FOLDER: Final = Path(__file__).parent.parent / "texts"


class Box(StrEnum):
    """A box that a person ticks or leaves; each is a step of will of its own and starts unticked."""

    CONSUMER = "consumer"
    PAIRING = "pairing"
    IHD = "ihd"
    HISTORY = "history"
    """The only one that may be left: the CAD works without a history."""


def boxes_shown(*, has_ihd: bool) -> tuple[Box, ...]:
    """Return the boxes to show, in order."""
    return tuple(box for box in Box if box is not Box.IHD or has_ihd)


def boxes_required(*, has_ihd: bool) -> frozenset[Box]:
    """Return the boxes without which there is no consent."""
    return frozenset(boxes_shown(has_ihd=has_ihd)) - {Box.HISTORY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Which text a person saw.

    Attributes:
        sha256: of the file's octets, hexadecimal.
        shown_sha256: of title, body and boxes as shown, joined by newlines, UTF-8, hexadecimal.
        parameters: what filled the blanks; it names the supplier, so it is kept with what can be erased.
    """

    version: int
    revision: int
    language: str
    sha256: str
    shown_sha256: str
    parameters: Mapping[str, str] = field(
        default_factory=dict, repr=False, compare=False
    )

    def as_dict(self) -> dict[str, Any]:
        """Return what stays on record for good: everything but the parameters."""
        return {
            "version": self.version,
            "revision": self.revision,
            "language": self.language,
            "sha256": self.sha256,
            "shown_sha256": self.shown_sha256,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], parameters: Mapping[str, str]) -> Self:
        """Return what `as_dict` wrote, with the parameters kept elsewhere."""
        return cls(**data, parameters=parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownText:
    """The text with its blanks filled in.

    Attributes:
        body: Markdown.
        boxes: the words beside each box, in the order to show them.
    """

    title: str
    body: str = field(repr=False)
    boxes: Mapping[Box, str] = field(repr=False)
    wording: Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentText:
    """One version of the wording in one language, as its file has it."""

    version: int
    revision: int
    language: str
    sha256: str
    title: str
    body: tuple[str, ...] = field(repr=False)
    boxes: Mapping[Box, str] = field(repr=False)
    phrases: Mapping[str, str] = field(repr=False)
    withdrawn: str = field(repr=False)

    def show(
        self,
        *,
        fuels: frozenset[Fuel],
        supplier: str,
        has_ihd: bool,
        retention_days: int | None,
        period_days: int,
        keeps_ihd: bool = False,
    ) -> ShownText:
        """Return the text for one home.

        Args:
            fuels: whose meters are asked for; not empty.
            supplier: to whom the request goes; "" if not known yet.
            has_ihd: whether there is an in-home display.
            retention_days: how long readings are kept, None until erased.
            period_days: after how many days consent is asked for again.
            keeps_ihd: whether the display is to stay, so that its box agrees to nothing but asks.
        """
        meters = "both" if len(fuels) > 1 else next(iter(fuels)).value
        parameters = {
            "meters": self.phrases[f"meters_{meters}"],
            "supplier": supplier or self.phrases["no_supplier"],
            "retention": (
                self.phrases["retention_unlimited"]
                if retention_days is None
                else self.phrases["retention_days"].format(days=retention_days)
            ),
            "period": self.phrases["period_days"].format(days=period_days),
        }
        if has_ihd:
            # On record with the others, so that the box can be shown again as it was.
            ihd = "keep" if keeps_ihd else "may_be_unpaired"
            parameters["ihd"] = self.phrases[f"ihd_{ihd}"]
        return self._fill(parameters, has_ihd=has_ihd)

    def show_again(self, wording: Wording, *, has_ihd: bool) -> ShownText:
        """Return the text as a record's wording says that it was shown."""
        return self._fill(wording.parameters, has_ihd=has_ihd)

    def say_withdrawn(self, at: datetime) -> str:
        """Return what is said of a consent that was withdrawn, so that reading stopped, at a local time."""
        return self.withdrawn.format(date=at.date().isoformat(), time=f"{at:%H:%M}")

    def _fill(self, parameters: Mapping[str, str], *, has_ihd: bool) -> ShownText:
        """Fill the blanks and take the hash of what comes out."""
        body = "\n".join(paragraph.format_map(parameters) for paragraph in self.body)
        boxes = {
            box: self.boxes[box].format_map(parameters)
            for box in boxes_shown(has_ihd=has_ihd)
        }
        shown = "\n".join((self.title, body, *boxes.values()))
        return ShownText(
            title=self.title,
            body=body,
            boxes=boxes,
            wording=Wording(
                version=self.version,
                revision=self.revision,
                language=self.language,
                sha256=self.sha256,
                shown_sha256=hashlib.sha256(shown.encode()).hexdigest(),
                parameters=parameters,
            ),
        )


def load_consent_text(
    language: str = DEFAULT_LANGUAGE, version: int = CURRENT_VERSION
) -> ConsentText:
    """Read a version of the wording from its file; reads the disk, so run it in an executor.

    Args:
        language: a language tag such as ``cy`` or ``en-GB``; without a text of its own, English.
        version: which version.

    Raises:
        FileNotFoundError: there is no such version.
    """
    tag = language.split("-", maxsplit=1)[0].lower()
    octets = (
        _FOLDER
        / f"consent_v{version}.{tag if tag in LANGUAGES else DEFAULT_LANGUAGE}.json"
    ).read_bytes()
    data = json.loads(octets)
    return ConsentText(
        version=data["version"],
        revision=data["revision"],
        language=data["language"],
        sha256=hashlib.sha256(octets).hexdigest(),
        title=data["title"],
        body=tuple(data["body"]),
        boxes={Box(box): words for box, words in data["boxes"].items()},
        phrases=data["phrases"],
        withdrawn=data["withdrawn"],
    )

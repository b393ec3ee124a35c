"""The request as a letter, an email and a phone script, in English and Welsh (R4, R7, R19).

Everything that a supplier needs is in each of them: who asks, for which home and
meters, the device with its address and install code, the consent, and the
licence conditions on which it rests (electricity SLC 49.4(d), gas SLC 43.4(d),
as the government's guidance of September 2018 names them).

What comes out holds an install code and personal details: it is shown to the
person, and never logged.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from .cad.models import Fuel
from .consent_text import DEFAULT_LANGUAGE, LANGUAGES
from .identity import Identity, Premises
from .pairing import Pairing
from .pairing_states import UnpairWhy
from .smart_energy.eui64 import Eui64
from .smart_energy.install_code import InstallCode
from .working_days import london_date

LINK_LENGTH: Final = 2000
"""Characters of a mailto link that every mail program takes."""

_FOLDER: Final = Path(__file__).parent / "texts"

_LETTER_NAMES: Final = {
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


class Purpose(StrEnum):
    """What a text is for."""

    PAIR = "pair"
    ASK = "ask"
    """How far it is."""
    COMPLAIN = "complain"
    UNPAIR = "unpair"
    TENANCY = "tenancy"
    """A change of tenancy, with which the CAD goes."""


_ENDS: Final = frozenset({Purpose.UNPAIR, Purpose.TENANCY})
"""Purposes for which nobody needs the install code."""


@dataclass(frozen=True, slots=True)
class Email:
    """An email to send.

    Attributes:
        link: opens a mail program; without the body where that would be too long for some.
        complete: whether the link brings the body along.
    """

    to: str = field(repr=False)
    subject: str = field(repr=False)
    body: str = field(repr=False)
    link: str = field(repr=False)
    complete: bool


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
    """What to say on the telephone."""

    titles: dict[str, str] = field(repr=False)
    before: tuple[str, ...]
    say: str = field(repr=False)
    read_out: tuple[ReadOut, ...]
    ask: tuple[str, ...]
    write_down: tuple[str, ...]
    if_no: tuple[str, ...]

    def as_markdown(self) -> str:
        """Return it as a card."""
        parts = [
            _list(self.titles["before"], self.before),
            f"**{self.titles['say']}**\n\n> {self.say}",
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


class RequestTexts:
    """The texts of one language."""

    def __init__(self, words: dict[str, Any]) -> None:
        """Start with the words; see `load_request_texts`."""
        self._words = words

    @property
    def language(self) -> str:
        """The language, such as ``en``."""
        return str(self._words["language"])

    def email(
        self,
        purpose: Purpose,
        pairing: Pairing,
        code: InstallCode | None,
        *,
        to: str = "",
    ) -> Email:
        """Return an email.

        Args:
            purpose: what it is for.
            pairing: the request.
            code: the CAD's install code; None if its maker keeps it.
            to: the supplier's address, "" if the user has to find it.
        """
        subject = self.subject(purpose, pairing)
        body = self._body(purpose, pairing, code)
        address = quote(to, safe="@")
        link = f"mailto:{address}?subject={_escaped(subject)}&body={_escaped(body)}"
        complete = len(link) <= LINK_LENGTH
        if not complete:
            link = f"mailto:{address}?subject={_escaped(subject)}"
        return Email(to, subject, body, link, complete)

    def letter(
        self,
        purpose: Purpose,
        pairing: Pairing,
        code: InstallCode | None,
        *,
        today: date,
        to: str = "",
    ) -> str:
        """Return a letter: sender, date, recipient, subject, text.

        Args:
            purpose: what it is for.
            pairing: the request.
            code: the CAD's install code; None if its maker keeps it.
            today: the date to put on it.
            to: the supplier's postal address, "" if the user has to find it.
        """
        who = pairing.request.identity
        sender = f"{who.name}\n{who.address}\n{who.postcode}"
        recipient = to or pairing.request.supplier or self._words["no_supplier"]
        return "\n\n".join(
            (
                sender,
                self._date(today),
                recipient,
                self.subject(purpose, pairing),
                self._body(purpose, pairing, code),
            )
        )

    def phone_script(
        self, purpose: Purpose, pairing: Pairing, code: InstallCode | None
    ) -> PhoneScript:
        """Return what to say, to read out, to ask and to write down; see `email` for the arguments."""
        phone, labels = self._words["phone"], self._words["labels"]
        identity = pairing.request.identity
        items: list[tuple[str, list[str]]] = []
        if pairing.reference:
            items.append((labels["reference"], pairing.reference.split()))
        if identity.mpan is not None:
            items.append((labels["mpan"], identity.mpan.grouped.split()))
        if identity.mprn is not None:
            items.append((labels["mprn"], identity.mprn.grouped.split()))
        items.append(
            (labels["eui64"], Eui64.parse(pairing.request.cad.eui64).in_fours.split())
        )
        if code is not None and purpose not in _ENDS:
            items.append((labels["code_with_crc"], code.in_fours().split()))
        return PhoneScript(
            titles=phone["titles"],
            before=tuple(phone["before"])
            if purpose not in _ENDS
            else tuple(phone["before"][:1]),
            say=phone["say"][purpose].format_map(self._blanks(pairing)),
            read_out=tuple(
                ReadOut(
                    label, tuple(groups), tuple(self.spoken(group) for group in groups)
                )
                for label, groups in items
            ),
            ask=tuple(phone["ask_end" if purpose in _ENDS else "ask"]),
            write_down=tuple(phone["write_down"]),
            if_no=tuple(phone["if_no"]),
        )

    def spoken(self, group: str) -> str:
        """Return digits by their names and letters by the spelling alphabet's."""
        return " ".join(
            self._words["digits"][int(character)]
            if character.isascii() and character.isdigit()
            else _LETTER_NAMES.get(character.upper(), character)
            for character in group
        )

    def subject(self, purpose: Purpose, pairing: Pairing) -> str:
        """Return the subject."""
        return str(
            self._words["letters"][purpose]["subject"].format_map(self._blanks(pairing))
        )

    def _body(
        self, purpose: Purpose, pairing: Pairing, code: InstallCode | None
    ) -> str:
        """Return greeting, text, facts and name, in plain text."""
        letter, blanks = self._words["letters"][purpose], self._blanks(pairing)
        facts = self._facts(pairing, code, with_code=purpose not in _ENDS)
        return "\n\n".join(
            (
                self._words["greeting"],
                *(paragraph.format_map(blanks) for paragraph in letter["opening"]),
                "\n".join(f"{label}: {value}" for label, value in facts),
                *(paragraph.format_map(blanks) for paragraph in letter["closing"]),
                f"{self._words['sign_off']}\n{pairing.request.identity.name}",
            )
        )

    def _facts(
        self, pairing: Pairing, code: InstallCode | None, *, with_code: bool
    ) -> list[tuple[str, str]]:
        """Return everything that the guidance lists, each with its label."""
        words, labels = self._words, self._words["labels"]
        request, identity, cad = (
            pairing.request,
            pairing.request.identity,
            pairing.request.cad,
        )
        eui64 = Eui64.parse(cad.eui64)
        name = " ".join(part for part in (cad.manufacturer, cad.model) if part)
        facts = [
            (
                labels["device"],
                ", ".join(part for part in (name, words["device_kind"]) if part),
            ),
            (
                labels["versions"],
                " / ".join(
                    part or words["not_known"] for part in (cad.hardware, cad.firmware)
                ),
            ),
            (labels["certification"], cad.certification or words["not_certified"]),
            (labels["eui64"], f"{eui64.with_hyphens} · {eui64} · {eui64.with_colons}"),
        ]
        if with_code and code is None:
            facts.append((labels["code_with_crc"], words["code_with_maker"]))
        elif with_code and code is not None:
            facts += [
                (labels["code_with_crc"], code.in_fours()),
                (labels["code_without_crc"], code.in_fours(crc=False)),
            ]
        for fuel, number, label in (
            (Fuel.ELECTRICITY, identity.mpan, labels["mpan"]),
            (Fuel.GAS, identity.mprn, labels["mprn"]),
        ):
            if number is not None:
                serial = identity.serials.get(fuel)
                facts.append(
                    (
                        label,
                        number.grouped
                        + (f" ({labels['serial']} {serial})" if serial else ""),
                    )
                )
            supplier = identity.suppliers.get(fuel)
            if supplier and supplier != request.supplier:
                facts.append((labels[f"{fuel}_supplier"], supplier))
        facts += [
            (labels["ihd"], words["ihd"][identity.ihd]),
            (
                labels["address"],
                ", ".join((*identity.address.split("\n"), identity.postcode)),
            ),
            (
                labels["premises"],
                f"{words['premises'][identity.premises]}; {words['relation'][identity.relation]}",
            ),
        ]
        if request.available:
            facts.append((labels["available"], request.available))
        if contact := ", ".join(
            part for part in (identity.phone, identity.email) if part
        ):
            facts.append((labels["contact"], contact))
        if pairing.reference:
            facts.append((labels["reference"], pairing.reference))
        return facts

    def _blanks(self, pairing: Pairing) -> dict[str, str]:
        """Return what fills the blanks."""
        words, request = self._words, pairing.request
        identity = request.identity
        conditions = [words["licence"][fuel] for fuel in Fuel if fuel in identity.fuels]
        licence = words["licence"]["and"].join(conditions)
        consent = {
            "consent_date": self._date(request.consent_at),
            "consent_id": request.consent_id,
        }
        is_withdrawn = pairing.unpair_why is UnpairWhy.CONSENT_WITHDRAWN
        consent_end = words["consent_end"][
            "withdrawn" if is_withdrawn else "with_removal"
        ]
        return consent | {
            "numbers": _numbers(identity),
            "licence": licence,
            "free": words["free_of_charge"]
            if identity.premises is Premises.DOMESTIC
            else "",
            "meters": words["meters"][
                next(iter(identity.fuels)) if len(identity.fuels) == 1 else "both"
            ],
            "consent_end": consent_end.format_map(consent),
            "sent_date": self._date(pairing.sent_at or pairing.history[0].at),
        }

    def _date(self, day: date | datetime) -> str:
        """Return a day in words."""
        if isinstance(day, datetime):
            day = london_date(day)
        return f"{day.day} {self._words['months'][day.month - 1]} {day.year}"


def _numbers(identity: Identity) -> str:
    """Return the meter numbers as a subject has them."""
    return ", ".join(
        part
        for part in (
            f"MPAN {identity.mpan.core}" if identity.mpan else "",
            f"MPRN {identity.mprn.number}" if identity.mprn else "",
        )
        if part
    )


def _escaped(text: str) -> str:
    """Return text as a mailto link carries it, with the line ends of mail (RFC 6068)."""
    return quote(text.replace("\n", "\r\n"), safe="")


def load_request_texts(language: str = DEFAULT_LANGUAGE) -> RequestTexts:
    """Read the texts of a language; reads the disk, so run it in an executor.

    Args:
        language: a language tag such as ``cy`` or ``en-GB``; without texts of its own, English.
    """
    tag = language.split("-", maxsplit=1)[0].lower()
    path = _FOLDER / f"request.{tag if tag in LANGUAGES else DEFAULT_LANGUAGE}.json"
    return RequestTexts(json.loads(path.read_text(encoding="utf-8")))

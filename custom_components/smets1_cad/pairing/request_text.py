"""The request as a letter, an email and a phone script, in English and Welsh (R4, R7, R19).

Everything that a supplier needs is in each of them: who asks, for which home and
meters, the device with its address and install code, the consent, and the
licence conditions on which it rests (electricity SLC 49.4(d), gas SLC 43.4(d),
as the government's guidance of September 2018 names them).

What comes out holds an install code and personal details: it is shown to the
person, and never logged.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from ..cad.models import Fuel
from ..consent.text import DEFAULT_LANGUAGE, LANGUAGES
from ..smart_energy.eui64 import Eui64
from ..smart_energy.install_code import InstallCode
from ..supplier.directory import Channel, ChannelKind
from .identity import Identity, Premises
from .life import Pairing
from .phone_script import LETTER_NAMES, PhoneScript, ReadOut
from .recipients import Recipient, recipients
from .states import UnpairWhy
from .working_days import london_date

LINK_LENGTH: Final = 2000
"""Characters of a mailto link that every mail program takes."""

_FOLDER: Final = Path(__file__).parent.parent / "texts"


class Purpose(StrEnum):
    """What a text is for."""

    PAIR = "pair"
    ASK = "ask"
    """How far it is."""
    COMPLAIN = "complain"
    UNPAIR = "unpair"
    ASK_UNPAIR = "ask_unpair"
    COMPLAIN_UNPAIR = "complain_unpair"
    TENANCY = "tenancy"
    """A change of tenancy, with which the CAD goes."""


_ENDS: Final = frozenset({Purpose.UNPAIR, Purpose.TENANCY})
"""Purposes that ask for the CAD to be removed."""


@dataclass(frozen=True, slots=True)
class Email:
    """An email to send.

    Attributes:
        link: opens a mail program; without the body in a request to pair, and where that would be too long for some.
        complete: whether the link brings the body along.
    """

    to: str = field(repr=False)
    subject: str = field(repr=False)
    body: str = field(repr=False)
    link: str = field(repr=False)
    complete: bool


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
        to: Recipient | None = None,
    ) -> Email:
        """Return an email.

        Args:
            purpose: what it is for.
            pairing: the request.
            code: the CAD's install code; None if its maker keeps it. Only a request to pair tells it.
            to: whom it goes to; None is the supplier that is asked first.
        """
        to = to or _first(pairing)
        subject = self.subject(purpose, pairing, to)
        body = self._body(purpose, pairing, code, to)
        contact = to.contact(ChannelKind.EMAIL)
        address = quote(contact, safe="@")
        link = f"mailto:{address}?subject={_escaped(subject)}&body={_escaped(body)}"
        # The shortest request to pair is too long, and its install code has no business in a link.
        complete = purpose is not Purpose.PAIR and len(link) <= LINK_LENGTH
        if not complete:
            link = f"mailto:{address}?subject={_escaped(subject)}"
        return Email(contact, subject, body, link, complete)

    def letter(
        self,
        purpose: Purpose,
        pairing: Pairing,
        code: InstallCode | None,
        to: Recipient | None = None,
        *,
        today: date,
    ) -> str:
        """Return a letter: sender, date, recipient, subject, text.

        Args:
            purpose: what it is for.
            pairing: the request.
            code: the CAD's install code; None if its maker keeps it. Only a request to pair tells it.
            to: whom it goes to; None is the supplier that is asked first.
            today: the date to put on it.
        """
        to = to or _first(pairing)
        who = pairing.request.identity
        sender = f"{who.name}\n{who.address}\n{who.postcode}"
        return "\n\n".join(
            (
                sender,
                self._date(today),
                to.contact(ChannelKind.LETTER) or to.name or self._words["no_supplier"],
                self.subject(purpose, pairing, to),
                self._body(purpose, pairing, code, to),
            )
        )

    def phone_script(
        self,
        purpose: Purpose,
        pairing: Pairing,
        code: InstallCode | None,
        to: Recipient | None = None,
    ) -> PhoneScript:
        """Return what to say, to read out, to ask and to write down; see `email` for the arguments."""
        to = to or _first(pairing)
        phone, labels = self._words["phone"], self._words["labels"]
        identity = pairing.request.identity
        items: list[tuple[str, list[str]]] = []
        if pairing.reference and to.leads:
            items.append((labels["reference"], pairing.reference.split()))
        for fuel, number, label in _meters(identity, to):
            items.append((labels[label], number.split()))
            if serial := identity.serials.get(fuel):
                items.append((labels[f"{fuel}_serial"], _fours(serial)))
        items.append(
            (labels["eui64"], Eui64.parse(pairing.request.cad.eui64).in_fours.split())
        )
        if code is not None and purpose is Purpose.PAIR:
            items += [
                (labels["code_with_crc"], code.in_fours().split()),
                (labels["code_without_crc"], code.in_fours(crc=False).split()),
            ]
        is_asked = purpose is Purpose.PAIR
        ask = "ask" if is_asked else "ask_end" if purpose in _ENDS else "ask_again"
        return PhoneScript(
            titles=phone["titles"],
            before=tuple(phone["before"]) if is_asked else tuple(phone["before"][:1]),
            say=phone["say"][purpose].format_map(self._blanks(pairing, to)),
            tell=(
                (labels["name"], identity.name),
                *self._home(pairing, to),
                *(self._device(pairing) if is_asked else ()),
            ),
            read_out=tuple(
                ReadOut(
                    label, tuple(groups), tuple(self.spoken(group) for group in groups)
                )
                for label, groups in items
            ),
            ask=tuple(phone[ask]),
            write_down=tuple(phone["write_down"]),
            if_no=tuple(phone["if_no"]),
        )

    def spoken(self, group: str) -> str:
        """Return digits by their names and letters by the spelling alphabet's."""
        return " ".join(
            self._words["digits"][int(character)]
            if character.isascii() and character.isdigit()
            else LETTER_NAMES.get(character.upper(), character)
            for character in group
        )

    @property
    def no_contact(self) -> str:
        """What stands where a contact is not known."""
        return str(self._words["no_contact"])

    def contacts(self, found: Iterable[Recipient], today: date) -> str:
        """Return what is known of how to reach suppliers, with its source and its age, as Markdown."""
        return "\n\n".join(
            f"**{to.name}**\n\n{self._contacts(to, today)}" for to in found
        )

    def remark(self, name: str) -> str:
        """Return a remark to what a pairing service answers."""
        return str(self._words["quote"][name])

    def refusal(self, reason: str) -> str:
        """Return what a refusal means, whose task it is to mend and what to do next; "" for no reason."""
        return str(self._words["refusals"].get(reason, ""))

    def own_file(self, file: str, problems: Iterable[str]) -> str:
        """Return what is wrong in the user's own directory, as Markdown."""
        return "\n".join(
            (
                self._words["own_file"].format(file=file),
                "",
                *(f"- {problem}" for problem in problems),
            )
        )

    def _contacts(self, to: Recipient, today: date) -> str:
        channels = to.supplier.channels if to.supplier else ()
        if not channels:
            return str(self._words["contacts"]["none"])
        return "\n".join(
            f"- {self._words['contacts'][channel.kind]}: {' · '.join(channel.value.splitlines())} ({self._source(channel, today)})"
            for channel in channels
        )

    def _source(self, channel: Channel, today: date) -> str:
        words = self._words["contacts"]
        if channel.verified_on is None:
            own = (
                f"{words['own']}: {channel.source}" if channel.source else words["own"]
            )
            return str(own)
        seen = words["seen"].format(
            source=channel.source or words["own"], day=self._date(channel.verified_on)
        )
        return f"{seen}; {words['stale']}" if channel.is_stale(today) else seen

    def subject(
        self, purpose: Purpose, pairing: Pairing, to: Recipient | None = None
    ) -> str:
        """Return the subject."""
        blanks = self._blanks(pairing, to or _first(pairing))
        return str(self._words["letters"][purpose]["subject"].format_map(blanks))

    def _body(
        self,
        purpose: Purpose,
        pairing: Pairing,
        code: InstallCode | None,
        to: Recipient,
    ) -> str:
        """Return greeting, text, facts and name, in plain text."""
        letter, blanks = self._words["letters"][purpose], self._blanks(pairing, to)
        facts = self._facts(pairing, code, to, with_code=purpose is Purpose.PAIR)
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
        self,
        pairing: Pairing,
        code: InstallCode | None,
        to: Recipient,
        *,
        with_code: bool,
    ) -> list[tuple[str, str]]:
        """Return everything that the guidance lists, each with its label."""
        words, labels = self._words, self._words["labels"]
        identity = pairing.request.identity
        eui64 = Eui64.parse(pairing.request.cad.eui64)
        facts = [
            *self._device(pairing),
            (labels["eui64"], f"{eui64.with_hyphens} · {eui64} · {eui64.with_colons}"),
        ]
        if with_code and code is None:
            facts.append((labels["code_with_crc"], words["code_with_maker"]))
        elif with_code and code is not None:
            facts += [
                (labels["code_with_crc"], code.in_fours()),
                (labels["code_without_crc"], code.in_fours(crc=False)),
            ]
        for fuel, number, label in _meters(identity, to):
            serial = identity.serials.get(fuel)
            facts.append(
                (
                    labels[label],
                    number + (f" ({labels['serial']} {serial})" if serial else ""),
                )
            )
        facts += self._home(pairing, to)
        if pairing.reference and to.leads:
            facts.append((labels["reference"], pairing.reference))
        return facts

    def _device(self, pairing: Pairing) -> list[tuple[str, str]]:
        """Return what the device is; what is not known of it is left out."""
        words, labels, cad = (
            self._words,
            self._words["labels"],
            pairing.request.cad,
        )
        name = " ".join(part for part in (cad.manufacturer, cad.model) if part)
        return [
            (
                labels["device"],
                ", ".join(part for part in (name, words["device_kind"]) if part),
            ),
            *(
                (labels[label], value)
                for label, value in (
                    ("hardware", cad.hardware),
                    ("firmware", cad.firmware),
                    ("certification", cad.certification),
                )
                if value
            ),
        ]

    def _home(self, pairing: Pairing, to: Recipient) -> list[tuple[str, str]]:
        """Return what is to be known of the home, and of who asks."""
        words, labels = self._words, self._words["labels"]
        request, identity = pairing.request, pairing.request.identity
        facts = [
            (labels[f"{fuel}_supplier"], name)
            for fuel, name in to.others.items()
            if name
        ]
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
        return facts

    def _blanks(self, pairing: Pairing, to: Recipient) -> dict[str, str]:
        """Return what fills the blanks."""
        words, request = self._words, pairing.request
        identity = request.identity
        conditions = [words["licence"][fuel] for fuel in Fuel if fuel in to.fuels]
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
            "numbers": _numbers(identity, to),
            "licence": licence,
            "free": words["free_of_charge"]
            if identity.premises is Premises.DOMESTIC
            else "",
            "meters": words["meters"][
                next(iter(to.fuels)) if len(to.fuels) == 1 else "both"
            ],
            "consent_end": consent_end.format_map(consent),
            "sent_date": self._date(pairing.sent_at or pairing.history[0].at),
        }

    def _date(self, day: date | datetime) -> str:
        """Return a day in words."""
        if isinstance(day, datetime):
            day = london_date(day)
        return f"{day.day} {self._words['months'][day.month - 1]} {day.year}"


def _first(pairing: Pairing) -> Recipient:
    """Return the supplier that is asked first, without what a directory knows of it."""
    return recipients(pairing.request.identity)[0]


def _meters(identity: Identity, to: Recipient) -> list[tuple[Fuel, str, str]]:
    """Return the meters that concern a supplier: fuel, number in groups, label."""
    return [
        (fuel, number.grouped, label)
        for fuel, number, label in (
            (Fuel.ELECTRICITY, identity.mpan, "mpan"),
            (Fuel.GAS, identity.mprn, "mprn"),
        )
        if number is not None and fuel in to.fuels
    ]


def _numbers(identity: Identity, to: Recipient) -> str:
    """Return the meter numbers as a subject has them."""
    return ", ".join(
        f"{label.upper()} {number.replace(' ', '')}"
        for _, number, label in _meters(identity, to)
    )


def _fours(serial: str) -> list[str]:
    """Return a serial number in groups to read out."""
    return [serial[index : index + 4] for index in range(0, len(serial), 4)]


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

"""What to send or to say to each supplier, ready to be shown (R6, R7, R8, R19)."""

from dataclasses import dataclass, field
from pathlib import Path
import re
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..pairing.life import Pairing
from ..pairing.recipients import Recipient, recipients
from ..pairing.request_text import Purpose, RequestTexts, load_request_texts
from ..pairing.working_days import london_date
from ..smart_energy.install_code import InstallCode
from .directory import OWN_FILE, ChannelKind, Directory, Route, load_directory


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierText:
    """One text for one supplier.

    Attributes:
        supplier: whom it is for.
        to: where it goes, or that this is not known.
        subject: of an email, "" for the other routes.
        text: the body; for the telephone, a card in Markdown.
        link: opens a mail program, "" for the other routes.
    """

    supplier: str
    to: str = field(repr=False)
    subject: str = field(default="", repr=False)
    text: str = field(repr=False)
    link: str = field(default="", repr=False)

    @property
    def to_copy(self) -> str:
        """The text with its subject first, where that is not shown beside it."""
        return f"{self.subject}\n\n{self.text}" if self.subject else self.text

    @property
    def placeholders(self) -> dict[str, str]:
        """What fills the blanks of a dialog that shows it."""
        return {
            "supplier": self.supplier,
            "to": self.to,
            "subject": self.subject,
            "link": self.link,
            "script": self.text,
        }

    def as_dict(self) -> dict[str, Any]:
        """Return it as the answer to an action."""
        return {
            name: value
            for name, value in (
                ("supplier", self.supplier),
                ("to", self.to),
                ("subject", self.subject),
                ("text", self.text),
                ("link", self.link),
            )
            if value
        }


_MARKS: Final = re.compile(r"([\\`*_\[\]<>#!|~@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
"""What acts in Markdown; an address in plain sight and one of an email become links by themselves."""


def inert(words: str) -> str:
    """Return somebody else's words for a text in Markdown, in which nothing of them acts."""
    return _MARKS.sub(r"\\\1", words)


def quoted(words: str) -> str:
    """Return somebody else's words as a quotation in Markdown, in which nothing of them acts; "" for none."""
    return f"> {inert(words)}" if words else ""


def load_words(language: str, own: Path) -> tuple[RequestTexts, Directory]:
    """Read the texts of a language and the directory; reads the disk, so run it in an executor."""
    return load_request_texts(language), load_directory(own)


async def async_supplier_texts(
    hass: HomeAssistant,
    purpose: Purpose,
    pairing: Pairing,
    route: Route,
    code: InstallCode | None = None,
) -> tuple[SupplierText, ...]:
    """Return a text for each supplier, first the one that looks after the hub.

    Args:
        hass: Home Assistant.
        purpose: what the text is for.
        pairing: the request.
        route: email, letter or telephone.
        code: the install code, which only a request to pair tells; None if the CAD's maker keeps it.
    """
    texts, directory = await hass.async_add_executor_job(
        load_words, hass.config.language, Path(hass.config.path(OWN_FILE))
    )
    return tuple(
        _text(texts, purpose, pairing, route, code, to)
        for to in recipients(pairing.request.identity, directory)
    )


def _text(
    texts: RequestTexts,
    purpose: Purpose,
    pairing: Pairing,
    route: Route,
    code: InstallCode | None,
    to: Recipient,
) -> SupplierText:
    contact = to.contact(ChannelKind(route.value)) or texts.no_contact
    match route:
        case Route.EMAIL:
            email = texts.email(purpose, pairing, code, to)
            return SupplierText(
                supplier=to.name,
                to=contact,
                subject=email.subject,
                text=email.body,
                link=email.link,
            )
        case Route.LETTER:
            today = london_date(dt_util.utcnow())
            text = texts.letter(purpose, pairing, code, to, today=today)
        case _:
            text = texts.phone_script(purpose, pairing, code, to).as_markdown()
    return SupplierText(supplier=to.name, to=contact, text=text)

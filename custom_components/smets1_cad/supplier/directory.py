"""Who supplies energy, and how a pairing request reaches them (R6).

The directory that ships names suppliers. A contact is in it only if the
supplier itself publishes it for the pairing of consumer devices, with the page
and the day on which it was seen there; where there is none, the channels are
empty, and the user is pointed to the number on the bill. A contact is never
guessed.

The user's own file, ``smets1_cad/suppliers.json`` in Home Assistant's
configuration folder, has the same form; a supplier in it takes the place of the
one with the same id or name. What is wrong in it is told and left out; the rest
counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
import json
from pathlib import Path
import re
from typing import Any, Final
from urllib.parse import urlsplit

from ..cad.errors import CadError, Responsible
from ..pairing.identity import parse_email, parse_phone
from ..pairing.meter_numbers import IdentityError

STALE_AFTER: Final = timedelta(days=365)
"""After which a contact is no longer called verified."""

OWN_FILE: Final = "smets1_cad/suppliers.json"
"""The user's own directory, in the configuration folder."""

_SHIPPED: Final = Path(__file__).parent / "suppliers.json"
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class SupplierError(CadError):
    """Raised when something about a supplier or its contact cannot be used.

    Attributes:
        where: the place in the file, such as ``suppliers[2].channels[0].value``.
    """

    reason = "supplier"
    responsible = Responsible.HOUSEHOLDER

    def __init__(self, message: str, *, reason: str, where: str = "") -> None:
        """Keep the place."""
        super().__init__(
            f"{where}: {message}" if where else message,
            reason=reason,
            placeholders={"where": where or "format"},
        )
        self.where = where


class Route(StrEnum):
    """A way for a request to reach the supplier."""

    PAIRING_SERVICE = "pairing_service"
    EMAIL = "email"
    LETTER = "letter"
    PHONE = "phone"


class ChannelKind(StrEnum):
    """What a contact is."""

    PAIRING_SERVICE = "pairing_service"
    """Address of an HTTP pairing service."""
    EMAIL = "email"
    LETTER = "letter"
    """A postal address, lines joined by newlines."""
    PHONE = "phone"
    WEB = "web"
    """A page about pairing; nothing is sent there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One contact.

    Attributes:
        source: the page on which the supplier publishes it, or "" if the user entered it.
        verified_on: when it was last seen there, None if the user entered it.
    """

    kind: ChannelKind
    value: str
    source: str = ""
    verified_on: date | None = None

    @property
    def own(self) -> bool:
        """Whether the user vouches for it."""
        return self.verified_on is None

    def is_stale(self, today: date) -> bool:
        """Whether it was last seen too long ago to rely on."""
        return self.verified_on is not None and today - self.verified_on > STALE_AFTER


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplier:
    """An energy supplier.

    Attributes:
        also: other names under which people know it.
    """

    supplier_id: str
    name: str
    also: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = ()

    def channel(self, kind: ChannelKind) -> Channel | None:
        """Return the first contact of a kind."""
        return next(
            (channel for channel in self.channels if channel.kind is kind), None
        )


@dataclass(frozen=True, slots=True)
class Directory:
    """Every supplier known.

    Attributes:
        problems: what is wrong in the user's own file.
    """

    suppliers: tuple[Supplier, ...]
    problems: tuple[SupplierError, ...] = ()

    def get(self, supplier_id: str) -> Supplier | None:
        """Return a supplier by id."""
        return next(
            (
                supplier
                for supplier in self.suppliers
                if supplier.supplier_id == supplier_id
            ),
            None,
        )

    def find(self, name: str) -> Supplier | None:
        """Return a supplier by what somebody typed: a name, another name, in any case and spacing."""
        wanted = slug(name)
        return next(
            (
                supplier
                for supplier in self.suppliers
                if wanted
                in {supplier.supplier_id, *map(slug, (supplier.name, *supplier.also))}
            ),
            None,
        )


def slug(name: str) -> str:
    """Return a name as an id: small letters, digits and underscores."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def check_service_url(url: str) -> str:
    """Return the address of a pairing service without a trailing slash.

    Raises:
        SupplierError: ``service_url``: not an address; ``service_url_insecure``: not
            HTTPS, which only this machine itself may do without.
    """
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if (
        host is None
        or parts.scheme not in {"http", "https"}
        or parts.query
        or parts.fragment
    ):
        raise SupplierError(
            "This is not the address of a pairing service. It begins with https and has no question mark; "
            "copy it from the provider's letter or web page.",
            reason="service_url",
        )
    if parts.username is not None or parts.password is not None:
        raise SupplierError(
            "An address with a user name in it is not accepted, since addresses are shown. Enter the token on its own.",
            reason="service_url",
        )
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise SupplierError(
            "This address is not encrypted (http), and the request holds your name and install code. "
            "Ask the provider for its https address.",
            reason="service_url_insecure",
        )
    return url.strip().rstrip("/")


def load_directory(own_file: Path | None = None) -> Directory:
    """Read the directory that ships, and the user's own; reads the disk, so run it in an executor.

    Args:
        own_file: the user's file; it need not exist.
    """
    shipped, problems = _read(
        json.loads(_SHIPPED.read_text(encoding="utf-8")), own=False
    )
    if problems:
        raise problems[0]
    if own_file is None or not own_file.exists():
        return Directory(shipped)
    try:
        data = json.loads(own_file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as err:
        line = f" at line {err.lineno}" if isinstance(err, json.JSONDecodeError) else ""
        return Directory(
            shipped,
            (
                SupplierError(
                    f"The file is not readable JSON{line}. Mend it, or delete it.",
                    reason="suppliers_file",
                    where=own_file.name,
                ),
            ),
        )
    own, problems = _read(data, own=True)
    replaced = {supplier.supplier_id for supplier in own} | {
        slug(supplier.name) for supplier in own
    }
    kept = (
        supplier
        for supplier in shipped
        if supplier.supplier_id not in replaced and slug(supplier.name) not in replaced
    )
    return Directory(
        tuple(sorted((*own, *kept), key=lambda supplier: supplier.name.casefold())),
        problems,
    )


def _read(
    data: Any, *, own: bool
) -> tuple[tuple[Supplier, ...], tuple[SupplierError, ...]]:
    """Return the suppliers of a file, and what is wrong with the others."""
    if (
        not isinstance(data, Mapping)
        or data.get("format") != 1
        or not isinstance(data.get("suppliers"), Sequence)
    ):
        return (), (
            SupplierError(
                'The file has to be an object with "format": 1 and a list "suppliers". Compare it with the one that ships.',
                reason="suppliers_file",
            ),
        )
    suppliers: dict[str, Supplier] = {}
    problems: list[SupplierError] = []
    for index, item in enumerate(data["suppliers"]):
        where = f"suppliers[{index}]"
        try:
            supplier = _supplier(item, where, own=own)
        except SupplierError as err:
            problems.append(err)
            continue
        if supplier.supplier_id in suppliers:
            problems.append(
                SupplierError(
                    "This supplier is listed twice. Keep one.",
                    reason="suppliers_file",
                    where=where,
                )
            )
            continue
        suppliers[supplier.supplier_id] = supplier
    return tuple(suppliers.values()), tuple(problems)


def _supplier(item: Any, where: str, *, own: bool) -> Supplier:
    """Return one supplier of a file.

    Raises:
        SupplierError: something in it cannot be used.
    """
    name = item.get("name") if isinstance(item, Mapping) else None
    if not isinstance(name, str) or not slug(name):
        raise SupplierError(
            "A supplier needs a name.", reason="suppliers_file", where=where
        )
    also, channels = item.get("also", []), item.get("channels", [])
    if not isinstance(also, list) or not all(isinstance(other, str) for other in also):
        raise SupplierError(
            "Other names have to be a list of texts.",
            reason="suppliers_file",
            where=f"{where}.also",
        )
    if not isinstance(channels, list):
        raise SupplierError(
            "Channels have to be a list.",
            reason="suppliers_file",
            where=f"{where}.channels",
        )
    return Supplier(
        supplier_id=slug(str(item.get("id") or name)),
        name=name.strip(),
        also=tuple(also),
        channels=tuple(
            _channel(channel, f"{where}.channels[{index}]", own=own)
            for index, channel in enumerate(channels)
        ),
    )


def _channel(item: Any, where: str, *, own: bool) -> Channel:
    """Return one contact of a file.

    Raises:
        SupplierError: something in it cannot be used.
    """
    try:
        kind = ChannelKind(item["kind"])
        value = str(item["value"]).strip()
        seen = item.get("verified_on")
        verified_on = date.fromisoformat(seen) if seen else None
        source = str(item.get("source") or "")
    except (AttributeError, KeyError, TypeError, ValueError) as err:
        raise SupplierError(
            f"A channel needs a kind ({', '.join(ChannelKind)}), a value, and days written like 2026-11-22.",
            reason="suppliers_file",
            where=where,
        ) from err
    if not own and (verified_on is None or not source.startswith("https://")):
        raise SupplierError(
            "A contact that ships needs the page where the supplier publishes it, and the day it was seen.",
            reason="suppliers_file",
            where=where,
        )
    if not value:
        raise SupplierError(
            "A channel needs a value.", reason="suppliers_file", where=f"{where}.value"
        )
    try:
        match kind:
            case ChannelKind.EMAIL:
                value = parse_email(value)
            case ChannelKind.PHONE:
                parse_phone(value)
            case ChannelKind.PAIRING_SERVICE | ChannelKind.WEB:
                value = check_service_url(value)
    except (IdentityError, SupplierError) as err:
        raise SupplierError(
            str(err), reason=err.reason, where=f"{where}.value"
        ) from err
    return Channel(kind=kind, value=value, source=source, verified_on=verified_on)

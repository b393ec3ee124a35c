"""Who asks for a pairing, for which home and which meters (R3).

What people type or paste is read leniently and checked strictly: meter numbers
by their check digits, the postcode by its form. Nothing here reaches beyond
this machine: that a number adds up does not prove that it is this home's; the
meter's own numbers do, after the join (`compare_meter`).

No value shows a personal detail in its repr, and no error repeats what was
typed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
import re
from typing import Any, Final, Self
import unicodedata

from ..cad.models import Fuel, MeterIdentity
from .meter_numbers import (
    IdentityError,
    Mpan,
    Mprn,
    compact_text,
    parse_mpan,
    parse_mprn,
    parse_serial,
)

_POSTCODE: Final = re.compile(
    r"(?P<out>[A-PR-UWYZ](?:[0-9][0-9A-HJKPSTUW]?|[A-HK-Y][0-9](?:[0-9]|[ABEHMNPRVWXY])?))(?P<in>[0-9][ABD-HJLNP-UW-Z]{2})"
)
_NOT_GREAT_BRITAIN: Final = re.compile(r"(?:BT|JE|GY|IM)[0-9]")
_EMAIL: Final = re.compile(
    r"[^@\s<>\"(),;:\\]+@[^@\s<>\"(),;:\\.]+(?:\.[^@\s<>\"(),;:\\.]+)+"
)
_PHONE: Final = re.compile(r"\+?[0-9]{7,15}")

NAME_LENGTH: Final = 100
ADDRESS_LENGTH: Final = 300
"""Characters, over all lines."""


class Premises(StrEnum):
    """What is supplied there (the licence conditions cover both)."""

    DOMESTIC = "domestic"
    MICROBUSINESS = "microbusiness"


class Relation(StrEnum):
    """What the person is to the premises."""

    BILL_PAYER_AND_OCCUPIER = "bill_payer_and_occupier"
    BILL_PAYER = "bill_payer"
    """Pays, but does not live or work there: whoever uses the energy has to agree."""
    OCCUPIER = "occupier"
    AUTHORISED = "authorised"
    """Acts for a microbusiness."""


class Ihd(StrEnum):
    """The in-home display, for which an older hub may have the only place."""

    NONE = "none"
    MAY_BE_UNPAIRED = "may_be_unpaired"
    KEEP = "keep"


class Warn(StrEnum):
    """What is odd, but may be right: shown to the person, never in the way."""

    MPRN_CHECK_DIGITS = "mprn_check_digits"
    MPAN_MAYBE_EXPORT = "mpan_maybe_export"
    BILL_PAYER_ELSEWHERE = "bill_payer_elsewhere"


def parse_postcode(text: str) -> str:
    """Read a postcode of Great Britain; return it in capitals with its one space.

    Letters typed for the figure that begins the second half (O, I, L) are put right.

    Raises:
        IdentityError: ``postcode`` or ``postcode_not_gb``.
    """
    compact = compact_text(text)
    if len(compact) > 4:
        second = {"O": "0", "I": "1", "L": "1"}.get(compact[-3], compact[-3])
        compact = f"{compact[:-3]}{second}{compact[-2:]}"
    if _NOT_GREAT_BRITAIN.match(compact):
        raise IdentityError(
            "This postcode is in Northern Ireland, the Channel Islands or the Isle of Man. "
            "The pairing of smart meters that this helps with exists in England, Wales and Scotland only.",
            reason="postcode_not_gb",
            field_name="postcode",
        )
    match = _POSTCODE.fullmatch(compact)
    if match is None:
        raise IdentityError(
            "This is not a postcode of England, Wales or Scotland. Type the one of the home whose meter it is.",
            reason="postcode",
            field_name="postcode",
        )
    return f"{match['out']} {match['in']}"


def _plain_text(text: str, field_name: str, length: int, *, lines: bool = False) -> str:
    """Return tidied text; refuse the empty, the endless and control characters.

    Raises:
        IdentityError: ``<field>_missing``, ``<field>_too_long`` or ``<field>_characters``.
    """
    kept = [
        " ".join(line.split())
        for line in unicodedata.normalize("NFC", text).splitlines()
    ]
    tidy = ("\n" if lines else " ").join(line for line in kept if line)
    if not tidy:
        raise IdentityError(
            f"The {field_name} is missing. The supplier needs it to know whose request this is.",
            reason=f"{field_name}_missing",
            field_name=field_name,
        )
    if len(tidy) > length:
        raise IdentityError(
            f"The {field_name} is longer than {length} characters. Shorten it.",
            reason=f"{field_name}_too_long",
            field_name=field_name,
        )
    if any(
        unicodedata.category(character)[0] == "C"
        for character in tidy.replace("\n", "")
    ):
        raise IdentityError(
            f"The {field_name} holds characters that cannot be printed. Type it again.",
            reason=f"{field_name}_characters",
            field_name=field_name,
        )
    return tidy


def parse_name(text: str) -> str:
    """Return a person's name, tidied; see `_plain_text` for what it raises."""
    return _plain_text(text, "name", NAME_LENGTH)


def parse_address(text: str) -> str:
    """Return an address of one or more lines without its postcode, tidied; raises as `parse_name`."""
    return _plain_text(text, "address", ADDRESS_LENGTH, lines=True)


def parse_email(text: str) -> str:
    """Return an email address.

    Raises:
        IdentityError: ``email``.
    """
    tidy = text.strip()
    if len(tidy) > 254 or not tidy.isprintable() or not _EMAIL.fullmatch(tidy):
        raise IdentityError(
            "This is not an email address. Correct it, or leave it empty.",
            reason="email",
            field_name="email",
        )
    return tidy


def parse_phone(text: str) -> str:
    """Return a telephone number: digits, with a leading + where it was typed.

    Raises:
        IdentityError: ``phone``.
    """
    compact = re.sub(r"[()]", "", compact_text(text)).replace("+440", "+44")
    if not _PHONE.fullmatch(compact):
        raise IdentityError(
            "This is not a telephone number. Correct it, or leave it empty.",
            reason="phone",
            field_name="phone",
        )
    return compact


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks, for which home and meters. Personal details stay out of the repr.

    Attributes:
        address: lines joined by newlines, without the postcode.
        serials: meter serial numbers, of the fuels for which they are known.
        suppliers: names of the suppliers, by fuel.
    """

    name: str = field(repr=False)
    address: str = field(repr=False)
    postcode: str = field(repr=False)
    premises: Premises
    relation: Relation
    fuels: frozenset[Fuel]
    mpan: Mpan | None = None
    mprn: Mprn | None = None
    serials: Mapping[Fuel, str] = field(default_factory=dict, repr=False)
    suppliers: Mapping[Fuel, str] = field(default_factory=dict)
    ihd: Ihd = Ihd.NONE
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "name": self.name,
            "address": self.address,
            "postcode": self.postcode,
            "premises": self.premises.value,
            "relation": self.relation.value,
            "fuels": sorted(fuel.value for fuel in self.fuels),
            "mpan": self.mpan and self.mpan.core,
            "mprn": self.mprn and self.mprn.number,
            "serials": {fuel.value: serial for fuel, serial in self.serials.items()},
            "suppliers": {fuel.value: name for fuel, name in self.suppliers.items()},
            "ihd": self.ihd.value,
            "email": self.email,
            "phone": self.phone,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `as_dict` wrote.

        Raises:
            KeyError, ValueError: it was not written by `as_dict`.
        """
        return cls(
            name=data["name"],
            address=data["address"],
            postcode=data["postcode"],
            premises=Premises(data["premises"]),
            relation=Relation(data["relation"]),
            fuels=frozenset(Fuel(fuel) for fuel in data["fuels"]),
            mpan=Mpan(data["mpan"]) if data["mpan"] else None,
            mprn=Mprn(data["mprn"]) if data["mprn"] else None,
            serials={Fuel(fuel): serial for fuel, serial in data["serials"].items()},
            suppliers={Fuel(fuel): name for fuel, name in data["suppliers"].items()},
            ihd=Ihd(data["ihd"]),
            email=data["email"],
            phone=data["phone"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityForm:
    """What a person typed, as it was typed; "" where nothing was."""

    name: str = field(default="", repr=False)
    address: str = field(default="", repr=False)
    postcode: str = field(default="", repr=False)
    premises: Premises = Premises.DOMESTIC
    relation: Relation = Relation.BILL_PAYER_AND_OCCUPIER
    electricity: bool = True
    gas: bool = True
    mpan: str = field(default="", repr=False)
    mprn: str = field(default="", repr=False)
    electricity_serial: str = field(default="", repr=False)
    gas_serial: str = field(default="", repr=False)
    electricity_supplier: str = ""
    gas_supplier: str = ""
    ihd: Ihd = Ihd.NONE
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityCheck:
    """What came of a form.

    Attributes:
        identity: present if there is no error.
        errors: by field of the form, the first of each; ``base`` for the form as a whole.
        warnings: what is odd and may be right.
    """

    identity: Identity | None = None
    errors: Mapping[str, IdentityError] = field(default_factory=dict)
    warnings: tuple[Warn, ...] = ()


def check_identity(form: IdentityForm) -> IdentityCheck:
    """Check everything that was typed at once, so that one look mends it all."""
    errors: dict[str, IdentityError] = {}

    def read[T](field_name: str, parse: Callable[[str], T], text: str) -> T | None:
        try:
            return parse(text)
        except IdentityError as err:
            errors[field_name] = err
            return None

    name = read("name", parse_name, form.name)
    address = read("address", parse_address, form.address)
    postcode = read("postcode", parse_postcode, form.postcode)
    email = read("email", parse_email, form.email) if form.email.strip() else ""
    phone = read("phone", parse_phone, form.phone) if form.phone.strip() else ""

    fuels: set[Fuel] = set()
    mpan: Mpan | None = None
    mprn: Mprn | None = None
    serials: dict[Fuel, str] = {}
    suppliers: dict[Fuel, str] = {}
    for fuel, wanted, serial, supplier in (
        (
            Fuel.ELECTRICITY,
            form.electricity,
            form.electricity_serial,
            form.electricity_supplier,
        ),
        (Fuel.GAS, form.gas, form.gas_serial, form.gas_supplier),
    ):
        if not wanted:
            continue
        fuels.add(fuel)
        field_name = f"{fuel}_serial"
        if serial.strip():
            number = read(
                field_name, partial(parse_serial, field_name=field_name), serial
            )
            if number:
                serials[fuel] = number
        if supplier.strip():
            company = read(
                f"{fuel}_supplier",
                partial(_plain_text, field_name="name", length=NAME_LENGTH),
                supplier,
            )
            if company:
                suppliers[fuel] = company
    if form.electricity:
        mpan = read("mpan", parse_mpan, form.mpan) if form.mpan.strip() else None
        if not form.mpan.strip():
            errors["mpan"] = IdentityError(
                "The MPAN is missing. It is the 13-digit supply number on your electricity bill.",
                reason="mpan_missing",
                field_name="mpan",
            )
    if form.gas:
        mprn = read("mprn", parse_mprn, form.mprn) if form.mprn.strip() else None
        if not form.mprn.strip():
            errors["mprn"] = IdentityError(
                "The MPRN is missing. It is the number of 6 to 10 digits on your gas bill.",
                reason="mprn_missing",
                field_name="mprn",
            )
    if not fuels:
        errors["base"] = IdentityError(
            "No meter is chosen. Choose electricity, gas or both.",
            reason="no_fuel",
            field_name="base",
        )
    if (
        form.relation is Relation.AUTHORISED
        and form.premises is not Premises.MICROBUSINESS
    ):
        errors["relation"] = IdentityError(
            "In a home it is the bill payer or an occupier who asks. Choose which of them you are.",
            reason="relation_not_domestic",
            field_name="relation",
        )
    warnings: list[Warn] = []
    if mprn is not None and not mprn.adds_up:
        warnings.append(Warn.MPRN_CHECK_DIGITS)
    if mpan is not None and mpan.maybe_export:
        warnings.append(Warn.MPAN_MAYBE_EXPORT)
    if form.relation is Relation.BILL_PAYER:
        warnings.append(Warn.BILL_PAYER_ELSEWHERE)
    if (
        errors
        or name is None
        or address is None
        or postcode is None
        or email is None
        or phone is None
    ):
        return IdentityCheck(errors=errors, warnings=tuple(warnings))
    return IdentityCheck(
        identity=Identity(
            name=name,
            address=address,
            postcode=postcode,
            premises=form.premises,
            relation=form.relation,
            fuels=frozenset(fuels),
            mpan=mpan,
            mprn=mprn,
            serials=serials,
            suppliers=suppliers,
            ihd=form.ihd,
            email=email,
            phone=phone,
        ),
        warnings=tuple(warnings),
    )


class Comparison(StrEnum):
    """What a meter's own numbers say of what was declared."""

    SAME = "same"
    DIFFERENT_METER = "different_meter"
    """Not the declared supply point: the flow of data has to stop (R3)."""
    SERIAL_DIFFERS = "serial_differs"
    """The declared supply point, but another meter: exchanged, or the serial was mistyped."""
    NOT_COMPARABLE = "not_comparable"
    """The meter names neither, or neither was declared."""


def compare_meter(identity: Identity, meter: MeterIdentity) -> Comparison:
    """Compare a meter's own numbers (SiteID, MeterSerialNumber) with what was declared.

    The SiteID decides where the meter has one. A serial number alone decides only if
    neither contains the other, since labels carry prefixes that meters do not report.
    """
    site: str | None = None
    if meter.site_id:
        digits = "".join(
            character
            for character in meter.site_id
            if character.isascii() and character.isdigit()
        )
        site = digits if digits.strip("0") else None
    declared: str | None = None
    if meter.fuel is Fuel.ELECTRICITY and identity.mpan is not None:
        declared = identity.mpan.core
        site = site and site[-13:]
    elif meter.fuel is Fuel.GAS and identity.mprn is not None:
        declared = identity.mprn.number.lstrip("0")
        site = site and site.lstrip("0")
    if site and declared and site != declared:
        return Comparison.DIFFERENT_METER
    known_serial = compact_text(meter.serial_number or "")
    declared_serial = identity.serials.get(meter.fuel, "")
    serials_differ = bool(
        known_serial
        and declared_serial
        and known_serial not in declared_serial
        and declared_serial not in known_serial
    )
    if site and declared:
        return Comparison.SERIAL_DIFFERS if serials_differ else Comparison.SAME
    if not (known_serial and declared_serial):
        return Comparison.NOT_COMPARABLE
    return Comparison.DIFFERENT_METER if serials_differ else Comparison.SAME

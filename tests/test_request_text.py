"""The letter, the email and the phone script hold what the guidance lists."""

from dataclasses import replace
from datetime import UTC, date, datetime
from email.utils import parseaddr
import json
from pathlib import Path
import re
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from custom_components.smets1_cad.pairing.identity import (
    Identity,
    IdentityForm,
    Ihd,
    Premises,
    Relation,
    check_identity,
)
from custom_components.smets1_cad.pairing.life import Pairing
from custom_components.smets1_cad.pairing.recipients import Recipient, recipients
from custom_components.smets1_cad.pairing.request import CadDetails, PairingRequest
from custom_components.smets1_cad.pairing.request_text import (
    LINK_LENGTH,
    Purpose,
    load_request_texts,
)
from custom_components.smets1_cad.pairing.states import CadKind, PairingState
from custom_components.smets1_cad.smart_energy.install_code import InstallCode
from custom_components.smets1_cad.supplier.directory import (
    Channel,
    ChannelKind,
    Supplier,
)

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
SUMMER = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
"""Already the first of July in Great Britain."""
CODE = InstallCode(bytes.fromhex("83FED3407A939723A5C639B26916D505"))
"""Its CRC, C3B5 in print, is published beside it."""
ENDS = (Purpose.UNPAIR, Purpose.TENANCY)


def identity(**changes: Any) -> Identity:
    values: dict[str, Any] = {
        "name": "Gwen Evans",
        "address": "1 Stryd Fawr\nAberystwyth",
        "postcode": "SY23 1AA",
        "mpan": "2000024512368",
        "mprn": "3938424403",
        "electricity_serial": "19L1234567",
        "electricity_supplier": "EDF",
        "gas_supplier": "EDF",
        "ihd": Ihd.MAY_BE_UNPAIRED,
        "email": "gwen@example.org",
        "phone": "01970123456",
    }
    checked = check_identity(IdentityForm(**values | changes)).identity
    assert checked is not None
    return checked


def pairing(who: Identity | None = None, **changes: Any) -> Pairing:
    values: dict[str, Any] = {
        "identity": who or identity(),
        "cad": CadDetails(
            kind=CadKind.ZIGBEE,
            eui64="000D6F000A9069E7",
            manufacturer="Maker",
            model="Stick 1",
            hardware="B2",
            firmware="7.4.5",
            certification="ZIG20001ZSE30001-24",
        ),
        "supplier": "EDF",
        "consent_id": "0123456789ab",
        "consent_at": NOW,
        "consent_version": 1,
        "consent_sha256": "ab" * 32,
        "available": "every evening from six",
    }
    return Pairing.record(PairingRequest(**values | changes), NOW).advance(
        PairingState.SENT, SUMMER, reference="REF 77"
    )


def to(kind: ChannelKind | None = None, value: str = "") -> Recipient:
    """Return the supplier of both fuels, with a contact if one is given."""
    channels = () if kind is None else (Channel(kind=kind, value=value),)
    (found,) = recipients(identity())
    return replace(
        found,
        supplier=Supplier(supplier_id="edf", name="EDF", channels=channels),
    )


@pytest.mark.parametrize("language", ["en", "cy"])
def test_r7_everything_the_guidance_lists_is_there(language: str) -> None:
    email = load_request_texts(language).email(Purpose.PAIR, pairing(), CODE)
    for fact in (
        "Gwen Evans",
        "1 Stryd Fawr, Aberystwyth, SY23 1AA",
        "20 0002 4512 368",
        "19L1234567",
        "393 842 44 03",
        "Maker Stick 1",
        "Hardware version: B2" if language == "en" else "Fersiwn y caledwedd: B2",
        "Firmware version: 7.4.5"
        if language == "en"
        else "Fersiwn y cadarnwedd: 7.4.5",
        "ZIG20001ZSE30001-24",
        "00-0D-6F-00-0A-90-69-E7",
        "000D6F000A9069E7",
        "00:0d:6f:00:0a:90:69:e7",
        "83FE D340 7A93 9723 A5C6 39B2 6916 D505 C3B5\n",
        "83FE D340 7A93 9723 A5C6 39B2 6916 D505\n",
        "49.4(d)",
        "43.4(d)",
        "0123456789ab",
        "gwen@example.org",
        "01970123456",
        "every evening from six",
        "REF 77",
    ):
        assert fact in email.body, fact
    assert "2000024512368" in email.subject
    assert "3938424403" in email.subject
    assert email.body.endswith("Gwen Evans")


@pytest.mark.parametrize("language", ["en", "cy"])
def test_r7_what_is_said_on_the_telephone_is_what_the_letter_says(
    language: str,
) -> None:
    """Meters, device and code are spelled; the rest is told when the person at the other end asks."""
    script = load_request_texts(language).phone_script(
        Purpose.PAIR, pairing(identity(gas_serial="G4P98765432")), CODE
    )
    told = "\n".join(value for _, value in script.tell) + script.say
    for fact in (
        "Gwen Evans",
        "1 Stryd Fawr, Aberystwyth, SY23 1AA",
        "Maker Stick 1",
        "B2",
        "7.4.5",
        "ZIG20001ZSE30001-24",
        "gwen@example.org",
        "01970123456",
        "every evening from six",
        "49.4(d)",
        "43.4(d)",
    ):
        assert fact in told, fact
    wish = {
        "en": "it may be unpaired if your hub has room for one device only",
        "cy": "cewch ei ddadbaru os mai dim ond un ddyfais y gall eich canolbwynt ei chynnal",
    }
    assert wish[language] in told
    spelled = ["".join(item.groups) for item in script.read_out]
    assert spelled == [
        "REF77",
        "2000024512368",
        "19L1234567",
        "3938424403",
        "G4P98765432",
        "000D6F000A9069E7",
        "83FED3407A939723A5C639B26916D505C3B5",
        "83FED3407A939723A5C639B26916D505",
    ]


@pytest.mark.parametrize(
    "purpose",
    [purpose for purpose in Purpose if purpose is not Purpose.PAIR],
)
def test_only_a_request_to_pair_tells_the_install_code(purpose: Purpose) -> None:
    texts, there = load_request_texts(), pairing()
    for text in (
        texts.email(purpose, there, CODE).body,
        texts.letter(purpose, there, CODE, today=date(2026, 11, 22)),
        texts.phone_script(purpose, there, CODE).as_markdown(),
    ):
        assert "83FE" not in text
        assert "Install code" not in text
        assert "000D" in text
        assert "REF" in text


def test_the_request_asks_for_timing_cost_contact_and_obstacles() -> None:
    body = load_request_texts().email(Purpose.PAIR, pairing(), CODE).body
    for words in (
        "when you will do it",
        "what it costs",
        "whom to contact",
        "whose task",
        "informed consent",
        "third parties",
    ):
        assert words in body
    assert "22 November 2026" in body
    assert "in-home display may have to be unpaired" in body


@pytest.mark.parametrize(
    ("changes", "present", "absent"),
    [
        (
            {"gas": False},
            ["49.4(d)", "MPAN 2000024512368"],
            ["43.4(d)", "MPRN", "gas mirror", "Octopus"],
        ),
        (
            {"electricity": False},
            ["43.4(d)", "MPRN 3938424403"],
            ["49.4(d)", "MPAN", "19L1234567"],
        ),
        ({}, ["49.4(d) and gas supply", "both the electricity meter"], []),
        (
            {"premises": Premises.MICROBUSINESS, "relation": Relation.AUTHORISED},
            ["microbusiness", "authorised"],
            ["free of charge"],
        ),
        ({"premises": Premises.DOMESTIC}, ["free of charge", "a home"], []),
        ({"ihd": Ihd.KEEP}, ["keep it"], []),
        ({"ihd": Ihd.NONE}, ["there is none"], []),
        ({"email": "", "phone": ""}, [], ["How to reach me"]),
        (
            {"gas_supplier": "Octopus Energy"},
            ["Gas supplier: Octopus Energy"],
            ["MPRN"],
        ),
        ({}, [], ["Gas supplier"]),
    ],
)
def test_only_what_applies_is_said(
    changes: dict[str, Any], present: list[str], absent: list[str]
) -> None:
    email = load_request_texts().email(Purpose.PAIR, pairing(identity(**changes)), CODE)
    text = f"{email.subject}\n{email.body}"
    assert [words for words in present if words not in text] == []
    assert [words for words in absent if words in text] == []


@pytest.mark.parametrize("language", ["en", "cy"])
@pytest.mark.parametrize("purpose", Purpose)
def test_every_text_is_whole(language: str, purpose: Purpose) -> None:
    texts = load_request_texts(language)
    assert texts.language == language
    there = pairing()
    everything = "\n".join(
        (
            texts.letter(purpose, there, CODE, today=date(2026, 11, 22)),
            texts.email(purpose, there, CODE).link,
            texts.phone_script(purpose, there, CODE).as_markdown(),
        )
    )
    assert not re.search(r"[{}]|None|StrEnum|Fuel\.", everything)
    assert "%7B" not in everything


@pytest.mark.parametrize("purpose", ENDS)
def test_r19_unpairing_is_to_be_confirmed(purpose: Purpose) -> None:
    body = load_request_texts().email(purpose, pairing(), CODE).body
    assert "Please confirm to me when the device has been removed" in body


def test_reminders_name_the_british_day_of_the_request() -> None:
    texts = load_request_texts()
    assert (
        "On 1 July 2026 I asked you" in texts.email(Purpose.ASK, pairing(), CODE).body
    )
    assert (
        "Ar 1 Gorffennaf 2026"
        in load_request_texts("cy-GB").email(Purpose.COMPLAIN, pairing(), CODE).body
    )


def test_letter_has_sender_date_and_recipient() -> None:
    letter = load_request_texts().letter(
        Purpose.PAIR,
        pairing(),
        CODE,
        to(ChannelKind.LETTER, "EDF\nPO Box 1"),
        today=date(2026, 12, 1),
    )
    assert letter.startswith(
        "Gwen Evans\n1 Stryd Fawr\nAberystwyth\nSY23 1AA\n\n1 December 2026\n\nEDF\nPO Box 1\n\nRequest to pair"
    )


@pytest.mark.parametrize(
    ("name", "shown"), [("EDF", "EDF"), ("", "my energy supplier")]
)
def test_letter_without_a_known_address_names_the_supplier(
    name: str, shown: str
) -> None:
    recipient = replace(to(), name=name, supplier=None)
    letter = load_request_texts().letter(
        Purpose.PAIR, pairing(), CODE, recipient, today=date(2026, 12, 1)
    )
    assert f"\n\n{shown}\n\n" in letter


def test_mail_link_is_read_back_by_another_parser() -> None:
    texts = load_request_texts()
    email = texts.email(
        Purpose.UNPAIR,
        pairing(),
        CODE,
        to(ChannelKind.EMAIL, "cad+pairing@edf.example"),
    )
    assert email.complete
    parts = urlsplit(email.link)
    assert (parts.scheme, parseaddr(parts.path.replace("%2B", "+"))[1]) == (
        "mailto",
        "cad+pairing@edf.example",
    )
    fields = parse_qs(parts.query, strict_parsing=True)
    assert fields["subject"] == [email.subject]
    assert fields["body"] == [email.body.replace("\n", "\r\n")]
    assert " " not in email.link
    assert email.link.isascii()


def test_mail_link_that_would_be_too_long_leaves_the_body_to_be_pasted() -> None:
    email = load_request_texts("cy").email(
        Purpose.UNPAIR,
        pairing(available="x" * 900),
        CODE,
        to(ChannelKind.EMAIL, "a@b.example"),
    )
    assert not email.complete
    assert len(email.link) <= LINK_LENGTH
    assert set(parse_qs(urlsplit(email.link).query)) == {"subject"}
    assert "x" * 900 in email.body


@pytest.mark.parametrize("language", ["en", "cy"])
def test_r23_mail_link_never_carries_a_request_to_pair(language: str) -> None:
    """Also the shortest of them is too long for one; what the dialog says of the link is true of each."""
    who = identity(
        name="G E",
        address="1",
        gas=False,
        mprn="",
        electricity_serial="",
        ihd=Ihd.NONE,
        email="",
        phone="",
    )
    cad = CadDetails(kind=CadKind.ZIGBEE, eui64="000D6F000A9069E7")
    short = pairing(who, cad=cad, available="")
    recipient = to(ChannelKind.EMAIL, "a@b.example")
    for one, code in ((short, None), (pairing(), CODE)):
        email = load_request_texts(language).email(Purpose.PAIR, one, code, recipient)
        assert not email.complete
        link = urlsplit(email.link)
        assert link.path == "a@b.example"
        assert parse_qs(link.query) == {"subject": [email.subject]}
        assert len(quote(email.body, safe="")) > LINK_LENGTH
        assert email.subject not in email.body


def test_phone_script_reads_numbers_in_groups() -> None:
    script = load_request_texts().phone_script(Purpose.PAIR, pairing(), CODE)
    read = {item.label: (item.groups, item.spoken) for item in script.read_out}
    groups, spoken = read["MAC address (EUI-64, also called GUID)"]
    assert groups == ("000D", "6F00", "0A90", "69E7")
    assert spoken == (
        "zero zero zero Delta",
        "six Foxtrot zero zero",
        "zero Alfa nine zero",
        "six nine Echo seven",
    )
    groups, spoken = read["Install code, with its CRC"]
    assert groups[-1] == "C3B5"
    assert spoken[-1] == "Charlie three Bravo five"
    assert read["Electricity meter, MPAN"][0] == ("20", "0002", "4512", "368")
    assert "".join(read["Gas meter, MPRN"][0]) == "3938424403"
    assert script.if_no
    assert any("read" in question for question in script.ask)
    markdown = script.as_markdown()
    assert "`000D` – zero zero zero Delta" in markdown
    assert "Reference: ____" in markdown


def test_numbers_are_spoken_in_welsh_too() -> None:
    texts = load_request_texts("cy")
    assert texts.spoken("04aF-") == "dim pedwar Alfa Foxtrot -"


def test_phone_script_names_only_what_there_is() -> None:
    electricity = replace(pairing(identity(gas=False)), reference="")
    script = load_request_texts().phone_script(Purpose.PAIR, electricity, None)
    assert [item.label for item in script.read_out] == [
        "Electricity meter, MPAN",
        "Electricity meter, serial number",
        "MAC address (EUI-64, also called GUID)",
    ]
    gas = pairing(identity(electricity=False))
    labels = [
        item.label
        for item in load_request_texts().phone_script(Purpose.PAIR, gas, CODE).read_out
    ]
    assert labels[:2] == ["Your reference", "Gas meter, MPRN"]


def test_nothing_is_said_of_a_cad_that_is_not_known() -> None:
    bare = pairing(
        cad=CadDetails(kind=CadKind.GLOW, eui64="000D6F000A9069E7"), available=""
    )
    body = load_request_texts().email(Purpose.PAIR, bare, None).body
    for unknown in ("Hardware", "Firmware", "certification", "not known", "none"):
        assert unknown not in body
    assert "Install code, with its CRC: the maker of the device holds it" in body
    assert "The device is powered" not in body


def test_languages_have_the_same_words(root: Path) -> None:
    folder = root / "custom_components/smets1_cad/texts"
    english, welsh = (
        json.loads((folder / f"request.{language}.json").read_text())
        for language in ("en", "cy")
    )

    def shape(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: shape(each) for key, each in value.items()}
        if isinstance(value, list):
            return [shape(each) for each in value]
        return sorted(set(re.findall(r"{\w+}", value)))

    assert shape(english) == shape(welsh)
    assert load_request_texts("gd").language == "en"


def test_r23_nothing_personal_is_shown() -> None:
    texts = load_request_texts()
    shown = repr(
        (
            texts.email(
                Purpose.PAIR, pairing(), CODE, to(ChannelKind.EMAIL, "a@b.example")
            ),
            texts.phone_script(Purpose.PAIR, pairing(), CODE),
        )
    )
    for secret in (
        "Evans",
        "Stryd",
        "83FE",
        "000D",
        "Delta",
        "2000024512368",
        "4512",
        "a@b.example",
    ):
        assert secret not in shown

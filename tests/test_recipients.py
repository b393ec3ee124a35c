"""To whom a request goes: one text per supplier, each with what is its own (R6, R7)."""

from datetime import date
import json
from pathlib import Path
from typing import Any

import pytest

from custom_components.smets1_cad.cad.models import Fuel
from custom_components.smets1_cad.pairing.identity import Identity
from custom_components.smets1_cad.pairing.recipients import Recipient, names, recipients
from custom_components.smets1_cad.pairing.request_text import (
    Purpose,
    load_request_texts,
)
from custom_components.smets1_cad.supplier.directory import (
    ChannelKind,
    Directory,
    load_directory,
)

from . import test_request_text as whole
from .test_request_text import CODE, pairing

OWN = {
    "format": 1,
    "suppliers": [
        {
            "name": "EDF",
            "also": ["EDF Energy"],
            "channels": [
                {"kind": "email", "value": "cad@edf.example"},
                {
                    "kind": "letter",
                    "value": "CAD Team\nPO Box 1",
                    "source": "https://edf.example/cad",
                    "verified_on": "2025-10-01",
                },
            ],
        },
        {
            "name": "Octopus Energy",
            "channels": [
                {
                    "kind": "phone",
                    "value": "0300 123 4567",
                    "source": "https://octopus.example/cad",
                    "verified_on": "2026-10-01",
                }
            ],
        },
    ],
}


def identity(**changes: Any) -> Identity:
    """Return a household with two suppliers."""
    return whole.identity(**{"gas_supplier": "Octopus Energy"} | changes)


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    """A directory with contacts of the user's own."""
    path = tmp_path / "suppliers.json"
    path.write_text(json.dumps(OWN), encoding="utf-8")
    return load_directory(path)


def test_each_supplier_is_asked_for_its_own_fuel(directory: Directory) -> None:
    edf, octopus = recipients(identity(), directory)
    assert (edf.name, edf.fuels, edf.leads) == ("EDF", {Fuel.ELECTRICITY}, True)
    assert (octopus.name, octopus.fuels, octopus.leads) == (
        "Octopus Energy",
        {Fuel.GAS},
        False,
    )
    assert edf.others == {Fuel.GAS: "Octopus Energy"}
    assert edf.contact(ChannelKind.EMAIL) == "cad@edf.example"
    assert octopus.contact(ChannelKind.EMAIL) == ""
    assert names((edf, octopus)) == "EDF / Octopus Energy"


@pytest.mark.parametrize("gas", ["EDF", "edf energy", " EDF "])
def test_one_supplier_under_two_spellings_is_asked_once(
    directory: Directory, gas: str
) -> None:
    (only,) = recipients(identity(gas_supplier=gas), directory)
    assert only.fuels == {Fuel.ELECTRICITY, Fuel.GAS}
    assert only.others == {}


def test_supplier_that_no_directory_knows() -> None:
    (only,) = recipients(identity(electricity=False, gas_supplier="Tiny Gas"))
    assert (only.name, only.supplier, only.contact(ChannelKind.PHONE)) == (
        "Tiny Gas",
        None,
        "",
    )


def _texts(to: Recipient, **changes: Any) -> tuple[str, ...]:
    texts, there = load_request_texts(), pairing(identity(**changes))
    email = texts.email(Purpose.PAIR, there, CODE, to)
    return (
        f"{email.subject}\n{email.body}",
        texts.letter(Purpose.PAIR, there, CODE, to, today=date(2026, 12, 1)),
        texts.phone_script(Purpose.PAIR, there, CODE, to).as_markdown(),
    )


def test_two_suppliers_get_a_text_each(directory: Directory) -> None:
    """Each names its own meter, number and licence condition, and the other supplier by its name alone."""
    edf, octopus = recipients(identity(), directory)
    for text in _texts(edf):
        flat = text.replace(" ", "").replace("`", "")
        assert "condition 49.4(d)" in text
        assert "condition 43.4(d)" not in text
        assert "4512" in text
        assert "393842" not in flat
        assert "Gas supplier: Octopus Energy" in text
        assert "EDF / " not in text
        assert "77" in text
    for text in _texts(octopus):
        assert "condition 43.4(d)" in text
        assert "condition 49.4(d)" not in text
        assert "4512" not in text
        assert "Electricity supplier: EDF" in text
        # The reference is the first supplier's.
        assert "77" not in text


def test_each_text_goes_to_its_own_contact(directory: Directory) -> None:
    edf, octopus = recipients(identity(), directory)
    texts = load_request_texts()
    assert texts.email(Purpose.PAIR, pairing(), CODE, edf).to == "cad@edf.example"
    assert texts.email(Purpose.PAIR, pairing(), CODE, octopus).to == ""
    assert "\n\nCAD Team\nPO Box 1\n\n" in _texts(edf)[1]
    assert "\n\nOctopus Energy\n\n" in _texts(octopus)[1]


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "en",
            [
                "**EDF**",
                "- Email: cad@edf.example (from your own file)",
                "- Post: CAD Team · PO Box 1 (https://edf.example/cad, seen there on 1 October 2025; more than a year ago: check it first)",
                "**Octopus Energy**",
                "- Telephone: 0300 123 4567 (https://octopus.example/cad, seen there on 1 October 2026)",
            ],
        ),
        (
            "cy",
            [
                "**EDF**",
                "- E-bost: cad@edf.example (o'ch ffeil eich hun)",
                "- Post: CAD Team · PO Box 1 (https://edf.example/cad, a welwyd yno ar 1 Hydref 2025; dros flwyddyn yn ôl: gwiriwch ef yn gyntaf)",
                "**Octopus Energy**",
                "- Ffôn: 0300 123 4567 (https://octopus.example/cad, a welwyd yno ar 1 Hydref 2026)",
            ],
        ),
    ],
)
def test_r6_contacts_are_shown_with_source_and_age(
    directory: Directory, language: str, lines: list[str]
) -> None:
    shown = load_request_texts(language).contacts(
        recipients(identity(), directory), date(2026, 11, 22)
    )
    assert [line for line in shown.split("\n") if line] == lines


def test_no_contact_is_not_said_to_be_unpublished() -> None:
    shown = load_request_texts().contacts(recipients(identity()), date(2026, 11, 22))
    assert shown.count("We found no contact for this") == 2
    assert "published" not in shown

"""Every word that the flow shows exists in English and Welsh, and none is left over."""

import ast
import json
from pathlib import Path
import re
from typing import Any

import pytest

from custom_components.smets1_cad.cad.errors import Responsible
from custom_components.smets1_cad.config_flow import Smets1CadConfigFlow
from custom_components.smets1_cad.pairing.identity import Warn
from custom_components.smets1_cad.smart_energy.install_code.parse import Doubt

FOLDER = Path(__file__).parents[2] / "custom_components" / "smets1_cad"
FLOW = [
    *(
        path
        for path in sorted((FOLDER / "flow").glob("*.py"))
        if path.stem not in {"answer", "options", "leaving"}
    ),
    FOLDER / "config_flow.py",
]
RAISED_IN = [
    *sorted((FOLDER / "smart_energy" / "certificate").glob("*.py")),
    *sorted((FOLDER / "smart_energy" / "install_code").glob("*.py")),
    *(
        FOLDER / name
        for name in (
            "document.py",
            "pairing/identity.py",
            "pairing/meter_numbers.py",
            "pairing/life.py",
            "radio/probe.py",
            "smart_energy/eui64.py",
            "smart_energy/errors.py",
            "supplier/api.py",
            "supplier/problems.py",
            "supplier/status.py",
            "supplier/directory.py",
        )
    ),
]
UNREACHABLE = {
    "no_fuel": "fuels are chosen from a list",
    "suppliers_file": "what is wrong in the user's file is left out",
    "service_quote_missing": "a request is sent with a quote only",
    "eui64_length": "a QR code's address has its length",
    "eui64_character": "a QR code's address has its digits",
    "eui64_is_mac": "a QR code's address has its length",
    "eui64_is_install_code": "a QR code's address has its length",
    "eui64": "the class's own; each error has a narrower one",
    "identity": "the class's own; each error has a narrower one",
    "service": "the class's own; each error has a narrower one",
    "supplier": "the class's own; each error has a narrower one",
    "store": "the class's own; each error has a narrower one",
    "store_not_removed": "who gives up is told in the error's words, not by a slug",
    "unknown": "the flow's own",
}
SLUG = re.compile(r"[a-z][a-z0-9_]+")


def words(language: str) -> dict[str, Any]:
    path = FOLDER / "translations" / f"{language}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def flat(value: Any, path: str = "") -> dict[str, str]:
    """Return each text under its path."""
    if isinstance(value, str):
        return {path: value}
    return {
        name: text
        for key, item in value.items()
        for name, text in flat(item, f"{path}.{key}").items()
    }


def slugs(paths: list[Path]) -> set[str]:
    """Return every string that could be a key."""
    return {
        node.value
        for path in paths
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and SLUG.fullmatch(node.value)
    }


def reasons(paths: list[Path]) -> set[str]:
    """Return every reason that an error names, in a call or as its class's own."""
    found = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "reason":
                value: ast.expr | None = node.value
            elif isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id == "reason"
                for target in node.targets
            ):
                value = node.value
            else:
                continue
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found.add(value.value)
    return found


def steps() -> set[str]:
    return {
        name.removeprefix("async_step_")
        for name in dir(Smets1CadConfigFlow)
        if name.startswith("async_step_")
        and getattr(Smets1CadConfigFlow, name).__module__.startswith(
            "custom_components"
        )
    }


SILENT = {
    "ihd_may_go",
    "certificate_stick",
    "certificate_kept",
    "start_over",
    "again",
    "finish",
    "reauth",
    "join",
    "not_joined",
}
"""Steps that show nothing of their own: they go on, or end."""


def test_both_languages_have_the_same() -> None:
    english, welsh = flat(words("en")), flat(words("cy"))
    assert english.keys() == welsh.keys()
    blanks = re.compile(r"\{[a-z0-9_]+\}")
    assert {
        path
        for path, text in english.items()
        if sorted(blanks.findall(text)) != sorted(blanks.findall(welsh[path]))
    } == set()


@pytest.mark.parametrize("section", ["config", "selector"])
def test_welsh_is_welsh(section: str) -> None:
    """Nothing is left in English but names, blanks, and a word that both have."""
    english, welsh = flat(words("en")[section]), flat(words("cy")[section])
    same = {path for path, text in english.items() if text == welsh[path]}
    assert {
        path
        for path in same
        if not re.fullmatch(r"(\{[a-z0-9_]+\}|MPAN|MPRN|Radio|\W)+", english[path])
    } == set()


@pytest.mark.parametrize(
    "path",
    [FOLDER / "translations/cy.json", *sorted((FOLDER / "texts").glob("*.cy.json"))],
    ids=lambda path: path.name,
)
def test_welsh_has_one_word_for_a_thing(path: Path) -> None:
    """Everywhere it is deallus, canolbwynt, ffon, cydsyniad, dangosydd, dewisiadau, ymgom, safle, cofnodydd.

    Options and reconfiguring are called as Home Assistant's own Welsh calls them.
    """
    other = re.compile(
        r"\b(g?clyfar|glyfar|hwb|d?dyfais USB|(c|g|ch|ngh)aniatâd|arddangosydd|opsiynau|"
        r"deialog|eiddo|recordydd|h?ailgyflun\w*)\b",
        re.IGNORECASE,
    )
    found = [one.group() for one in other.finditer(path.read_text(encoding="utf-8"))]
    assert found == []


def test_each_step_has_its_words_and_none_is_left_over() -> None:
    assert words("en")["config"]["step"].keys() == steps() - SILENT


def test_each_reason_has_its_words() -> None:
    """Whatever can reach a form's errors is told in words of its own."""
    built = (
        {f"warning_{warning.value}" for warning in Warn}
        | {doubt.value for doubt in Doubt}
        | {
            f"{field}_{what}"
            for field in ("name", "address")
            for what in ("missing", "too_long", "characters")
        }
        | {f"{field}_characters" for field in ("mpan", "mprn")}
    )
    raised = reasons(RAISED_IN) | built
    assert {
        slug
        for slug in raised - set(UNREACHABLE)
        if slug not in words("en")["config"]["error"]
    } - {
        "store_unreadable",
        "malformed_frame",
        "egress_denied",
        "key_establishment",
        "window_closed",
    } == set()


def test_no_word_is_left_over() -> None:
    known = slugs(FLOW + RAISED_IN)
    config = words("en")["config"]
    built = re.compile(
        r"warning_.*|(name|address)_(missing|too_long|characters)|m[pr]+[a]?n_characters|mpan_characters"
    )
    assert {
        slug
        for slug in config["error"]
        if slug not in known and not built.fullmatch(slug)
    } <= {doubt.value for doubt in Doubt}
    assert config["abort"].keys() <= known | {
        "reauth_successful",
        "reconfigure_successful",
        "store_not_written",
        "store_unreadable",
    }
    assert config["progress"].keys() == {"join"}


def test_each_failure_to_join_has_its_words() -> None:
    whose = [*(responsible.value for responsible in Responsible), "unknown"]
    for step in whose:
        assert words("en")["config"]["step"][f"not_joined_{step}"][
            "menu_options"
        ].keys() == {"join", "finish"}

"""Every reason that an error can give has its words, in English and in Welsh (R21)."""

import ast
from collections.abc import Iterator
import importlib
import json
from pathlib import Path
import pkgutil
import re
from typing import Any

import pytest

import custom_components.smets1_cad
from custom_components.smets1_cad.cad.errors import CadError
from custom_components.smets1_cad.cad.models import Fuel
from custom_components.smets1_cad.smart_energy.cbke.failure import FailureReason
from custom_components.smets1_cad.smart_energy.errors import ProfileRefusedError
from custom_components.smets1_cad.smart_energy.values import profile
from custom_components.smets1_cad.supplier.problems import _PROBLEMS

FOLDER = Path(custom_components.smets1_cad.__file__).parent
LANGUAGES = ("en", "cy")

WORKED_OUT = {
    "f'consent_missing_{fuel}'": {f"consent_missing_{fuel}" for fuel in Fuel},
    "f'key_establishment_{self.reason}'": {
        f"key_establishment_{reason}" for reason in FailureReason
    },
    "f'{field_name}_missing'": {"name_missing", "address_missing"},
    "f'{field_name}_too_long'": {"name_too_long", "address_too_long"},
    "f'{field_name}_characters'": {
        f"{field}_characters" for field in ("name", "address", "mpan", "mprn")
    },
    "reason": {reason for reason, *_ in _PROBLEMS.values()},
    # Those that pass another error's on.
    "err.reason": set(),
}
"""Reasons that are not written out where the error is raised, as the code spells them."""

OTHERWISE = {
    "already_configured",
    "pairing_step",
    "quote_expired",
    "service_broken_off",
    "service_price_not_accepted",
    "service_quote_expired",
    "service_timeout",
    "service_too_many",
    "store_not_written",
}
"""Reasons whose words in a dialog speak of what stands in that dialog."""


def subclasses(kind: type[CadError]) -> Iterator[type[CadError]]:
    for narrower in kind.__subclasses__():
        yield narrower
        yield from subclasses(narrower)


@pytest.fixture(scope="module")
def kinds() -> dict[str, type[CadError]]:
    """Every class of error of the integration, by name."""
    for module in pkgutil.walk_packages(
        custom_components.smets1_cad.__path__, "custom_components.smets1_cad."
    ):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return {
        kind.__name__: kind
        for kind in subclasses(CadError)
        if kind.__module__.startswith("custom_components.")
    }


def raised(path: Path, kinds: dict[str, type[CadError]]) -> Iterator[tuple[str, str]]:
    """Return the errors that a file makes: class, and reason as it stands there ("" for the class's own)."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in kinds:
            given = [word.value for word in node.keywords if word.arg == "reason"]
            yield node.func.id, ast.unparse(given[0]) if given else ""


@pytest.fixture(scope="module")
def reasons(kinds: dict[str, type[CadError]]) -> set[str]:
    """Every reason that the integration can give."""
    found: set[str] = set()
    made = {name: set() for name in kinds}
    for path in sorted(FOLDER.rglob("*.py")):
        for name, reason in raised(path, kinds):
            made[name].add(reason)
            if reason in WORKED_OUT:
                found |= WORKED_OUT[reason]
            elif reason:
                value = ast.literal_eval(reason)
                assert isinstance(value, str), f"{path}: {reason}"
                found.add(value)
    for name, kind in kinds.items():
        # A class that is named in a table, and called from there, gives its own.
        is_leaf = not kind.__subclasses__()
        if "" in made[name] or (is_leaf and not made[name]):
            found.add(kind.reason)
    found |= {f"meter_mismatch_{fuel}" for fuel in Fuel}
    found |= {ProfileRefusedError(cause).reason for cause in _causes()}
    # These two have no reason of their own, but one for each that is made.
    return found - {"unknown"}


def _causes() -> set[str]:
    """Return why a meter may give no log."""
    text = Path(profile.__file__).read_text(encoding="utf-8")
    return (
        set(profile._REFUSALS.values())
        | {
            node.args[0].value
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "ProfileRefusedError"
            and isinstance(node.args[0], ast.Constant)
        }
        | {"refused"}
    )


def words(language: str) -> dict[str, Any]:
    path = FOLDER / "translations" / f"{language}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_reason_has_its_words(language: str, reasons: set[str]) -> None:
    assert len(reasons) > 100
    assert reasons - words(language)["exceptions"].keys() == set()


OWN = {
    "erasing",
    "erasing_removed",
    "sent_by_which_route",
    "too_soon_electricity",
    "too_soon_gas",
}
"""Errors that Home Assistant's rooms raise themselves."""


def test_no_words_are_left_over(reasons: set[str]) -> None:
    assert words("en")["exceptions"].keys() - reasons - OWN == set()


BLANKS = {
    "erasure_storage": {"files"},
    "eui64_character": {"position"},
    "hub_refused": {"status"},
    "install_code_character": {"position"},
    "suppliers_file": {"where"},
    "too_soon_electricity": {"next_allowed"},
    "too_soon_gas": {"next_allowed"},
}
"""The blanks that the code fills; each class that does is tried below."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_blanks_that_the_code_fills(language: str) -> None:
    found = {
        key: blanks
        for key, text in words(language)["exceptions"].items()
        if (blanks := set(re.findall(r"\{(\w+)\}", text["message"])))
    }
    assert found == BLANKS


def test_each_says_what_to_do() -> None:
    """One part says what is wrong, another what to do about it, or what happens by itself."""
    assert {
        key
        for key, text in words("en")["exceptions"].items()
        if not re.search(r"[.;:] \S.*\.$", text["message"])
    } == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reason_says_the_same_everywhere(language: str) -> None:
    texts = words(language)
    spoken = {key: text["message"] for key, text in texts["exceptions"].items()}
    assert {
        key
        for key in spoken.keys() & texts["config"]["error"].keys() - OTHERWISE
        if spoken[key] != texts["config"]["error"][key]
    } == set()


def test_welsh_is_welsh() -> None:
    english, welsh = words("en")["exceptions"], words("cy")["exceptions"]
    assert {key for key, text in english.items() if text == welsh[key]} == set()

"""The integration keeps hassfest's rules, and each rule catches its breach."""

from collections.abc import Callable
import json
from pathlib import Path
import shutil
from typing import Any

import pytest

from . import hassfest


@pytest.fixture
def integration(root: Path) -> Path:
    """The integration's folder."""
    return root / "custom_components" / "smets1_cad"


@pytest.mark.parametrize("check", hassfest.CHECKS, ids=lambda check: check.__name__)
def test_integration_keeps(check: Callable[[Path], Any], integration: Path) -> None:
    assert list(check(integration)) == []


def test_one_manifest_in_the_repository(root: Path) -> None:
    """It takes every manifest.json in the repository for an integration."""
    manifests = [
        path.relative_to(root)
        for path in root.rglob("manifest.json")
        if not any(part.startswith(".") for part in path.relative_to(root).parts)
    ]
    assert manifests == [Path("custom_components/smets1_cad/manifest.json")]


@pytest.fixture
def copy(integration: Path, tmp_path: Path) -> Path:
    """A copy of the integration to plant a fault in."""
    return Path(
        shutil.copytree(
            integration,
            tmp_path / integration.name,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    )


def _edit(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def _manifest(**values: Any) -> Callable[[Path], None]:
    return lambda folder: _edit(
        folder / "manifest.json", lambda content: content.update(values)
    )


def _without(key: str) -> Callable[[Path], None]:
    return lambda folder: _edit(
        folder / "manifest.json", lambda content: content.pop(key)
    )


def _word(*path: str, text: str) -> Callable[[Path], None]:
    def change(content: dict[str, Any]) -> None:
        for key in path[:-1]:
            content = content.setdefault(key, {})
        content[path[-1]] = text

    return lambda folder: _edit(folder / "translations" / "en.json", change)


def _icon(icon: str) -> Callable[[Path], None]:
    return lambda folder: _edit(
        folder / "icons.json",
        lambda content: (
            content.setdefault("entity", {})
            .setdefault("sensor", {})
            .update(nowhere={"default": icon})
        ),
    )


def _module(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "planted.py").write_text(text)


def _welsh(folder: Path) -> None:
    (folder / "translations" / "cy.json").write_text(
        json.dumps({"config": {"abort": {"unheard": "Na"}}})
    )


FAULTS: list[tuple[Callable[[Path], object], str]] = [
    (_manifest(categories=["energy"]), "unknown keys"),
    (_manifest(aaa=1), "not ordered"),
    (_without("codeowners"), "missing ['codeowners']"),
    (_manifest(domain="other"), "domain is not the folder's name"),
    (_manifest(documentation="http://example.org"), "documentation"),
    (_manifest(codeowners=["somebody"]), "codeowners"),
    (_manifest(version="newest"), "version"),
    (_manifest(iot_class="telepathy"), "iot_class"),
    (_manifest(integration_type="gadget"), "integration_type"),
    (_manifest(requirements=["bellows >= 1"]), "requirement"),
    (_manifest(usb=[{"vid": "10c4"}]), "upper case"),
    (_manifest(usb=[{"description": "*CAD*"}]), "lower case"),
    (
        _module("from homeassistant.components.history import HistoryPeriodView\n"),
        "uses history",
    ),
    (_module("import homeassistant.components.mqtt.client\n"), "uses mqtt"),
    (_manifest(config_flow=False), "disagree"),
    (lambda folder: (folder / "services.yaml").unlink(), "services.yaml is missing"),
    (
        lambda folder: (folder / "services.yaml").write_text("wipe:\n"),
        "wipe is not translated",
    ),
    (_word("nonsense", "a", text="b"), "unknown sections"),
    (_word("config", "title", text="SMETS1"), "title under config"),
    (_word("config", "error", "a", text="<b>no</b>"), "HTML"),
    (_word("config", "error", "a", text="see https://example.org"), "an address"),
    (_word("config", "error", "a", text=" no"), "space at an end"),
    (_word("config", "error", "a", text="'{name}'"), "single quotes"),
    (_word("config", "error", "a", text="{not a name}"), "no identifier"),
    (_word("config", "error", "Bad", text="no"), "lower case"),
    (
        _word("entity", "sensor", "a", "state", "b", text="{c}"),
        "placeholder in a state",
    ),
    (_word("issues", "a", "title", text="no"), "description or a fix_flow"),
    (
        _word("config", "step", "user", "data_description", "extra", text="no"),
        "fields that it lacks",
    ),
    (
        _word("config", "step", "user", "data", "extra", text="no"),
        "without a description",
    ),
    (_welsh, "not translated"),
    (_welsh, "not in English"),
    (_icon("hass:power"), "not an mdi icon"),
    (_icon("mdi:power"), "has no translation"),
    (lambda folder: (folder / "broken.json").write_text("{"), "broken.json"),
]


@pytest.mark.parametrize(("plant", "said"), FAULTS, ids=[said for _, said in FAULTS])
def test_planted_fault_is_caught(
    plant: Callable[[Path], object], said: str, copy: Path
) -> None:
    plant(copy)
    breaches = []
    for check in hassfest.CHECKS:
        try:
            breaches += check(copy)
        except ValueError:  # a file that no longer parses is named by check_json
            assert said == "broken.json"
    assert any(said in breach for breach in breaches), breaches

"""The Quality Scale file names all 54 rules, and does not claim what is not there."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

RULES = {
    "action-setup",
    "appropriate-polling",
    "brands",
    "common-modules",
    "config-flow",
    "config-flow-test-coverage",
    "dependency-transparency",
    "docs-actions",
    "docs-conditions",
    "docs-high-level-description",
    "docs-installation-instructions",
    "docs-removal-instructions",
    "docs-triggers",
    "entity-event-setup",
    "entity-unique-id",
    "has-entity-name",
    "runtime-data",
    "test-before-configure",
    "test-before-setup",
    "unique-config-entry",
    "action-exceptions",
    "config-entry-unloading",
    "docs-configuration-parameters",
    "docs-installation-parameters",
    "entity-unavailable",
    "integration-owner",
    "log-when-unavailable",
    "parallel-updates",
    "reauthentication-flow",
    "test-coverage",
    "devices",
    "diagnostics",
    "discovery",
    "discovery-update-info",
    "docs-data-update",
    "docs-examples",
    "docs-known-limitations",
    "docs-supported-devices",
    "docs-supported-functions",
    "docs-troubleshooting",
    "docs-use-cases",
    "dynamic-devices",
    "entity-category",
    "entity-device-class",
    "entity-disabled-by-default",
    "entity-translations",
    "exception-translations",
    "icon-translations",
    "reconfiguration-flow",
    "repair-issues",
    "stale-devices",
    "async-dependency",
    "inject-websession",
    "strict-typing",
}
# What a rule that is claimed as done leaves behind: (file or folder, a text in it).
EVIDENCE = {
    "action-exceptions": ("error_words.py", "ServiceValidationError"),
    "action-setup": ("services.py", "async_register"),
    "appropriate-polling": ("cad/pacing.py", "FLOORS"),
    "brands": ("brand/icon.png", None),
    "common-modules": ("coordinator.py", "DataUpdateCoordinator"),
    "config-entry-unloading": ("__init__.py", "async_unload_entry"),
    "config-flow": ("flow/radio.py", "async_step_user"),
    "devices": ("devices.py", "async_get_or_create"),
    "diagnostics": ("diagnostics.py", "async_get_config_entry_diagnostics"),
    "discovery": ("manifest.json", '"usb": ['),
    "discovery-update-info": ("manifest.json", '"usb": ['),
    "docs-actions": ("../../README.md", "### Actions"),
    "docs-configuration-parameters": ("../../README.md", "### Options"),
    "docs-data-update": ("../../README.md", "### How data arrives"),
    "docs-high-level-description": ("../../README.md", "## What this is"),
    "docs-installation-instructions": ("../../README.md", "## Install"),
    "docs-installation-parameters": ("../../README.md", "### What the set-up asks"),
    "docs-known-limitations": ("../../README.md", "### Known limits"),
    "docs-removal-instructions": ("../../README.md", "## Remove"),
    "docs-supported-devices": ("../../README.md", "### Which sticks"),
    "docs-supported-functions": ("../../README.md", "## What you get"),
    "docs-troubleshooting": ("../../README.md", "## When it does not work"),
    "docs-use-cases": ("../../README.md", "## Use cases"),
    "dynamic-devices": ("entity.py", "async_add_listener"),
    "entity-category": ("sensors/cad.py", "EntityCategory.DIAGNOSTIC"),
    "entity-device-class": ("sensors/electricity.py", "SensorDeviceClass."),
    "entity-disabled-by-default": (
        "sensors/cad.py",
        "entity_registry_enabled_default=False",
    ),
    "entity-translations": ("translations/en.json", '"entity": {'),
    "entity-unavailable": ("entity.py", "def available"),
    "entity-unique-id": ("entity.py", "_attr_unique_id"),
    "exception-translations": ("error_words.py", "translation_key=err.reason"),
    "has-entity-name": ("entity.py", "_attr_has_entity_name = True"),
    "icon-translations": ("icons.json", '"entity": {'),
    "inject-websession": ("flow/service.py", "async_get_clientsession"),
    "integration-owner": ("manifest.json", '"codeowners": ["@'),
    "log-when-unavailable": ("coordinator.py", "LOGGER.info"),
    "parallel-updates": ("sensor.py", "PARALLEL_UPDATES"),
    "reauthentication-flow": ("flow/reopening.py", "async_step_reauth"),
    "reconfiguration-flow": ("flow/reopening.py", "async_step_reconfigure"),
    "repair-issues": ("repairs.py", "async_create_fix_flow"),
    "runtime-data": ("__init__.py", "runtime_data"),
    "stale-devices": ("__init__.py", "async_remove_config_entry_device"),
    "test-before-configure": ("flow/radio.py", "await probe("),
    "test-before-setup": ("coordinator.py", "ConfigEntryNotReady"),
    "unique-config-entry": ("flow/radio.py", "_abort_if_unique_id_configured"),
}


def breaches(rules: dict[str, Any], folder: Path) -> list[str]:
    """Return what is missing, unknown, unexplained or claimed without evidence."""
    found = [f"{name}: missing" for name in sorted(RULES - rules.keys())]
    found += [f"{name}: unknown" for name in sorted(rules.keys() - RULES)]
    for name, value in rules.items():
        status = value if isinstance(value, str) else value.get("status")
        if status not in {"done", "todo", "exempt"}:
            found.append(f"{name}: no such status")
        if status == "exempt" and not value.get("comment", "").endswith("."):
            found.append(f"{name}: exempt without a sentence")
        if status == "done" and name in EVIDENCE:
            file, text = EVIDENCE[name]
            path = folder / file
            if not path.exists() or (text and text not in path.read_text()):
                found.append(f"{name}: done, but {file} does not show it")
    return found


@pytest.fixture
def folder(root: Path) -> Path:
    """The integration's folder."""
    return root / "custom_components" / "smets1_cad"


@pytest.fixture
def rules(folder: Path) -> dict[str, Any]:
    """The rules that the integration states."""
    stated: dict[str, Any] = yaml.safe_load(
        (folder / "quality_scale.yaml").read_text()
    )["rules"]
    return stated


def test_there_are_54_rules() -> None:
    assert len(RULES) == 54


def test_complete_and_honest(rules: dict[str, Any], folder: Path) -> None:
    assert breaches(rules, folder) == []


def test_actions_and_platforms_are_not_denied(
    rules: dict[str, Any], folder: Path
) -> None:
    """An exemption holds only as long as what it speaks of does not exist."""
    if (folder / "services.yaml").exists():
        assert rules["action-setup"] == "done"
        assert rules["docs-actions"] == "done"
    if json.loads((folder / "translations" / "en.json").read_text()).get("entity"):
        assert rules["has-entity-name"] == "done"


@pytest.mark.parametrize("rule", ["discovery", "discovery-update-info"])
def test_what_is_not_there_cannot_be_claimed(
    rule: str, rules: dict[str, Any], folder: Path
) -> None:
    """Other words of a file, such as a dependency's name, are no evidence."""
    assert breaches({**rules, rule: "done"}, folder) == [
        f"{rule}: done, but manifest.json does not show it"
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"brands": None}, "missing"),
        ({"made-up": "done"}, "unknown"),
        ({"discovery": {"status": "maybe"}}, "no such status"),
        ({"discovery": {"status": "exempt"}}, "without a sentence"),
        ({"diagnostics": "done"}, "does not show it"),
    ],
)
def test_planted_fault_is_caught(
    change: dict[str, Any],
    said: str,
    rules: dict[str, Any],
    folder: Path,
    tmp_path: Path,
) -> None:
    changed = {
        name: value for name, value in {**rules, **change}.items() if value is not None
    }
    where = tmp_path if said == "does not show it" else folder
    assert any(said in breach for breach in breaches(changed, where))

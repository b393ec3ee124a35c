"""The rules of hassfest for a custom integration, as checks on a folder.

Written from what hassfest enforces (manifest, dependencies, config flow,
services, translations, icons), since it is not a package that a test can
import. Each check yields one sentence per breach, so that a planted fault can
be told from the others.
"""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
import yaml

REQUIRED_KEYS = {
    "domain",
    "name",
    "documentation",
    "codeowners",
    "version",
    "iot_class",
    "integration_type",
}
OPTIONAL_KEYS = {
    *(
        "after_dependencies",
        "bluetooth",
        "config_flow",
        "dependencies",
        "dhcp",
        "disabled",
        "homekit",
    ),
    *(
        "import_executor",
        "issue_tracker",
        "loggers",
        "mqtt",
        "preview_features",
        "quality_scale",
        "requirements",
    ),
    *("single_config_entry", "ssdp", "usb", "zeroconf"),
}
IOT_CLASSES = {
    "assumed_state",
    "calculated",
    "cloud_polling",
    "cloud_push",
    "local_polling",
    "local_push",
}
INTEGRATION_TYPES = {
    "device",
    "entity",
    "hardware",
    "helper",
    "hub",
    "service",
    "system",
}
VERSIONS = [
    AwesomeVersionStrategy.CALVER,
    AwesomeVersionStrategy.SEMVER,
    AwesomeVersionStrategy.SIMPLEVER,
    AwesomeVersionStrategy.BUILDVER,
    AwesomeVersionStrategy.PEP440,
]
# Components that any integration may use without naming them.
ALLOWED_USES = {
    *(
        "automation",
        "frontend",
        "homeassistant",
        "persistent_notification",
        "system_health",
        "system_log",
    ),
    *("webhook", "websocket_api", "zone"),
}
ENTITY_PLATFORMS = {
    *(
        "binary_sensor",
        "button",
        "calendar",
        "event",
        "number",
        "select",
        "sensor",
        "switch",
        "text",
        "update",
    ),
}
DISCOVERIES = {"dhcp", "mqtt", "ssdp", "usb", "zeroconf"}
TRANSLATION_ROOTS = {
    *(
        "application_credentials",
        "common",
        "conditions",
        "config",
        "config_panel",
        "config_subentries",
    ),
    *(
        "conversation",
        "device",
        "device_automation",
        "entity",
        "exceptions",
        "issues",
        "options",
    ),
    *("preview_features", "selector", "services", "system_health", "title", "triggers"),
}
KEY = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
PLACEHOLDER = re.compile(r"{([^}]*)}")
HTML = re.compile(r"<[a-zA-Z/!]")
URL = re.compile(r"\w+://|www\.", re.IGNORECASE)
QUOTED_PLACEHOLDER = re.compile(r"'{[^}]*}'")


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def check_manifest(folder: Path) -> Iterator[str]:
    """Check manifest.json: its keys, their order and their values."""
    manifest = _json(folder / "manifest.json")
    keys = list(manifest)
    if missing := REQUIRED_KEYS - set(keys):
        yield f"manifest: missing {sorted(missing)}"
        return
    if unknown := set(keys) - REQUIRED_KEYS - OPTIONAL_KEYS:
        yield f"manifest: unknown keys {sorted(unknown)}"
    if keys != ["domain", "name", *sorted(set(keys) - {"domain", "name"})]:
        yield "manifest: keys not ordered domain, name, then by alphabet"
    if manifest["domain"] != folder.name or not re.fullmatch(
        r"[a-z0-9_-]+", manifest["domain"]
    ):
        yield "manifest: domain is not the folder's name"
    if not manifest["documentation"].startswith(
        "https://"
    ) or "home-assistant.io/integrations" in str(manifest["documentation"]):
        yield "manifest: documentation is not an https address of our own"
    if (
        not all(owner.startswith("@") for owner in manifest["codeowners"])
        or not manifest["codeowners"]
    ):
        yield "manifest: codeowners without @"
    if AwesomeVersion(manifest["version"]).strategy not in VERSIONS:
        yield "manifest: version that no strategy knows"
    if manifest["iot_class"] not in IOT_CLASSES:
        yield "manifest: unknown iot_class"
    if manifest["integration_type"] not in INTEGRATION_TYPES:
        yield "manifest: unknown integration_type"
    for requirement in manifest.get("requirements", []):
        if " " in requirement or not re.fullmatch(
            r"[A-Za-z0-9._-]+(?:\[[a-z,]+\])?[<>=!~,0-9.*]+", requirement
        ):
            yield f"manifest: requirement {requirement!r} malformed"
    for matcher in manifest.get("usb", []):
        if any(
            matcher.get(key, "") != matcher.get(key, "").upper()
            for key in ("vid", "pid")
        ):
            yield "manifest: usb vid and pid must be upper case"
        if any(
            matcher.get(key, "") != matcher.get(key, "").lower()
            for key in ("description", "manufacturer", "serial_number")
        ):
            yield "manifest: usb texts must be lower case"


def _modules(folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(folder.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def _runtime_imports(tree: ast.AST) -> Iterator[str]:
    """Yield dotted names imported outside `if TYPE_CHECKING:`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            yield from _runtime_imports(node)


def check_dependencies(folder: Path) -> Iterator[str]:
    """Check that every component that is imported is named in the manifest."""
    manifest = _json(folder / "manifest.json")
    named = {*manifest.get("dependencies", []), *manifest.get("after_dependencies", [])}
    own_files = {path.stem for path in folder.glob("*.py")}
    allowed = (
        named
        | ALLOWED_USES
        | ENTITY_PLATFORMS
        | own_files
        | (DISCOVERIES & set(manifest))
    )
    for path, tree in _modules(folder):
        for name in _runtime_imports(tree):
            parts = name.split(".")
            if (
                parts[:2] == ["homeassistant", "components"]
                and len(parts) > 2
                and parts[2] not in allowed
            ):
                yield f"dependencies: {path.relative_to(folder)} uses {parts[2]}, which the manifest does not name"


def check_config_flow(folder: Path) -> Iterator[str]:
    """Check that the manifest's flag and the file agree, and that the flow sets a unique id."""
    manifest = _json(folder / "manifest.json")
    flow = folder / "config_flow.py"
    if bool(manifest.get("config_flow")) != flow.exists():
        yield "config_flow: the manifest's flag and config_flow.py disagree"
    elif DISCOVERIES & set(manifest) and "async_set_unique_id" not in flow.read_text(
        encoding="utf-8"
    ):
        yield "config_flow: a discoverable flow must set a unique id"


def check_services(folder: Path) -> Iterator[str]:
    """Check that registered actions are described, translated and have icons."""
    registers = any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"async_register", "async_register_admin_service"}
        and "services" in ast.unparse(node.func)
        for _, tree in _modules(folder)
        for node in ast.walk(tree)
    )
    described = folder / "services.yaml"
    if registers and not described.exists():
        yield "services: actions are registered, services.yaml is missing"
    if not described.exists():
        return
    actions = yaml.safe_load(described.read_text(encoding="utf-8")) or {}
    words = _json(folder / "translations" / "en.json").get("services", {})
    icons = _json(folder / "icons.json").get("services", {})
    for action, description in actions.items():
        if action not in words or not {"name", "description"} <= set(words[action]):
            yield f"services: {action} is not translated"
            continue
        if action not in icons:
            yield f"services: {action} has no icon"
        for field in (description or {}).get("fields", {}):
            if field not in words[action].get("fields", {}):
                yield f"services: field {field} of {action} is not translated"
    if extra := set(words) - set(actions):
        yield f"services: translated but not described {sorted(extra)}"


def _strings(
    node: Any, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _strings(value, (*path, key))
    else:
        yield path, node


def _check_string(where: str, path: tuple[str, ...], text: str) -> Iterator[str]:
    if text != text.strip() or not text:
        yield f"{where}: empty, or space at an end"
    if HTML.search(text):
        yield f"{where}: HTML"
    if URL.search(text):
        yield f"{where}: an address; use description_placeholders"
    if QUOTED_PLACEHOLDER.search(text):
        yield f"{where}: a placeholder in single quotes"
    placeholders = PLACEHOLDER.findall(text)
    if not all(name.isidentifier() for name in placeholders):
        yield f"{where}: a placeholder that is no identifier"
    if placeholders and path[0] == "entity" and "state" in path:
        yield f"{where}: a placeholder in a state"


def check_translations(folder: Path) -> Iterator[str]:
    """Check translations/*.json: closed schema, clean strings, languages that match."""
    if (folder / "strings.json").exists():
        yield "translations: strings.json in a custom integration"
    english = dict(_strings(_json(folder / "translations" / "en.json")))
    for file in sorted((folder / "translations").glob("*.json")):
        content = _json(file)
        if unknown := set(content) - TRANSLATION_ROOTS:
            yield f"{file.name}: unknown sections {sorted(unknown)}"
        if "title" in content.get("config", {}):
            yield f"{file.name}: a title under config"
        for issue, words in content.get("issues", {}).items():
            if ("description" in words) == ("fix_flow" in words):
                yield f"{file.name}: issue {issue} needs a description or a fix_flow, not both"
        for flow in ("config", "options"):
            for step, words in content.get(flow, {}).get("step", {}).items():
                described, fields = (
                    set(words.get("data_description", {})),
                    set(words.get("data", {})),
                )
                if described - fields:
                    yield f"{file.name}: step {step} describes fields that it lacks: {sorted(described - fields)}"
        strings = dict(_strings(content))
        for path, text in strings.items():
            where = f"{file.name}: {'.'.join(path)}"
            if not all(KEY.fullmatch(key) for key in path):
                yield f"{where}: a key that is not lower case"
            yield from _check_string(where, path, text)
            if path in english and set(PLACEHOLDER.findall(text)) != set(
                PLACEHOLDER.findall(english[path])
            ):
                yield f"{where}: other placeholders than in English"
        if missing := english.keys() - strings.keys():
            yield f"{file.name}: not translated {sorted('.'.join(path) for path in missing)[:5]}"
        if extra := strings.keys() - english.keys():
            yield f"{file.name}: not in English {sorted('.'.join(path) for path in extra)[:5]}"


def check_fields_described(folder: Path) -> Iterator[str]:
    """Check that every field of a flow explains itself (Quality Scale, config-flow)."""
    content = _json(folder / "translations" / "en.json")
    for flow in ("config", "options"):
        for step, words in content.get(flow, {}).get("step", {}).items():
            if missing := set(words.get("data", {})) - set(
                words.get("data_description", {})
            ):
                yield f"en.json: fields of step {step} without a description: {sorted(missing)}"


def check_icons(folder: Path) -> Iterator[str]:
    """Check icons.json: mdi icons only, of entities that are translated, no state icon equal to its default."""
    content = _json(folder / "icons.json")
    for path, icon in _strings(content):
        if not re.fullmatch(r"mdi:[a-z0-9-]+", icon):
            yield f"icons: {'.'.join(path)} is not an mdi icon"
    words = _json(folder / "translations" / "en.json").get("entity", {})
    for platform, entities in content.get("entity", {}).items():
        for key, icons in entities.items():
            if key not in words.get(platform, {}):
                yield f"icons: {platform}.{key} has no translation"
            if icons.get("default") in icons.get("state", {}).values():
                yield f"icons: {platform}.{key} has a state icon equal to its default"


def check_json(folder: Path) -> Iterator[str]:
    """Check that every JSON file parses and that there is one manifest only."""
    for path in sorted(folder.rglob("*.json")):
        try:
            _json(path)
        except ValueError as err:
            yield f"json: {path.relative_to(folder)}: {err}"


CHECKS = (
    check_json,
    check_manifest,
    check_dependencies,
    check_config_flow,
    check_services,
    check_translations,
    check_fields_described,
    check_icons,
)

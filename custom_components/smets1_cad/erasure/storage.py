"""Wait until Home Assistant's storage folder holds no more of a tenancy.

Registries and settings are written up to three minutes after they change. An
erasure is not finished before: what is read from the folder is what a thief, a
backup or the next start would read.
"""

import asyncio
from collections.abc import Callable, Mapping
import json
from pathlib import Path
from typing import Any, Final

from homeassistant.core import HomeAssistant

from ..const import DOMAIN, TITLE
from .energy import settings_without
from .report import ErasureError
from .targets import Targets

PAUSE: Final = 1.0
"""Seconds between two looks."""

PATIENCE: Final = 400
"""Looks until it is said to have failed."""


async def async_wait_for_storage(hass: HomeAssistant, targets: Targets) -> int:
    """Return how many files were searched, once there is nothing in them.

    Args:
        hass: Home Assistant.
        targets: what was erased from them.

    Raises:
        ErasureError: ``erasure_storage``: it is still there after minutes.
    """
    folder = Path(hass.config.path(".storage"))
    left: list[str] = []
    for _ in range(PATIENCE):
        searched, left = await hass.async_add_executor_job(
            _look, folder, targets, frozenset(hass.config.components)
        )
        if not left:
            return searched
        await asyncio.sleep(PAUSE)
    raise ErasureError(
        f"Home Assistant has not written {', '.join(left)} since they were cleared. "
        "See that its disk is neither full nor read-only; erasing is tried again by itself.",
        reason="erasure_storage",
        placeholders={"files": ", ".join(left)},
    )


def _look(
    folder: Path, targets: Targets, components: frozenset[str]
) -> tuple[int, list[str]]:
    """Return how many files there are, and which still hold something that Home Assistant can let go of."""
    left = [
        name
        for name, (component, is_held) in _HOLDS.items()
        if component in (None, *components) and is_held(_read(folder / name), targets)
    ]
    return sum(path.is_file() for path in folder.glob("*")), left


def _holds_states(data: Any, targets: Targets) -> bool:
    return any(each["state"]["entity_id"] in targets.entity_ids for each in data)


def _holds_entities(data: Any, targets: Targets) -> bool:
    return any(
        (each["entity_id"].partition(".")[0], each["platform"], each["unique_id"])
        in targets.registry_keys
        for kind in ("entities", "deleted_entities")
        for each in data.get(kind, ())
    )


def _holds_devices(data: Any, targets: Targets) -> bool:
    """Whether there is a device of the entry, or a name that a person gave to one that was removed."""
    return any(each["id"] in targets.marks for each in data.get("devices", ())) or any(
        targets.marks & {each["id"], each.get("config_entry_id")}
        and (each.get("name_by_user") or each.get("area_id") or each.get("labels"))
        for each in data.get("deleted_devices", ())
    )


def _holds_title(data: Any, targets: Targets) -> bool:
    """Whether the entry has a name that a person gave to it."""
    return any(
        each["entry_id"] in targets.marks and each["title"] != TITLE
        for each in data.get("entries", ())
    )


def _holds_issues(data: Any, targets: Targets) -> bool:
    """Whether an issue of the entry is kept with what it says."""
    return any(
        each["domain"] == DOMAIN
        and each["is_persistent"]
        and any(mark in each["issue_id"] for mark in targets.marks)
        for each in data.get("issues", ())
    )


def _holds_traces(data: Any, targets: Targets) -> bool:
    return targets.pattern().search(str(data)) is not None


def _holds_settings(data: Any, targets: Targets) -> bool:
    return bool(settings_without(data, targets.entity_ids))


_HOLDS: Final[Mapping[str, tuple[str | None, Callable[[Any, Targets], bool]]]] = {
    "core.restore_state": (None, _holds_states),
    "core.entity_registry": (None, _holds_entities),
    "core.device_registry": (None, _holds_devices),
    "core.config_entries": (None, _holds_title),
    "core.issue_registry": (None, _holds_issues),
    "trace.saved_traces": ("trace", _holds_traces),
    "energy": ("energy", _holds_settings),
}
"""By file: the integration without which nobody changes it, and whether it still holds something."""


def _read(path: Path) -> Any:
    """Return the data in a storage file; one that was never written holds none."""
    try:
        return json.loads(path.read_bytes())["data"] or {}
    except FileNotFoundError:
        return {}

"""Wait until Home Assistant's storage folder holds no more of a tenancy.

Registries and settings are written up to three minutes after they change. An
erasure is not finished before: what is read from the folder is what a thief, a
backup or the next start would read.
"""

import asyncio
import json
from pathlib import Path
from typing import Any, Final

from homeassistant.core import HomeAssistant

from .raw import search
from .report import ErasureError
from .targets import Targets

PAUSE: Final = 1.0
"""Seconds between two looks."""

PATIENCE: Final = 400
"""Looks until it is said to have failed."""


async def async_wait_for_storage(
    hass: HomeAssistant, targets: Targets, *, energy: bool
) -> int:
    """Return how many files were searched, once there is nothing in them.

    Args:
        hass: Home Assistant.
        targets: what was erased from them.
        energy: whether the Energy dashboard's settings can be changed, so that they have to be clean.

    Raises:
        ErasureError: ``erasure_storage``: it is still there after minutes.
    """
    folder = Path(hass.config.path(".storage"))
    left: list[str] = []
    for _ in range(PATIENCE):
        searched, left = await hass.async_add_executor_job(
            _look, folder, targets, energy
        )
        if not left:
            return searched
        await asyncio.sleep(PAUSE)
    raise ErasureError(
        f"Home Assistant has not written {', '.join(left)} since they were cleared. "
        "See that its disk is neither full nor read-only; erasing is tried again by itself.",
        reason="erasure_storage",
    )


def _look(folder: Path, targets: Targets, energy: bool) -> tuple[int, list[str]]:
    """Return how many files there are, and which still hold something."""
    settings = ("core.restore_state", "energy") if energy else ("core.restore_state",)
    left = [name for name in settings if search((folder / name,), targets.entity_ids)]
    entities = _read(folder / "core.entity_registry")
    if any(
        (each["entity_id"].partition(".")[0], each["platform"], each["unique_id"])
        in targets.registry_keys
        for kind in ("entities", "deleted_entities")
        for each in entities.get(kind, ())
    ):
        left.append("core.entity_registry")
    devices = _read(folder / "core.device_registry")
    if any(each["id"] in targets.marks for each in devices.get("devices", ())) or any(
        each["id"] in targets.marks and each["name_by_user"] is not None
        for each in devices.get("deleted_devices", ())
    ):
        left.append("core.device_registry")
    return sum(path.is_file() for path in folder.glob("*")), left


def _read(path: Path) -> dict[str, Any]:
    """Return the data in a storage file; one that was never written holds none."""
    try:
        data: dict[str, Any] = json.loads(path.read_bytes())["data"]
    except FileNotFoundError:
        return {}
    return data

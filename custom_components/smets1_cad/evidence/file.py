"""Files for the supplier: private, below Home Assistant's configuration, one set per CAD."""

from collections.abc import Mapping
import json
import os
from pathlib import Path
import re
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util.file import WriteError, write_utf8_file_atomic

from ..cad.errors import CadError, Responsible
from ..const import DOMAIN

KINDS: Final = ("consent", "evidence")
_ENDINGS: Final = ("html", "json")
_CUT_SHORT: Final = re.compile(r"tmp[a-z0-9_]{8}")
"""Names of files whose writing was cut short, as Python's `tempfile` makes them up."""


class EvidenceError(CadError):
    """Raised when a file for the supplier cannot be written, or deleted."""

    reason = "evidence_not_written"
    responsible = Responsible.HOUSEHOLDER


def evidence_path(
    hass: HomeAssistant, entry: ConfigEntry[Any], kind: str, ending: str
) -> Path:
    """Return where a file is. Its name tells nothing of the household."""
    return Path(hass.config.path(DOMAIN, f"{kind}_{entry.entry_id}.{ending}"))


def evidence_files(hass: HomeAssistant, entry: ConfigEntry[Any]) -> list[Path]:
    """Return every file that may have been written of a CAD, to search or to delete."""
    return [
        evidence_path(hass, entry, kind, ending)
        for kind in KINDS
        for ending in _ENDINGS
    ]


async def async_write(
    hass: HomeAssistant, path: Path, content: str | Mapping[str, Any]
) -> None:
    """Write a file that its owner alone may read.

    Raises:
        EvidenceError: it could not be written.
    """
    text = (
        content
        if isinstance(content, str)
        else json.dumps(content, indent=2, ensure_ascii=False)
    )
    try:
        await hass.async_add_executor_job(_write, path, text)
    except (OSError, WriteError) as err:
        raise EvidenceError(
            "The file could not be written. Check that Home Assistant's disk is neither full nor read-only."
        ) from err


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    write_utf8_file_atomic(os.fspath(path), text, private=True)


async def async_remove_evidence(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Delete every file that was written of a CAD, and what is left of one whose writing was cut short.

    Raises:
        EvidenceError: ``evidence_not_removed``.
    """

    def remove() -> None:
        folder = Path(hass.config.path(DOMAIN))
        cut_short = (
            path for path in folder.glob("tmp*") if _CUT_SHORT.fullmatch(path.name)
        )
        for path in (*evidence_files(hass, entry), *cut_short):
            if not path.is_dir():
                path.unlink(missing_ok=True)

    try:
        await hass.async_add_executor_job(remove)
    except OSError as err:
        raise EvidenceError(
            "A file for the supplier could not be deleted from Home Assistant's configuration folder. Check that the disk "
            "is not read-only and that the file is Home Assistant's own; deleting is tried again by itself.",
            reason="evidence_not_removed",
        ) from err

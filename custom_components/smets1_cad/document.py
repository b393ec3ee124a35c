"""One private, versioned, atomically written file, made of named sections.

Home Assistant's storage logs a failed write and goes on. What leaves the house
because of a consent must not rest on a record that never reached the disk, so a
`save` here reads back what it wrote, and raises where it is not there.
"""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
import json
import os
from pathlib import Path
from typing import Any, Final, override

from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store

from .cad.errors import CadError, Responsible

STORAGE_VERSION: Final = 1
"""Raised when an older program could not read the file; a newer file is refused."""

STORAGE_MINOR_VERSION: Final = 1
"""Raised when something is added that an older program may carry along unread."""

SAVE_DELAY: Final = 60
"""Seconds for which changes are gathered that may be lost."""

type JsonObject = dict[str, Any]

_REVISION: Final = "revision"


class StoreError(CadError):
    """Raised when a file cannot be read, or what was to be kept is not on disk."""

    reason = "store"
    responsible = Responsible.HOUSEHOLDER


class _File(Store[JsonObject]):
    """Home Assistant's storage with this integration's settings."""

    def __init__(self, hass: HomeAssistant, key: str) -> None:
        """Name the file."""
        super().__init__(
            hass,
            STORAGE_VERSION,
            key,
            private=True,
            atomic_writes=True,
            minor_version=STORAGE_MINOR_VERSION,
        )

    @override
    async def _async_migrate_func(
        self, old_major_version: int, old_minor_version: int, old_data: JsonObject
    ) -> JsonObject:
        """Take another minor version's data as they are: minor versions only add, and sections are kept unread."""
        if old_major_version != STORAGE_VERSION:
            raise NotImplementedError
        return old_data


class Document:
    """One file, made of named sections. Load it once before anything else.

    Attributes:
        is_lost: whether the file was corrupt, so that Home Assistant has set it aside and this begins empty.
    """

    def __init__(self, hass: HomeAssistant, key: str) -> None:
        """Name the file; nothing is read yet."""
        self._hass = hass
        self._key = key
        self._file = _File(hass, key)
        self._data: JsonObject | None = None
        self._removed = False
        self._erasures: dict[str, int] = {}
        self.is_lost = False

    async def async_load(self) -> None:
        """Read the file; a missing one is empty. Doing it again changes nothing.

        Raises:
            StoreError: ``store_unreadable``.
        """
        if self._data is None:
            loaded = await self._async_read(self._file)
            is_lost = not loaded[_REVISION] and bool(
                await self._hass.async_add_executor_job(
                    _corrupt_copies, Path(self._file.path)
                )
            )
            if self._data is None:
                self._data, self.is_lost = loaded, is_lost

    async def async_changed_at(self) -> datetime | None:
        """Return when the disk says that the file last changed, UTC; None without one."""
        try:
            status = await self._hass.async_add_executor_job(os.stat, self._file.path)
        except OSError:
            return None
        return datetime.fromtimestamp(status.st_ctime, UTC)

    async def _async_read(self, file: _File) -> JsonObject:
        """Return the sections in a file."""
        try:
            data = await file.async_load()
            if data is None:
                return {_REVISION: 0}
            return {**data, _REVISION: int(data[_REVISION])}
        except (
            HomeAssistantError,
            NotImplementedError,
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
        ) as err:
            raise StoreError(
                "What this integration has stored cannot be read: it was written by a newer version, or is damaged. "
                "Update the integration, or restore a backup.",
                reason="store_unreadable",
            ) from err

    @property
    def _sections(self) -> JsonObject:
        """The sections as they are in memory."""
        if self._data is None:
            raise RuntimeError("Load the document before its sections")
        return self._data

    def get(self, name: str) -> Any:
        """Return a copy of a section, None if it was never saved or was cleared."""
        return deepcopy(self._sections.get(name))

    def erasures(self, name: str) -> int:
        """Return how often a section was erased since Home Assistant runs; see `Section`."""
        return self._erasures.get(name, 0)

    def count_erasure(self, name: str) -> None:
        """Keep whoever has a section now from writing it any more."""
        self._erasures[name] = self.erasures(name) + 1

    async def async_save(self, name: str, value: Any, *, strict: bool) -> None:
        """Set a section, None to clear it, and return once it is on disk.

        Args:
            name: which section.
            value: plain JSON, not changed afterwards.
            strict: whether "it will be written while Home Assistant stops" is not enough.

        Raises:
            StoreError: ``store_not_written``; the section is as it was before.
        """
        _require_text(value)
        sections = self._sections
        before = sections.get(name)
        self._set(name, value)
        revision = sections[_REVISION]
        if self._removed and not strict:
            return
        if not self._removed:
            await self._file.async_save(sections)
            if not strict and self._hass.state is CoreState.stopping:
                return
            if await self._async_written() >= revision:
                return
        if sections.get(name) is value:
            self._set(name, before)
        raise StoreError(
            "This could not be written to disk, so nothing was done. "
            "Check that Home Assistant's disk is neither full nor read-only, then try again.",
            reason="store_not_written",
        )

    async def _async_written(self) -> int:
        """Return the revision on disk; one before the first for a file that cannot be read back."""
        try:
            written = await self._async_read(_File(self._hass, self._key))
        except StoreError:
            return -1
        return int(written[_REVISION])

    def save_later(self, name: str, value: Any) -> None:
        """Set a section that may be lost; it is written within `SAVE_DELAY`, or when Home Assistant stops."""
        self._set(name, value)
        if not self._removed:
            self._file.async_delay_save(lambda: self._sections, SAVE_DELAY)

    def _set(self, name: str, value: Any) -> None:
        sections = self._sections
        sections[_REVISION] += 1
        if value is None:
            sections.pop(name, None)
        else:
            sections[name] = value

    async def async_remove(self) -> None:
        """Delete the file and what is left of earlier ones. Later saves go nowhere.

        Raises:
            StoreError: ``store_not_removed``.
        """
        self._removed = True
        self._data = {_REVISION: 0}
        # Saving waits for a write that is under way, which would bring the file back.
        await self._file.async_save(self._data)
        try:
            await self._file.async_remove()
        except OSError as err:
            raise _not_removed() from err
        await self.async_remove_leftovers()

    async def async_remove_leftovers(self) -> None:
        """Delete copies of the file that nobody reads any more.

        Home Assistant sets a corrupt file aside under another name, and a process that is
        killed while it writes leaves a temporary one.

        Raises:
            StoreError: ``store_not_removed``.
        """
        try:
            await self._hass.async_add_executor_job(
                _remove_leftovers, Path(self._file.path), self._key
            )
        except OSError as err:
            raise _not_removed() from err


def _not_removed() -> StoreError:
    return StoreError(
        "A copy of what this integration has stored could not be deleted. Check that Home Assistant's disk is not "
        "read-only and that the copy is Home Assistant's own; deleting is tried again by itself.",
        reason="store_not_removed",
    )


def _require_text(value: Any) -> None:
    """Refuse what cannot be written, since Home Assistant's storage would log where, and what.

    Raises:
        StoreError: ``store_not_written``: half a character is in it.
    """
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        # Its own message could quote whose it is.
        raise StoreError(
            "This holds characters that cannot be written. Type it again.",
            reason="store_not_written",
        ) from None


def _corrupt_copies(path: Path) -> list[Path]:
    """Return the copies of a file that Home Assistant has set aside; the disk is read."""
    return list(path.parent.glob(f"{path.name}.corrupt.*"))


def _remove_leftovers(path: Path, key: str) -> None:
    """Delete the leftovers of one file; the disk is read."""
    for corrupt in _corrupt_copies(path):
        if not corrupt.is_dir():
            corrupt.unlink(missing_ok=True)
    mark = f'"{key}"'.encode()
    for temporary in path.parent.glob("tmp*"):
        try:
            if mark in temporary.read_bytes():
                temporary.unlink(missing_ok=True)
        except OSError:
            # Another program's, gone already or not to be read.
            continue


class Section[T]:
    """One typed part of a document. Satisfies `PacingStore` and `HanStore`, whose `T` is a JSON object.

    It is good for writing until the section is erased: an answer that comes after that
    must not bring back what whoever waited for it still holds.
    """

    def __init__(
        self,
        document: Document,
        name: str,
        *,
        encode: Callable[[T], Any] = lambda value: value,
        decode: Callable[[Any], T] = lambda data: data,
        strict: bool = False,
    ) -> None:
        """Say how a value becomes JSON and back, and whether nothing may happen until it is on disk."""
        self._document = document
        self._name = name
        self._encode = encode
        self._decode = decode
        self._strict = strict
        self._erasures = document.erasures(name)

    @property
    def is_erased(self) -> bool:
        """Whether the section was erased since this was made."""
        return self._document.erasures(self._name) != self._erasures

    def require_kept(self) -> None:
        """Make sure that this may still write.

        Raises:
            StoreError: ``pairing_step``: the section was erased since this was made.
        """
        if self.is_erased:
            raise StoreError(
                "What was stored of this CAD has been erased meanwhile, so this was not kept.",
                reason="pairing_step",
            )

    def erased(self) -> Section[T]:
        """Return what the section is written by from now on; this, and all others of it, write nothing any more."""
        self._document.count_erasure(self._name)
        return Section(
            self._document,
            self._name,
            encode=self._encode,
            decode=self._decode,
            strict=self._strict,
        )

    async def load(self) -> T | None:
        """Return what was saved last, None if nothing was.

        Raises:
            StoreError: ``store_unreadable``.
        """
        data = self._document.get(self._name)
        if data is None:
            return None
        try:
            return self._decode(data)
        except (AttributeError, KeyError, TypeError, ValueError) as err:
            raise StoreError(
                "A part of what this integration has stored is damaged. Restore a backup, or set the CAD up again.",
                reason="store_unreadable",
            ) from err

    async def save(self, value: T) -> None:
        """Keep a value, and return once it is on disk.

        Raises:
            StoreError: ``store_not_written``; what was saved before still holds. ``pairing_step``: it was erased.
        """
        self.require_kept()
        await self._document.async_save(
            self._name, self._encode(value), strict=self._strict
        )

    def save_later(self, value: T) -> None:
        """Keep a value that may be lost if the process is killed within a minute; nothing once it was erased."""
        if self.is_erased:
            return
        self._document.save_later(self._name, self._encode(value))

    async def clear(self) -> None:
        """Forget it, on disk too.

        Raises:
            StoreError: ``store_not_written``.
        """
        await self._document.async_save(self._name, None, strict=self._strict)

"""What is held of each CAD's tenancies while Home Assistant runs, and what others ask of it (R20)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..document import Section
from ..erasure.energy import async_energy_manager, energy_sources
from ..erasure.report import ErasureReport, OutOfReach
from ..erasure.targets import Targets, collect_targets
from ..store import CadStore, StoreError, async_get_store
from .epoch import tenancy_number
from .record import OpenErasure, TenancyRecord


@dataclass(slots=True)
class Tenancy:
    """One CAD's tenancies while Home Assistant runs."""

    section: Section[TenancyRecord]
    record: TenancyRecord
    remind: Callable[[], None] | None = None
    """What reminds of the supplier's list once everything is erased."""
    task: asyncio.Task[ErasureReport] | None = field(default=None, repr=False)
    opening: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    """Held while an erasure is asked for, so that whoever asks at the same time finds it."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    @callback
    def hold(self, **changes: Any) -> None:
        """Change the record at once; it is written with whatever is written next of the CAD."""
        self.record = replace(self.record, **changes)
        self.section.save_later(self.record)

    async def save(self, **changes: Any) -> None:
        """Change the record, on disk for sure.

        Raises:
            StoreError: it is not; nothing has changed.
        """
        async with self.lock:
            await self.section.save(replace(self.record, **changes))
            self.record = replace(self.record, **changes)

    async def promise(self, erasure: OpenErasure | None = None) -> None:
        """Have what is to be erased on disk for sure, before anything is; what is held already, if none is given.

        Raises:
            StoreError: ``erasure_not_begun``: it is held in memory.
        """
        changes = {} if erasure is None else {"open": erasure}
        try:
            await self.save(**changes)
        except StoreError as err:
            self.hold(**changes)
            raise StoreError(
                "Reading has stopped, but what is to be erased could not be written to disk, so nothing is erased yet. "
                "Check that Home Assistant's disk is neither full nor read-only; it is tried again by itself.",
                reason="erasure_not_begun",
            ) from err


TENANCIES: HassKey[dict[str, Tenancy]] = HassKey(f"{DOMAIN}_tenancies")


async def async_tenancy(hass: HomeAssistant, entry: ConfigEntry[Any]) -> Tenancy:
    """Return a CAD's tenancies. Everybody gets the same.

    Raises:
        StoreError: ``store_unreadable``.
    """
    tenancies = hass.data.setdefault(TENANCIES, {})
    if (known := tenancies.get(entry.entry_id)) is not None:
        return known
    store = await async_store(hass, entry)
    section: Section[TenancyRecord] = Section(
        store,
        "tenancy",
        encode=TenancyRecord.as_dict,
        decode=TenancyRecord.from_dict,
        strict=True,
    )
    record = await section.load() or TenancyRecord(number=tenancy_number(entry))
    return tenancies.setdefault(entry.entry_id, Tenancy(section, record))


async def async_store(hass: HomeAssistant, entry: ConfigEntry[Any]) -> CadStore:
    """Return the CAD's store.

    Raises:
        StoreError: ``store_unreadable``.
    """
    assert entry.unique_id is not None
    return await async_get_store(hass, entry.unique_id)


async def async_is_erasing(hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
    """Return whether an erasure was asked for, and is not finished.

    Raises:
        StoreError: ``store_unreadable``.
    """
    return (await async_tenancy(hass, entry)).record.open is not None


async def async_erasure_report(
    hass: HomeAssistant, entry: ConfigEntry[Any]
) -> ErasureReport | None:
    """Return the report of the last erasure that was finished.

    Raises:
        StoreError: ``store_unreadable``.
    """
    return (await async_tenancy(hass, entry)).record.report


async def async_forget_out_of_reach(
    hass: HomeAssistant, entry: ConfigEntry[Any]
) -> None:
    """Drop from the report what lies out of reach: a person has read it.

    Raises:
        StoreError: it is still there.
    """
    tenancy = await async_tenancy(hass, entry)
    if (report := tenancy.record.report) is not None:
        await tenancy.save(report=replace(report, out_of_reach=OutOfReach()))


async def async_history_targets(
    hass: HomeAssistant, entry: ConfigEntry[Any]
) -> Targets:
    """Return what of the recorder's is the present tenancy's.

    Raises:
        StoreError: ``store_unreadable``.
    """
    tenancy = await async_tenancy(hass, entry)
    return collect_targets(
        hass,
        entry,
        tenancy.record.known,
        energy_sources(await async_energy_manager(hass)),
    )


@callback
def async_watch_entity_ids(
    hass: HomeAssistant, entry: ConfigEntry[Any], tenancy: Tenancy
) -> Callable[[], None]:
    """Note entity ids as they are given, so that a history is found after a removal or a change of name."""

    @callback
    def note(*entity_ids: str) -> None:
        if (known := tenancy.record.known | set(entity_ids)) != tenancy.record.known:
            tenancy.record = replace(tenancy.record, known=known)
            tenancy.section.save_later(tenancy.record)

    @callback
    def changed(event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        entity_id = event.data["entity_id"]
        registered = er.async_get(hass).async_get(entity_id)
        if registered is not None and registered.config_entry_id == entry.entry_id:
            note(entity_id)

    registry = er.async_get(hass)
    note(
        *(
            each.entity_id
            for each in er.async_entries_for_config_entry(registry, entry.entry_id)
        )
    )
    return hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, changed)

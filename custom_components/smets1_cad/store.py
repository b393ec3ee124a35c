"""What must survive a restart: one private, versioned, atomically written file per CAD.

A file is named by a hash, so that its name tells no address. The process has one
more file, for what belongs to no single CAD: the pace of each HAN, and how far
each consent log had got, which shows if a log is cut off later.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import timedelta
from functools import partial
import hashlib
from pathlib import Path
from typing import Any, Final, override

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util.hass_dict import HassKey

from .cad.clock import Clock
from .consent.consents import Consents
from .consent.keeping import async_keep_withdrawal
from .consent.log import ConsentLog, Head
from .const import DOMAIN, LOGGER
from .document import Document, JsonObject, Section, StoreError
from .tenancy.notices import Notices

__all__ = [
    "CadStore",
    "Document",
    "JsonObject",
    "ProcessStore",
    "Section",
    "StoreError",
    "async_get_process_store",
    "async_get_store",
    "async_load_consents",
    "async_orphans",
    "async_remove_store",
    "async_remove_store_named",
    "store_name",
]


class ProcessStore(Document):
    """What belongs to no single CAD.

    Attributes:
        pacing: for `cad.pacing.Pacer`.
        heads: how far each consent log had got, by the hash that names its CAD.
        former: the network that a removed CAD's stick was left on, both as hashes; see `leaving.stick`.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        """Name the file and its sections."""
        super().__init__(hass, DOMAIN)
        self.pacing: Final = Section[Mapping[str, Any]](self, "pacing")
        self.heads: Final = Section[dict[str, str]](self, "heads", decode=dict)
        self.former: Final = Section[dict[str, str]](self, "former", decode=dict)


class CadStore(Document):
    """What one CAD must not forget.

    Attributes:
        consent: the consent log; use `async_load_consents`.
        consents: what `async_load_consents` returns, once it has.
        pairing: the pairing request and its life, as JSON; see `pairing.Pairing`.
        session: for `smart_energy.session`: the network, what the hub has.
        secrets: install code and keys of the CAD.
        readings: last readings, so that everything is right at once after a restart.
        firmware: versions that the devices had, and their changes.
        notices: of a change of tenancy to come, and what a person said of signs of one.
        service: where the pairing service is, with its token; see `supplier.link`.
        setup: what was typed in the config flow, which a person may come back to.
        counters: evidence of how the CAD behaves, by name.
    """

    def __init__(self, hass: HomeAssistant, name: str) -> None:
        """Name the file and its sections."""
        super().__init__(hass, f"{DOMAIN}.{name}")
        self.name: Final = name
        self.consents: Consents | None = None
        self.consent: Final = Section[JsonObject](self, "consent", strict=True)
        self.pairing = Section[JsonObject](self, "pairing", strict=True)
        self.session = Section[Mapping[str, Any]](self, "session")
        self.secrets = Section[JsonObject](self, "secrets", strict=True)
        self.readings = Section[JsonObject](self, "readings")
        self.firmware = Section[JsonObject](self, "firmware")
        self.notices = Section[Notices](
            self, "notices", encode=Notices.as_dict, decode=Notices.from_dict
        )
        self.service = Section[JsonObject](self, "service")
        self.setup = Section[JsonObject](self, "setup", strict=True)
        self.counters = Section[dict[str, int]](self, "counters", decode=_counters)

    async def async_erase(self, *, keep: Collection[str] = ()) -> None:
        """Forget every section, but for the consent log, and those to keep; and what is left of earlier files.

        Whoever got hold of one of them before writes nothing any more.

        Raises:
            StoreError: it could not be written, or a copy not be deleted.
        """
        erased = {
            name: section.erased()
            for name, section in vars(self).items()
            if isinstance(section, Section) and name not in {"consent", *keep}
        }
        vars(self).update(erased)
        for section in erased.values():
            await section.clear()
        await self.async_remove_leftovers()

    @override
    async def async_remove(self) -> None:
        """Delete the file, and let the next `async_get_store` begin anew."""
        try:
            await super().async_remove()
        finally:
            if self.consents is not None:
                self.consents.forget_unstored()
            self._hass.data.get(_STORES, {}).pop(self.name, None)


def _counters(data: Any) -> dict[str, int]:
    return {str(name): int(count) for name, count in data.items()}


_STORES: HassKey[dict[str, CadStore]] = HassKey(f"{DOMAIN}_stores")
_PROCESS_STORE: HassKey[ProcessStore] = HassKey(f"{DOMAIN}_process_store")


async def async_get_process_store(hass: HomeAssistant) -> ProcessStore:
    """Return the process's store, loaded. Everybody gets the same.

    Raises:
        StoreError: ``store_unreadable``.
    """
    store = hass.data.setdefault(_PROCESS_STORE, ProcessStore(hass))
    await store.async_load()
    return store


def store_name(unique_id: str) -> str:
    """Return the hash by which a CAD's store is named."""
    return hashlib.sha256(unique_id.lower().encode()).hexdigest()[:16]


async def async_orphans(hass: HomeAssistant) -> list[str]:
    """Return the names of stores whose CAD never became an entry: a set-up was begun, and left."""
    owned = {
        store_name(entry.unique_id)
        for entry in hass.config_entries.async_entries(DOMAIN)
        if entry.unique_id is not None
    }

    def look() -> set[str]:
        files = Path(hass.config.path(STORAGE_DIR)).glob(f"{DOMAIN}.*")
        return {path.name.split(".")[1] for path in files}

    on_disk = await hass.async_add_executor_job(look)
    return sorted((on_disk | {*hass.data.get(_STORES, {})}) - owned)


async def async_get_store(hass: HomeAssistant, unique_id: str) -> CadStore:
    """Return a CAD's store, loaded. Everybody gets the same, a config flow as well as its entry.

    Args:
        hass: Home Assistant.
        unique_id: what names the CAD for good, as in the entry: its EUI-64.

    Raises:
        StoreError: ``store_unreadable``.
    """
    name = store_name(unique_id)
    stores = hass.data.setdefault(_STORES, {})
    store = stores.setdefault(name, CadStore(hass, name))
    await store.async_load()
    return store


async def async_load_consents(
    hass: HomeAssistant,
    store: CadStore,
    clock: Clock,
    *,
    period: timedelta | None = None,
) -> Consents:
    """Return the consents of a CAD, checked against how far their log had got.

    Everybody gets the same, a config flow as well as its entry, for as long as it
    holds what is stored: who withdraws consent ends it for all.

    Args:
        hass: Home Assistant.
        store: the CAD's.
        clock: tells the time of entries and expiry.
        period: after which consent is asked for again; None leaves it as it is.

    Raises:
        StoreError: ``store_unreadable``.
    """
    process = await async_get_process_store(hass)
    log = await _load_log(process, store)
    consents = store.consents
    if consents is None or not (consents.is_busy or _holds_the_same(consents.log, log)):
        consents = store.consents = Consents(
            log,
            _saver(process, store),
            clock,
            save_later=partial(_save_later, store),
        )
        async_keep_withdrawal(hass, store.name, consents)
    if period is not None:
        consents.limit(period)
    return consents


def _holds_the_same(kept: ConsentLog, stored: ConsentLog) -> bool:
    return kept.damage == stored.damage and kept.as_dict() == stored.as_dict()


async def _load_log(process: ProcessStore, store: CadStore) -> ConsentLog:
    """Return the log as it is stored."""
    heads = await process.heads.load() or {}
    try:
        head = Head.parse(heads[store.name]) if store.name in heads else None
    except ValueError as err:
        raise StoreError(
            "What shows whether the consent log is whole is damaged. Restore a backup.",
            reason="store_unreadable",
        ) from err
    return ConsentLog.from_dict(await store.consent.load(), head=head)


def _goes_on(log: ConsentLog, stored: ConsentLog) -> bool:
    return log.entries[: len(stored.entries)] == stored.entries


def _save_later(store: CadStore, data: JsonObject) -> None:
    """Keep a log in memory that goes on from the one that is kept there, and have it written when that can be done."""
    kept = ConsentLog.from_dict(store.get("consent"))
    if _goes_on(ConsentLog.from_dict(data), kept):
        store.consent.save_later(data)


def _saver(
    process: ProcessStore, store: CadStore
) -> Callable[[JsonObject], Awaitable[None]]:
    """Return what writes a log that goes on from the stored one, and then how far it has got."""

    async def save(data: JsonObject) -> None:
        log, stored = ConsentLog.from_dict(data), await _load_log(process, store)
        # A damaged one was set aside, as evidence, before the new one began.
        if not (
            _goes_on(log, stored)
            or stored.damage
            or len(log.broken) > len(stored.broken)
        ):
            raise StoreError(
                "The consent log has changed meanwhile, so nothing was written. Begin again.",
                reason="store_not_written",
            )
        await store.consent.save(data)
        heads = await process.heads.load() or {}
        try:
            await process.heads.save({**heads, store.name: str(log.head)})
        except StoreError as err:
            # The log itself is safe; only a cut would be noticed less well.
            LOGGER.warning(
                "How far the consent log has got was not kept apart from it: %s", err
            )

    return save


async def async_remove_store(hass: HomeAssistant, unique_id: str) -> None:
    """Delete everything that is stored of a CAD, whether or not it can be read.

    Raises:
        StoreError: ``store_not_written``, ``store_unreadable``: of the process's store; the CAD's own is gone.
            ``store_not_removed``: it, or a copy of it, is not.
    """
    await async_remove_store_named(hass, store_name(unique_id))


async def async_remove_store_named(hass: HomeAssistant, name: str) -> None:
    """Delete a store by the hash that names its CAD, as `async_remove_store` does.

    Raises:
        StoreError: as for `async_remove_store`.
    """
    store = hass.data.setdefault(_STORES, {}).get(name) or CadStore(hass, name)
    await store.async_remove()
    process = await async_get_process_store(hass)
    heads = await process.heads.load() or {}
    if heads.pop(name, None) is not None:
        await process.heads.save(heads)

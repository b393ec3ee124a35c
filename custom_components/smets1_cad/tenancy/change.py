"""Change of tenancy: stop, erase, prove (R20).

What is to be erased is written down before anything is removed, in the CAD's own
store, which is erased last. Every step may be done again and changes nothing then,
so whatever is interrupted is begun anew at the next start, with the same list. It is
finished once the database and the files have been searched and nothing was found.

Where even the list cannot be written, it is held in memory: it reaches the disk with
whatever is written next, and is tried again as an erasure that stopped half-way is. An
entry that is removed meanwhile comes back until everything is erased, since Home
Assistant starts nothing for an entry that is gone.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from homeassistant.config_entries import ConfigEntry, OperationNotAllowed, UnknownEntry
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.recorder import DATA_INSTANCE
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..cad.clock import SYSTEM_CLOCK
from ..cad.errors import CadError
from ..consent.consents import Consents, Withdrawal, WithdrawalNotStored
from ..const import DOMAIN, LOGGER
from ..document import Section
from ..erasure.energy import async_energy_manager, energy_sources
from ..erasure.reach import async_logs_with, async_out_of_reach
from ..erasure.registries import async_forget, async_forget_title
from ..erasure.report import DatabaseReport, ErasureError, ErasureReport, OutOfReach
from ..erasure.storage import async_wait_for_storage
from ..erasure.targets import Targets, collect_targets
from ..error_words import async_error_words
from ..evidence.file import async_remove_evidence
from ..faults import async_say, issue_id
from ..store import (
    CadStore,
    StoreError,
    async_get_store,
    async_load_consents,
    async_orphans,
    async_remove_store_named,
    store_name,
)
from .epoch import CONF_TENANCY, tenancy_number
from .reach import async_show_from_memory, async_show_out_of_reach, private_words
from .record import OpenErasure, TenancyEnd, TenancyRecord

ISSUE_INCOMPLETE: Final = "erasure_incomplete"
"""Repair issue, and its translation key: erasing has failed and is tried again. Placeholder ``error``."""

_PAIRING: Final = ("secrets", "session")
"""Sections of the store that belong to the pairing, not to the tenant."""


@dataclass(slots=True)
class _Tenancy:
    """One CAD's tenancies while Home Assistant runs."""

    section: Section[TenancyRecord]
    record: TenancyRecord
    remind: Callable[[], None] | None = None
    """What reminds of the supplier's list once everything is erased."""
    task: asyncio.Task[ErasureReport] | None = field(default=None, repr=False)
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

    async def promise(self, erasure: OpenErasure) -> None:
        """Have what is to be erased on disk for sure, before anything is.

        Raises:
            StoreError: ``erasure_not_begun``: it is held in memory.
        """
        try:
            await self.save(open=erasure)
        except StoreError as err:
            self.hold(open=erasure)
            raise StoreError(
                "Reading has stopped, but what is to be erased could not be written to disk, so nothing is erased yet. "
                "Check that Home Assistant's disk is neither full nor read-only; it is tried again by itself.",
                reason="erasure_not_begun",
            ) from err


class Erasure(Protocol):
    """Something that erases, such as `async_change_of_tenancy` with all but one of its arguments."""

    def __call__(self, *, begun: Callable[[], None]) -> Coroutine[Any, Any, object]:
        """Erase; ``begun`` is called once it is on disk that it is to be done."""


_TENANCIES: HassKey[dict[str, _Tenancy]] = HassKey(f"{DOMAIN}_tenancies")


async def async_change_of_tenancy(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    *,
    reason: TenancyEnd,
    end_pairing: bool = True,
    consents: Consents | None = None,
    remind: Callable[[], None] | None = None,
    begun: Callable[[], None] | None = None,
) -> ErasureReport:
    """End a tenancy: stop the flow of data, erase everything, and prove it; then set the entry up anew.

    Without consent, setting up asks for one. Cancelling the call does not stop the erasure.

    Args:
        hass: Home Assistant.
        entry: the CAD's.
        reason: how it was noticed.
        end_pairing: whether install code, keys and network are erased too. The radio leaves the network before,
            by whoever calls this.
        consents: those in use, whose grant is revoked before anything else.
        remind: reminds of the supplier's list. It is called once everything is erased, however often that is tried,
            and the report says so.
        begun: called once it is on disk that consent has ended, and what is to be erased.

    Raises:
        StoreError: that could not be written down, so nothing is erased yet. The flow of data has stopped. It is
            tried again by itself, and an issue says so.
        ErasureError: something could not be erased. It is tried again by itself, and at the next start.
    """
    if consents is not None and consents.grant is not None:
        consents.grant.revoke(Withdrawal.CHANGE_OF_TENANCY)
    try:
        try:
            tenancy = await _async_open(
                hass, entry, reason, end_pairing=end_pairing, remind=remind
            )
        finally:
            _close_dialogs(hass, entry)
            await _async_unload(hass, entry)
    except CadError as err:
        if entry.entry_id in hass.data.get(_TENANCIES, {}):
            await _async_say_incomplete(hass, entry, err)
        # Of what cannot be read, setting up says so, and nothing is tried again by itself.
        _set_up_anew(hass, entry)
        raise
    if begun is not None:
        begun()
    try:
        return await asyncio.shield(_start(hass, entry, tenancy))
    finally:
        _set_up_anew(hass, entry)


async def async_begin_erasure(hass: HomeAssistant, erasure: Erasure) -> None:
    """Return once it is on disk that something is to be erased; that goes on in the background.

    Raises:
        CadError: what kept it from beginning.
    """
    has_begun: asyncio.Future[None] = hass.loop.create_future()

    @callback
    def begun() -> None:
        if not has_begun.done():
            has_begun.set_result(None)

    async def erase() -> None:
        try:
            await erasure(begun=begun)
        except Exception as err:
            if not has_begun.done():
                has_begun.set_exception(err)
            elif isinstance(err, CadError):
                LOGGER.warning("Erasing is not finished: %s", err)
            else:
                raise
        else:
            begun()

    hass.async_create_task(erase(), f"{DOMAIN} change of tenancy")
    await has_begun


async def async_is_erasing(hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
    """Return whether an erasure was asked for, and is not finished.

    Raises:
        StoreError: ``store_unreadable``.
    """
    return (await _async_tenancy(hass, entry)).record.open is not None


async def async_put_off_removal(hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
    """Return whether an entry that is being removed comes back, to be removed once what was promised is erased.

    Call it in `async_remove_entry` before anything else. Nothing would go on with an
    erasure after the next start if the entry were gone for good.
    """
    try:
        tenancy = await _async_tenancy(hass, entry)
    except StoreError as err:
        LOGGER.debug("Whether something is being erased cannot be read: %s", err)
        async_show_from_memory(hass, entry, None)
        return False
    if tenancy.record.open is None:
        async_show_from_memory(hass, entry, tenancy.record.report)
        del hass.data[_TENANCIES][entry.entry_id]
        return False
    try:
        await tenancy.save(is_removed=True)
    except StoreError:
        tenancy.hold(is_removed=True)
    LOGGER.info("The entry is removed once everything is erased")
    hass.async_create_task(
        _async_put_back(hass, entry), f"{DOMAIN} put off the removal"
    )
    return True


async def _async_put_back(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Have the entry back as soon as its removal is over, set up to go on with the erasure."""
    async with entry.setup_lock:
        # The removal holds it to its end.
        pass
    # One that could not be unloaded is set up by the next start only, and one may have gone for good at once.
    with suppress(OperationNotAllowed, UnknownEntry):
        await hass.config_entries.async_add(entry)
        await hass.config_entries.async_set_disabled_by(entry.entry_id, None)


async def async_resume_erasure(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Go on with an erasure that was interrupted. Call it in `async_setup_entry` before anything else.

    It also notes under which ids the tenancy's entities have a history, from now until the entry is unloaded.

    Raises:
        ConfigEntryNotReady: something is still to be erased; nothing may be set up yet.
        StoreError: ``store_unreadable``.
    """
    tenancy = await _async_tenancy(hass, entry)
    if tenancy.record.number != tenancy_number(entry):
        hass.config_entries.async_update_entry(
            entry, data={**entry.data, CONF_TENANCY: tenancy.record.number}
        )
    is_removed = tenancy.record.is_removed
    if tenancy.record.open is None and not is_removed:
        entry.async_on_unload(_watch_entity_ids(hass, entry, tenancy))
        return
    async_forget_title(hass, entry)
    task = tenancy.task
    if tenancy.record.open is None:
        _set_up_anew(hass, entry)
    elif task is None or task.done():
        task = _start(hass, entry, tenancy)
        task.add_done_callback(
            lambda task: _resumed(hass, entry, task.cancelled() or task.exception())
        )
    raise ConfigEntryNotReady(
        translation_domain=DOMAIN,
        translation_key="erasing_removed" if is_removed else "erasing",
    )


async def async_erasure_report(
    hass: HomeAssistant, entry: ConfigEntry[Any]
) -> ErasureReport | None:
    """Return the report of the last erasure that was finished.

    Raises:
        StoreError: ``store_unreadable``.
    """
    return (await _async_tenancy(hass, entry)).record.report


async def async_forget_out_of_reach(
    hass: HomeAssistant, entry: ConfigEntry[Any]
) -> None:
    """Drop from the report what lies out of reach: a person has read it.

    Raises:
        StoreError: it is still there.
    """
    tenancy = await _async_tenancy(hass, entry)
    if (report := tenancy.record.report) is not None:
        await tenancy.save(report=replace(report, out_of_reach=OutOfReach()))


async def async_history_targets(
    hass: HomeAssistant, entry: ConfigEntry[Any]
) -> Targets:
    """Return what of the recorder's is the present tenancy's.

    Raises:
        StoreError: ``store_unreadable``.
    """
    tenancy = await _async_tenancy(hass, entry)
    return collect_targets(
        hass,
        entry,
        tenancy.record.known,
        energy_sources(await async_energy_manager(hass)),
    )


async def _async_tenancy(hass: HomeAssistant, entry: ConfigEntry[Any]) -> _Tenancy:
    """Return a CAD's tenancies. Everybody gets the same."""
    tenancies = hass.data.setdefault(_TENANCIES, {})
    if (known := tenancies.get(entry.entry_id)) is not None:
        return known
    store = await _async_store(hass, entry)
    section: Section[TenancyRecord] = Section(
        store,
        "tenancy",
        encode=TenancyRecord.as_dict,
        decode=TenancyRecord.from_dict,
        strict=True,
    )
    record = await section.load() or TenancyRecord(number=tenancy_number(entry))
    return tenancies.setdefault(entry.entry_id, _Tenancy(section, record))


async def _async_store(hass: HomeAssistant, entry: ConfigEntry[Any]) -> CadStore:
    assert entry.unique_id is not None
    return await async_get_store(hass, entry.unique_id)


async def _async_open(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    reason: TenancyEnd,
    *,
    end_pairing: bool,
    remind: Callable[[], None] | None,
) -> _Tenancy:
    """End consent, and write down what is to be erased, and where else names and numbers are found that will go.

    Raises:
        StoreError: something could not be read, or written for sure.
    """
    tenancy = await _async_tenancy(hass, entry)
    consents = await async_load_consents(
        hass, await _async_store(hass, entry), SYSTEM_CLOCK
    )
    erasure = OpenErasure(
        reason=reason,
        begun=dt_util.utcnow().isoformat(),
        end_pairing=end_pairing,
        targets=await async_history_targets(hass, entry),
        logs=await async_logs_with(hass, private_words(hass, entry, consents)),
    )
    if remind is not None:
        tenancy.remind = remind
    if (under_way := tenancy.record.open) is not None:
        await tenancy.promise(under_way)
        return tenancy
    # The end of consent and what is to be erased reach the disk with one write, or neither does. The consents
    # see to it that a withdrawal which could not be written is, and the list goes with it.
    tenancy.hold(number=tenancy.record.number + 1, open=erasure)
    with suppress(WithdrawalNotStored):
        await consents.withdraw(Withdrawal.CHANGE_OF_TENANCY)
    await tenancy.promise(erasure)
    return tenancy


@callback
def _close_dialogs(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """End what is being typed about the CAD: one more step would write it back."""
    flows = hass.config_entries.flow
    for flow in flows.async_progress_by_handler(DOMAIN):
        context = flow["context"]
        if entry.unique_id == context.get("unique_id") or (
            entry.entry_id == context.get("entry_id")
        ):
            flows.async_abort(flow["flow_id"])


async def _async_unload(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Unload the entry: its link stops, and its entities go."""
    try:
        await hass.config_entries.async_unload(entry.entry_id)
    except OperationNotAllowed, UnknownEntry:
        # It is being set up, which waits for the erasure, has failed for good, or is removed.
        LOGGER.debug("The entry cannot be unloaded now")


@callback
def _set_up_anew(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Have the entry go on after an erasure, or what there is of one; one that was removed meanwhile goes."""
    if hass.config_entries.async_get_entry(entry.entry_id) is None:
        # It is put back, if it has to be.
        return
    tenancy = hass.data.get(_TENANCIES, {}).get(entry.entry_id)
    if (
        tenancy is not None
        and tenancy.record.open is None
        and tenancy.record.is_removed
    ):
        hass.async_create_task(_async_remove(hass, entry), f"{DOMAIN} remove")
    elif entry.state.recoverable:
        # One that could not be unloaded is set up anew by the next start only.
        hass.config_entries.async_schedule_reload(entry.entry_id)


async def _async_remove(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Remove the entry, unless somebody else has."""
    with suppress(UnknownEntry):
        await hass.config_entries.async_remove(entry.entry_id)


def _start(
    hass: HomeAssistant, entry: ConfigEntry[Any], tenancy: _Tenancy
) -> asyncio.Task[ErasureReport]:
    """Return the erasure under way, or begin it."""
    if tenancy.task is None or tenancy.task.done():
        tenancy.task = hass.async_create_background_task(
            _async_erase(hass, entry, tenancy), f"{DOMAIN} erase"
        )
    return tenancy.task


@callback
def _resumed(
    hass: HomeAssistant, entry: ConfigEntry[Any], failure: BaseException | bool | None
) -> None:
    """Set the entry up once an interrupted erasure is finished; a failed one is tried again by the entry itself."""
    if not failure:
        _set_up_anew(hass, entry)
    elif isinstance(failure, CadError):
        LOGGER.warning("Erasing is not finished: %s", failure)


async def _async_erase(
    hass: HomeAssistant, entry: ConfigEntry[Any], tenancy: _Tenancy
) -> ErasureReport:
    """Erase, prove, report."""
    await _async_started(hass)
    try:
        report = await _async_erase_and_prove(hass, entry, tenancy)
    except CadError as err:
        await _async_say_incomplete(hass, entry, err)
        raise
    ir.async_delete_issue(hass, DOMAIN, issue_id(ISSUE_INCOMPLETE, entry))
    async_show_out_of_reach(hass, entry)
    if tenancy.remind is not None:
        tenancy.remind()
        tenancy.remind = None
    return report


async def _async_say_incomplete(
    hass: HomeAssistant, entry: ConfigEntry[Any], err: CadError
) -> None:
    """Say that not everything is erased, and that it is tried again; nothing is for an entry that is gone."""
    words = await async_error_words(hass, err)
    if hass.config_entries.async_get_entry(entry.entry_id) is None:
        return
    async_say(
        hass,
        entry,
        ISSUE_INCOMPLETE,
        severity=ir.IssueSeverity.ERROR,
        placeholders={"error": words},
    )


async def _async_erase_and_prove(
    hass: HomeAssistant, entry: ConfigEntry[Any], tenancy: _Tenancy
) -> ErasureReport:
    """Do every step, from the first; those that were done before change nothing."""
    erasure = tenancy.record.open
    if erasure is None:
        assert tenancy.record.report is not None
        return tenancy.record.report
    # What was registered since, by a cost sensor for instance, goes too.
    targets = erasure.targets | await async_history_targets(hass, entry)
    erasure = replace(erasure, targets=targets, starts=erasure.starts + 1)
    await tenancy.promise(erasure)

    store = await _async_store(hass, entry)
    consents = await async_load_consents(hass, store, SYSTEM_CLOCK)
    await consents.withdraw(Withdrawal.CHANGE_OF_TENANCY)
    await async_forget(hass, entry, targets)
    await async_remove_evidence(hass, entry)
    database = await _async_erase_database(hass, targets)
    searched = await async_wait_for_storage(hass, targets)
    await _async_erase_store(store, consents, end_pairing=erasure.end_pairing)
    # An entry that is just being removed owns no store; it comes back.
    orphans = [name for name in await async_orphans(hass) if name != store.name]
    if not targets.spared:
        # Nobody else lives here: what was typed for a CAD that came to nothing is the household's as well.
        await _async_erase_orphans(hass, orphans)
        orphans = []
    report = ErasureReport(
        tenancy=tenancy.record.number - 1,
        reason=erasure.reason.value,
        begun=erasure.begun,
        finished=dt_util.utcnow().isoformat(),
        starts=erasure.starts,
        pairing_ended=erasure.end_pairing,
        entities=len(targets.entity_ids),
        database=database,
        searched_files=searched,
        kept=(
            *(("consent_ended",) if consents.records else ()),
            *(("supplier_reminder",) if tenancy.remind is not None else ()),
        ),
        out_of_reach=await async_out_of_reach(
            hass,
            targets,
            database,
            (*erasure.logs, *(f"{STORAGE_DIR}/{DOMAIN}.{name}" for name in orphans)),
        ),
    )
    await tenancy.save(open=None, known=frozenset[str](), report=report)
    LOGGER.info(
        "Everything of the earlier tenancy is erased; %d backups may still hold some",
        len(report.out_of_reach.backups),
    )
    return report


async def _async_erase_database(
    hass: HomeAssistant, targets: Targets
) -> DatabaseReport | None:
    """Erase what the recorder keeps; None without one.

    Raises:
        ErasureError: ``erasure_database``, ``erasure_left``.
    """
    if DATA_INSTANCE not in hass.data:
        return None
    # The recorder's libraries are there only where it is.
    from ..erasure.recorder import async_erase_history  # noqa: PLC0415

    report = await async_erase_history(hass, targets)
    if not report.is_clean:
        raise ErasureError(
            "Something of the earlier tenancy is still in the recorder's database, perhaps because another program "
            "reads it. Close such programs; erasing is tried again by itself.",
            reason="erasure_left",
        )
    return report


async def _async_erase_store(
    store: CadStore, consents: Consents, *, end_pairing: bool
) -> None:
    """Erase the CAD's own store, but for that a consent was given and ended.

    Raises:
        StoreError: it could not be written.
    """
    await consents.erase(Withdrawal.CHANGE_OF_TENANCY)
    await store.async_erase(keep=() if end_pairing else _PAIRING)
    if not end_pairing and (session := await store.session.load()) is not None:
        # The network stays; what the meters said of themselves is asked anew.
        await store.session.save({**session, "endpoints": {}, "read_once": []})


async def _async_erase_orphans(hass: HomeAssistant, names: Collection[str]) -> None:
    """Delete stores that belong to no entry, and end the dialogs that would write them anew.

    Raises:
        StoreError: one could not be deleted.
    """
    flows = hass.config_entries.flow
    for flow in flows.async_progress_by_handler(DOMAIN):
        unique_id = flow["context"].get("unique_id")
        if unique_id is not None and store_name(unique_id) in names:
            flows.async_abort(flow["flow_id"])
    for name in names:
        await async_remove_store_named(hass, name)


async def _async_started(hass: HomeAssistant) -> None:
    """Wait until Home Assistant has started: a repack must not hold that up."""
    started = asyncio.Event()

    @callback
    def tell(_hass: HomeAssistant) -> None:
        started.set()

    cancel = async_at_started(hass, tell)
    try:
        await started.wait()
    finally:
        cancel()


@callback
def _watch_entity_ids(
    hass: HomeAssistant, entry: ConfigEntry[Any], tenancy: _Tenancy
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

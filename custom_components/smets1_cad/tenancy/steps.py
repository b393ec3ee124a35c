"""The steps of an erasure: each may be done again, and changes nothing then (R20)."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import DATA_INSTANCE
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util import dt as dt_util

from ..cad.clock import SYSTEM_CLOCK
from ..consent.consents import Consents, Withdrawal
from ..const import DOMAIN, LOGGER
from ..erasure.reach import async_out_of_reach
from ..erasure.registries import async_forget
from ..erasure.report import DatabaseReport, ErasureError, ErasureReport
from ..erasure.storage import async_wait_for_storage
from ..erasure.targets import Targets
from ..evidence.file import async_remove_evidence
from ..store import (
    CadStore,
    async_load_consents,
    async_orphans,
    async_remove_store_named,
    store_name,
)
from .dialogs import async_close_dialogs
from .tenancies import Tenancy, async_history_targets, async_store

_PAIRING: Final = ("secrets", "session")
"""Sections of the store that belong to the pairing, not to the tenant."""


async def async_erase_and_prove(
    hass: HomeAssistant, entry: ConfigEntry[Any], tenancy: Tenancy
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

    store = await async_store(hass, entry)
    consents = await async_load_consents(hass, store, SYSTEM_CLOCK)
    await consents.withdraw(Withdrawal.CHANGE_OF_TENANCY)
    await async_forget(hass, entry, targets)
    await async_remove_evidence(hass, entry)
    database = await _async_erase_database(hass, targets)
    searched = await async_wait_for_storage(hass, targets)
    async_close_dialogs(hass, entry)
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
    # One that was opened meanwhile has seen what is erased now.
    async_close_dialogs(hass, entry)
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

"""Change of tenancy: stop, erase, prove (R20).

What is to be erased is written down before the stick leaves, anybody is told or
anything is removed, in the CAD's own store, which is erased last. Every step may be done again and changes nothing then,
so whatever is interrupted is begun anew at the next start, with the same list. It is
finished once the database and the files have been searched and nothing was found.

Where even the list cannot be written, it is held in memory: it reaches the disk with
whatever is written next, and is tried again as an erasure that stopped half-way is. An
entry that is removed meanwhile comes back until everything is erased, since Home
Assistant starts nothing for an entry that is gone.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final, Protocol
from uuid import uuid4

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryState,
    OperationNotAllowed,
    UnknownEntry,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from ..cad.clock import SYSTEM_CLOCK
from ..cad.errors import CadError
from ..consent.consents import Consents, Withdrawal, WithdrawalNotStored
from ..const import DOMAIN, LOGGER
from ..erasure.reach import async_logs_with
from ..erasure.registries import async_forget_title
from ..erasure.report import ErasureError, ErasureReport
from ..error_words import async_error_words
from ..faults import async_say, issue_id
from ..store import StoreError, async_load_consents
from .dialogs import async_close_dialogs, async_close_set_up
from .epoch import CONF_TENANCY, tenancy_number
from .farewell import async_leave, async_tell, runtime_of
from .reach import async_show_from_memory, async_show_out_of_reach, private_words
from .record import OpenErasure, TenancyEnd
from .steps import async_erase_and_prove
from .tenancies import (
    TENANCIES,
    Tenancy,
    async_history_targets,
    async_store,
    async_tenancy,
    async_watch_entity_ids,
)
from .unforeseen import log_unforeseen

ISSUE_INCOMPLETE: Final = "erasure_incomplete"
"""Repair issue, and its translation key: erasing has failed and is tried again. Placeholder ``error``."""


class Erasure(Protocol):
    """Something that erases, such as `async_change_of_tenancy` with all but one of its arguments."""

    def __call__(self, *, begun: Callable[[], None]) -> Coroutine[Any, Any, object]:
        """Erase; ``begun`` is called once it is on disk that it is to be done."""


async def async_change_of_tenancy(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    *,
    reason: TenancyEnd,
    end_pairing: bool = True,
    is_farewell: bool = False,
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
        end_pairing: whether install code, keys and network are erased too.
        is_farewell: whether the radio leaves the network first, which decides about install code, keys and network,
            and the pairing service is told.
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
                hass,
                entry,
                reason,
                end_pairing=end_pairing and not is_farewell,
                is_farewell=is_farewell,
                remind=remind,
            )
        except BaseException:
            async_close_set_up(hass, entry)
            await _async_stop(hass, entry)
            raise
    except CadError as err:
        if entry.entry_id in hass.data.get(TENANCIES, {}):
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


async def async_put_off_removal(hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
    """Return whether an entry that is being removed comes back, to be removed once what was promised is erased.

    Call it in `async_remove_entry` before anything else. Nothing would go on with an
    erasure after the next start if the entry were gone for good.
    """
    try:
        tenancy = await async_tenancy(hass, entry)
    except StoreError as err:
        LOGGER.debug("Whether something is being erased cannot be read: %s", err)
        async_show_from_memory(hass, entry, None)
        return False
    if tenancy.record.open is None:
        async_show_from_memory(hass, entry, tenancy.record.report)
        del hass.data[TENANCIES][entry.entry_id]
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
    tenancy = await async_tenancy(hass, entry)
    if tenancy.record.number != tenancy_number(entry):
        hass.config_entries.async_update_entry(
            entry, data={**entry.data, CONF_TENANCY: tenancy.record.number}
        )
    is_removed = tenancy.record.is_removed
    if tenancy.record.open is None and not is_removed:
        entry.async_on_unload(async_watch_entity_ids(hass, entry, tenancy))
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


async def _async_open(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    reason: TenancyEnd,
    *,
    end_pairing: bool,
    is_farewell: bool,
    remind: Callable[[], None] | None,
) -> Tenancy:
    """End consent, and write down what is to be erased, and where else names and numbers are found that will go.

    Raises:
        StoreError: something could not be read, or written for sure.
    """
    store = await async_store(hass, entry)
    if store.consents is not None and (grant := store.consents.grant) is not None:
        # Everybody has the same: nothing is read any more, whatever the entry is at.
        grant.revoke(Withdrawal.CHANGE_OF_TENANCY)
    tenancy = await async_tenancy(hass, entry)
    if remind is not None:
        tenancy.remind = remind
    async with tenancy.opening:
        if tenancy.record.open is not None:
            await tenancy.promise()
            return tenancy
        consents = await async_load_consents(hass, store, SYSTEM_CLOCK)
        erasure = OpenErasure(
            reason=reason,
            begun=dt_util.utcnow().isoformat(),
            end_pairing=end_pairing,
            to_leave=is_farewell,
            to_tell=str(uuid4()) if is_farewell else "",
            targets=await async_history_targets(hass, entry),
            logs=await async_logs_with(hass, private_words(hass, entry, consents)),
        )
        # The end of consent and what is to be erased reach the disk with one write, or neither does. The consents
        # see to it that a withdrawal which could not be written is, and the list goes with it.
        tenancy.hold(number=tenancy.record.number + 1, open=erasure)
        with suppress(WithdrawalNotStored):
            await consents.withdraw(Withdrawal.CHANGE_OF_TENANCY)
        await tenancy.promise(erasure)
        return tenancy


async def _async_settled(entry: ConfigEntry[Any]) -> None:
    """Wait until an entry that is being set up or unloaded is no more."""
    async with entry.setup_lock:
        pass


async def _async_stop(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Unload an entry that runs: its link stops, and its entities go.

    One that cannot be unloaded reads nothing any more either, and knows nothing that it
    could keep when Home Assistant stops.
    """
    await _async_settled(entry)
    if entry.state is ConfigEntryState.LOADED:
        with suppress(OperationNotAllowed, UnknownEntry):
            await hass.config_entries.async_unload(entry.entry_id)
    if (runtime := runtime_of(entry)) is not None:
        await runtime.coordinator.async_stop()
        runtime.coordinator.data.meters.clear()


@callback
def _set_up_anew(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Have the entry go on after an erasure, or what there is of one; one that was removed meanwhile goes."""
    if hass.config_entries.async_get_entry(entry.entry_id) is None:
        # It is put back, if it has to be.
        return
    tenancy = hass.data.get(TENANCIES, {}).get(entry.entry_id)
    if (
        tenancy is not None
        and tenancy.record.open is None
        and tenancy.record.is_removed
    ):
        hass.async_create_task(_async_remove(hass, entry), f"{DOMAIN} remove")
    elif entry.state.recoverable:
        # One that could not be unloaded is set up anew by the next start only.
        hass.config_entries.async_schedule_reload(entry.entry_id)
    elif entry.setup_lock.locked():
        hass.async_create_task(_async_set_up_anew(hass, entry), f"{DOMAIN} set up anew")


async def _async_set_up_anew(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Do the same once what the entry is at now is over."""
    await _async_settled(entry)
    if entry.state.recoverable:
        _set_up_anew(hass, entry)


async def _async_remove(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Remove the entry, unless somebody else has."""
    with suppress(UnknownEntry):
        await hass.config_entries.async_remove(entry.entry_id)


def _start(
    hass: HomeAssistant, entry: ConfigEntry[Any], tenancy: Tenancy
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
    hass: HomeAssistant, entry: ConfigEntry[Any], tenancy: Tenancy
) -> ErasureReport:
    """Say farewell, erase, prove, report.

    Raises:
        CadError: something is left; an issue says so.
    """
    # The dialog in which it was asked for comes to its own end first.
    await asyncio.sleep(0)
    try:
        if tenancy.record.open is not None:
            await tenancy.promise()
            async_close_dialogs(hass, entry)
            await _async_settled(entry)
            await async_leave(hass, entry, tenancy)
            await _async_stop(hass, entry)
        await _async_started(hass)
        await async_tell(hass, entry, tenancy)
        report = await async_erase_and_prove(hass, entry, tenancy)
    except CadError as err:
        await _async_say_incomplete(hass, entry, err)
        raise
    except Exception as err:  # noqa: BLE001 - it is said, and tried again
        log_unforeseen("Erasing has failed in a way that nobody foresaw", err)
        unforeseen = ErasureError(
            "Something went wrong that nobody foresaw, and not everything is erased. What is known of it is in Home "
            "Assistant's log; erasing is tried again by itself.",
            reason="erasure_unforeseen",
        )
        await _async_say_incomplete(hass, entry, unforeseen)
        # Its own message could quote whose home it is.
        raise unforeseen from None
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

"""Leaving: consent is withdrawn, a CAD is unpaired, an entry is removed (R2, R19).

What a person can ask for in several places (action, button, options) is here once.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_DEVICE
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..cad.errors import CadError
from ..consent.consents import Consents, Withdrawal
from ..consent.text import load_consent_text
from ..const import LOGGER
from ..coordinator import Smets1CadConfigEntry, Smets1CadRuntimeData
from ..erasure.registries import async_forget_issues
from ..erasure.report import ErasureReport
from ..evidence.file import async_remove_evidence
from ..faults import issue_id
from ..pairing.life import Pairing, PairingError, async_stored_pairing
from ..pairing.request_text import Purpose
from ..pairing.states import PairingState, UnpairWhy
from ..smart_energy.eui64 import Eui64
from ..store import StoreError, async_get_store, async_remove_store
from ..supplier.directory import Route
from ..supplier.texts import SupplierText, async_supplier_texts
from ..tenancy.change import async_change_of_tenancy
from ..tenancy.reach import ISSUE_OUT_OF_REACH
from ..tenancy.record import TenancyEnd
from .issues import (
    TENANCY_STILL_LISTED,
    async_report_removed,
    async_report_tenancy_listed,
)
from .stick import async_leave_for_good, async_report_stick, shares_stick
from .unpairing import Unpairing


async def async_withdraw_consent(
    hass: HomeAssistant,
    entry: Smets1CadConfigEntry,
    *,
    erase: bool = False,
    begun: Callable[[], None] | None = None,
) -> ErasureReport | None:
    """Withdraw consent: the flow of data stops before this first waits.

    Args:
        hass: Home Assistant.
        entry: the CAD's.
        erase: whether what is stored is erased, and not kept.
        begun: called once it is on disk what is to be erased; see `async_begin_erasure`.

    Returns:
        what was erased, None if nothing was to be.

    Raises:
        WithdrawalNotStored: it could not be put on record; the flow of data has stopped all the same.
        StoreError: what is to be erased could not be written down, so nothing is erased yet. It is tried again by
            itself.
        ErasureError: something could not be erased. It is tried again by itself, and at the next start.
    """
    runtime = entry.runtime_data
    unpairing = runtime.unpairing
    try:
        await runtime.consents.withdraw(Withdrawal.REQUESTED)
    finally:
        if unpairing is not None:
            unpairing.async_look()
    if not erase:
        return None
    listed = (
        unpairing.pairing
        if unpairing is not None and unpairing.pairing.supplier_may_list_cad
        else None
    )
    return await async_change_of_tenancy(
        hass,
        entry,
        reason=TenancyEnd.ERASE,
        # The stick may still have to leave the network of a CAD that is listed.
        end_pairing=listed is None,
        consents=runtime.consents,
        remind=(
            None
            if listed is None
            else partial(async_report_tenancy_listed, hass, entry, listed)
        ),
        begun=begun,
    )


async def async_withdrawn_words(hass: HomeAssistant, consents: Consents) -> str:
    """Return when consent ended last and reading stopped, in Home Assistant's language and time; "" if it never did."""
    ended = [record.withdrawn_at for record in consents.records if record.withdrawn_at]
    if not ended:
        return ""
    text = await hass.async_add_executor_job(load_consent_text, hass.config.language)
    return text.say_withdrawn(dt_util.as_local(ended[-1]))


def unpairing_of(runtime: Smets1CadRuntimeData) -> Unpairing:
    """Return what ends an entry's pairing.

    Raises:
        PairingError: ``nothing_to_unpair``: no request was ever written down.
    """
    if (unpairing := runtime.unpairing) is None:
        raise PairingError(
            "The CAD is not paired, and nobody has been asked to pair it: there is nothing to undo.",
            reason="nothing_to_unpair",
        )
    return unpairing


async def async_request_unpairing(
    unpairing: Unpairing, why: UnpairWhy, route: Route | None = None
) -> Pairing:
    """Ask for a CAD to be unpaired.

    Args:
        unpairing: the CAD's.
        why: what the supplier is told.
        route: None is the pairing service where there is one. By another route it is the person who sends it.

    Raises:
        PairingError: there is nothing to unpair, or nothing to send.
        CadError: the service did not take it, or it could not be written down.
    """
    pairing = await unpairing.ask(why)
    if route is None and unpairing.has_service:
        route = Route.PAIRING_SERVICE
    if route is Route.PAIRING_SERVICE and pairing.state is PairingState.UNPAIR_RECORDED:
        return await unpairing.send()
    return pairing


async def async_unpair_texts(
    hass: HomeAssistant, pairing: Pairing, route: Route
) -> tuple[SupplierText, ...]:
    """Return what to send or to say to each supplier to have a CAD unpaired."""
    return await async_supplier_texts(hass, Purpose.UNPAIR, pairing, route)


async def async_forget_cad(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Have the stick of an entry that is removed leave the network, and delete everything that is stored of it.

    That is so whether or not it can be read, and whether or not the stick is there. Where
    the supplier still lists the CAD, or the stick is still on the network, an issue says
    so and stays; so does what an erasure left for a person to see to.
    """
    assert entry.unique_id is not None
    pairing = stuck = None
    try:
        eui64 = Eui64.parse(entry.unique_id)
        store = await async_get_store(hass, entry.unique_id)
        if not shares_stick(hass, entry):
            path = entry.data[CONF_DEVICE]
            stuck = await async_leave_for_good(hass, store, path, eui64)
        pairing = await async_stored_pairing(store.pairing)
    except CadError as err:
        LOGGER.warning("What was stored of the pairing cannot be read: %s", err)
    try:
        await async_remove_store(hass, entry.unique_id)
    except StoreError as err:
        # Mostly of another file, from which only a hash was to go.
        LOGGER.warning("Something of the CAD is still on record: %s", err)
    async_forget_issues(
        hass,
        entry,
        keep=[
            issue_id(kind, entry) for kind in (ISSUE_OUT_OF_REACH, TENANCY_STILL_LISTED)
        ],
    )
    if pairing is not None and pairing.supplier_may_list_cad:
        async_report_removed(hass, entry.entry_id, pairing)
    if stuck is not None:
        await async_report_stick(hass, store, eui64, stuck)
    try:
        await async_remove_evidence(hass, entry)
    except CadError as err:
        LOGGER.warning("What was exported of the CAD is still there: %s", err)

"""A change of tenancy, carried out: the flow of data stops, the radio leaves, the supplier is told, all is erased (R20)."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from uuid import uuid4

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util import dt as dt_util

from ..cad.errors import CadError
from ..consent.consents import Withdrawal
from ..const import LOGGER
from ..coordinator import Smets1CadRuntimeData
from ..erasure.report import ErasureReport
from ..evidence.file import async_remove_evidence
from ..leaving.issues import async_report_tenancy_listed
from ..leaving.unpairing import async_leave_network
from ..pairing.life import Pairing, async_stored_pairing
from ..pairing.states import PairingState, UnpairWhy
from ..store import CadStore, StoreError, async_get_store
from ..supplier.api import PairingService
from ..supplier.link import ServiceLink
from .change import async_change_of_tenancy
from .record import TenancyEnd
from .tenancies import async_is_erasing

TELLING: Final = 30.0
"""Seconds that the erasure waits for the pairing service to take its notice."""


async def async_end_tenancy(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    reason: TenancyEnd,
    *,
    begun: Callable[[], None] | None = None,
) -> ErasureReport:
    """End a tenancy. Nothing is read from the moment of the call.

    Args:
        hass: Home Assistant.
        entry: the CAD's.
        reason: how it was noticed.
        begun: called once it is on disk what is to be erased; see `async_begin_erasure`.

    Raises:
        StoreError: what is to be erased could not be written down, so nothing is erased yet. It is tried again by
            itself.
        ErasureError: something could not be erased. It is tried again by itself, and at the next start.
    """
    assert entry.unique_id is not None
    store = await async_get_store(hass, entry.unique_id)
    if await async_is_erasing(hass, entry):
        # Asked again. Nobody is told twice.
        return await async_change_of_tenancy(hass, entry, reason=reason, begun=begun)
    runtime: Smets1CadRuntimeData | None = (
        entry.runtime_data if entry.state is ConfigEntryState.LOADED else None
    )
    has_left = False
    if runtime is not None:
        if (grant := runtime.consents.grant) is not None:
            grant.revoke(Withdrawal.CHANGE_OF_TENANCY)
        try:
            await async_leave_network(runtime.coordinator.link, store)
            has_left = True
        except CadError as err:
            LOGGER.warning("The stick has not left the network: %s", err)
    pairing, link = await _async_listed(store)
    is_told = pairing is not None and await _async_tell(link, pairing, reason, hass)
    listed = None
    if pairing is not None and pairing.supplier_may_list_cad and not is_told:
        listed = pairing
    await async_remove_evidence(hass, entry)
    return await async_change_of_tenancy(
        hass,
        entry,
        reason=reason,
        end_pairing=has_left,
        consents=None if runtime is None else runtime.consents,
        remind=(
            None
            if listed is None
            else partial(async_report_tenancy_listed, hass, entry, listed)
        ),
        begun=begun,
    )


async def _async_listed(store: CadStore) -> tuple[Pairing | None, ServiceLink | None]:
    """Return the request, and where it went. What cannot be read keeps nothing from being erased."""
    try:
        return await async_stored_pairing(store.pairing), await ServiceLink.load(store)
    except StoreError as err:
        LOGGER.warning("Nobody can be told of the end of the tenancy: %s", err)
        return None, None


async def _async_tell(
    link: ServiceLink | None, pairing: Pairing, reason: TenancyEnd, hass: HomeAssistant
) -> bool:
    """Tell the pairing service of the change, and have the CAD removed; return whether it took the latter."""
    if link is None or pairing.state is PairingState.UNPAIRED:
        return False
    try:
        async with asyncio.timeout(TELLING):
            service = PairingService(
                async_get_clientsession(hass), link.url, link.token
            )
            if reason is TenancyEnd.USER:
                await service.tell_tenancy_change(
                    pairing.request, dt_util.utcnow(), "old_tenant", key=str(uuid4())
                )
            if pairing.supplier_may_list_cad:
                await service.unpair(pairing, UnpairWhy.MOVING_OUT)
    except (CadError, TimeoutError) as err:
        LOGGER.warning("The pairing service was not told of the end: %s", err)
        return False
    return True

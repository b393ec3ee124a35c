"""What comes before anything of a tenancy is erased: the stick leaves the network, the supplier is told (R20).

Each is ticked off once it is done. What could not be done holds nothing up, and is
tried again if the erasure is.
"""

import asyncio
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_DEVICE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from ..cad.errors import CadError
from ..const import LOGGER
from ..coordinator import Smets1CadRuntimeData
from ..leaving.issues import async_report_tenancy_listed
from ..leaving.stick import async_leave_recorded
from ..leaving.unpairing import async_leave_network
from ..pairing.life import Pairing, Step, async_stored_pairing
from ..pairing.states import UNDER_WAY, PairingState as S, UnpairWhy
from ..smart_energy.eui64 import Eui64
from ..store import CadStore, StoreError
from ..supplier.api import PairingService
from ..supplier.link import ServiceLink
from ..supplier.unpair import async_send_unpairing
from .record import OpenErasure, TenancyEnd
from .tenancies import Tenancy, async_store
from .unforeseen import log_unforeseen

TELLING: Final = 30.0
"""Seconds that the erasure waits for the pairing service to take its notice."""

_ASKED: Final = frozenset({S.UNPAIR_SENT, S.UNPAIR_ACKNOWLEDGED})
"""States in which the supplier has been asked to take the CAD off its list."""


def runtime_of(entry: ConfigEntry[Any]) -> Smets1CadRuntimeData | None:
    """Return what an entry runs on, also if it could not be unloaded; None if it does not run."""
    if entry.state not in {ConfigEntryState.LOADED, ConfigEntryState.FAILED_UNLOAD}:
        return None
    runtime: Smets1CadRuntimeData | None = getattr(entry, "runtime_data", None)
    return runtime


async def async_leave(
    hass: HomeAssistant, entry: ConfigEntry[Any], tenancy: Tenancy
) -> None:
    """Have the stick leave the network, by the link of an entry that runs; then its keys are erased too.

    Raises:
        StoreError: that could not be written down.
    """
    erasure = tenancy.record.open
    if erasure is None or not erasure.to_leave:
        return
    store = await async_store(hass, entry)
    try:
        if (runtime := runtime_of(entry)) is not None:
            await async_leave_network(runtime.coordinator.link, store)
        else:
            await async_leave_recorded(
                hass,
                store,
                entry.data[CONF_DEVICE],
                Eui64.parse(str(entry.unique_id)),
            )
    except CadError as err:
        LOGGER.warning("The stick has not left the network: %s", err)
        return
    except Exception as err:  # noqa: BLE001
        # Whatever a strange device does, what was stored of it is erased.
        log_unforeseen("The stick has not left the network", err)
        return
    await tenancy.promise(replace(erasure, to_leave=False, end_pairing=True))


async def async_tell(
    hass: HomeAssistant, entry: ConfigEntry[Any], tenancy: Tenancy
) -> None:
    """Tell the pairing service; where it could not be told, a person is reminded of the supplier's list in the end.

    Raises:
        StoreError: that it was told could not be written down.
    """
    erasure = tenancy.record.open
    if erasure is None or not erasure.to_tell:
        return
    pairing, link = await _async_listed(await async_store(hass, entry))
    if pairing is None:
        # Nothing was ever asked for, or it is erased already.
        return
    if await _async_tell(hass, erasure, link, pairing):
        tenancy.remind = None
        await tenancy.promise(replace(erasure, to_tell=""))
    elif pairing.supplier_may_list_cad:
        tenancy.remind = partial(async_report_tenancy_listed, hass, entry, pairing)


async def _async_listed(store: CadStore) -> tuple[Pairing | None, ServiceLink | None]:
    """Return the request, and where it went. What cannot be read keeps nothing from being erased."""
    try:
        return await async_stored_pairing(store.pairing), await ServiceLink.load(store)
    except StoreError as err:
        LOGGER.warning("Nobody can be told of the end of the tenancy: %s", err)
        return None, None


async def _async_tell(
    hass: HomeAssistant,
    erasure: OpenErasure,
    link: ServiceLink | None,
    pairing: Pairing,
) -> bool:
    """Tell the pairing service of the change, and have the CAD removed; return whether it took the latter."""
    if link is None or pairing.state is S.UNPAIRED or not pairing.service_may_have_it:
        return False
    try:
        async with asyncio.timeout(TELLING):
            service = PairingService(
                async_get_clientsession(hass), link.url, link.token
            )
            if erasure.reason is TenancyEnd.USER:
                # Told again, it says the same under the same key.
                since = datetime.fromisoformat(erasure.begun)
                await service.tell_tenancy_change(
                    pairing.request, since, "old_tenant", key=erasure.to_tell
                )
            if pairing.supplier_may_list_cad and pairing.state not in _ASKED:
                await async_send_unpairing(service, _moving_out(pairing, erasure))
    except (CadError, TimeoutError) as err:
        LOGGER.warning("The pairing service was not told of the end: %s", err)
        return False
    return True


def _moving_out(pairing: Pairing, erasure: OpenErasure) -> Pairing:
    """Return the pairing as the CAD's removal is asked for: with the reason that was written down, if one was."""
    if pairing.state in UNDER_WAY:
        return pairing
    asked = Step(
        state=S.UNPAIR_RECORDED,
        at=datetime.fromisoformat(erasure.begun),
        reason=UnpairWhy.MOVING_OUT.value,
    )
    after = replace(pairing, history=(*pairing.history, asked))
    if pairing.state is S.UNPAIR_REFUSED:
        # The key that was refused would only be answered by the same refusal.
        after = replace(after, unpair_key=f"{erasure.to_tell}-unpair")
    return after

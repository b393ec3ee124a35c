"""A set-up that is given up before it has an entry: consent is withdrawn, and what was stored is erased (R2, R19)."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from ..cad.clock import SYSTEM_CLOCK
from ..cad.errors import CadError
from ..consent.consents import Withdrawal
from ..const import LOGGER
from ..pairing.life import Pairing, async_stored_pairing
from ..smart_energy.eui64 import Eui64
from ..store import CadStore, async_load_consents
from ..supplier.api import PairingService
from ..supplier.link import ServiceLink
from ..supplier.unpair import async_tell_unpairing
from .issues import async_report_removed
from .stick import async_leave_for_good, async_report_stick


async def async_give_up(
    hass: HomeAssistant, store: CadStore, path: str, eui64: Eui64
) -> str | None:
    """Withdraw consent, leave the network, tell the pairing service, and erase all but that consent was given and ended.

    Returns:
        the supplier that may still list the CAD and does not know; None where there is none.

    Raises:
        WithdrawalNotStored, StoreError: nothing was erased. Consent has ended all the same.
    """
    consents = await async_load_consents(hass, store, SYSTEM_CLOCK)
    await consents.withdraw(Withdrawal.REQUESTED)
    if (error := await async_leave_for_good(hass, store, path, eui64)) is not None:
        await async_report_stick(hass, store, eui64, error)
    unknowing = await _async_unknowing(hass, store)
    await consents.erase(Withdrawal.REQUESTED)
    await store.async_erase()
    if not consents.log.entries:
        await store.async_remove()
    if unknowing is None:
        return None
    async_report_removed(hass, store.name, unknowing)
    return unknowing.request.supplier


async def _async_unknowing(hass: HomeAssistant, store: CadStore) -> Pairing | None:
    """Return the request if its supplier may list the CAD and could not be told by a pairing service."""
    try:
        pairing = await async_stored_pairing(store.pairing)
        if pairing is None or not pairing.supplier_may_list_cad:
            return None
        if (link := await ServiceLink.load(store)) is None or not pairing.service_id:
            return pairing
    except CadError as err:
        LOGGER.warning("Nobody can be told that the set-up is given up: %s", err)
        return None
    try:
        await async_tell_unpairing(
            PairingService(async_get_clientsession(hass), link.url, link.token),
            pairing,
        )
    except CadError as err:
        LOGGER.warning("The pairing service was not told: %s", err)
        return pairing
    return None

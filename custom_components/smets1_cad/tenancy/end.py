"""A change of tenancy, carried out: the flow of data stops, the radio leaves, the supplier is told, all is erased (R20)."""

from collections.abc import Callable
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..erasure.report import ErasureReport
from .change import async_change_of_tenancy
from .record import TenancyEnd


async def async_end_tenancy(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    reason: TenancyEnd,
    *,
    begun: Callable[[], None] | None = None,
) -> ErasureReport:
    """End a tenancy. Nothing is read from the moment of the call.

    Once it is on disk, the stick leaves the network, the pairing service is told, and everything is erased. Where it
    was asked for already, nobody is told twice.

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
    return await async_change_of_tenancy(
        hass, entry, reason=reason, is_farewell=True, begun=begun
    )

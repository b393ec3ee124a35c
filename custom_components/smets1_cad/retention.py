"""How long Home Assistant keeps the history of the CAD's readings (R23).

Every night, and soon after each start, since many an installation is off at night,
what the recorder has of the CAD's entities and is older than the user allows is
deleted, statistics too; without consent to a history, everything is. On SQLite what
is deleted is overwritten and the journal emptied, so that the bytes are gone from the
files without rewriting the whole database.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later, async_track_time_change
from homeassistant.helpers.recorder import DATA_INSTANCE
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from .cad.errors import CadError
from .const import DOMAIN, LOGGER
from .tenancy.tenancies import async_history_targets

NIGHTLY: Final = {"hour": 3, "minute": 47, "second": 0}
"""Before the recorder's own purge at 4:12, which then has less to do."""

AFTER_START: Final = timedelta(minutes=10)
"""How long after Home Assistant has started the history is looked at first: a start has enough to do."""


async def async_apply_retention(
    hass: HomeAssistant, entry: ConfigEntry[Any], keep: timedelta | None
) -> Mapping[str, int]:
    """Erase the history of a CAD's entities that is older than is allowed.

    Args:
        hass: Home Assistant.
        entry: the CAD's.
        keep: how long a history is kept; zero is not at all, None for as long as the recorder does.

    Returns:
        rows deleted, by table of the recorder.

    Raises:
        ErasureError: the recorder's database could not be changed.
        StoreError: ``store_unreadable``.
    """
    if keep is None or DATA_INSTANCE not in hass.data:
        return {}
    # The recorder's libraries are there only where it is.
    from .erasure.recorder import async_erase_older  # noqa: PLC0415

    targets = await async_history_targets(hass, entry)
    return await async_erase_older(hass, targets, (dt_util.utcnow() - keep).timestamp())


@callback
def async_keep_for(
    hass: HomeAssistant, entry: ConfigEntry[Any], keep: timedelta | None
) -> CALLBACK_TYPE:
    """Apply the retention soon after the start, and every night.

    Args:
        hass: Home Assistant.
        entry: the CAD's.
        keep: as for `async_apply_retention`.

    Returns:
        what ends it; give it to `entry.async_on_unload`.
    """

    async def apply(_now: datetime) -> None:
        try:
            await async_apply_retention(hass, entry, keep)
        except CadError as err:
            LOGGER.warning("Old readings are not erased; it is tried again: %s", err)

    @callback
    def begin(now: datetime) -> None:
        entry.async_create_background_task(hass, apply(now), f"{DOMAIN} retention")

    @callback
    def started(_hass: HomeAssistant) -> None:
        ends.append(async_call_later(hass, AFTER_START, begin))

    @callback
    def stop() -> None:
        for end in ends:
            end()

    if keep is None:
        return lambda: None
    ends = [async_track_time_change(hass, begin, **NIGHTLY)]
    ends.append(async_at_started(hass, started))
    return stop

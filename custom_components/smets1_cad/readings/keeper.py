"""Keep what was read over restarts, so that everything is right before the first reading."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from time import monotonic
from typing import Final

from homeassistant.util import dt as dt_util

from ..cad.models import Fuel
from ..const import LOGGER
from ..store import CadStore, JsonObject, StoreError
from .meter_state import MeterState

SAVE_EVERY: Final = 60.0
"""Seconds between two writes of electricity readings; gas, read each half hour, is written at once."""


class ReadingsKeeper:
    """Writes the meters of one CAD, often enough and not more."""

    def __init__(
        self, store: CadStore, intervals: Mapping[Fuel, timedelta] | None = None
    ) -> None:
        """Say where, and how far apart readings are where the user has decided; nothing is written after an erasure."""
        self._readings = store.readings
        self._intervals = intervals or {}
        self._saved_at = 0.0

    async def restore(self, fuels: Collection[Fuel]) -> dict[Fuel, MeterState]:
        """Return the meters of some fuels as they were written last.

        Electricity is written once a minute, so only what was written at an orderly end
        is known to be the last that was shown; see `MeterState.from_dict`.
        """
        try:
            saved = await self._readings.load()
            if saved is None:
                return {}
            meters = {
                fuel: MeterState.from_dict(
                    fuel,
                    saved["meters"][fuel],
                    now=dt_util.utcnow(),
                    monotonic=monotonic(),
                    is_last=saved["ended"] or fuel is Fuel.GAS,
                    interval=self._intervals.get(fuel),
                )
                for fuel in Fuel
                if fuel in fuels and fuel in saved["meters"]
            }
        except (StoreError, ArithmeticError, KeyError, TypeError, ValueError) as err:
            LOGGER.warning(
                "The last readings cannot be read and are left out: %s",
                type(err).__name__,
            )
            return {}
        if saved["ended"]:
            # From now on they may fall behind.
            await self.save(meters, ended=False)
        return meters

    def save_soon(self, meters: Mapping[Fuel, MeterState]) -> None:
        """Write what may be lost, if the last write is long enough ago."""
        if monotonic() - self._saved_at >= SAVE_EVERY:
            self._saved_at = monotonic()
            self._readings.save_later(meters_as_json(meters, ended=False))

    async def save(self, meters: Mapping[Fuel, MeterState], *, ended: bool) -> None:
        """Write now.

        Args:
            meters: what is known.
            ended: whether nothing is read after it.
        """
        self._saved_at = monotonic()
        try:
            await self._readings.save(meters_as_json(meters, ended=ended))
        except StoreError as err:
            LOGGER.warning("The last readings were not kept: %s", err)


def meters_as_json(meters: Mapping[Fuel, MeterState], *, ended: bool) -> JsonObject:
    """Return meters as the store's section of readings has them.

    Args:
        meters: what is known of each.
        ended: whether nothing can have been read since.
    """
    return {
        "ended": ended,
        "meters": {fuel.value: meter.as_dict() for fuel, meter in meters.items()},
    }

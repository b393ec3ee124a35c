"""Time to erase a tenancy, beside the recorder's own purge with repack on the same data.

A million states and ten years of hourly statistics on SQLite. The recorder is asked
for the same with its own actions: purge the entities, clear their statistics, purge
with a repack.
"""

import asyncio
from collections.abc import Awaitable, Callable
import json
import logging
from pathlib import Path
import shutil
import tempfile
import time
from typing import Any, Final

from sqlalchemy import func, insert, select

from custom_components.smets1_cad.erasure.recorder import async_erase_history
from custom_components.smets1_cad.erasure.targets import Targets
from homeassistant.components.recorder.db_schema import (
    StateAttributes,
    States,
    StatesMeta,
    Statistics,
    StatisticsMeta,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import (
    async_initialize_recorder,
    get_instance,
    session_scope,
)
from homeassistant.setup import async_setup_component

_STATES: Final = 1_000_000
_ENTITIES: Final = 12
_HOURS: Final = 10 * 365 * 24
_STATISTICS: Final = 6
_OTHERS: Final = 50_000
_LIMIT: Final = 1.5

_OURS: Final = [f"sensor.meter_{number}" for number in range(_ENTITIES)]
_EXTERNAL: Final = "smets1_cad:profile"


async def _with_recorder[T](
    config: Path, work: Callable[[HomeAssistant], Awaitable[T]]
) -> T:
    """Run Home Assistant's recorder on a folder's database, and something with it."""
    hass = HomeAssistant(str(config))
    from homeassistant import bootstrap, loader  # noqa: PLC0415
    from homeassistant.config_entries import ConfigEntries  # noqa: PLC0415

    hass.config.skip_pip = True
    hass.config_entries = ConfigEntries(hass, {})
    loader.async_setup(hass)
    await bootstrap.async_load_base_functionality(hass)
    async_initialize_recorder(hass)
    url = f"sqlite:///{config / 'home-assistant_v2.db'}"
    await async_setup_component(
        hass, "recorder", {"recorder": {"db_url": url, "auto_purge": False}}
    )
    await hass.async_start()
    try:
        await get_instance(hass).async_recorder_ready.wait()
        return await work(hass)
    finally:
        await hass.async_stop(force=True)
        get_instance.cache_clear()


async def _fill(hass: HomeAssistant) -> None:
    await get_instance(hass).async_add_executor_job(_insert, hass)


def _insert(hass: HomeAssistant) -> None:
    """Write states as the recorder does: attributes shared, each state with its predecessor."""
    now = time.time() - 60
    with session_scope(session=get_instance(hass).get_session()) as session:
        names = [*_OURS, "sensor.other"]
        session.execute(
            insert(StatesMeta),
            [
                {"metadata_id": 1000 + n, "entity_id": name}
                for n, name in enumerate(names)
            ],
        )
        attributes = [
            {
                "attributes_id": 1000 + number,
                "hash": number,
                "shared_attrs": json.dumps(
                    {"friendly_name": names[number % len(names)], "step": number}
                ),
            }
            for number in range(20 * len(names))
        ]
        session.execute(insert(StateAttributes), attributes)
        total = _STATES + _OTHERS
        for first in range(0, total, 50_000):
            session.execute(
                insert(States),
                [
                    _state(number, now - (total - number) * 0.8)
                    for number in range(first, min(first + 50_000, total))
                ],
            )
        ids = [*_OURS[: _STATISTICS - 1], _EXTERNAL]
        session.execute(
            insert(StatisticsMeta),
            [
                {
                    "id": 1000 + number,
                    "statistic_id": name,
                    "source": "smets1_cad" if name == _EXTERNAL else "recorder",
                    "unit_of_measurement": "kWh",
                    "has_sum": True,
                    "mean_type": 0,
                }
                for number, name in enumerate(ids)
            ],
        )
        for number in range(len(ids)):
            session.execute(
                insert(Statistics),
                [
                    {
                        "metadata_id": 1000 + number,
                        "created_ts": now,
                        "start_ts": now // 3600 * 3600 - hour * 3600,
                        "state": hour * 0.37,
                        "sum": hour * 0.37,
                    }
                    for hour in range(_HOURS)
                ],
            )


def _state(number: int, at: float) -> dict[str, Any]:
    """Return a state; every so often it is somebody else's."""
    every = (_STATES + _OTHERS) // _OTHERS
    which = _ENTITIES if number % every == 0 else number % _ENTITIES
    return {
        "state_id": 1000 + number,
        "metadata_id": 1000 + which,
        "attributes_id": 1000 + which + (number % 20) * (_ENTITIES + 1),
        "state": f"{number * 0.013:.3f}",
        "last_updated_ts": at,
        "old_state_id": 1000 + number - _ENTITIES if number >= _ENTITIES else None,
    }


async def _ours(hass: HomeAssistant) -> float:
    """Erase as a change of tenancy does, with the proof."""
    begun = time.perf_counter()
    report = await async_erase_history(hass, Targets(entity_ids=frozenset(_OURS)))
    seconds = time.perf_counter() - begun
    if not report.is_clean:
        raise RuntimeError("The erasure left something behind")
    await _check(hass)
    return seconds


async def _recorders(hass: HomeAssistant) -> float:
    """Have the recorder do it with its own actions."""
    instance = get_instance(hass)
    begun = time.perf_counter()
    await hass.services.async_call(
        "recorder",
        "purge_entities",
        {"entity_id": _OURS, "keep_days": 0},
        blocking=True,
    )
    cleared = asyncio.Event()

    def tell() -> None:
        hass.loop.call_soon_threadsafe(cleared.set)

    instance.async_clear_statistics([*_OURS, _EXTERNAL], on_done=tell)
    await cleared.wait()
    while await instance.async_add_executor_job(_left, hass):
        # A purge queues itself anew until it is done.
        await instance.async_block_till_done()
    await hass.services.async_call(
        "recorder", "purge", {"keep_days": 365, "repack": True}, blocking=True
    )
    await instance.async_block_till_done()
    seconds = time.perf_counter() - begun
    await _check(hass)
    return seconds


def _left(hass: HomeAssistant) -> int:
    """Return how many of the entities have a name in the database still."""
    with session_scope(
        session=get_instance(hass).get_session(), read_only=True
    ) as session:
        return (
            session.scalar(
                select(func.count())
                .select_from(StatesMeta)
                .where(StatesMeta.entity_id.in_(_OURS))
            )
            or 0
        )


async def _check(hass: HomeAssistant) -> None:
    """See that the same is gone, and that the same stays."""

    def count() -> tuple[int, int]:
        with session_scope(
            session=get_instance(hass).get_session(), read_only=True
        ) as session:
            states = session.scalar(select(func.count()).select_from(States)) or 0
            statistics = session.scalar(select(func.count()).select_from(Statistics))
            return states, statistics or 0

    states, statistics = await get_instance(hass).async_add_executor_job(count)
    if states < _OTHERS or states > _OTHERS * 1.2 or statistics:
        raise RuntimeError(f"{states} states and {statistics} statistics are left")


def main() -> None:
    """Print both times, and fail if ours is more than one and a half times the recorder's."""
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as name:
        filled = Path(name) / "filled"
        filled.mkdir()
        asyncio.run(_with_recorder(filled, _fill))
        size = (filled / "home-assistant_v2.db").stat().st_size / 2**20
        seconds = {}
        for which, work in (("recorder", _recorders), ("ours", _ours)):
            config = Path(name) / which
            shutil.copytree(filled, config)
            seconds[which] = asyncio.run(_with_recorder(config, work))
            shutil.rmtree(config)
    ratio = seconds["ours"] / seconds["recorder"]
    print(
        f"{_STATES:,} states and {_STATISTICS} x 10 years of statistics, {size:.0f} MiB, SQLite"
    )
    print(f"recorder's purge and repack   {seconds['recorder']:7.1f} s")
    print(
        f"erased, repacked, proven      {seconds['ours']:7.1f} s   x {ratio:.2f} (at most {_LIMIT})"
    )
    if ratio > _LIMIT:
        raise SystemExit("erase: too slow")


if __name__ == "__main__":
    main()

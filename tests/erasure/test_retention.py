"""How long a history is kept: what is older is gone from the files too, what is newer stays."""

from datetime import timedelta
from pathlib import Path
import sqlite3
import time
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.smets1_cad import retention
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.erasure.report import ErasureError
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant

from . import canaries
from .conftest import Houses
from .house import EXTERNAL, IMPORT, OTHER, REMOVED

DAY = 86400


def test_what_is_older_goes_and_what_is_newer_stays(
    config: Path, houses: Houses
) -> None:
    answer = houses.run("retain", config, days=100)

    database = sqlite3.connect(config / "home-assistant_v2.db")
    oldest = time.time() - 100 * DAY - 3600
    for statistic_id in (IMPORT, EXTERNAL):
        first, rows = database.execute(
            "SELECT min(start_ts), count(*) FROM statistics s JOIN statistics_meta m ON m.id = s.metadata_id "
            "WHERE m.statistic_id = ?",
            (statistic_id,),
        ).fetchone()
        assert first > oldest
        assert 2395 <= rows <= 2402
    assert answer["deleted"]["statistics"] > 3 * 264 * 24
    assert answer["deleted"]["states"] == 0
    assert database.execute(
        "SELECT count(*) FROM states JOIN states_meta USING (metadata_id) WHERE states_meta.entity_id = ?",
        (OTHER,),
    ).fetchone() == (40,)
    database.close()


def test_without_a_history_no_reading_is_left_in_the_files(
    config: Path, houses: Houses
) -> None:
    """Neither rows nor bytes; the entities go on, and the database is whole (R1, R23)."""
    answer = houses.run("retain", config, days=0)

    files = [path for path in config.iterdir() if "_v2.db" in path.name]
    left = canaries.found_in(files)
    # Names stay while the entities do; only what they showed goes.
    assert not left.keys() & {
        "double",
        "attribute",
        "attribute of a removed entity",
        "attribute of an entity renamed since",
        "state",
    }
    assert answer["entry"]["state"] == "loaded"
    database = sqlite3.connect(config / "home-assistant_v2.db")
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    rows = database.execute(
        "SELECT states_meta.entity_id, state FROM states JOIN states_meta USING (metadata_id) WHERE states_meta.entity_id IN (?, ?)",
        (IMPORT, REMOVED),
    ).fetchall()
    assert (IMPORT, "1.0") in rows
    assert str(canaries.NUMBER) not in {state for _, state in rows}
    database.close()


@pytest.fixture
def entry(hass: HomeAssistant) -> MockConfigEntry:
    """A CAD."""
    entry = MockConfigEntry(domain=DOMAIN, unique_id="000d6f000a9069e7")
    entry.add_to_hass(hass)
    return entry


async def test_it_is_applied_every_night_and_ends_with_the_entry(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A night that fails is said, and the next one comes."""
    await hass.config.async_set_time_zone("Europe/London")
    freezer.move_to("2026-11-22T03:46:00+00:00")
    with patch.object(
        retention,
        "async_apply_retention",
        AsyncMock(side_effect=[ErasureError("Disk full"), {}]),
    ) as apply:
        hass.set_state(CoreState.starting)
        stop = retention.async_keep_for(hass, entry, timedelta(days=30))
        for night in (22, 23):
            freezer.move_to(f"2026-11-{night}T03:47:00+00:00")
            async_fire_time_changed(hass)
            await hass.async_block_till_done(wait_background_tasks=True)
        assert apply.await_count == 2
        assert caplog.text.count("Disk full") == 1
        stop()
        freezer.move_to("2026-11-24T03:47:00+00:00")
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert apply.await_count == 2


async def test_it_is_applied_soon_after_a_start(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """An installation that is off at night is not spared; while it starts, it has other things to do."""

    async def wait(minutes: int) -> None:
        freezer.tick(timedelta(minutes=minutes))
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)

    await hass.config.async_set_time_zone("Europe/London")
    freezer.move_to("2026-11-22T08:00:00+00:00")
    keep = timedelta(days=30)
    with patch.object(retention, "async_apply_retention") as apply:
        hass.set_state(CoreState.starting)
        stop = retention.async_keep_for(hass, entry, keep)
        await wait(30)
        hass.set_state(CoreState.running)
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
        await wait(9)
        apply.assert_not_called()
        await wait(2)
        apply.assert_called_once_with(hass, entry, keep)
        stop()
        stop = retention.async_keep_for(hass, entry, keep)
        stop()
        await wait(30)
        apply.assert_called_once()


async def test_kept_as_long_as_the_recorder_does(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Without a limit of ours nothing is asked of anybody."""
    retention.async_keep_for(hass, entry, None)()
    assert await retention.async_apply_retention(hass, entry, None) == {}
    assert (
        await retention.async_apply_retention(hass, entry, timedelta(days=1)) == {}
    ), "without a recorder there is no history"

"""An entry that is removed during its erasure goes once everything is erased, and not before (R20)."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.smets1_cad import store as stores
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.erasure import storage
from custom_components.smets1_cad.erasure.report import ErasureError, ErasureReport
from custom_components.smets1_cad.tenancy import change, steps
from custom_components.smets1_cad.tenancy.end import async_end_tenancy
from custom_components.smets1_cad.tenancy.record import TenancyEnd
from custom_components.smets1_cad.tenancy.tenancies import TENANCIES, async_is_erasing
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.helpers import issue_registry as ir

from .flow.walk import full_disk
from .leaving_home import LeavingHome

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "PAUSE", 0)


@pytest.fixture
async def paired(paired: LeavingHome) -> AsyncGenerator[LeavingHome]:
    """A home whose CAD is paired and read; what is being erased at the end is."""
    yield paired
    await settle(paired)


class Database:
    """The recorder's part of an erasure, which takes as long as a test wants, or fails."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.may_end = asyncio.Event()
        self.error: ErasureError | None = None

    async def erase(self, *_: Any) -> None:
        """Wait."""
        self.reached.set()
        await self.may_end.wait()
        if self.error is not None:
            raise self.error


@pytest.fixture
def database() -> Generator[Database]:
    """A slow one."""
    database = Database()
    with slow(database):
        yield database
    database.may_end.set()


@contextmanager
def slow(database: Database) -> Generator[None]:
    """Have a database erased for as long as a test wants."""
    with patch.object(steps, "_async_erase_database", database.erase):
        yield


async def settle(home: LeavingHome) -> None:
    """Let what is under way come to its end."""
    for _ in range(3):
        await home.hass.async_block_till_done(wait_background_tasks=True)


async def erase(home: LeavingHome, database: Database) -> asyncio.Task[ErasureReport]:
    """Have a person say that the tenancy has ended, and wait until the database is being erased."""
    asked = home.hass.async_create_background_task(
        async_end_tenancy(home.hass, home.entry, TenancyEnd.USER), "ask"
    )
    await database.reached.wait()
    return asked


async def remove(home: LeavingHome) -> None:
    """Have a person remove the entry; it does not take long."""
    await home.hass.config_entries.async_remove(home.entry.entry_id)
    await home.hass.async_block_till_done()


def is_there(home: LeavingHome) -> bool:
    """Whether the entry is."""
    return bool(home.hass.config_entries.async_entries(DOMAIN))


async def is_forgotten(home: LeavingHome) -> bool:
    """Whether the entry is gone, and everything that was stored of the CAD."""
    store = await home.store()
    return not is_there(home) and not any(
        store.get(name) for name in ("consent", "pairing", "secrets", "tenancy")
    )


def forget_memory(home: LeavingHome) -> None:
    """Lose what is only in memory, as a restart does."""
    task = home.hass.data[TENANCIES][home.entry.entry_id].task
    assert task is not None
    task.cancel()
    for key in (TENANCIES, stores._STORES, stores._PROCESS_STORE):
        home.hass.data.pop(key, None)


async def test_it_comes_back_until_everything_is_erased(
    paired: LeavingHome, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """It says why. The person who asked gets the report; what they have to see to stays when the entry has gone."""
    asked = await erase(paired, database)
    await remove(paired)
    assert paired.entry.state is ConfigEntryState.SETUP_RETRY
    assert paired.entry.error_reason_translation_key == "erasing_removed"
    assert is_there(paired)
    await remove(paired)
    assert is_there(paired), "asking again does not undo the promise"

    database.may_end.set()
    report = await asked
    assert report.pairing_ended
    assert report.kept == ("consent_ended", "supplier_reminder")
    await settle(paired)
    assert await is_forgotten(paired)
    assert paired.entry.entry_id not in paired.hass.data[TENANCIES]
    left = {key for domain, key in ir.async_get(paired.hass).issues if domain == DOMAIN}
    assert left == {
        f"erasure_out_of_reach_{paired.entry.entry_id}",
        f"tenancy_still_listed_{paired.entry.entry_id}",
    }
    assert [each for each in caplog.records if each.levelname == "ERROR"] == []


async def test_it_survives_a_restart(paired: LeavingHome, database: Database) -> None:
    """The list is on disk, and that the entry goes afterwards."""
    await erase(paired, database)
    await remove(paired)
    await paired.hass.config_entries.async_unload(paired.entry.entry_id)
    forget_memory(paired)
    database.reached.clear()
    await paired.start()
    assert paired.entry.error_reason_translation_key == "erasing_removed"
    assert await async_is_erasing(paired.hass, paired.entry)
    await database.reached.wait()
    database.may_end.set()
    await settle(paired)
    assert await is_forgotten(paired)


async def test_it_goes_at_the_next_start_if_it_could_not_before(
    paired: LeavingHome, database: Database
) -> None:
    """Killed between the end of the erasure and the removal."""
    await erase(paired, database)
    await remove(paired)
    database.may_end.set()
    with patch.object(change, "_async_remove"):
        await settle(paired)
    assert is_there(paired)
    assert not await async_is_erasing(paired.hass, paired.entry)
    await paired.hass.config_entries.async_unload(paired.entry.entry_id)
    forget_memory(paired)
    await paired.start()
    await settle(paired)
    assert await is_forgotten(paired)


async def test_a_failure_is_said_while_the_entry_is_there(
    paired: LeavingHome, database: Database
) -> None:
    """It is tried again, as the issue says; then the entry goes, and the issue with it."""
    asked = await erase(paired, database)
    await remove(paired)
    database.error = ErasureError("Left.", reason="erasure_left")
    database.may_end.set()
    await asyncio.wait([asked])
    assert asked.exception() is database.error
    await settle(paired)
    assert is_there(paired)
    assert paired.issue("erasure_incomplete") is not None
    database.error = None
    await paired.wait(minutes=5)
    await settle(paired)
    assert not is_there(paired)
    assert paired.issue("erasure_incomplete") is None


async def test_a_failure_amid_the_removal_is_said_of_no_entry(
    paired: LeavingHome, database: Database
) -> None:
    """An entry that is gone has no issue, and is not set up; the one that comes back tries again."""
    asked = await erase(paired, database)
    database.error = ErasureError("Left.", reason="erasure_left")
    putting_back = change._async_put_back
    with patch.object(change, "_async_put_back"):
        await remove(paired)
        database.may_end.set()
        await asyncio.wait([asked])
        assert asked.exception() is database.error
        await settle(paired)
    assert not is_there(paired)
    assert paired.issue("erasure_incomplete") is None
    database.error = None
    await putting_back(paired.hass, paired.entry)
    await settle(paired)
    assert await is_forgotten(paired)


async def test_the_end_amid_the_removal_takes_nothing_for_an_orphan(
    paired: LeavingHome, database: Database
) -> None:
    """The CAD's own store holds that the erasure is finished, though no entry owns it at that moment."""
    asked = await erase(paired, database)
    putting_back = change._async_put_back
    with patch.object(change, "_async_put_back"):
        await remove(paired)
        database.may_end.set()
        assert (await asked).pairing_ended
    assert (await paired.store()).get("tenancy") is not None
    await putting_back(paired.hass, paired.entry)
    await settle(paired)
    assert await is_forgotten(paired)


async def test_a_full_disk_does_not_lose_the_wish(
    paired: LeavingHome, database: Database
) -> None:
    await erase(paired, database)
    with full_disk():
        await remove(paired)
    assert paired.entry.error_reason_translation_key == "erasing_removed"
    database.may_end.set()
    await settle(paired)
    assert not is_there(paired)


async def test_what_never_began_is_promised_too(
    paired: LeavingHome, database: Database
) -> None:
    """The disk was full when it was asked for, and is when the entry is removed."""
    with full_disk():
        with pytest.raises(Exception, match="nothing is erased yet"):
            await paired.act("change_of_tenancy")
        await remove(paired)
        assert is_there(paired)
    database.may_end.set()
    await paired.wait(minutes=5)
    await settle(paired)
    assert not is_there(paired)
    assert database.reached.is_set()


async def test_a_disabled_entry_comes_back_enabled(
    paired: LeavingHome, database: Database
) -> None:
    """Nothing would go on with its erasure otherwise."""
    await erase(paired, database)
    await paired.hass.config_entries.async_set_disabled_by(
        paired.entry.entry_id, ConfigEntryDisabler.USER
    )
    await remove(paired)
    assert paired.entry.error_reason_translation_key == "erasing_removed"
    database.may_end.set()
    await settle(paired)
    assert not is_there(paired)


async def test_an_entry_that_could_not_be_unloaded_comes_back(
    paired: LeavingHome, database: Database
) -> None:
    """Its erasure goes on all the same."""
    await erase(paired, database)
    paired.entry.mock_state(paired.hass, ConfigEntryState.FAILED_UNLOAD)
    await remove(paired)
    assert is_there(paired)
    database.may_end.set()
    await settle(paired)
    assert not is_there(paired)


async def test_removed_while_the_list_is_made_it_is_just_removed(
    paired: LeavingHome,
) -> None:
    """Nothing was promised yet; whoever asked is told, and no issue speaks of an entry that is gone."""
    listing = asyncio.Event()
    removed = asyncio.Event()

    async def logs(*_: Any) -> tuple[str, ...]:
        listing.set()
        await removed.wait()
        return ()

    with patch.object(change, "async_logs_with", logs):
        asked = paired.hass.async_create_background_task(
            change.async_change_of_tenancy(
                paired.hass, paired.entry, reason=TenancyEnd.USER
            ),
            "ask",
        )
        await listing.wait()
        await remove(paired)
        removed.set()
        with pytest.raises(stores.StoreError):
            await asked
    await settle(paired)
    assert await is_forgotten(paired)
    assert paired.issue("erasure_incomplete") is None


async def test_what_cannot_be_read_keeps_no_entry(paired: LeavingHome) -> None:
    await paired.hass.config_entries.async_unload(paired.entry.entry_id)
    paired.hass.data.pop(TENANCIES)
    store = await paired.store()
    await store.async_save("tenancy", {"number": "none"}, strict=True)
    await remove(paired)
    assert await is_forgotten(paired)

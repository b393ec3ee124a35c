"""Have the recorder erase, repack and look again, and wait for it."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
import time
from typing import Final, override

from sqlalchemy import text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from homeassistant.components.recorder.const import SupportedDialect
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.repack import repack_database
from homeassistant.components.recorder.tasks import RecorderTask
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance, session_scope

from .database import TABLES, Counts, Erasure, Job, mentions, remaining
from .raw import search
from .report import DatabaseReport, ErasureError
from .targets import Targets

_ATTEMPTS: Final = 5
"""How often a step is tried that another writer stands in the way of."""

_ROUNDS: Final = 3
"""How often everything is done again, where something was written meanwhile."""

_CHECKPOINT_PAUSE: Final = 0.5


class _JobTask(RecorderTask):
    """One step of a job; it queues the next, so that states are recorded in between."""

    def __init__(
        self, done: asyncio.Future[None], work: Callable[[Recorder], Job]
    ) -> None:
        """Say what to do, and whom to tell."""
        self._done = done
        self._work = work
        self._job: Job | None = None
        self._failures = 0

    @override
    def run(self, instance: Recorder) -> None:
        """Do a step, and queue the next; after the last one, or an error, tell."""
        if self._done.cancelled():
            return
        try:
            if self._job is None:
                self._job = self._work(instance)
            next(self._job)
        except StopIteration:
            self._tell(instance, None)
        except OperationalError as err:
            self._failures += 1
            if self._failures >= _ATTEMPTS:
                self._tell(instance, err)
                return
            # A deadlock, or a lock that another program holds: every step may be done anew.
            time.sleep(instance.db_retry_wait)
            self._job = None
            instance.queue_task(self)
        except Exception as err:  # noqa: BLE001 - whoever waits gets it
            self._tell(instance, err)
        else:
            instance.queue_task(self)

    def _tell(self, instance: Recorder, error: Exception | None) -> None:
        instance.hass.loop.call_soon_threadsafe(_settle, self._done, error)


def _settle(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)


async def _async_run(instance: Recorder, work: Callable[[Recorder], Job]) -> None:
    """Run a job in the recorder's thread.

    Raises:
        ErasureError: ``erasure_database``.
    """
    done: asyncio.Future[None] = instance.hass.loop.create_future()
    instance.queue_task(_JobTask(done, work))
    try:
        await done
    except SQLAlchemyError as err:
        # Its text may quote what was to be deleted.
        raise ErasureError(
            f"The recorder's database did not let its rows be deleted ({type(err).__name__}). See that it can be written to; "
            "erasing is tried again at the next start.",
            reason="erasure_database",
        ) from None


async def async_erase_history(hass: HomeAssistant, targets: Targets) -> DatabaseReport:
    """Erase a tenancy from the recorder's database, repack, and look whether anything is left.

    Raises:
        ErasureError: ``erasure_database``: it cannot be written to, or something is left.
    """
    instance = await _async_recorder(hass)
    erasure = Erasure(targets)

    def work(instance: Recorder) -> Job:
        _secure_delete(instance)
        yield from erasure(instance)

    for _ in range(_ROUNDS):
        await _async_run(instance, work)
        await _async_run(instance, _repack)
        left = await instance.async_add_executor_job(remaining, instance, targets)
        ghosts = await _async_ghosts(instance, targets, erasure.probes)
        if not any(left.values()) and not ghosts:
            break
    return DatabaseReport(
        engine=str(instance.dialect_name),
        deleted=dict(erasure.deleted),
        remaining=left,
        searched=len(erasure.probes) + len(targets.entity_ids),
        found_in_files=ghosts,
        searched_files=_sqlite_path(instance) is not None,
    )


async def async_erase_older(
    hass: HomeAssistant, targets: Targets, before: float
) -> Counts:
    """Erase what is older than a time, also from SQLite's files, without the cost of a repack.

    Args:
        hass: Home Assistant.
        targets: whose history.
        before: seconds since 1970.

    Returns:
        rows deleted, by table.

    Raises:
        ErasureError: ``erasure_database``.
    """
    instance = await _async_recorder(hass)
    erasure = Erasure(targets, before)

    def work(instance: Recorder) -> Job:
        _secure_delete(instance)
        yield from erasure(instance)
        if any(erasure.deleted.values()):
            _checkpoint(instance)

    await _async_run(instance, work)
    return erasure.deleted


async def _async_recorder(hass: HomeAssistant) -> Recorder:
    """Return the recorder once its database can be used.

    Raises:
        ErasureError: ``erasure_database``: it never can.
    """
    instance = get_instance(hass)
    if not await instance.async_db_ready:
        raise ErasureError(
            "The recorder does not run, so its database could not be erased. Mend the recorder; "
            "erasing is tried again at the next start.",
            reason="erasure_database",
        )
    await instance.async_recorder_ready.wait()
    return instance


def _sqlite_path(instance: Recorder) -> Path | None:
    """Return SQLite's main file; None of another engine, or in memory."""
    if instance.engine is None or instance.dialect_name != SupportedDialect.SQLITE:
        return None
    name = instance.engine.url.database
    return Path(name) if name and name != ":memory:" else None


def sqlite_files(path: Path) -> list[Path]:
    """Return a database's file and its journals, as far as they are there."""
    return [
        file
        for suffix in ("", "-wal", "-shm", "-journal")
        if (file := path.with_name(path.name + suffix)).is_file()
    ]


def _secure_delete(instance: Recorder) -> None:
    """Have SQLite overwrite what the recorder's thread deletes; other engines cannot."""
    if instance.dialect_name != SupportedDialect.SQLITE:
        return
    with session_scope(session=instance.get_session()) as session:
        session.execute(text("PRAGMA secure_delete=ON"))


def _repack(instance: Recorder) -> Job:
    """Write the tables anew, so that nothing of what was deleted is left in them."""
    assert instance.engine is not None
    if instance.dialect_name == SupportedDialect.POSTGRESQL:
        # What `repack_database` does there leaves deleted rows in their pages. The sample
        # of values that the planner keeps of each table is taken anew, too.
        with instance.engine.connect().execution_options(
            isolation_level="AUTOCOMMIT"
        ) as connection:
            for table in TABLES:
                connection.execute(text(f"VACUUM (FULL, ANALYZE) {table}"))
    else:
        repack_database(instance)
    _checkpoint(instance)
    yield


def _checkpoint(instance: Recorder) -> None:
    """Empty SQLite's journal into its main file; a reader may stand in the way for a moment."""
    if instance.engine is None or instance.dialect_name != SupportedDialect.SQLITE:
        return
    for _ in range(_ATTEMPTS):
        with instance.engine.connect() as connection:
            busy = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).scalar()
        if not busy:
            return
        time.sleep(_CHECKPOINT_PAUSE)


async def _async_ghosts(
    instance: Recorder, targets: Targets, probes: Iterable[str]
) -> int:
    """Return how many texts are in SQLite's files that no row has any more."""
    if (path := _sqlite_path(instance)) is None:
        return 0
    hass = instance.hass
    files = await hass.async_add_executor_job(sqlite_files, path)
    found = await hass.async_add_executor_job(
        search, files, {*targets.entity_ids, *probes}
    )
    if not found:
        return 0
    alive = await instance.async_add_executor_job(mentions, instance, found)
    return len(found - alive)

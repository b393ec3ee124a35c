"""Work in the recorder's thread: who is told of its end, and what other engines than SQLite are spared."""

import asyncio
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from custom_components.smets1_cad.erasure import recorder
from custom_components.smets1_cad.erasure.database import TABLES
from custom_components.smets1_cad.erasure.targets import Targets
from homeassistant.components.recorder.const import SupportedDialect
from homeassistant.core import HomeAssistant


class Thread:
    """The recorder's thread, which a test runs by hand."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.hass = hass
        self.tasks: list[Any] = []
        self.queue_task = self.tasks.append

    async def run(self) -> None:
        """Run what is queued, until nothing is."""
        while self.tasks:
            self.tasks.pop(0).run(self)
        await asyncio.sleep(0)


async def test_an_error_of_any_kind_reaches_whoever_waits(hass: HomeAssistant) -> None:
    """Else the erasure would wait for ever."""
    thread: Any = Thread(hass)

    def work(_instance: Any) -> Iterator[None]:
        yield
        raise ZeroDivisionError

    waiting = hass.async_create_task(recorder._async_run(thread, work))
    await asyncio.sleep(0)
    await thread.run()
    with pytest.raises(ZeroDivisionError):
        await waiting


async def test_work_ends_when_nobody_waits_for_it(hass: HomeAssistant) -> None:
    """Between two steps; and what was on its way then tells nobody."""
    thread: Any = Thread(hass)
    steps: list[int] = []

    def work(_instance: Any) -> Iterator[None]:
        for step in range(3):
            steps.append(step)
            yield

    done: asyncio.Future[None] = hass.loop.create_future()
    task = recorder._JobTask(done, work)
    task.run(thread)
    done.cancel()
    await thread.run()
    assert steps == [0]
    recorder._settle(done, None)
    recorder._settle(done, ZeroDivisionError())
    assert done.cancelled()


def engine(dialect: SupportedDialect, name: str | None = None) -> Any:
    """Play a recorder on some engine, which notes what is executed."""
    executed: list[str] = []
    connection = Mock()
    connection.execution_options.return_value = nullcontext(
        Mock(execute=lambda statement: executed.append(str(statement)))
    )
    return SimpleNamespace(
        dialect_name=dialect,
        executed=executed,
        get_session=Mock(side_effect=AssertionError("nothing to ask it")),
        engine=SimpleNamespace(
            url=SimpleNamespace(database=name), connect=lambda: connection
        ),
    )


def test_postgresql_writes_every_table_anew() -> None:
    """And takes its samples of their values anew; Home Assistant's own repack leaves deleted rows in their pages."""
    instance = engine(SupportedDialect.POSTGRESQL)
    assert list(recorder._repack(instance)) == [None]
    assert instance.executed == [f"VACUUM (FULL, ANALYZE) {table}" for table in TABLES]


async def test_files_of_other_engines_are_not_looked_at() -> None:
    """They are elsewhere, and nothing of SQLite's is asked of them."""
    for instance in (
        engine(SupportedDialect.MYSQL, "homeassistant"),
        engine(SupportedDialect.SQLITE, ":memory:"),
    ):
        assert recorder._sqlite_path(instance) is None
        assert await recorder._async_ghosts(instance, Targets(), ["text"]) == 0
    assert recorder._sqlite_path(engine(SupportedDialect.SQLITE, "/a/b")) == Path(
        "/a/b"
    )
    recorder._secure_delete(engine(SupportedDialect.MYSQL))
    recorder._checkpoint(engine(SupportedDialect.MYSQL))


def test_a_reader_that_stays_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """SQLite's journal is emptied when it can be; whether bytes are left is looked for afterwards."""
    monkeypatch.setattr(recorder, "_CHECKPOINT_PAUSE", 0)
    instance = engine(SupportedDialect.SQLITE)
    busy = Mock()
    busy.execute.return_value.scalar.return_value = 1
    instance.engine.connect = lambda: nullcontext(busy)
    recorder._checkpoint(instance)
    assert busy.execute.call_count == recorder._ATTEMPTS

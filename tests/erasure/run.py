"""Run houses in processes of their own, which may be killed.

``python -m tests.erasure.run`` reads orders, one JSON object a line, and forks for each;
what there is to import is imported once. An order has a ``command``, the ``config``
folder, perhaps a ``url`` of a database, and perhaps where to ``kill`` itself: a file, a
line, and the how manieth time that the line is run; or to ``kill_in`` a function of
what erases, by name, at its last line but one. The answer is a line of JSON with the
exit status and what the house said.

``fill`` moves in; ``erase`` ends the tenancy; ``remove`` ends it, and removes the entry as soon as it says
that it is being erased; ``start`` starts and stops, and waits for an
erasure that is open; ``retain`` keeps a history of so many ``days``; ``scan`` searches every table of a database for canaries.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
import json
import os
from pathlib import Path
import signal
import sys
import traceback
from types import CodeType
from typing import Any, Final

from sqlalchemy import create_engine, inspect, text

from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.retention import async_apply_retention
from custom_components.smets1_cad.tenancy.change import (
    async_begin_erasure,
    async_change_of_tenancy,
)
from custom_components.smets1_cad.tenancy.record import TenancyEnd
from custom_components.smets1_cad.tenancy.tenancies import async_erasure_report
from homeassistant.core import Context

from . import canaries
from .house import CAD, House, hurry, log_to, move_in, open_house

type Answer = dict[str, Any]


async def fill(house: House, _order: Answer) -> Answer:
    """Move in."""
    await move_in(house)
    return {"cad": CAD}


async def erase(house: House, _order: Answer) -> Answer:
    """End the tenancy."""
    report = await async_change_of_tenancy(
        house.hass, house.entry, reason=TenancyEnd.USER
    )
    return await settled(house) | {"returned": report.as_dict()}


async def remove(house: House, _order: Answer) -> Answer:
    """End the tenancy, and remove the entry while it is being erased."""
    await async_begin_erasure(
        house.hass,
        partial(
            async_change_of_tenancy, house.hass, house.entry, reason=TenancyEnd.USER
        ),
    )
    await house.hass.config_entries.async_remove(house.entry.entry_id)
    return await settled(house)


async def start(house: House, _order: Answer) -> Answer:
    """Go on with an erasure, if there is one."""
    return await settled(house)


async def retain(house: House, order: Answer) -> Answer:
    """Apply a retention, and read on."""
    deleted = await async_apply_retention(
        house.hass, house.entry, timedelta(days=order["days"])
    )
    for entity in house.entities:
        entity.async_set_context(Context())
        entity._attr_native_value = 1.0
        entity._attr_extra_state_attributes = {"read": "on"}
        entity.async_write_ha_state()
    return await settled(house) | {"deleted": dict(deleted)}


async def settled(house: House) -> Answer:
    """Wait until nothing is under way any more, and say what has become of everything."""
    hass = house.hass
    while any(
        task.get_name() == "smets1_cad erase" for task in asyncio.all_tasks(hass.loop)
    ):
        await asyncio.sleep(0.01)
    await house.recorded()
    if not hass.config_entries.async_entries(DOMAIN):
        return {"report": None, "entry": None}
    report = await async_erasure_report(hass, house.entry)
    return {
        "report": report and report.as_dict(),
        "entry": {"state": house.entry.state.value, "data": dict(house.entry.data)},
        "reason": house.entry.reason,
        "entities": sorted(hass.states.async_entity_ids()),
    }


COMMANDS: dict[str, Callable[[House, Answer], Any]] = {
    "fill": fill,
    "erase": erase,
    "remove": remove,
    "start": start,
    "retain": retain,
}


async def run(config: Path, order: Answer) -> Answer:
    """Carry out an order from start to stop."""
    async with open_house(config, order.get("url")) as house:
        answer: Answer = await COMMANDS[order["command"]](house, order)
        return answer


def scan(url: str) -> Answer:
    """Search every table of a database, and PostgreSQL's samples of them, row by row."""
    engine = create_engine(url)
    values: list[Any] = []
    with engine.connect() as connection:
        tables = inspect(engine).get_table_names()
        if engine.dialect.name == "postgresql":
            tables.append("pg_stats")
        for table in tables:
            for row in connection.execute(text(f"SELECT * FROM {table}")):  # noqa: S608 - our own
                values += row
    engine.dispose()
    everything = "\n".join(str(value) for value in values)
    found = [name for name, each in canaries.TEXTS.items() if each in everything]
    if canaries.NUMBER in values:
        found.append("double")
    return {
        "found": found,
        "kept": sorted(each for each in canaries.KEPT if each in everything),
    }


class Tracer:
    """Counts the lines run in the files that erase, and kills the process at one of them."""

    _FILES: Final = (
        "smets1_cad/tenancy/",
        "smets1_cad/document.py",
        "smets1_cad/consent/",
        "smets1_cad/erasure/",
        "homeassistant/helpers/storage.py",
        "homeassistant/util/file.py",
    )

    def __init__(self, kill: list[Any] | None, kill_in: str | None) -> None:
        """Say where: file, line, how manieth time; or a function's name."""
        self._kill = kill
        self._kill_in = kill_in
        self.hits: Counter[tuple[str, int]] = Counter()

    def begin(self) -> None:
        """Watch from now on, in every thread."""
        tool = sys.monitoring.DEBUGGER_ID
        sys.monitoring.use_tool_id(tool, "kill")
        sys.monitoring.register_callback(
            tool, sys.monitoring.events.LINE, self._line_run
        )
        sys.monitoring.set_events(tool, sys.monitoring.events.LINE)

    def _line_run(self, code: CodeType, line: int) -> Any:
        if not any(name in code.co_filename for name in self._FILES):
            return sys.monitoring.DISABLE
        at = (code.co_filename, line)
        self.hits[at] += 1
        if (
            self._kill_in == code.co_name
            and line
            >= max(each for *_, each in code.co_lines() if each is not None) - 1
        ):
            os.kill(os.getpid(), signal.SIGKILL)
        if self._kill == [*at, self.hits[at]]:
            os.kill(os.getpid(), signal.SIGKILL)
        return None


def obey(order: dict[str, Any], answer_to: Path) -> None:
    """Carry out an order in this process."""
    hurry()
    config = Path(order["config"])
    config.mkdir(parents=True, exist_ok=True)
    log_to(config)
    if order["command"] == "scan":
        answer_to.write_text(json.dumps(scan(order["url"])))
        return
    tracer = Tracer(order.get("kill"), order.get("kill_in"))
    if order.keys() & {"kill", "kill_in"}:
        tracer.begin()
    answer = asyncio.run(run(config, order))
    if "kill" in order:
        answer["lines"] = [[*at, count] for at, count in tracer.hits.items()]
    answer_to.write_text(json.dumps(answer))


def main() -> None:
    """Carry out every order in a process of its own."""
    for line in sys.stdin:
        order = json.loads(line)
        answer_to = Path(order["config"]).with_name("answer.json")
        answer_to.unlink(missing_ok=True)
        if (process := os.fork()) == 0:
            # What it prints is none of the caller's business.
            os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
            status = 1
            try:
                obey(order, answer_to)
                status = 0
            except BaseException:  # noqa: BLE001 - the process ends here
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(status)
        _, status = os.waitpid(process, 0)
        answer = json.loads(answer_to.read_text()) if answer_to.exists() else None
        print(json.dumps([os.waitstatus_to_exitcode(status), answer]), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()

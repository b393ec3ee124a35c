"""Hold every entity against what the virtual network truly holds."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
import re
from typing import Any, Final

from virtual_han import truth
from virtual_han.aps import Fuel
from virtual_han.han import VirtualHan

from .instance import DemoError, HomeAssistantInstance
from .network import Network
from .truths import NOTHING_TO_COMPARE, TRUTHS, Check, Name, State
from .witness import Use, Witness

AGREE_TIMEOUT: Final = 90.0
"""Seconds after set-up within which everything has to agree."""

ALWAYS: Final = datetime.min.replace(tzinfo=UTC)

MISSING: Final[State] = {"entity_id": "", "state": "missing", "attributes": {}}
"""What stands for an entity that should be there."""

FUELS: Final = frozenset(fuel.value for fuel in Fuel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entity.

    Attributes:
        entity_id: empty where there is no entity, and there should be.
        owner: ``electricity``, ``gas`` or ``cad``.
        key: of its unique id.
        truth: or why there is none.
        agrees: None where the network says nothing to compare with.
    """

    entity_id: str
    owner: str
    key: str
    state: str
    unit: str
    truth: str
    agrees: bool | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of comparing for some seconds: the last rows."""

    rows: list[Row]
    seconds: float

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return all(row.agrees is not False for row in self.rows)

    def outcome(self, when: str) -> str:
        """Return in words that all agree so many seconds after something.

        Raises:
            DemoError: something differs.
        """
        if not self.agrees:
            raise DemoError(summary(self.rows, f"after {self.seconds:.0f} s"))
        return summary(self.rows, f"{self.seconds:.0f} s after {when}")


async def compare(
    home: HomeAssistantInstance,
    network: Network,
    entry_id: str,
    since: datetime = ALWAYS,
) -> list[Row]:
    """Return every entity that is enabled, or should be there, with its state and the truth.

    Args:
        home: Home Assistant.
        network: which tells the truth.
        entry_id: the CAD's entry.
        since: when the tenancy began, by the network's time.
    """
    states = {
        state["entity_id"]: state for state in await home.request("GET", "/api/states")
    }
    shown = [
        (
            owner_and_key(entity["unique_id"], entry_id),
            states.get(
                entity["entity_id"],
                {"entity_id": entity["entity_id"], "state": "-", "attributes": {}},
            ),
        )
        for entity in await home.entities(entry_id)
        if entity["disabled_by"] is None
    ]
    return judge_all(shown, network.han, since)


def judge_all(
    shown: Sequence[tuple[Name, State]], han: VirtualHan, since: datetime = ALWAYS
) -> list[Row]:
    """Return a row for each entity that is shown, and for each that is not but should be.

    Args:
        shown: names, each with its state.
        han: which tells the truth.
        since: when the tenancy began, by the network's time.
    """
    lacking = TRUTHS.keys() - {name for name, _ in shown}
    rows = [_row(name, state, han, since) for name, state in shown]
    unshown = [_row(name, None, han, since) for name in lacking]
    # What nobody can know yet needs no entity.
    rows += [row for row in unshown if not row.agrees]
    return sorted(rows, key=lambda row: (row.entity_id, row.owner, row.key))


def _row(name: Name, state: State | None, han: VirtualHan, since: datetime) -> Row:
    told, agrees = _judge(name, state, han, since)
    shown = MISSING if state is None else state
    return Row(
        entity_id=shown["entity_id"],
        owner=name[0],
        key=name[1],
        state=shown["state"],
        unit=shown["attributes"].get("unit_of_measurement", ""),
        truth=told,
        agrees=agrees,
    )


def _judge(
    name: Name, state: State | None, han: VirtualHan, since: datetime
) -> tuple[str, bool | None]:
    """Return the true value as text, and whether the state is it; None as a state stands for no entity."""
    if name in NOTHING_TO_COMPARE:
        return f"({NOTHING_TO_COMPARE[name]})", None
    if (check := TRUTHS.get(name)) is None:
        return "in neither list of demo/truths.py", False
    witness = Witness(han=han, now=han.clock.now(), since=since)
    if name[0] in FUELS:
        if not truth.stick(han)["connected"]:
            # Nothing comes any more, and nothing may be shown as if it did.
            return "unavailable", state is None or state["state"] == "unavailable"
        witness = witness.of(Fuel(name[0]))
    if not (values := check.source(witness)):
        return "not read any more", False
    for value in values:
        if _agrees(check, state, value):
            return _text(value), True
    return _text(values[0]), False


def _agrees(check: Check, state: State | None, value: Any) -> bool:
    """Tell whether a state is a value. Where there is none, there is no entity, or one that does not know."""
    if value is None:
        return state is None or state["state"] == "unknown"
    return state is not None and check.comparison(state, value)


async def until_all_agree(
    home: HomeAssistantInstance,
    network: Network,
    entry_id: str,
    since: datetime = ALWAYS,
) -> Comparison:
    """Compare until everything agrees, at most `AGREE_TIMEOUT` seconds.

    Args:
        home: Home Assistant.
        network: which tells the truth.
        entry_id: the CAD's entry.
        since: when the tenancy began, by the network's time.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    while True:
        rows = await compare(home, network, entry_id, since)
        comparison = Comparison(rows, loop.time() - began)
        if comparison.agrees or comparison.seconds > AGREE_TIMEOUT:
            return comparison
        await asyncio.sleep(1)


def as_table(rows: Iterable[Row]) -> str:
    """Return the comparison as text."""
    marks = {True: "=", False: "DIFFERS", None: ""}
    lines = [("entity", "state", "", "network", "")]
    lines += [
        (
            row.entity_id or f"{row.owner} {row.key}",
            row.state,
            row.unit,
            row.truth,
            marks[row.agrees],
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def tally(rows: Iterable[Row]) -> dict[str, int]:
    """Return how many entities agree, differ, and have nothing to be compared with."""
    verdicts = [row.agrees for row in rows]
    return {
        "agree": verdicts.count(True),
        "differ": verdicts.count(False),
        "nothing_to_compare": verdicts.count(None),
    }


def summary(rows: Iterable[Row], when: str) -> str:
    """Return in words what came of the comparison at a time."""
    counts = tally(rows)
    agree, differ = counts["agree"], counts["differ"]
    outcome = f"{differ} of them differ" if differ else "all agree"
    return (
        f"{agree + differ} entities are held against the virtual network, and {outcome} {when}; "
        f"{counts['nothing_to_compare']} have nothing to compare."
    )


def owner_and_key(unique_id: str, entry_id: str) -> Name:
    """Return what names an entity in the demo."""
    # Between the two stands the number of the tenancy, from the second one on.
    rest = re.sub(f"^{entry_id}_([0-9]+_)?", "", unique_id)
    fuel, _, key = rest.partition("_")
    return (fuel, key) if fuel in FUELS else ("cad", rest)


def _text(value: Any) -> str:
    match value:
        case None:
            return "nothing yet"
        case bool():
            return "on" if value else "off"
        case Use():
            return _text(value.kwh)
        case float():
            return f"{value:.3f}" if abs(value) > 5 else f"{value:.5f}"
        case _:
            return str(value)

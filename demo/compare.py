"""Hold every entity against what the virtual meters truly say."""

import asyncio
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import getitem
import re
from typing import Any, Final

from virtual_han.truth import registers

from .instance import HomeAssistantInstance
from .network import Network

AGREE_TIMEOUT: Final = 90.0
"""Seconds after set-up within which everything has to agree."""

SHOWN_WITHIN: Final = 25
"""Seconds that a shown value may be old: two readings, one of which may be missed."""

EXACT: Final = 0.0005
"""Half of the last digit that a meter gives."""

FUELS: Final = frozenset({"electricity", "gas"})

# By fuel and key of the entity: where the truth stands, and how far it may be off.
TRUTHS: Final[dict[tuple[str, str], tuple[str, float]]] = {
    ("electricity", "import"): ("delivered", EXACT),
    ("electricity", "export"): ("received", EXACT),
    ("electricity", "power"): ("power_watts", 0.5),
    ("electricity", "import_today"): ("today", 0.002),
    ("electricity", "supply"): ("supply", 0),
    ("electricity", "unit_rate"): ("tariff.unit_rate", 0.000005),
    ("electricity", "standing_charge"): ("tariff.standing_charge", 0.000005),
    ("electricity", "active_tier"): ("tariff.rate_label", 0),
    ("gas", "volume"): ("delivered", EXACT),
    ("gas", "energy"): ("energy", 0.01),
    ("gas", "supply"): ("supply", 0),
    ("gas", "unit_rate"): ("tariff.unit_rate", 0.000005),
    ("gas", "standing_charge"): ("tariff.standing_charge", 0.000005),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entity.

    Attributes:
        fuel: ``electricity``, ``gas``, or empty for what is the CAD's own.
        agrees: None where the meters say nothing to compare with.
    """

    entity_id: str
    fuel: str
    state: str
    unit: str
    truth: str
    agrees: bool | None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


async def compare(
    home: HomeAssistantInstance, network: Network, entry_id: str
) -> list[Row]:
    """Return every entity with its state and the meter's true value at the time of its reading."""
    entities = await home.command("config/entity_registry/list")
    states = {
        state["entity_id"]: state for state in await home.request("GET", "/api/states")
    }
    mine = [
        entity
        for entity in entities
        if entity["config_entry_id"] == entry_id and entity["disabled_by"] is None
    ]
    rows = []
    truths = {fuel: _truths(network, fuel) for fuel in FUELS}
    for entity in sorted(mine, key=lambda entity: entity["entity_id"]):
        state = states.get(entity["entity_id"], {"state": "-", "attributes": {}})
        fuel, key = _fuel_and_key(entity["unique_id"], entry_id)
        wanted, agrees = _judge(state["state"], truths.get(fuel, []), fuel, key)
        rows.append(
            Row(
                entity_id=entity["entity_id"],
                fuel=fuel,
                state=state["state"],
                unit=state["attributes"].get("unit_of_measurement", ""),
                truth=wanted,
                agrees=agrees,
            )
        )
    return rows


async def until_all_agree(
    home: HomeAssistantInstance,
    network: Network,
    entry_id: str,
    *,
    fuels: frozenset[str] = FUELS,
) -> tuple[list[Row], float, bool]:
    """Compare until everything agrees, at most `AGREE_TIMEOUT` seconds.

    Args:
        home: Home Assistant.
        network: whose meters tell the truth.
        entry_id: the CAD's entry.
        fuels: of which every value has to be there; what is there of the others has to agree too.

    Returns:
        The last comparison, the seconds that it took, and whether all agree.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    wanted = sum(fuel in fuels for fuel, _ in TRUTHS)
    while True:
        rows = await compare(home, network, entry_id)
        took = loop.time() - began
        seen = {row.entity_id for row in rows if row.agrees and row.fuel in fuels}
        if len(seen) == wanted and all(row.agrees is not False for row in rows):
            return rows, took, True
        if took > AGREE_TIMEOUT:
            return rows, took, False
        await asyncio.sleep(1)


def as_table(rows: list[Row]) -> str:
    """Return the comparison as text."""
    marks = {True: "=", False: "DIFFERS", None: ""}
    lines = [("entity", "state", "", "meter", "")]
    lines += [
        (row.entity_id, row.state, row.unit, row.truth, marks[row.agrees])
        for row in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def _fuel_and_key(unique_id: str, entry_id: str) -> tuple[str, str]:
    # Between the two stands the number of the tenancy, from the second one on.
    fuel, _, key = re.sub(f"^{entry_id}_([0-9]+_)?", "", unique_id).partition("_")
    return (fuel, key) if fuel in FUELS else ("", f"{fuel}_{key}")


def _truths(network: Network, fuel: str) -> list[dict[str, Any]]:
    """Return what a meter held at every second since it can have been read last.

    Electricity is read every 10 s, so what is shown is what was true within the last
    seconds; a gas meter says something new each half hour only.
    """
    now = network.han.clock.now()
    return [
        _truth(network, fuel, now - timedelta(seconds=ago))
        for ago in range(SHOWN_WITHIN)
    ]


def _truth(network: Network, fuel: str, at: datetime) -> dict[str, Any]:
    truth: dict[str, Any] = registers(network.han.servers, at)[fuel]
    if fuel == "gas":
        truth["energy"] = truth["delivered"] * truth["kwh_per_m3"]
    return truth


def _judge(
    state: str, truths: list[dict[str, Any]], fuel: str, key: str
) -> tuple[str, bool | None]:
    """Return the true value as text, and whether the state is it."""
    if not truths or (fuel, key) not in TRUTHS:
        return "", None
    path, tolerance = TRUTHS[fuel, key]
    values: list[Any] = [reduce(getitem, path.split("."), truth) for truth in truths]
    if isinstance(values[0], str):
        return values[0], state in values
    try:
        shown = float(state)
    except ValueError:
        return _number(values[0]), False
    nearest = min(values, key=lambda value: abs(value - shown))
    return _number(nearest), abs(nearest - shown) <= tolerance


def _number(value: float) -> str:
    return f"{value:.3f}" if abs(value) > 5 else f"{value:.5f}"

"""What every entity has to show: where the virtual network holds it, and how the two are compared."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NamedTuple

from virtual_han.aps import Fuel

from .witness import (
    DEMAND,
    FIRST_TIER,
    RECEIVED,
    STATUS,
    SUMMATION,
    SUPPLY,
    Source,
    Use,
    held,
    last_gas_read,
    of_stick,
    pairing,
    published,
    read,
    today,
)

type Name = tuple[str, str]
"""Whose an entity is (``electricity``, ``gas`` or ``cad``), and the key in its unique id."""

type State = dict[str, Any]
"""A state as Home Assistant's API gives it."""

type Comparison = Callable[[State, Any], bool]
"""Tells whether a state is a value."""

TIERS: Final = 48
"""Tiers that Smart Energy knows."""

EXACT: Final = 0.0005
"""Half of the last digit of kWh and m³."""

ROUNDED_TWICE: Final = 0.001
"""The gas meter rounds the kWh of its own day, from which those that are shown go on."""

PRICE_EXACT: Final = 0.000_005
"""Half of the last digit of a price in pounds."""


def text(state: State, value: Any) -> bool:
    """Compare words."""
    return bool(state["state"] == value)


def flag(state: State, value: Any) -> bool:
    """Compare a binary state."""
    return bool(state["state"] == ("on" if value else "off"))


def moment(state: State, value: Any) -> bool:
    """Compare times, in whichever zone they are written."""
    return _moment(state["state"]) == datetime.fromisoformat(value)


def number(unit: str, within: float = EXACT) -> Comparison:
    """Compare numbers of a unit."""

    def agrees(state: State, value: Any) -> bool:
        try:
            off: float = abs(float(state["state"]) - value)
        except ValueError:
            return False
        # A float is not quite the decimal that it stands for.
        return (
            off <= within + 1e-9
            and state["attributes"].get("unit_of_measurement", "") == unit
        )

    return agrees


def use(within: float = EXACT) -> Comparison:
    """Compare what a day has counted, and since when it says that it did."""
    same = number("kWh", within)

    def agrees(state: State, value: Use) -> bool:
        begun = _moment(state["attributes"].get("last_reset"))
        return (
            same(state, value.kwh)
            and begun is not None
            and value.earliest <= begun <= value.latest
        )

    return agrees


def _moment(written: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(written or "")
    except ValueError:
        return None


class Check(NamedTuple):
    """What an entity has to show, and how that is compared."""

    source: Source
    comparison: Comparison


_RATE: Final = number("GBP/kWh", PRICE_EXACT)

_OF_EITHER: Final = {
    "supply": Check(read("supply", SUPPLY), text),
    "alarm": Check(read("alarms", STATUS, bool), flag),
    "firmware": Check(held("firmware"), text),
    "unit_rate": Check(published("tariff.unit_rate"), _RATE),
    "next_unit_rate": Check(published("tariff.next_rate"), _RATE),
    "next_unit_rate_start": Check(published("tariff.next_start"), moment),
    "standing_charge": Check(
        published("tariff.standing_charge"), number("GBP/day", PRICE_EXACT)
    ),
    "active_tier": Check(published("tariff.tier_label"), text),
    "active_block": Check(published("tariff.block"), number("", within=0)),
}

TRUTHS: Final[dict[Name, Check]] = {
    **{(fuel.value, key): check for fuel in Fuel for key, check in _OF_EITHER.items()},
    ("electricity", "import"): Check(read("delivered", SUMMATION), number("kWh")),
    ("electricity", "export"): Check(read("received", RECEIVED), number("kWh")),
    # The meter gives whole watts.
    ("electricity", "power"): Check(read("power_watts", DEMAND), number("W", 0.5)),
    ("electricity", "import_today"): Check(today, use()),
    **{
        ("electricity", f"tier_{tier}_import"): Check(
            read(f"tiers.{tier}", FIRST_TIER + 2 * (tier - 1)), number("kWh")
        )
        for tier in range(1, TIERS + 1)
    },
    ("gas", "volume"): Check(read("delivered", SUMMATION), number("m³")),
    ("gas", "energy"): Check(read("energy", SUMMATION), number("kWh")),
    ("gas", "energy_today"): Check(today, use(ROUNDED_TWICE)),
    ("cad", "connection"): Check(of_stick("connected"), flag),
    ("cad", "firmware"): Check(of_stick("firmware"), text),
    ("cad", "last_gas_reading"): Check(last_gas_read, moment),
    ("cad", "pairing_status"): Check(pairing, text),
}
"""All that may be shown. An entity is there once its source has a value, and not before."""

NOTHING_TO_COMPARE: Final[dict[Name, str]] = {
    ("cad", "request_unpairing"): "a button shows no value",
    ("cad", "withdraw_consent"): "a button shows no value",
}
"""The only entities about which a network can say nothing, and why."""

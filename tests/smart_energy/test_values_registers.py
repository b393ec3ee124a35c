"""Register ids both ways, compared with the names in the project's cluster tables."""

import json
from pathlib import Path
import re

import pytest

from custom_components.smets1_cad.cad.models import Direction, TierBlock
from custom_components.smets1_cad.smart_energy.values.registers import (
    REGISTERS,
    Register,
    Span,
    register_of,
)

TABLE = json.loads(
    (Path(__file__).parents[2] / "virtual_han/clusters/0702_metering.json").read_text()
)
WAYS = {"delivered": Direction.IMPORT, "received": Direction.EXPORT}
TIER = re.compile(r"current tier (\d+) summation (delivered|received)")
BLOCK = re.compile(
    r"current (?:no tier|tier (\d+)) block (\d+) summation (delivered|received)"
)
# Both "previous day alternative consumption" and "current day alternative ..." occur.
SPAN = re.compile(
    r"(current|previous) (day|week|month)(?: (\d+))? (alternative )?consumption (delivered|received)"
)


def from_name(name: str) -> Register | None:
    if name in {"current summation delivered", "current summation received"}:
        return Register(WAYS[name.rsplit(" ", maxsplit=1)[-1]])
    if match := TIER.fullmatch(name):
        return Register(WAYS[match[2]], tier_block=TierBlock(int(match[1])))
    if match := BLOCK.fullmatch(name):
        return Register(
            WAYS[match[3]], tier_block=TierBlock(int(match[1] or 0), int(match[2]))
        )
    if match := SPAN.fullmatch(name):
        ago = 0 if match[1] == "current" else int(match[3] or 1)
        return Register(WAYS[match[5]], Span(match[2]), ago, alternative=bool(match[4]))
    return None


def test_every_register_of_the_table_and_no_other() -> None:
    expected = {}
    for attribute in TABLE["attributes"]["server"]:
        if (register := from_name(attribute["name"])) is not None:
            expected[int(attribute["id"], 16)] = register
            width = {Span.DAY: "uint24", Span.WEEK: "uint24", Span.MONTH: "uint32"}
            assert attribute["type"] == width.get(register.span, "uint48")
    assert len(expected) == 726
    assert expected == REGISTERS


def test_both_ways() -> None:
    for attribute_id, register in REGISTERS.items():
        assert register.attribute_id == attribute_id
        assert register_of(attribute_id) == register


@pytest.mark.parametrize(
    "attribute_id", [0x0002, 0x01FC, 0x0200, 0x0405, 0x045C, 0x0800, 0x0C00]
)
def test_what_is_no_register(attribute_id: int) -> None:
    assert register_of(attribute_id) is None


@pytest.mark.parametrize(
    "register",
    [
        Register(Direction.IMPORT, Span.DAY, 9),
        Register(Direction.IMPORT, Span.WEEK, 6),
        Register(Direction.IMPORT, tier_block=TierBlock(49)),
        Register(Direction.IMPORT, tier_block=TierBlock(16, 1)),
        Register(Direction.IMPORT, alternative=True),
    ],
)
def test_register_that_does_not_exist(register: Register) -> None:
    with pytest.raises(ValueError, match="no such register"):
        _ = register.attribute_id


@pytest.mark.parametrize(
    ("attribute_id", "non_values"),
    [
        (0x0000, [0xFFFFFFFFFFFF]),
        (0x0100, [0xFFFFFFFFFFFF]),
        (0x0700, [0xFFFFFFFFFFFF]),
        (0x0401, [0xFFFFFF]),
        (0x0430, [0xFFFFFF]),
        # uint32 in the tables, seen as 24 bits at a British meter.
        (0x0440, [0xFFFFFFFF, 0xFFFFFF]),
    ],
)
def test_non_values(attribute_id: int, non_values: list[int]) -> None:
    register = REGISTERS[attribute_id]
    assert register.valid(None) is None
    assert register.valid(0) == 0
    for raw in non_values:
        assert register.valid(raw) is None
        assert register.valid(raw - 1) == raw - 1

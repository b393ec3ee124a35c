"""The cluster classes against the project's cluster tables, field by field.

The tables come from another project; the classes follow the specification's
patterns. Where the two differ on purpose, this file says so.
"""

from collections import Counter
from collections.abc import Iterator
from functools import cache
import importlib
import json
from pathlib import Path
import pkgutil
import re
import subprocess
import sys
from typing import Any

import pytest
import zigpy.types as t
from zigpy.zcl import Cluster
from zigpy.zcl.foundation import DataType

from custom_components.smets1_cad.smart_energy.clusters import (
    CLUSTERS,
    Price,
    SmartEnergyCluster,
    types,
)
from custom_components.smets1_cad.smart_energy.const import ClusterId

TABLES = Path(__file__).parents[2] / "virtual_han" / "clusters"
TYPES: dict[str, dict[str, Any]] = json.loads((TABLES / "types.json").read_text())[
    "types"
]
# Octets that the tables leave without a length, and we call by name.
RAW = {"Identity", "EphemeralData", "Smac", "Signature"}
# Structures of the tables that nothing on the air uses: DayProfile has ScheduleEntry.
UNUSED_STRUCTS = {
    "ScheduleEntryAuxilliaryLoadSwitchTimes",
    "ScheduleEntryFriendlyCreditSwitchTimes",
    "ScheduleEntryRateSwitchTimes",
}
# Of zigpy's general clusters, not of Smart Energy.
ZIGPYS_OWN = {"AttributeReportingStatus"}


def snake(name: str) -> str:
    """The rule of names, as the package's docstring has it."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z]{2})(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[^0-9A-Za-z]+", "_", name).strip("_").lower()


def class_name(name: str) -> str:
    """The tables' `Ami` stands for nothing; one kind of trailing digit is enough."""
    if name == "AmiEventControl":
        return "LoadControlEventControl"
    if name.endswith("TrailingDigit"):
        return "TrailingDigit"
    return name.removeprefix("Ami")


def member_name(name: str) -> str:
    """Capitals; a digit cannot come first."""
    name = snake(name).upper()
    return f"N_{name}" if name[0].isdigit() else name


@cache
def tables() -> dict[int, dict[str, Any]]:
    """Every cluster table by its number."""
    return {
        int(table["id"], 16): table
        for path in sorted(TABLES.glob("0*.json"))
        for table in [json.loads(path.read_text())]
    }


TABLE_IDS = {f"{number:04x}": number for number in tables()}


@cache
def named_types() -> dict[str, type]:
    """Every class of the types package by its name."""
    found: dict[str, type] = {}
    for module in pkgutil.iter_modules(types.__path__):
        members = vars(importlib.import_module(f"{types.__name__}.{module.name}"))
        found |= {
            name: value
            for name, value in members.items()
            if isinstance(value, type) and value.__module__.startswith(types.__name__)
        }
    return found


def attribute_names(table: list[dict[str, Any]]) -> Iterator[tuple[int, str]]:
    """Names in snake case; the second bearer of a name has its number appended."""
    seen: Counter[str] = Counter()
    for entry in table:
        number, name = int(entry["id"], 16), snake(entry["name"])
        yield number, f"{name}_{number:04x}" if seen[name] else name
        seen[name] += 1


@pytest.mark.parametrize("number", TABLE_IDS.values(), ids=TABLE_IDS)
@pytest.mark.parametrize("side", ["server", "client"])
def test_attributes_are_those_of_the_table(number: int, side: str) -> None:
    table = tables()[number]["attributes"][side]
    cluster = CLUSTERS[number]
    ours = cluster.attributes if side == "server" else cluster.client_attributes
    names = dict(attribute_names(table))

    assert {k: v.name for k, v in ours.items()} == names
    for entry in table:
        definition = ours[int(entry["id"], 16)]
        where = entry["name"]
        assert definition.zcl_type.name == entry["type"], where
        assert definition.mandatory is entry.get("mandatory", False), where
        assert str(access(definition)) == entry["access"], where
        if "len" in entry:
            assert definition.type.max_length == entry["len"], where


def access(definition: Any) -> str:
    """Access in the tables' letters."""
    return "".join(
        letter
        for letter, name in (("r", "Read"), ("w", "Write"))
        if name in str(definition.access)
    )


def walk_commands() -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Every command of every table."""
    for number, table in tables().items():
        for direction, commands in table["commands"].items():
            for command in commands:
                yield number, direction, command


def ours_for(number: int, direction: str) -> dict[int, Any]:
    """Our commands of a direction: zigpy calls the server's those it receives."""
    cluster = CLUSTERS[number]
    if direction == "client_to_server":
        return cluster.server_commands
    return cluster.client_commands


@pytest.mark.parametrize("number", TABLE_IDS.values(), ids=TABLE_IDS)
@pytest.mark.parametrize("direction", ["client_to_server", "server_to_client"])
def test_commands_are_those_of_the_table(number: int, direction: str) -> None:
    table = tables()[number]["commands"][direction]
    names = {int(entry["id"], 16): snake(entry["name"]) for entry in table}
    assert {k: v.name for k, v in ours_for(number, direction).items()} == names


@pytest.mark.parametrize(
    ("number", "direction", "command"),
    list(walk_commands()),
    ids=[f"{n:04x}-{d}-{c['name']}" for n, d, c in walk_commands()],
)
def test_fields_are_those_of_the_table(
    number: int, direction: str, command: dict[str, Any]
) -> None:
    """Names, order and types; what came later or went away may be missing."""
    fields = ours_for(number, direction)[int(command["id"], 16)].schema.fields
    assert [f.name for f in fields] == [snake(f["name"]) for f in command["fields"]]
    for ours, theirs in zip(fields, command["fields"], strict=True):
        same_type(ours, theirs)
        if "since" in theirs and version(theirs["since"]) > version(
            command.get("since", tables()[number]["introduced"])
        ):
            assert ours.optional, ours.name
        if "removed" in theirs:
            assert ours.optional, ours.name


def version(text: str) -> tuple[str, str]:
    """A version of Smart Energy, such as 1.2a, that can be compared."""
    if text == "zcl":
        return ("1.0", "")
    match = re.fullmatch(r"(\d\.\d)([a-z]?)", text)
    assert match is not None
    return (match[1], match[2])


def same_type(ours: Any, theirs: dict[str, Any]) -> None:
    """Compare the type of a field; lists by their items."""
    kind: Any = ours.type
    if theirs.get("array"):
        if issubclass(kind, t.Bytes):
            assert theirs["type"] == "uint8", ours.name
            return None
        kind = kind._item_type
        if theirs["name"] == "tierLabelsPayload":
            # The table types it as octets, and says in a note what they are.
            return same_struct(kind, "TierLabelsPayload")
    name = theirs["type"]
    if name in RAW:
        assert kind.__name__ == name
        assert issubclass(kind, t.Bytes)
    elif name in TYPES and TYPES[name]["kind"] == "struct":
        same_struct(kind, name)
    elif name in TYPES:
        assert kind is named_types()[class_name(name)], ours.name
        assert TYPES[name]["base"] == theirs.get("wire", TYPES[name]["base"])
    else:
        assert DataType.from_python_type(kind).type_id.name.rstrip("_") == name, (
            ours.name
        )
    return None


def same_struct(kind: Any, name: str) -> None:
    """Compare a structure with the table's."""
    assert kind.__name__ == name
    table = TYPES[name]["fields"]
    assert [f.name for f in kind.fields] == [snake(f["name"]) for f in table]
    for ours, theirs in zip(kind.fields, table, strict=True):
        if theirs["name"] == "blockThreshold":
            # The table shows one threshold; the low nibble before says how many.
            assert ours.type._item_type is t.uint48_t
        else:
            same_type(ours, theirs)


@pytest.mark.parametrize("name", [n for n in TYPES if n not in ZIGPYS_OWN])
def test_named_types_are_those_of_the_table(name: str) -> None:
    table = TYPES[name]
    if table["kind"] == "struct":
        assert name in used_structs() | UNUSED_STRUCTS | RAW
        return
    kind: Any = named_types()[class_name(name)]
    width = int(re.sub(r"\D", "", table["base"]))
    assert kind._bits == width
    if table["kind"] == "enum":
        expected = {member_name(v): int(k, 16) for k, v in table["values"].items()}
        assert {m: int(v) for m, v in kind.__members__.items()} == expected
    elif issubclass(kind, t.IntStruct):
        for field, mask in table["fields"].items():
            assert only_field(kind, int(mask, 16)) == snake(field)
    else:
        expected = {member_name(k): int(v, 16) for k, v in table["fields"].items()}
        if name == "ChannelMask":
            # The table repeats a bit for each page of channels, with a digit first.
            expected = {k: v for k, v in expected.items() if not k.startswith("N_")}
        assert {m: int(v) for m, v in kind.__members__.items()} == expected


@cache
def used_structs() -> frozenset[str]:
    """Structures that a command of the tables uses."""
    used = {f["type"] for _, _, c in walk_commands() for f in c["fields"]}
    return frozenset(used | {"TierLabelsPayload"})


def only_field(kind: Any, mask: int) -> str:
    """Name of the field that is not 0 when just these bits are set."""
    values = kind(mask).as_dict()
    (name,) = [n for n, v in values.items() if v]
    assert values[name] == (1 << mask.bit_count()) - 1
    return str(name)


def test_every_table_has_a_class_with_the_number_of_the_profile() -> None:
    assert set(tables()) == set(CLUSTERS)
    for number, cluster in CLUSTERS.items():
        assert cluster.cluster_id == number
        assert number in set(ClusterId)


def test_only_key_establishment_goes_without_link_key() -> None:
    """SE 1.4 5.4.6: of the profile's clusters, this one makes the key."""
    plain = {n for n, cluster in CLUSTERS.items() if not cluster.aps_encryption}
    assert plain == {ClusterId.KEY_ESTABLISHMENT}


def test_nothing_enters_zigpys_registries() -> None:
    """In a fresh interpreter, so that no earlier import hides a registration."""
    program = """
import zigpy.zcl.clusters
from zigpy.zcl import Cluster
before = dict(Cluster._registry), dict(Cluster._registry_range)
assert before[0][0x0702].__module__.startswith("zigpy.")
from custom_components.smets1_cad.smart_energy.clusters import CLUSTERS
assert len(CLUSTERS) == 15
assert (Cluster._registry, Cluster._registry_range) == before
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_subclass_stays_out_of_the_registries_too() -> None:
    """A quirk derives from our class; it must not replace zigpy's."""
    before = dict(Cluster._registry)

    class Quirk(Price):
        """A meter's own."""

    assert before == Cluster._registry
    assert issubclass(Quirk, SmartEnergyCluster)
    assert len(Quirk.attributes) == len(Price.attributes)

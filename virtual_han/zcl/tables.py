"""The cluster tables (`clusters/*.json`), read once and typed.

They say which attributes and commands a cluster has, of which type, and since
which version of Smart Energy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
import json
from typing import Any, Final

from .errors import ZclError
from .wire import TYPES, WireType

VERSIONS: Final = ("1.0", "1.1", "1.1a", "1.1b", "1.2a", "1.2b", "1.4")
"""The versions that the tables name, oldest first."""

_BASIC: Final = {
    "id": "0x0000",
    "name": "Basic",
    "introduced": "zcl",
    "attributes": {
        "server": [
            {"id": "0x0000", "name": "ZCL version", "type": "uint8"},
            {"id": "0x0001", "name": "application version", "type": "uint8"},
            {"id": "0x0002", "name": "stack version", "type": "uint8"},
            {"id": "0x0003", "name": "hardware version", "type": "uint8"},
            {"id": "0x0004", "name": "manufacturer name", "type": "string"},
            {"id": "0x0005", "name": "model identifier", "type": "string"},
            {"id": "0x0006", "name": "date code", "type": "string"},
            {"id": "0x0007", "name": "power source", "type": "enum8"},
            {"id": "0x4000", "name": "software build id", "type": "string"},
        ],
        "client": [],
    },
    "commands": {"client_to_server": [], "server_to_client": []},
}
"""The Basic cluster belongs to the ZCL itself and has no table of its own."""


def version_rank(version: str | None) -> int:
    """Return a version's place in time; None and "zcl" are older than every version.

    Raises:
        ZclError: the tables name no such version.
    """
    if version is None or version == "zcl":
        return 0
    short = "1.2a" if version.startswith("se-1.2a") else version
    try:
        return VERSIONS.index(short)
    except ValueError:
        raise ZclError(f"Smart Energy {version} is not in the tables") from None


@dataclass(frozen=True, slots=True)
class Span:
    """The versions in which something exists: from `since` up to, not including, `removed`."""

    since: int
    removed: int | None

    def holds(self, rank: int) -> bool:
        """Say whether a device of that version has it."""
        return self.since <= rank and (self.removed is None or rank < self.removed)


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute: its id, type, and the versions that have it."""

    attribute_id: int
    name: str
    type: WireType
    span: Span
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a command.

    Attributes:
        name: as the table spells it.
        type: its wire type; None for a structure or for raw octets.
        struct: the fields of a structure, empty for raw octets.
        array: it repeats to the end of the payload.
        span: the versions that have it.
    """

    name: str
    type: WireType | None
    struct: tuple[Field, ...]
    array: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a cluster and its fields, in order."""

    command_id: int
    name: str
    fields: tuple[Field, ...]
    span: Span
    to_client: bool
    disable_default_response: bool


@dataclass(frozen=True, slots=True)
class ClusterTable:
    """One cluster: what its server side holds, and both sides' commands."""

    cluster_id: int
    name: str
    span: Span
    attributes: Mapping[int, Attribute]
    received: Mapping[int, Command]
    generated: Mapping[int, Command]

    def command(self, name: str) -> Command:
        """Return a command by its name, whichever side sends it.

        Raises:
            ZclError: the cluster has no such command.
        """
        for command in (*self.received.values(), *self.generated.values()):
            if command.name == name:
                return command
        raise ZclError(f"{self.name} has no command {name}")


@cache
def cluster_tables() -> Mapping[int, ClusterTable]:
    """Return every cluster by its id."""
    structs: dict[str, Any] = {}
    tables: dict[int, ClusterTable] = {}
    sources = []
    for entry in sorted(
        files("virtual_han").joinpath("clusters").iterdir(), key=lambda e: e.name
    ):
        if not entry.name.endswith(".json"):
            continue
        content = json.loads(entry.read_text(encoding="utf-8"))
        if "types" in content:
            structs = content["types"]
        else:
            sources.append(content)
    for source in (_BASIC, *sources):
        table = _cluster(source, structs)
        tables[table.cluster_id] = table
    return tables


def _cluster(source: Mapping[str, Any], structs: Mapping[str, Any]) -> ClusterTable:
    since = version_rank(source["introduced"])
    commands = source["commands"]
    return ClusterTable(
        cluster_id=int(source["id"], 16),
        name=source["name"],
        span=Span(since, None),
        attributes={
            int(raw["id"], 16): Attribute(
                int(raw["id"], 16),
                raw["name"],
                TYPES[raw.get("wire", raw["type"])],
                _span(raw, since),
                "w" in raw.get("access", "r"),
            )
            for raw in source["attributes"]["server"]
        },
        received={
            int(raw["id"], 16): _command(raw, structs, since, to_client=False)
            for raw in commands["client_to_server"]
        },
        generated={
            int(raw["id"], 16): _command(raw, structs, since, to_client=True)
            for raw in commands["server_to_client"]
        },
    )


def _span(raw: Mapping[str, Any], since: int) -> Span:
    removed = raw.get("removed")
    return Span(
        max(since, version_rank(raw.get("since"))),
        None if removed is None else version_rank(removed),
    )


def _command(
    raw: Mapping[str, Any], structs: Mapping[str, Any], since: int, *, to_client: bool
) -> Command:
    return Command(
        command_id=int(raw["id"], 16),
        name=raw["name"],
        fields=tuple(_field(field, structs) for field in raw["fields"]),
        span=_span(raw, since),
        to_client=to_client,
        disable_default_response=raw.get("disable_default_response", False),
    )


def _field(raw: Mapping[str, Any], structs: Mapping[str, Any]) -> Field:
    name = raw.get("wire", raw["type"])
    named = structs.get(name, {})
    if "base" in named:
        name = named["base"]
    return Field(
        name=raw["name"],
        type=TYPES.get(name),
        struct=tuple(_field(field, structs) for field in named.get("fields", ()))
        if named.get("kind") == "struct"
        else (),
        array=raw.get("array", False),
        span=_span(raw, 0),
    )

"""What must not be found any more, and what must still be there."""

from collections.abc import Iterable
from pathlib import Path
import struct
from typing import Final

NUMBER: Final = 73519.40271
"""A reading; a double in the statistics' tables, text in the states'."""

COST: Final = 0.27182818
"""A price that somebody typed into the Energy dashboard."""

MPAN: Final = "2000024512368"
MPRN: Final = "3938424403"
SERIAL: Final = "CANARYSERIAL77"

TEXTS: Final = {
    "state": "73519.40271",
    "attribute": "CANARY-ATTRIBUTE",
    "attribute of a removed entity": "CANARY-REMOVED",
    "attribute of an entity renamed since": "CANARY-RENAMED",
    "restored": "CANARY-RESTORED",
    "statistics' name": "CANARY-STATISTICS",
    "event of ours": "CANARY-EVENT",
    "event about ours": "CANARY-SERVICE",
    "entity's name": "CANARY-ENTITY",
    "removed entity's name": "CANARY-GONE",
    "device's name": "CANARY-DEVICE",
    "removed device's name": "CANARY-COOKER",
    "entry's name": "CANARY-TITLE",
    "appliance's name": "CANARY-APPLIANCE",
    "trace": "CANARY-TRACE",
    "price": "0.27182818",
    "issue": "CANARY-ISSUE",
    "person": "Canary Householder",
    "MPAN": MPAN,
    "MPRN": MPRN,
    "serial": SERIAL,
    "install code": "cafe00112233445566778899aabbccdd",
    "pairing": "CANARY-PAIRING",
    "reading": "CANARY-READING",
    "session": "CANARY-SESSION",
    "evidence": "CANARY-EVIDENCE",
    "cost sensor": "CANARY-ENTITY Cost",
}

KEPT: Final = ("KEEP-ATTRIBUTE", "KEEP-EVENT", "KEEP-STATISTICS")


def patterns() -> dict[str, bytes]:
    """Return every canary as the bytes that a file would hold."""
    return {
        **{name: text.encode() for name, text in TEXTS.items()},
        "double": struct.pack(">d", NUMBER),
    }


def found_in(files: Iterable[Path]) -> dict[str, list[str]]:
    """Return which canaries are in which files."""
    found: dict[str, list[str]] = {}
    for path in files:
        data = path.read_bytes()
        for name, pattern in patterns().items():
            if pattern in data:
                found.setdefault(name, []).append(path.name)
    return found


def files_of(config: Path) -> list[Path]:
    """Return every file under the configuration folder."""
    return [path for path in sorted(config.rglob("*")) if path.is_file()]

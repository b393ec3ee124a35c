"""Decode one frame: `zcl CLUSTER DIRECTION HEX` prints it as JSON."""

from collections.abc import Mapping, Sequence
import json
import math
import re
import sys
from typing import Final

from .clusters import CLUSTERS
from .decode import DecodedFrame, Direction, decode
from .errors import FrameError
from .meaning import Meaning, attribute_meanings, meaning
from .wire import Value, type_name

USAGE: Final = "usage: zcl CLUSTER client_to_server|server_to_client HEX"
_WRONG: Final = 2


class _UsageError(Exception):
    """What was typed cannot be a frame."""


def _name(cluster_id: int) -> str:
    """A cluster's name in snake case, as commands and attributes have it."""
    name = CLUSTERS[cluster_id].__name__
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _cluster(text: str) -> int:
    """Take a cluster by number (0x0700, 1792) or by name (price)."""
    by_name = {_name(number): number for number in CLUSTERS}
    try:
        number = by_name[text.lower()] if text.lower() in by_name else int(text, 0)
    except ValueError:
        number = -1
    if number not in CLUSTERS:
        known = ", ".join(f"0x{number:04X} {_name(number)}" for number in CLUSTERS)
        raise _UsageError(f"no Smart Energy cluster {text!r}; there are {known}")
    return number


def _direction(text: str) -> Direction:
    try:
        return Direction(text)
    except ValueError:
        raise _UsageError(
            f"no direction {text!r}; give {' or '.join(Direction)}"
        ) from None


def _octets(words: Sequence[str]) -> bytes:
    """Take hexadecimal digits, whatever separates the octets."""
    digits = re.sub(r"[\s:.,_-]|0[xX]", "", " ".join(words))
    wrong = re.search(r"[^0-9A-Fa-f]", digits)
    if wrong is not None:
        raise _UsageError(
            f"octet {wrong.start() // 2}: {wrong[0]!r} is no hexadecimal digit"
        )
    if len(digits) % 2:
        raise _UsageError(
            f"octet {len(digits) // 2}: one hexadecimal digit, where an octet has two"
        )
    return bytes.fromhex(digits)


def _json(value: Value) -> Meaning:
    """Write a value: octets as text where they are text, else in hexadecimal."""
    if isinstance(value, bytes):
        try:
            text = value.decode()
        except UnicodeDecodeError:
            text = ""
        return (
            text if text.isprintable() and (text or not value) else f"0x{value.hex()}"
        )
    if isinstance(value, Mapping):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_json(item) for item in value]
    if isinstance(value, float) and math.isinf(value):
        return str(value)
    return value


def document(frame: DecodedFrame) -> dict[str, Meaning]:
    """Give a frame, decoded and with its meaning, as JSON has it."""
    header = frame.header
    found: dict[str, Meaning] = {
        "cluster": _name(frame.cluster_id),
        "cluster_id": f"0x{frame.cluster_id:04X}",
        "direction": header.direction.value,
        "frame_type": "general" if header.general else "cluster",
        "sequence": header.sequence,
        "command": frame.command,
        "command_id": f"0x{header.command_id:02X}",
        "disable_default_response": header.disable_default_response,
    }
    if header.manufacturer_code is not None:
        found["manufacturer_code"] = f"0x{header.manufacturer_code:04X}"
    if frame.attributes:
        found["attributes"] = _attributes(frame)
    if frame.fields or not header.general:
        found["fields"] = _json(frame.fields)
    if meanings := meaning(frame):
        found["meaning"] = dict(meanings)
    if frame.trailing:
        found["trailing"] = f"0x{frame.trailing.hex()}"
    return found


def _attributes(frame: DecodedFrame) -> list[Meaning]:
    found: list[Meaning] = []
    for record, known in zip(frame.attributes, attribute_meanings(frame), strict=True):
        entry: dict[str, Meaning] = {
            "attribute_id": f"0x{record.attribute_id:04X}",
            "name": record.name,
        }
        if record.status is not None:
            entry["status"] = known["status"]
        if record.type_id is not None:
            entry["type"] = type_name(record.type_id)
            if frame.command != "discover_attributes_response":
                entry["value"] = _json(record.value)
        if "value" in known:
            entry["meaning"] = known["value"]
        found.append(entry)
    return found


def _decode(arguments: Sequence[str]) -> DecodedFrame:
    if len(arguments) < 3:
        raise _UsageError(USAGE)
    cluster_id, direction = _cluster(arguments[0]), _direction(arguments[1])
    return decode(cluster_id, direction, _octets(arguments[2:]))


def main(arguments: Sequence[str]) -> int:
    """Decode what the arguments say; 0, or 2 with one line that says what is wrong."""
    if list(arguments) in (["-h"], ["--help"]):
        print(USAGE)  # noqa: T201 - a program
        return 0
    try:
        frame = _decode(arguments)
    except (_UsageError, FrameError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a program
        return _WRONG
    print(json.dumps(document(frame), indent=2, ensure_ascii=False))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

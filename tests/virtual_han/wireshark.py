"""Wireshark's command line, as a reader of captures that shares nothing with who wrote them."""

from datetime import UTC, datetime
import json
import os
from pathlib import Path
import shutil
import subprocess
from typing import Any

import pytest

from virtual_han.capture import wireshark_keys
from virtual_han.clock import instant

YES = (["1"], ["True"])

needs_tshark = pytest.mark.skipif(
    shutil.which("tshark") is None,
    reason="tshark is not installed (Debian package tshark)",
)


TAP_HEADER = 20
"""Octets before the frame itself, from which tshark counts."""
FRAME_CHECK = 2
"""Octets of the frame check sequence."""

type Row = dict[str, list[str]]


def tshark(path: Path, keys: dict[str, bytes], *fields: str, only: str) -> list[Row]:
    """Return the fields of each frame that a filter picks, as tshark prints them."""
    command = ["tshark", "-n", "-r", str(path), "-Y", only, "-T", "fields"]
    command += ["-E", "separator=|", "-E", "aggregator=;"]
    for line in wireshark_keys(keys):
        command += ["-o", f"uat:zigbee_pc_keys:{line}"]
    for field in fields:
        command += ["-e", field]
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "TZ": "UTC"},
    )
    return [
        {
            field: value.split(";")
            for field, value in zip(fields, line.split("|"), strict=True)
        }
        for line in result.stdout.splitlines()
    ]


def _is_object(node: object) -> bool:
    return isinstance(node, list) and bool(node) and isinstance(node[0], tuple)


def _leaf_ends(node: list[tuple[str, Any]]) -> list[int]:
    """Return where each field ends that holds no others, from tshark's JSON with offsets.

    A field `x` is followed or led by `x_raw`: octets, start, length and more.
    """
    holders = {name for name, value in node if _is_object(value)}
    ends: list[int] = []
    for name, value in node:
        if _is_object(value):
            ends += _leaf_ends(value)
        elif name.endswith("_raw") and name.removesuffix("_raw") not in holders:
            if not name.startswith(("wpan", "frame")):
                places = value if isinstance(value[0], list) else [value]
                ends += [start + length for _, start, length, *_ in places]
    return ends


def undissected(path: Path) -> list[int]:
    """Return for each frame how many octets, up to the frame check, no field shows."""
    command = ["tshark", "-n", "-r", str(path), "-T", "json", "-x"]
    result = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=60
    )
    left = []
    # Names repeat, so objects are read as lists of pairs.
    for packet in json.loads(result.stdout, object_pairs_hook=list):
        layers = dict(dict(packet)["_source"])["layers"]
        size = dict(layers)["frame_raw"][2]
        left.append(size - TAP_HEADER - FRAME_CHECK - max(_leaf_ends(layers)))
    return left


def moment(shown: str) -> int:
    """Return a time that tshark printed as seconds since 2000; its form changed with version 4.2."""
    text = shown.split(".", maxsplit=1)[0].removesuffix("Z").removesuffix(" UTC")
    form = "%Y-%m-%dT%H:%M:%S" if "T" in text else "%b %d, %Y %H:%M:%S"
    return instant(datetime.strptime(text, form).replace(tzinfo=UTC))

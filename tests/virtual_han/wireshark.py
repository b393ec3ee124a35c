"""Wireshark's command line, as a reader of captures that shares nothing with who wrote them."""

from datetime import UTC, datetime
import os
from pathlib import Path
import shutil
import subprocess

import pytest

from virtual_han.capture import wireshark_keys
from virtual_han.clock import instant

YES = (["1"], ["True"])

needs_tshark = pytest.mark.skipif(
    shutil.which("tshark") is None,
    reason="tshark is not installed (Debian package tshark)",
)


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


def moment(shown: str) -> int:
    """Return a time that tshark printed as seconds since 2000; its form changed with version 4.2."""
    text = shown.split(".", maxsplit=1)[0].removesuffix("Z").removesuffix(" UTC")
    form = "%Y-%m-%dT%H:%M:%S" if "T" in text else "%b %d, %Y %H:%M:%S"
    return instant(datetime.strptime(text, form).replace(tzinfo=UTC))

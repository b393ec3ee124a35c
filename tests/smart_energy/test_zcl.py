"""The program that prints one frame."""

import json
from pathlib import Path
import shutil
import subprocess
import sys
from typing import Any

import pytest

from custom_components.smets1_cad.smart_energy.__main__ import USAGE, main

from . import frames

ROOT = Path(__file__).parents[2]


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """Run the program; give what it printed."""
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    document: dict[str, Any] = json.loads(captured.out)
    return document


def test_a_price(capsys: pytest.CaptureFixture[str]) -> None:
    document = printed(capsys, "0x0700", "server_to_client", frames.PUBLISH_PRICE_SHORT)
    assert document["cluster"] == "price"
    assert document["cluster_id"] == "0x0700"
    assert document["direction"] == "server_to_client"
    assert document["command"] == "publish_price"
    assert document["fields"]["rate_label"] == "Day "
    assert document["fields"]["price"] == 9600
    assert document["meaning"]["price"] == "0.096 GBP"
    assert document["meaning"]["current_time"] == "2018-10-08T18:15:49Z"


def test_attributes(capsys: pytest.CaptureFixture[str]) -> None:
    document = printed(capsys, "metering", "server_to_client", frames.READ_RESPONSE)
    assert document["frame_type"] == "general"
    assert document["command"] == "read_attributes_response"
    assert document["attributes"][0] == {
        "attribute_id": "0x0000",
        "name": "current_summation_delivered",
        "status": "success",
        "type": "uint48",
        "value": 5072076,
        "meaning": "5072.076 kWh",
    }
    assert document["attributes"][2] == {
        "attribute_id": "0x0002",
        "name": "current_max_demand_delivered",
        "status": "unsupported_attribute",
    }
    assert document["attributes"][6]["value"] is None


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        ("f1 000102030405060708090a0b0c0d0e0f", "0x000102030405060708090a0b0c0d0e0f"),
        ("41 00", ""),
        ("41 02 c328", "0xc328"),
        ("41 03 c2a341", "£A"),
        ("39 0000807f", "inf"),
        ("10 01", True),
        ("48 20 0200 0102", [1, 2]),
    ],
)
def test_values_as_json(
    capsys: pytest.CaptureFixture[str], octets: str, expected: object
) -> None:
    document = printed(capsys, "0x0702", "server_to_client", f"18010a 0f0a {octets}")
    assert document["attributes"][0]["value"] == expected


def test_discovery_has_types_and_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    document = printed(
        capsys,
        "0x0702",
        "server_to_client",
        "180b0d 01 0000 25 0f0a 4c 100a 48 110a 03",
    )
    assert [entry["type"] for entry in document["attributes"]] == [
        "uint48",
        "struct",
        "array",
        None,
    ]
    assert all("value" not in entry for entry in document["attributes"])
    assert document["fields"] == {"discovery_complete": True}


@pytest.mark.parametrize(
    "words",
    [
        ["0x0702", "client_to_server", "00", "08", "00", "00", "04"],
        ["0x702", "client_to_server", "0008000004"],
        ["1794", "client_to_server", "00:08:00:00:04"],
        ["METERING", "client_to_server", "0x00 0x08 0x00 0x00 0x04"],
        ["metering", "client_to_server", " 0008\n000004 "],
    ],
)
def test_octets_and_clusters_as_people_type_them(
    capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    document = printed(capsys, *words)
    assert document["attributes"] == [
        {"attribute_id": "0x0400", "name": "instantaneous_demand"}
    ]
    assert "fields" not in document


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], USAGE),
        (["0x0700", "server_to_client"], USAGE),
        (["price?", "server_to_client", "00"], "no Smart Energy cluster 'price?'"),
        (["0x9999", "server_to_client", "00"], "no Smart Energy cluster '0x9999'"),
        (["-1", "server_to_client", "00"], "no Smart Energy cluster '-1'"),
        (["9" * 5000, "server_to_client", "00"], "no Smart Energy cluster"),
        (["0x0700", "up", "00"], "no direction 'up'; give client_to_server or"),
        (["0x0700", "server_to_client", "190"], "octet 1: one hexadecimal digit"),
        (["0x0700", "server_to_client", "19zz"], "octet 1: 'z' is no hexadecimal"),
        (["0x0700", "server_to_client", "1905\udcff"], "octet 2: '\\udcff' is no"),
        (["0x0700", "server_to_client", ""], "octet 0: there are no octets"),
        (["0x0700", "server_to_client", "19050001"], "octet 3: provider_id takes 4"),
        (["0x0700", "client_to_server", "190500"], "octet 0: the frame says"),
        (["0x0700", "server_to_client", "00" * 4000], "octet 1536: a frame has at"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], line: str
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(line)
    assert captured.err.endswith("\n")
    assert captured.err.count("\n") == 1


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert capsys.readouterr().out.strip() == USAGE


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose environment is this interpreter, and whose setup is talkative."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    shutil.copy(ROOT / "scripts" / "zcl", scripts / "zcl")
    setup = scripts / "setup"
    setup.write_text('#!/bin/sh\necho "making $1"\n')
    setup.chmod(0o755)
    python = tmp_path / ".venv" / "test" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (tmp_path / "custom_components").symlink_to(ROOT / "custom_components")
    shadow = tmp_path / "shadow" / "homeassistant"
    shadow.mkdir(parents=True)
    (shadow / "__init__.py").write_text("raise ImportError('too heavy')\n")
    return tmp_path


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script from elsewhere; importing Home Assistant would fail."""
    return subprocess.run(
        [checkout / "scripts" / "zcl", *arguments],
        cwd="/",
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(checkout / "shadow"),
            "LC_ALL": "C",
        },
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_script_prints_json_alone_and_needs_no_home_assistant(
    checkout: Path,
) -> None:
    done = run(checkout, "0x0700", "server_to_client", frames.CALORIFIC_VALUE)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["meaning"]["calorific_value"] == "40 MJ/m³"
    assert done.stderr == "making test\n"


def test_the_script_says_what_is_wrong(checkout: Path) -> None:
    done = run(checkout, "0x0700", "server_to_client", "1905")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "making test",
        "octet 2: the header ends before the command id",
    ]

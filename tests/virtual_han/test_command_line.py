"""`python -m virtual_han`: what it takes, prints and leaves behind."""

import asyncio
from pathlib import Path
import re
import signal
import socket
import sys
from urllib.request import urlopen

import pytest

from tests.patience import PATIENCE
from virtual_han.__main__ import configuration, main, parser, serve
from virtual_han.aps import Fuel
from virtual_han.faults import ONE_TIME, Fault
from virtual_han.flavours import SmartEnergy
from virtual_han.han import HanConfig

from .cad import connected, t

ROOT = Path(__file__).parents[2]


def parsed(*arguments: str) -> HanConfig:
    return configuration(parser().parse_args(arguments))


def test_defaults_are_those_of_the_library() -> None:
    assert parsed() == HanConfig()


def test_everything_can_be_chosen(tmp_path: Path) -> None:
    config = parsed(
        *["--port", "5001", "--ezsp", "18", "--eui64", "00:0D:6F:00:0A:0B:0C:0D"],
        *["--install-code", "83fed3407a93", "--stick-cbke", "--smart-energy", "1.4"],
        *["--suite", "both", "--smets2", "--ihd", "--channel", "25", "--seed", "7"],
        *["--tariff", "economy_7", "--no-gas", "--prepayment", "electricity"],
        *("--state", str(tmp_path)),
    )
    assert (config.port, config.ezsp_version) == (5001, 18)
    assert (config.channel, config.seed) == (25, 7)
    assert config.stick_eui64 == bytes.fromhex("000D6F000A0B0C0D")
    assert config.install_code == bytes.fromhex("83FED3407A93")
    assert (config.suites, config.stick_cbke) == ((1, 2), (1, 2))
    assert (config.slots, config.ihd, config.state) == (4, True, tmp_path)
    home = config.home
    assert (home.smart_energy, home.seed) == (SmartEnergy.SE_1_4, 7)
    assert home.fuels == home.prepayment == (Fuel.ELECTRICITY,)
    assert home.tariffs[Fuel.ELECTRICITY] == "economy_7"


@pytest.mark.parametrize(
    "arguments",
    [
        "--suite 3",
        "--eui64 1234",
        "--eui64 xyz",
        "--install-code 0011",
        "--channel 27",
        "--ezsp 7",
        "--fault gremlin",
        "--fault lost:2",
        "--fault lost:0",
        "--fault hub_reboot",
    ],
)
def test_nonsense_is_refused(
    arguments: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as info:
        parser().parse_args(arguments.split())
    assert info.value.code == 2
    assert arguments.split(maxsplit=1)[0] in capsys.readouterr().err


def test_help_names_every_standing_fault(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert all(fault in text for fault in Fault if fault not in ONE_TIME)


async def test_it_runs_and_can_be_joined(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A CAD joins it; the capture and its keys are there at the end."""
    pcap = tmp_path / "han.pcap"
    arguments = parser().parse_args(
        [
            "--admit",
            "--supplier-port",
            "0",
            "--pcap",
            str(pcap),
            "--fault",
            "late:0.01",
            "--speed",
            "0",
        ]
    )
    stop = asyncio.Event()
    task = asyncio.create_task(serve(arguments, stop))
    printed = ""
    async with asyncio.timeout(PATIENCE):
        while "Ctrl-C" not in printed:
            await asyncio.sleep(0.01)
            printed += capsys.readouterr().out
    url = re.search(r"socket://\S+", printed)
    assert url is not None
    assert re.search(r"control +http://127\.0\.0\.1:\d+", printed)
    assert re.search(r"supplier +http://127\.0\.0\.1:\d+\S* +token \S+", printed)
    assert "83FED3407A939723A5C639B26916D505C3B5" in printed
    async with connected(url[0]) as cad:
        assert await cad.join() == t.sl_Status.NETWORK_UP
    stop.set()
    await task
    assert pcap.stat().st_size > 500
    keys = (tmp_path / "han.keys").read_text()
    assert "66:b6:90:09:81:e1:ee:3c:a4:20:6b:6b:86:1c:02:bb" in keys


async def test_a_process_of_its_own_ends_on_a_signal(tmp_path: Path) -> None:
    """It says where it listens, answers there, and leaves its state."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "virtual_han",
        "--state",
        str(tmp_path / "state"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        printed = ""
        async with asyncio.timeout(PATIENCE):
            while "Ctrl-C" not in printed:
                line = await process.stdout.readline()
                assert line, (await process.communicate())[1].decode()
                printed += line.decode()
        control = re.search(r"http://127\.0\.0\.1:\d+", printed)
        assert control is not None
        state = await asyncio.to_thread(lambda: urlopen(f"{control[0]}/state").read())
        assert b"ezsp_version" in state
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (tmp_path / "state" / "hub.json").exists()


def test_a_port_in_use_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 1
    assert "cannot run" in capsys.readouterr().err


def test_a_broken_state_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "hub.json").write_text("?")
    assert main(["--state", str(tmp_path)]) == 1
    assert "hub.json" in capsys.readouterr().err

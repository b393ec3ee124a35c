"""What a paired CAD adds to a Home Assistant of its own: memory, and time to start.

One real instance (the demo's) is paired with the virtual network once. Then its folder is
started several times in turns: as it is, and without the CAD's entry. Memory is the
process's own (Pss) a while after the start; processor's time is counted until then.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
import importlib.util
import json
import os
from pathlib import Path
import re
import shutil
import signal
from statistics import median
import subprocess
import sys
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, Final

import aiohttp

from demo.instance import CONFIGURATION, DOMAIN, ROOT, HomeAssistantInstance, command
from demo.network import Network, network
from demo.port import HOST, reserved_port
from demo.walk import pair

_RUNS: Final = 3
_SETTLE: Final = 15.0
_DEADLINE: Final = 120.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_INITIALISED: Final = re.compile(r"Home Assistant initialized in ([0-9.]+)s")


@dataclass
class Figures:
    """Of one way to start, by run.

    Attributes:
        memory: MiB.
        processor: seconds, from the start to a while after it.
        start: seconds until Home Assistant is initialised, as it says itself.
        set_up: seconds that it counts for the integration.
    """

    memory: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    start: list[float] = field(default_factory=list)
    set_up: list[float] = field(default_factory=list)


async def _paired_folder(folder: Path, target: Path, port: int, net: Network) -> str:
    """Pair an instance, and copy its folder once it has stopped; return a token for it."""
    async with HomeAssistantInstance(port, folder, keep=True) as home:
        await pair(home, net, lambda text: None)
        token = home.access_token
        # Long enough for every entity to be there.
        await asyncio.sleep(_SETTLE)
    (made,) = folder.glob("home-*")
    shutil.copytree(made, target / "with", symlinks=True)
    return token


def _without(target: Path) -> None:
    """Make the same folder without the CAD."""
    shutil.copytree(target / "with", target / "without", symlinks=True)
    storage = target / "without" / ".storage"
    for path in storage.glob(f"{DOMAIN}*"):
        path.unlink()
    for name, parts in (
        ("core.config_entries", ("entries",)),
        ("core.device_registry", ("devices", "deleted_devices")),
        ("core.entity_registry", ("entities", "deleted_entities")),
    ):
        kept: dict[str, Any] = json.loads((storage / name).read_text())
        for part in parts:
            kept["data"][part] = [
                item for item in kept["data"][part] if DOMAIN not in json.dumps(item)
            ]
        (storage / name).write_text(json.dumps(kept))


async def _measure(config: Path, port: int, token: str, figures: Figures) -> None:
    (config / "configuration.yaml").write_text(
        CONFIGURATION.format(host=HOST, port=port)
    )
    console = config / "console.log"
    with console.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "homeassistant",
            "--config",
            str(config),
            "--skip-pip",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = monotonic() + _DEADLINE
        while (found := _INITIALISED.search(console.read_text())) is None:
            if process.returncode is not None or monotonic() > deadline:
                raise SystemExit(
                    f"Home Assistant did not start:\n{console.read_text()[-2000:]}"
                )
            await asyncio.sleep(0.2)
        await asyncio.sleep(_SETTLE)
        proc = Path("/proc") / str(process.pid)
        fields = (proc / "stat").read_text().rpartition(")")[2].split()
        figures.processor.append((int(fields[11]) + int(fields[12])) / _TICKS)
        pss = re.search(
            r"^Pss:\s+(\d+) kB", (proc / "smaps_rollup").read_text(), re.MULTILINE
        )
        assert pss is not None
        figures.memory.append(int(pss[1]) / 1024)
        figures.start.append(float(found[1]))
        figures.set_up.append(await _set_up_time(port, token))
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def _set_up_time(port: int, token: str) -> float:
    """Return the seconds that Home Assistant counts for the integration."""
    async with aiohttp.ClientSession() as session:
        told = await command(
            session, f"http://{HOST}:{port}", token, "integration/setup_info"
        )
    return sum(one["seconds"] or 0.0 for one in told if one["domain"] == DOMAIN)


async def measure() -> dict[str, Figures]:
    """Return the figures with the CAD and without it."""
    figures = {"without": Figures(), "with": Figures()}
    with TemporaryDirectory() as name:
        target = Path(name)
        with reserved_port(8723, target) as port:
            async with network() as net:
                token = await _paired_folder(target / "paired", target, port, net)
                _without(target)
                for _ in range(_RUNS):
                    for which, made in figures.items():
                        await _measure(target / which, port, token, made)
    return figures


def _in_demo_environment() -> None:
    """Go on in the environment that has Home Assistant's frontend."""
    subprocess.run([ROOT / "scripts" / "setup", "demo"], check=True)
    python = str(ROOT / ".venv" / "demo" / "bin" / "python")
    os.execv(python, [python, "-m", "benchmarks.home_assistant_process"])


def main() -> None:
    """Print the table."""
    if importlib.util.find_spec("hass_frontend") is None:
        _in_demo_environment()
    figures = asyncio.run(measure())
    bare, paired = figures["without"], figures["with"]
    print(
        f"Home Assistant without and with a paired CAD (median of {_RUNS} starts each)"
    )
    for what, unit, before, after in (
        ("memory (Pss) after the start", "MiB", bare.memory, paired.memory),
        ("processor's time until then", "s", bare.processor, paired.processor),
        ("start-up, as it says", "s", bare.start, paired.start),
    ):
        added = median(after) - median(before)
        print(
            f"  {what:<30}{median(before):8.2f} {median(after):8.2f} {unit}, {added:+.2f}"
        )
    print(
        f"  set-up of the integration, as Home Assistant counts it: {median(paired.set_up):.2f} s"
    )


if __name__ == "__main__":
    main()

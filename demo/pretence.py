"""Let the demo believe that it is another time of today.

The recorder makes the bars of the Energy dashboard at each full hour; nobody wants to
wait for one. libfaketime, loaded into Home Assistant's process alone, moves its wall
clock; what is measured and waited for runs as ever.
"""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Final

from virtual_han.clock import LONDON

LIBRARY: Final = "libfaketimeMT.so.1"

LAUNCH: Final = """
import runpy, select, time
time.sleep = lambda seconds: select.select([], [], [], seconds)
runpy.run_module("homeassistant", run_name="__main__", alter_sys=True)
"""
"""Starts Home Assistant below libfaketime, which refuses the kind of sleep that Python asks for."""


def move_to(at: time, now: datetime) -> timedelta:
    """Return by how much clocks have to be moved for it to be that time of today in Britain."""
    moment = datetime.combine(now.astimezone(LONDON).date(), at, LONDON)
    # Across a change of clocks, only UTC tells how far apart two times are.
    return moment.astimezone(UTC) - now.astimezone(UTC)


def library() -> Path | None:
    """Return where libfaketime is on this machine, if it is."""
    for folder in ("lib", "lib64", "local/lib"):
        for pattern in (f"faketime/{LIBRARY}", f"*/faketime/{LIBRARY}"):
            for found in sorted(Path("/usr", folder).glob(pattern)):
                return found
    return None


def environment(move: timedelta) -> dict[str, str]:
    """Return what moves the clock of a process that is started with it.

    Raises:
        FileNotFoundError: there is no libfaketime here.
    """
    if not move:
        return {}
    if (preload := library()) is None:
        raise FileNotFoundError(
            "--at needs libfaketime. Install it (Debian: apt install libfaketime), or leave --at away."
        )
    return {
        "LD_PRELOAD": str(preload),
        "FAKETIME": f"{move.total_seconds():+.3f}",
        # What Python's threads wait by is left alone; otherwise they wake each other
        # all the time.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",
    }

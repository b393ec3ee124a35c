"""Waiting and timing on a machine that others use too."""

from asyncio import sleep, timeout
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

PATIENCE: Final = 60.0
"""Real seconds to wait for what surely comes: only a fault is ever waited for so long."""

LONGEST: Final = 600.0
"""The same for what takes many seconds by itself; a test of it needs its own `timeout` mark."""


async def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait for something, in real time."""
    async with timeout(seconds):
        while not condition():
            await sleep(0.002)


@dataclass
class Timed:
    """What a piece of work took.

    Attributes:
        seconds: wall time, less what this process's threads stood in line for a processor.
    """

    seconds: float = 0.0


@contextmanager
def timed() -> Generator[Timed]:
    """Time a piece of work as on a machine that does nothing else."""
    result = Timed()
    began, queued = monotonic(), _queued()
    yield result
    result.seconds = monotonic() - began - max(0.0, _queued() - queued)


def _queued() -> float:
    """Return how long this process's threads have waited for a processor; 0 where no kernel tells."""
    waited = 0
    for thread in Path("/proc/self/task").glob("*/schedstat"):
        try:
            waited += int(thread.read_text().split()[1])
        except OSError:
            # It has ended meanwhile.
            continue
    return waited / 1e9

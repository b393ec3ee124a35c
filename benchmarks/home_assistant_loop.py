"""How long Home Assistant's event loop is held up while a CAD joins and establishes its key.

The whole config flow is walked in a Home Assistant in this process; the network runs in
another one. Each callback that the loop runs is timed, on the processor's clock of its thread
and on the wall clock; a heartbeat of 1 ms tells how late the loop gets round to it, which also
shows what the thread that computes key establishment takes from it by holding the GIL. From the
last the time is taken off too for which the loop's thread stood in line for a processor that other
programs had.
"""

# Home Assistant puts its own in the place of voluptuous, before zigpy imports that.
import homeassistant  # noqa: F401

# isort: split

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, thread_time
from typing import Final
from unittest.mock import patch

from ._home import home_assistant, pair
from ._network import network_process

BOUND: Final = 0.020
"""Seconds that nothing may hold up the event loop for."""

_RUNS: Final = 5
_BEAT: Final = 0.001
_SCHEDULER: Final = Path("/proc/thread-self/schedstat")


@dataclass
class Longest:
    """What held up the loop the longest, in seconds.

    Attributes:
        callback: one callback, on its thread's processor clock.
        what: which that was.
        wall: one callback, on the wall clock: also while other programs had the processor.
        late: how late the heartbeat was.
        held: the same, less the time in line for a processor.
    """

    callback: float = 0
    what: str = ""
    wall: float = 0
    late: float = 0
    held: float = 0


@contextmanager
def watched(longest: Longest) -> Iterator[None]:
    """Time everything that the loop runs."""
    run = asyncio.Handle._run  # noqa: SLF001 - there is no public place to time callbacks

    def timed(handle: asyncio.Handle) -> None:
        begun, processor = perf_counter(), thread_time()
        run(handle)
        taken = thread_time() - processor
        longest.wall = max(longest.wall, perf_counter() - begun)
        if taken > longest.callback:
            longest.callback, longest.what = taken, repr(handle)

    with patch("asyncio.Handle._run", timed):
        yield


async def beat(longest: Longest) -> None:
    """Note how late each beat is."""
    while True:
        begun, queued = perf_counter(), _queued()
        await asyncio.sleep(_BEAT)
        late = perf_counter() - begun - _BEAT
        longest.late = max(longest.late, late)
        longest.held = max(longest.held, late - (_queued() - queued))


def _queued() -> float:
    """Return how long this thread has stood in line for a processor; 0 where no kernel tells."""
    try:
        return int(_SCHEDULER.read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


async def join(suite: int) -> tuple[Longest, Longest]:
    """Walk the flow to its end; return the loop at rest, and while joining."""
    rest, joining = Longest(), Longest()
    async with network_process(suite) as network, home_assistant() as hass:
        with watched(rest):
            heart = asyncio.create_task(beat(rest))
            await asyncio.sleep(2)
            heart.cancel()
            with suppress(asyncio.CancelledError):
                await heart

        async def begin() -> None:
            """Watch from here on; the hub is open already."""
            watching.__enter__()
            nonlocal heart
            heart = asyncio.create_task(beat(joining))

        watching = watched(joining)
        await pair(hass, network["url"], network["certificate"], begin)
        heart.cancel()
        watching.__exit__(None, None, None)
    return rest, joining


def main() -> None:
    """Print the table.

    Raises:
        SystemExit: the loop was held up for longer than it may be.
    """
    print(
        f"Longest hold-up of the event loop from joining to readings (median of {_RUNS} runs, in brackets the worst)"
    )
    too_long = False
    for suite in (1, 2):
        runs = [asyncio.run(join(suite)) for _ in range(_RUNS)]
        rest, joining = [run[0] for run in runs], [run[1] for run in runs]
        callback = median(one.callback for one in joining)
        worst = max(joining, key=lambda one: one.callback)
        print(f"  suite {suite}")
        print(
            f"    one callback, processor's time {callback * 1000:6.1f} ms ({worst.callback * 1000:.1f} ms: {worst.what[:120]})"
        )
        _print("one callback, wall clock      ", [one.wall for one in joining])
        _print("heartbeat of 1 ms late by     ", [one.late for one in joining])
        _print("  less the wait for processors", [one.held for one in joining])
        _print("late before, at rest          ", [one.late for one in rest])
        _print("  less the wait for processors", [one.held for one in rest])
        too_long |= callback > BOUND
    print(f"  At most {BOUND * 1000:.0f} ms is wanted.")
    if too_long:
        raise SystemExit(1)


def _print(what: str, seconds: list[float]) -> None:
    print(f"    {what} {median(seconds) * 1000:6.1f} ms ({max(seconds) * 1000:.1f} ms)")


if __name__ == "__main__":
    main()

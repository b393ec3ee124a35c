"""Killed at any point, an erasure goes on at the next start, and finishes."""

from pathlib import Path
import random
import shutil
import signal

import pytest

from . import canaries
from .conftest import Houses

POINTS = 30


@pytest.mark.timeout(900)  # sixty starts of Home Assistant
def test_killed_anywhere_it_is_finished_at_the_next_start(
    lived_in: Path, houses: Houses, tmp_path: Path
) -> None:
    """`SIGKILL` at 30 random lines of what erases, in any thread (R20).

    Every line that an undisturbed erasure runs is as likely as another, however often it
    is run; a line that is run often is as likely to be hit early as late.
    """
    undisturbed = tmp_path / "undisturbed" / "config"
    shutil.copytree(lived_in, undisturbed)
    lines = houses.run("erase", undisturbed, kill=None)["lines"]
    chance = random.Random(20260101)
    killed, begun = 0, 0
    for point in range(POINTS):
        config = tmp_path / str(point) / "config"
        shutil.copytree(lived_in, config)
        file, line, count = chance.choice(lines)
        kill = [file, line, chance.randint(1, count)]
        status, _ = houses.try_to("erase", config, kill=kill)
        # Threads take turns as they like: now and then a line is run less often.
        killed += status == -signal.SIGKILL

        answer = houses.run("start", config)
        report = answer["report"]
        if report is None:
            # Before it was written down, nothing has begun: the person who asked for it sees that.
            assert answer["entry"]["state"] == "loaded", kill
            report = houses.run("erase", config)["report"]
        else:
            begun += 1
        assert canaries.found_in(canaries.files_of(config)) == {}, kill
        assert set(report["database"]["remaining"].values()) == {0}, kill
        assert answer["entry"]["state"] in ("loaded", "setup_error"), kill
        shutil.rmtree(config)
    assert killed >= POINTS - 3
    assert begun >= POINTS // 2


@pytest.mark.parametrize(
    "kill_in",
    [
        None,
        "async_put_off_removal",
        "_async_put_back",
        "async_resume_erasure",
        "async_erase_history",
        "erase",
        "_async_erase",
        "_async_remove",
    ],
)
def test_removed_and_killed_it_is_erased_and_gone(
    config: Path, houses: Houses, kill_in: str | None
) -> None:
    """What was promised is erased, whether or not the removal was on disk; then the entry goes, or can (R20)."""
    status, answer = houses.try_to("remove", config, kill_in=kill_in)
    assert status == (0 if kill_in is None else -signal.SIGKILL)
    if kill_in is not None:
        answer = houses.run("start", config)
    assert answer is not None
    if kill_in != "async_put_off_removal":
        assert answer["entry"] is None
    assert canaries.found_in(canaries.files_of(config)) == {}
    if answer["entry"] is None:
        assert not [path.name for path in (config / ".storage").glob("smets1_cad.*")]

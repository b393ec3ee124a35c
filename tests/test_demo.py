"""What keeps two demos apart, and lets one begin at another time."""

from datetime import UTC, datetime, time, timedelta
import os
from pathlib import Path
import socket
import subprocess
import sys

import pytest

from demo.port import HOST, reserved_port
from demo.pretence import environment, library, move_to

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture
def free(tmp_path: Path) -> int:
    """A port with its hundred successors below 65536."""
    with reserved_port(40_000, tmp_path) as port:
        return port


def test_a_free_port_is_taken(free: int, tmp_path: Path) -> None:
    with reserved_port(free, tmp_path) as port:
        assert port == free


def test_two_demos_get_two_ports(free: int, tmp_path: Path) -> None:
    """Even before either has bound its port."""
    with (
        reserved_port(free, tmp_path) as first,
        reserved_port(free, tmp_path) as second,
    ):
        assert second > first
    with reserved_port(free, tmp_path) as again:
        assert again == first


def test_a_taken_port_is_passed_over(free: int, tmp_path: Path) -> None:
    with socket.create_server((HOST, free)), reserved_port(free, tmp_path) as port:
        assert port > free


def test_no_port_at_all(tmp_path: Path) -> None:
    with (
        socket.create_server((HOST, 65_535)),
        pytest.raises(OSError, match="no free port .* from 65535 on"),
        reserved_port(65_535, tmp_path),
    ):
        pass


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 11, 22, 12, 0, tzinfo=UTC), 10),
        (datetime(2026, 7, 1, 23, 30, tzinfo=UTC), 21.5),
        (datetime(2026, 10, 25, 0, 0, tzinfo=UTC), 22),
    ],
    ids=["winter", "after midnight in summer", "the day with 25 hours"],
)
def test_the_demo_begins_at_a_time_of_today(now: datetime, hours: float) -> None:
    """Of the day that it is in Britain, also where that has another date than UTC."""
    assert move_to(time(22), now) == timedelta(hours=hours)


@pytest.mark.skipif(
    library() is None,
    reason="no libfaketime on this machine (Debian: apt install libfaketime)",
)
def test_only_the_wall_clock_is_moved() -> None:
    """What is waited for runs as ever."""
    script = "import time; print(time.time(), time.monotonic())"

    def clocks(move: timedelta) -> tuple[float, float]:
        said = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, **environment(move)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        wall, monotonic = said.split()
        return float(wall), float(monotonic)

    wall, monotonic = clocks(timedelta())
    moved_wall, moved_monotonic = clocks(timedelta(hours=-5))
    assert wall - moved_wall == pytest.approx(5 * 3600, abs=60)
    assert 0 <= moved_monotonic - monotonic < 60


def test_moving_the_clock_needs_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """And says what to install; an unmoved clock needs nothing."""
    monkeypatch.setattr("demo.pretence.library", lambda: None)
    assert environment(timedelta()) == {}
    with pytest.raises(FileNotFoundError, match="apt install libfaketime"):
        environment(timedelta(hours=1))

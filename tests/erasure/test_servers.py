"""A change of tenancy on the distribution's PostgreSQL and MariaDB: not one value is left in any table."""

from collections.abc import Generator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from . import canaries
from .conftest import Houses
from .servers import mariadb, postgresql

pytestmark = pytest.mark.timeout(300)  # a server is made anew for each


@pytest.fixture(
    params=[(postgresql, "postgresql"), (mariadb, "mysql")],
    ids=["postgresql", "mariadb"],
)
def server(request: pytest.FixtureRequest) -> Generator[tuple[str, str]]:
    """The address of an empty database, and the engine's name."""
    run: Any
    run, engine = request.param
    manager: AbstractContextManager[str] = run()
    with manager as url:
        yield url, engine


def test_not_one_value_is_left_in_any_table(
    server: tuple[str, str], houses: Houses, tmp_path: Path
) -> None:
    """Searched are all tables, and what the planner remembers of them; what only an administrator reaches is named."""
    url, engine = server
    config = tmp_path / "config"
    houses.run("fill", config, url=url)
    in_files = {
        name
        for name, places in canaries.found_in(canaries.files_of(config)).items()
        if places
    }
    before = set(houses.run("scan", config, url=url)["found"])
    assert before | in_files == {*canaries.patterns()}
    assert {"double", "state", "attribute", "event of ours"} <= before

    report = houses.run("erase", config, url=url)["report"]

    after = houses.run("scan", config, url=url)
    assert after["found"] == []
    assert after["kept"] == sorted(canaries.KEPT)
    assert canaries.found_in(canaries.files_of(config)) == {}
    assert report["database"]["engine"] == engine
    assert set(report["database"]["remaining"].values()) == {0}
    assert not report["database"]["searched_files"]
    named = " ".join(report["out_of_reach"]["logs"])
    assert ("write-ahead" if engine == "postgresql" else "binary log") in named


def test_killed_in_the_database_it_is_finished(
    server: tuple[str, str], houses: Houses, tmp_path: Path
) -> None:
    """Killed in the middle of deleting, and again in the middle of repacking."""
    url, _ = server
    config = tmp_path / "config"
    houses.run("fill", config, url=url)
    for function in ("_statistics", "_repack"):
        houses.try_to(
            "start" if function == "_repack" else "erase",
            config,
            url=url,
            kill_in=function,
        )
    report = houses.run("start", config, url=url)["report"]
    assert report["starts"] == 3
    assert houses.run("scan", config, url=url)["found"] == []

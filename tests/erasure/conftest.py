"""A house that somebody has lived in for a year, to be copied by each test."""

from collections.abc import Generator
import json
from pathlib import Path
import shutil
import subprocess
import sys
from typing import Any

import pytest


class Houses:
    """Runs houses, each in a process of its own."""

    def __init__(self, server: subprocess.Popen[str], errors: Path) -> None:
        """Send orders to a server."""
        self._server = server
        self._errors = errors

    def run(self, command: str, config: Path, **order: Any) -> dict[str, Any]:
        """Run a house that is meant to live."""
        status, answer = self.try_to(command, config, **order)
        assert status == 0, self._errors.read_text()[-4000:]
        assert answer is not None
        return answer

    def try_to(
        self, command: str, config: Path, **order: Any
    ) -> tuple[int, dict[str, Any] | None]:
        """Run a house, and return how it ended and what it said."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        line = json.dumps({"command": command, "config": str(config), **order})
        self._server.stdin.write(f"{line}\n")
        self._server.stdin.flush()
        status, answer = json.loads(self._server.stdout.readline())
        return status, answer


@pytest.fixture(scope="session")
def houses(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[Houses]:
    """Houses in processes of their own."""
    errors = tmp_path_factory.mktemp("houses") / "errors"
    with (
        errors.open("w") as stderr,
        subprocess.Popen(
            [sys.executable, "-m", "tests.erasure.run"],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as server,
    ):
        yield Houses(server, errors)


@pytest.fixture(scope="session")
def lived_in(houses: Houses, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration folder of a house that was lived in."""
    config = tmp_path_factory.mktemp("lived_in") / "config"
    houses.run("fill", config)
    return config


@pytest.fixture
def config(lived_in: Path, tmp_path: Path) -> Path:
    """A copy of it, to be erased."""
    return Path(shutil.copytree(lived_in, tmp_path / "config"))

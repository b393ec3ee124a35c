"""Database servers of the distribution, each for one test run, reached by a socket in a folder of their own."""

from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
import os
from pathlib import Path
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

_START = 60
"""Seconds in which a server has to answer."""


@contextmanager
def postgresql() -> Generator[str]:
    """Run PostgreSQL; give the address of an empty database."""
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:]
    initdb = _program("initdb", *newest)
    _need("psycopg2")
    with _folder("postgres") as (folder, user):
        data = folder / "data"
        _do(
            [initdb, "-D", data, "-U", "ha", "-A", "trust", "-E", "UTF8", "--locale=C"],
            user,
        )
        server = [
            str(Path(initdb).with_name("postgres")),
            *("-D", str(data), "-k", str(folder), "-F"),
            *("-c", "listen_addresses="),
        ]
        ready = [str(Path(initdb).with_name("pg_isready")), "-h", str(folder)]
        with _running(server, ready, user, signal.SIGINT):
            _do(
                [Path(initdb).with_name("createdb"), "-h", folder, "-U", "ha", "ha"],
                user,
            )
            yield f"postgresql://ha@/ha?host={folder}"


@contextmanager
def mariadb() -> Generator[str]:
    """Run MariaDB; give the address of an empty database."""
    mariadbd = _program("mariadbd", Path("/usr/sbin"))
    install = _program("mariadb-install-db")
    admin = _program("mariadb-admin")
    _need("pymysql")
    with _folder("mysql") as (folder, user):
        data, socket = folder / "data", folder / "socket"
        _do(
            [
                install,
                "--no-defaults",
                f"--datadir={data}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
            user,
        )
        server = [
            mariadbd,
            "--no-defaults",
            f"--datadir={data}",
            f"--socket={socket}",
            "--skip-networking",
            "--innodb-flush-log-at-trx-commit=0",
        ]
        login = [admin, "--no-defaults", f"--socket={socket}", "--user=root"]
        with _running(server, [*login, "ping"], user, signal.SIGTERM):
            _do([*login, "create", "ha"], user)
            yield f"mysql+pymysql://root@localhost/ha?unix_socket={socket}&charset=utf8mb4"


def _program(name: str, *folders: Path) -> str:
    """Return where a program is, or skip the test."""
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")])
    if (found := shutil.which(name, path=path)) is None:
        pytest.skip(f"{name} is not installed")
    return found


def _need(module: str) -> None:
    if find_spec(module) is None:
        pytest.skip(f"the driver {module} is not installed")


@contextmanager
def _folder(user: str) -> Generator[tuple[Path, str | None]]:
    """Give a folder, and the user that a server has to run as: none of them runs as root."""
    # A socket's path has to be short, shorter than those of pytest's folders.
    with tempfile.TemporaryDirectory(prefix="db") as name:
        if os.geteuid() != 0:
            yield Path(name), None
            return
        try:
            owner = pwd.getpwnam(user)
        except KeyError:
            pytest.skip(f"there is no user {user} to run the server as")
        os.chown(name, owner.pw_uid, owner.pw_gid)
        # Home Assistant, which is somebody else, has to reach the socket.
        Path(name).chmod(0o755)
        yield Path(name), user


def _do(command: list[str | Path], user: str | None) -> None:
    done = subprocess.run(
        command, user=user, cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def _running(
    server: list[str], ready: list[str], user: str | None, stop: signal.Signals
) -> Generator[None]:
    """Run a server until the test is done."""
    with subprocess.Popen(
        server, user=user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            until = time.monotonic() + _START
            while subprocess.run(ready, capture_output=True, check=False).returncode:
                assert process.poll() is None, "the server does not start"
                assert time.monotonic() < until, "the server does not answer"
                time.sleep(0.1)
            yield
        finally:
            process.send_signal(stop)
            process.wait(_START)

"""Reserve a TCP port on loopback, also against a second demo that starts at the same time."""

from collections.abc import Iterator
from contextlib import contextmanager
import fcntl
from pathlib import Path
import socket

HOST = "127.0.0.1"


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still winding down
        # is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


@contextmanager
def reserved_port(first: int, folder: Path) -> Iterator[int]:
    """Yield the first free port from `first` on, held until the context ends.

    Between this check and the moment when Home Assistant binds the port, a lock
    file keeps other demos from choosing the same one.

    Raises:
        OSError: none of the hundred ports from `first` on is free.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for port in range(first, min(first + 100, 65536)):
        with (folder / f"port-{port}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            if _is_free(port):
                yield port
                return
    raise OSError(
        f"no free port on {HOST} from {first} on; stop a program that uses one, or choose with --port"
    )

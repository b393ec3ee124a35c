"""What keeps two demos apart, and what the demo compares."""

from pathlib import Path
import socket

import pytest

from demo.compare import _fuel_and_key
from demo.port import HOST, reserved_port

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
    ("unique_id", "known"),
    [
        ("01ENTRY_electricity_import", ("electricity", "import")),
        ("01ENTRY_3_electricity_import_today", ("electricity", "import_today")),
        ("01ENTRY_1_pairing_status", ("", "pairing_status")),
    ],
)
def test_entities_of_every_tenancy_are_compared(
    unique_id: str, known: tuple[str, str]
) -> None:
    """The number of the tenancy does not hide which value it is."""
    assert _fuel_and_key(unique_id, "01ENTRY") == known

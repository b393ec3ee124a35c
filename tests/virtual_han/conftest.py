"""Fixtures of the virtual HAN's tests."""

import pytest

from virtual_han.flavours import SmartEnergy
from virtual_han.meters import HomeConfig

from .home import Bench


@pytest.fixture
def bench() -> Bench:
    """A home with everything that Smart Energy 1.4 has."""
    return Bench(HomeConfig(smart_energy=SmartEnergy.SE_1_4))


@pytest.fixture(autouse=True)
def _loopback(socket_enabled: None) -> None:
    """Let tests open sockets; the plugin keeps them to 127.0.0.1."""

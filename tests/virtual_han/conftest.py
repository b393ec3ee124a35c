"""Fixtures of the virtual HAN's tests."""

import pytest


@pytest.fixture(autouse=True)
def _loopback(socket_enabled: None) -> None:
    """Let tests open sockets; the plugin keeps them to 127.0.0.1."""

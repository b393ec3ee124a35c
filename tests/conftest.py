"""Fixtures for every test."""

from collections.abc import Generator
from pathlib import Path

import pytest
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

# The plugin brings a custom_components package of its own; ours must be the
# one that Home Assistant's loader finds.
import custom_components.smets1_cad  # noqa: F401
from custom_components.smets1_cad.const import DOMAIN
from homeassistant.config_entries import HANDLERS


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Return snapshots in Home Assistant's own format."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture(autouse=True)
def no_dialogs_left_behind() -> Generator[None]:
    """Have each test leave the dialogs that the next ones in its process need.

    Home Assistant keeps them in a dictionary that outlives its core.
    """
    before = HANDLERS.get(DOMAIN)
    yield
    assert before in (None, HANDLERS.get(DOMAIN)), "a test replaced the dialogs"


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the checkout."""
    return Path(__file__).parent.parent

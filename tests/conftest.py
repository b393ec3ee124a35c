"""Fixtures for every test."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

# The plugin brings a custom_components package of its own; ours must be the
# one that Home Assistant's loader finds.
import custom_components.smets1_cad  # noqa: F401
from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.const import DOMAIN
from homeassistant.config_entries import HANDLERS
from homeassistant.core import HomeAssistant

from .fake_link import electricity
from .leaving_home import LeavingHome, leaving_home


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


@pytest.fixture
async def home(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncGenerator[LeavingHome]:
    """A home that is not set up yet."""
    async with leaving_home(hass, freezer) as home:
        yield home


@pytest.fixture
async def paired(home: LeavingHome) -> LeavingHome:
    """A home whose CAD is paired and read."""
    await home.prepare()
    await home.start()
    home.link.move(LinkState.RUNNING)
    home.link.hand_up(electricity())
    await home.hass.async_block_till_done()
    assert home.state("sensor.electricity_meter_power") == "512"
    return home


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the checkout."""
    return Path(__file__).parent.parent

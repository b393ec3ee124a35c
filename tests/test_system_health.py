"""What system health says."""

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import get_system_health_info

from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from .fake_link import Home, electricity, new_home


@pytest.fixture
def home(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    enable_custom_integrations: None,
) -> Home:
    """A home whose entry is not set up yet."""
    return new_home(hass, freezer)


async def test_one_cad(home: Home, hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, "system_health", {})
    await home.start()
    home.link.move(LinkState.RUNNING)
    await home.hear(electricity())
    await home.wait(seconds=12)
    assert await get_system_health_info(hass, DOMAIN) == {
        "cads": 1,
        "links": "running",
        "electricity_reading_age": "12 s",
    }


async def test_none_that_runs(home: Home, hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, "system_health", {})
    await home.start()
    await home.stop()
    assert await get_system_health_info(hass, DOMAIN) == {"cads": 1, "links": "none"}

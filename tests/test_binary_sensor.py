"""The binary sensors."""

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import snapshot_platform
from syrupy.assertion import SnapshotAssertion

from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import Alarm
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .fake_link import Home, electricity, gas, new_home

CONNECTION = "binary_sensor.consumer_access_device_meter_connection"
ALARM = "binary_sensor.electricity_meter_meter_alarm"


@pytest.fixture
def home(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    enable_custom_integrations: None,
) -> Home:
    """A home whose entry is not set up yet."""
    return new_home(hass, freezer)


async def test_binary_sensors(
    home: Home,
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    home.platforms = (Platform.BINARY_SENSOR,)
    await home.start()
    await home.hear(electricity(alarms=frozenset({Alarm.CHECK_METER})), gas())
    await snapshot_platform(hass, entity_registry, snapshot, home.entry.entry_id)


async def test_connection_follows_the_link(home: Home) -> None:
    await home.start()
    assert home.state(CONNECTION) == STATE_OFF
    for state in LinkState:
        home.link.move(state)
        assert home.state(CONNECTION) == (
            STATE_ON if state is LinkState.RUNNING else STATE_OFF
        )


async def test_meter_that_does_not_tell_alarms_has_none(
    home: Home, hass: HomeAssistant
) -> None:
    await home.start()
    await home.hear(electricity(alarms=None))
    assert hass.states.get(ALARM) is None
    await home.hear(electricity(alarms=frozenset({Alarm.TAMPER})))
    assert home.state(ALARM) == STATE_ON
    await home.wait(minutes=6)
    await home.hear(electricity(alarms=None))
    assert home.state(ALARM) == STATE_UNKNOWN

"""Entities that are off are created once, and not again with every change of the link."""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.smets1_cad import sensor
from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import Fuel
from custom_components.smets1_cad.devices import identifier
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .fake_link import Home, electricity, gas, new_home

ON, OFF = "sensor.gas_meter_volume", "sensor.gas_meter_volume_today"


@pytest.fixture
def home(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    enable_custom_integrations: None,
) -> Home:
    """A home whose entry is not set up yet."""
    home = new_home(hass, freezer)
    home.platforms = (Platform.SENSOR,)
    return home


@pytest.fixture
def created() -> Iterator[Counter[str]]:
    """The sensors of meters that are made: how often each, by its class's key."""
    made: Counter[str] = Counter()

    class Counted(sensor.MeterSensor):
        def __init__(self, coordinator: Any, description: Any) -> None:
            made[f"{description.fuel}_{description.key}"] += 1
            super().__init__(coordinator, description)

    with patch.object(sensor, "MeterSensor", Counted):
        yield made


async def change(home: Home) -> None:
    """Let happen what may bring new entities."""
    for state in (LinkState.REJOINING, LinkState.JOINED, LinkState.RUNNING):
        home.link.move(state)
        await home.hass.async_block_till_done()
    await home.wait(hours=1)
    await home.hear(electricity(), gas())


async def test_what_is_off_is_created_once(
    home: Home, created: Counter[str], entity_registry: er.EntityRegistry
) -> None:
    await home.start()
    await home.hear(electricity(), gas())
    off = entity_registry.async_get(OFF)
    assert off is not None
    assert off.disabled
    for _ in range(3):
        await change(home)
    assert created
    assert set(created.values()) == {1}


async def test_what_a_person_turns_off_is_not_created_again(
    home: Home, created: Counter[str], entity_registry: er.EntityRegistry
) -> None:
    await home.start()
    await home.hear(electricity(), gas())
    entity_registry.async_update_entity(ON, disabled_by=er.RegistryEntryDisabler.USER)
    await change(home)
    assert home.hass.states.get(ON) is None
    assert set(created.values()) == {1}


async def test_what_is_off_comes_back_with_a_meter_that_was_removed(
    home: Home,
    entity_registry: er.EntityRegistry,
    device_registry: dr.DeviceRegistry,
) -> None:
    """Of such a meter nothing is registered any more, so that a person could turn it on."""
    await home.start()
    await home.hear(electricity(), gas())
    await change(home)
    (device,) = (
        device
        for device in dr.async_entries_for_config_entry(
            device_registry, home.entry.entry_id
        )
        if identifier(home.entry, Fuel.GAS) in device.identifiers
    )
    home.coordinator.async_forget_meter(home.coordinator.data.meters[Fuel.GAS])
    device_registry.async_remove_device(device.id)
    await home.hass.async_block_till_done()
    assert entity_registry.async_get(OFF) is None
    await home.hear(gas())
    assert entity_registry.async_get(OFF) is not None
    assert home.state(ON) == "1000"

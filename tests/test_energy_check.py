"""Gas in m³ with a price per kWh, and the reverse, in the Energy dashboard's settings."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.smets1_cad.cad.models import Fuel
from custom_components.smets1_cad.const import DOMAIN
from homeassistant.components.energy.data import async_get_manager
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .fake_link import Home, flat_tariff, gas, new_home

VOLUME = "sensor.gas_meter_volume"
ENERGY = "sensor.gas_meter_energy"
PER_KWH = "sensor.gas_meter_unit_rate"
PER_M3 = "sensor.price_per_m3"


@pytest.fixture
async def home(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    enable_custom_integrations: None,
) -> Home:
    """A home with gas, a price, and an Energy dashboard."""
    home = new_home(hass, freezer)
    hass.config.components.add("energy")
    hass.states.async_set(PER_M3, "0.8", {"unit_of_measurement": "GBP/m³"})
    hass.states.async_set("sensor.odd", "0.8", {"unit_of_measurement": "GBP"})
    await home.start()
    await home.hear(gas(), flat_tariff(Fuel.GAS, "0.0634"))
    return home


def gas_source(used: str, **price: Any) -> dict[str, Any]:
    """Return a gas source as the dashboard's settings hold it."""
    return {
        "type": "gas",
        "stat_energy_from": used,
        "stat_cost": None,
        "entity_energy_price": None,
        "number_energy_price": None,
        **price,
    }


async def choose(hass: HomeAssistant, *sources: dict[str, Any]) -> None:
    """Save the dashboard's settings as its page does."""
    manager = await async_get_manager(hass)
    await manager.async_update({"energy_sources": list(sources)})
    await hass.async_block_till_done()


def issue_key(home: Home) -> str | None:
    """Return the issue that is shown."""
    issue = ir.async_get(home.hass).async_get_issue(
        DOMAIN, f"gas_price_unit_{home.entry.entry_id}"
    )
    return issue and issue.translation_key


@pytest.mark.parametrize(
    ("used", "price", "key"),
    [
        (VOLUME, {"entity_energy_price": PER_KWH}, "gas_price_unit_volume"),
        (VOLUME, {"number_energy_price": 0.0634}, "gas_price_unit_volume"),
        (VOLUME, {"entity_energy_price": PER_M3}, None),
        (VOLUME, {"number_energy_price": 0.71}, None),
        (ENERGY, {"entity_energy_price": PER_M3}, "gas_price_unit_energy"),
        (ENERGY, {"number_energy_price": 0.71}, "gas_price_unit_energy"),
        (ENERGY, {"entity_energy_price": PER_KWH}, None),
        (ENERGY, {"number_energy_price": 0.0634}, None),
        (ENERGY, {"number_energy_price": 0}, None),
        (VOLUME, {}, None),
        (VOLUME, {"stat_cost": "sensor.cost"}, None),
        (VOLUME, {"entity_energy_price": "sensor.not_there"}, None),
        (VOLUME, {"entity_energy_price": "sensor.odd"}, None),
        ("sensor.of_another_meter", {"entity_energy_price": PER_KWH}, None),
    ],
)
async def test_units(
    home: Home, hass: HomeAssistant, used: str, price: dict[str, Any], key: str | None
) -> None:
    await choose(hass, gas_source(used, **price))
    assert issue_key(home) == key


async def test_mended_settings_take_it_back(home: Home, hass: HomeAssistant) -> None:
    await choose(hass, gas_source(VOLUME, entity_energy_price=PER_KWH))
    assert issue_key(home) == "gas_price_unit_volume"
    await choose(hass, gas_source(ENERGY, entity_energy_price=PER_KWH))
    assert issue_key(home) is None


async def test_settings_from_before_the_start(home: Home, hass: HomeAssistant) -> None:
    """They are looked at when the integration starts; once, however often it does."""
    await choose(hass, gas_source(VOLUME, number_energy_price=0.06))
    await home.stop()
    assert issue_key(home) is None
    await home.start()
    assert issue_key(home) == "gas_price_unit_volume"
    manager = await async_get_manager(hass)
    assert len(manager._update_listeners) == 1


async def test_without_a_tariff_a_usual_price_decides(
    home: Home, hass: HomeAssistant
) -> None:
    home.coordinator.data.meters[Fuel.GAS].tariff = None
    await choose(hass, gas_source(VOLUME, number_energy_price=0.08))
    assert issue_key(home) == "gas_price_unit_volume"
    await choose(hass, gas_source(VOLUME, number_energy_price=0.9))
    assert issue_key(home) is None

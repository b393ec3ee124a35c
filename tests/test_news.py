"""Whom a reading concerns: its own meter's entities and the CAD's, not the other meter's."""

from collections import Counter
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.smets1_cad.cad.models import Fuel
from custom_components.smets1_cad.entity import Smets1CadEntity
from custom_components.smets1_cad.sensor import CadSensor, MeterSensor
from homeassistant.core import HomeAssistant

from .fake_link import electricity, gas, in_cubic_metres, new_home


@pytest.mark.usefixtures("enable_custom_integrations")
async def test_a_reading_concerns_its_own_meter(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    home = new_home(hass, freezer)
    await home.start()
    await home.hear(electricity(), gas())
    looked: Counter[Fuel | None] = Counter()

    def counting(kind: Any) -> Any:
        read = kind._read

        def count(entity: Smets1CadEntity[Any]) -> Any:
            looked[entity.entity_description.fuel] += 1
            return read(entity)

        return patch.object(kind, "_read", count)

    with counting(MeterSensor), counting(CadSensor):
        await home.hear(electricity(import_kwh="12345.700"))
        assert looked[Fuel.ELECTRICITY]
        assert looked[None]
        assert not looked[Fuel.GAS]
        looked.clear()
        await home.hear(gas(in_cubic_metres("1000.5")))
        assert looked[Fuel.GAS]
        assert not looked[Fuel.ELECTRICITY]
        looked.clear()
        # What the clock or the link brings about may concern everybody.
        home.coordinator.async_update_listeners()
        assert looked[Fuel.GAS]
        assert looked[Fuel.ELECTRICITY]
    assert home.state("sensor.electricity_meter_import") == "12345.700"
    assert home.state("sensor.gas_meter_volume") == "1000.5"
    await home.stop()


@pytest.mark.usefixtures("enable_custom_integrations")
async def test_a_reading_asks_nobody_whom_it_cannot_change(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Tariff and firmware are asked again only when a silence ends; a listener that breaks harms no other."""
    home = new_home(hass, freezer)
    await home.start()
    await home.hear(electricity())
    told: list[str] = []

    def broken() -> None:
        told.append("broken")
        raise ValueError

    add = home.coordinator.async_add_listener
    stop = [
        add(broken, context=frozenset({Fuel.ELECTRICITY})),
        add(lambda: told.append("all")),
        add(lambda: told.append("gas"), context=frozenset({Fuel.GAS})),
        add(lambda: told.append("tariff"), context=frozenset()),
    ]
    await home.hear(electricity(import_kwh="12345.700"))
    assert told == ["broken", "all"]
    assert home.state("sensor.electricity_meter_import") == "12345.700"
    told.clear()
    home.coordinator.data.meters[Fuel.ELECTRICITY].stale = True
    await home.hear(electricity(import_kwh="12345.800"))
    assert told == ["broken", "all", "gas", "tariff"]
    for end in stop:
        end()
    await home.stop()

"""Whom a reading concerns: its own meter's entities and the CAD's, not the other meter's."""

from collections import Counter
from decimal import Decimal
from random import Random
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.smets1_cad.cad.models import (
    Alarm,
    ElectricityReading,
    Fuel,
    GasReading,
    SupplyState,
)
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.entity import Smets1CadEntity
from custom_components.smets1_cad.readings.news import Audience, says
from custom_components.smets1_cad.sensor import CadSensor, MeterSensor
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import async_get_platforms
from homeassistant.util import dt as dt_util

from .fake_link import (
    CONVERSION,
    Home,
    economy7,
    electricity,
    gas,
    in_cubic_metres,
    new_home,
)


@pytest.mark.usefixtures("enable_custom_integrations")
async def test_a_reading_concerns_its_own_meter(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    home = new_home(hass, freezer)
    with patch.object(Entity, "entity_registry_enabled_default", True):
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


def any_part(random: Random, register: int) -> ElectricityReading | GasReading:
    """Return a reading that says some of its fields, and of these any value."""
    values: dict[str, Any] = {
        "active_tier": random.choice((1, 2)),
        "active_block": random.choice((1, 2)),
        "supply": random.choice(tuple(SupplyState)),
        "alarms": frozenset(random.sample(tuple(Alarm), random.randrange(3))),
    }
    kind: type[ElectricityReading | GasReading]
    if random.random() < 0.3:
        kind = GasReading
        volume = str(Decimal(1000) + Decimal(register) / 10)
        values |= {"total": in_cubic_metres(volume), "conversion": CONVERSION}
    else:
        kind = ElectricityReading
        # One in five is a dip.
        count = Decimal(random.choice((0, *[10_000 + register] * 4)))
        values |= {
            "import_kwh": count,
            "export_kwh": count,
            "power_kw": Decimal(random.randrange(9)),
            "tier_import_kwh": {random.choice((1, 2, 3)): count},
            "day_import_kwh": Decimal(register),
        }
    said = random.sample(sorted(values), random.randrange(1, 4))
    return kind(received_at=dt_util.utcnow(), **{name: values[name] for name in said})


def behind(home: Home) -> list[str]:
    """Return the entities that do not show what they would if they looked now."""
    return [
        entity.entity_id
        for platform in async_get_platforms(home.hass, DOMAIN)
        for entity in platform.entities.values()
        if isinstance(entity, Smets1CadEntity)
        and (entity.shown, entity.available)
        != (entity._read(), entity._read_available())
    ]


@pytest.mark.usefixtures("enable_custom_integrations")
@pytest.mark.parametrize("seed", range(6))
async def test_nobody_who_is_not_asked_has_anything_new(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, seed: int
) -> None:
    """Whatever a meter says in whichever parts, every entity shows what it would if it were asked."""
    random = Random(seed)
    home = new_home(hass, freezer)
    with patch.object(Entity, "entity_registry_enabled_default", True):
        await home.start()
        await home.hear(electricity(), gas(), economy7())
    shown = set()
    for register in range(80):
        freezer.tick(random.choice((0.4, 9, 10, 70)))
        await home.hear(any_part(random, register))
        assert behind(home) == []
        shown |= {(one.entity_id, one.state) for one in hass.states.async_all()}
    assert len(shown) > 100
    await home.stop()


def test_an_audience_is_told_once_each_and_no_more_when_it_has_left() -> None:
    told: list[str] = []
    audience = Audience()
    news = says(Fuel.ELECTRICITY, "active_tier", "active_block")
    leave = audience.add(lambda: told.append("block"), news)
    audience.add(lambda: told.append("any"), None)
    audience.add(lambda: told.append("nothing"), frozenset())
    tier_and_block = frozenset({"active_tier", "active_block"})
    for fuel, fields in (
        (Fuel.ELECTRICITY, tier_and_block),
        (Fuel.GAS, tier_and_block),
        (Fuel.ELECTRICITY, frozenset({"import_kwh"})),
    ):
        for listener in audience.concerned(fuel, fields):
            listener()
    assert told == ["any", "block", "any", "any"]
    # Whom a reading concerns is remembered until somebody comes or goes.
    late = audience.add(lambda: told.append("late"), news)
    assert len(audience.concerned(Fuel.ELECTRICITY, tier_and_block)) == 3
    late()
    assert len(audience.concerned(Fuel.ELECTRICITY, tier_and_block)) == 2
    leave()
    assert len(audience.concerned(Fuel.ELECTRICITY, tier_and_block)) == 1
    assert len(audience.concerned(Fuel.ELECTRICITY, frozenset({"active_tier"}))) == 1

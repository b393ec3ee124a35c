"""The sensors: names, classes, units, precision and what is enabled, as people see them."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from unittest.mock import PropertyMock, patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import snapshot_platform
from syrupy.assertion import SnapshotAssertion

from custom_components.smets1_cad.cad.errors import CadError
from custom_components.smets1_cad.cad.link import LinkState, LinkStatistics
from custom_components.smets1_cad.cad.models import (
    EnergyUnit,
    Fuel,
    GasAmount,
    Provenance,
    Tariff,
    TierBlock,
)
from custom_components.smets1_cad.cad.pacing import TooSoon
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_component import async_update_entity

from .fake_link import (
    NOW,
    Home,
    economy7,
    electricity,
    electricity_identity,
    flat_tariff,
    gas,
    new_home,
)


@pytest.fixture
def home(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    enable_custom_integrations: None,
) -> Home:
    """A home whose entry is not set up yet."""
    return new_home(hass, freezer)


@pytest.fixture
def all_enabled() -> Iterator[None]:
    """Enable what is off by default."""
    with patch(
        "homeassistant.helpers.entity.Entity.entity_registry_enabled_default",
        PropertyMock(return_value=True),
    ):
        yield


@pytest.mark.usefixtures("all_enabled")
async def test_sensors(
    home: Home,
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    """Everything that a home with solar panels, gas, tiers and blocks has."""
    home.platforms = (Platform.SENSOR,)
    home.link.statistics = LinkStatistics(
        counters={"pacing_refused": 3}, signal_lqi=232, signal_rssi=-61
    )
    await home.start()
    home.link.move(LinkState.RUNNING)
    await home.hear(
        electricity_identity(),
        electricity(
            export_kwh="88.5",
            power_kw="-1.25",
            tier_import_kwh={1: Decimal(8000), 2: Decimal("4345.678")},
        ),
        economy7(),
        gas(active_block=2),
        Tariff(
            fuel=Fuel.GAS,
            received_at=NOW,
            unit=EnergyUnit.KILOWATT_HOUR,
            standing_charge_per_day=Decimal("0.31"),
            prices={TierBlock(0, 2): Decimal("0.0634")},
            active=TierBlock(0, 2),
            block_thresholds={0: (Decimal(1000), Decimal(4000))},
            threshold_unit=EnergyUnit.KILOWATT_HOUR,
        ),
    )
    await snapshot_platform(hass, entity_registry, snapshot, home.entry.entry_id)


async def test_noisy_ones_are_off_by_default(
    home: Home, entity_registry: er.EntityRegistry
) -> None:
    home.link.statistics = LinkStatistics(
        counters={"pacing_refused": 0}, signal_lqi=200, signal_rssi=-70
    )
    await home.start()
    await home.hear(electricity(), gas())
    off = {
        entry.unique_id.removeprefix(f"{home.entry.entry_id}_")
        for entry in er.async_entries_for_config_entry(
            entity_registry, home.entry.entry_id
        )
        if entry.disabled_by
    }
    assert off == {
        "gas_volume_today",
        "last_electricity_reading",
        "link_quality",
        "requests_refused",
        "signal_strength",
    }


async def test_gas_measured_in_kwh(home: Home, hass: HomeAssistant) -> None:
    """Which unit is measured, and which calculated, is said with the value."""
    await home.start()
    await home.hear(
        gas(
            GasAmount(
                energy_kwh=Decimal(500),
                energy_provenance=Provenance.MEASURED,
                volume_m3=Decimal("44.56"),
                volume_provenance=Provenance.CALCULATED,
            )
        )
    )
    energy = hass.states.get("sensor.gas_meter_energy")
    volume = hass.states.get("sensor.gas_meter_volume")
    assert energy is not None
    assert volume is not None
    assert energy.attributes["provenance"] == "measured"
    assert "calorific_value" not in energy.attributes
    assert volume.attributes["provenance"] == "calculated"
    assert volume.attributes["calorific_value"] == 39.5
    assert volume.attributes["conversion_factor"] == 1.02264
    await home.wait(seconds=1800)
    await home.hear(type(gas())(received_at=NOW + timedelta(seconds=1800)))
    assert home.state("sensor.gas_meter_energy") == STATE_UNKNOWN


async def test_price_per_cubic_metre_says_so(home: Home, hass: HomeAssistant) -> None:
    tariff = flat_tariff(Fuel.GAS, "0.71")
    (rate,) = tariff.rates
    per_m3 = type(rate)(
        starts_at=rate.starts_at,
        ends_at=None,
        price=rate.price,
        unit=EnergyUnit.CUBIC_METRE,
    )
    await home.start()
    await home.hear(gas(), Tariff(fuel=Fuel.GAS, received_at=NOW, rates=(per_m3,)))
    state = hass.states.get("sensor.gas_meter_unit_rate")
    assert state is not None
    assert state.attributes["unit_of_measurement"] == "GBP/m³"


async def test_price_has_no_device_class(home: Home, hass: HomeAssistant) -> None:
    """A price is no amount of money; the Energy dashboard asks for the end of the unit."""
    await home.start()
    await home.hear(electricity(), flat_tariff())
    state = hass.states.get("sensor.electricity_meter_unit_rate")
    assert state is not None
    assert state.attributes["unit_of_measurement"].endswith("/kWh")
    assert state.attributes["state_class"] == "measurement"
    assert "device_class" not in state.attributes


async def test_tier_of_the_meter_where_the_tariff_names_none(home: Home) -> None:
    await home.start()
    await home.hear(electricity(active_tier=2), flat_tariff())
    assert home.state("sensor.electricity_meter_active_tier") == "2"


async def test_fraction_of_a_watt(home: Home) -> None:
    await home.start()
    await home.hear(electricity(power_kw="0.1234"))
    assert home.state("sensor.electricity_meter_power") == "123.4"


async def test_generic_update_action_asks_out_of_turn(
    home: Home, hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """Where pacing forbids it, nothing is asked and nothing fails."""
    await home.start()
    await home.hear(electricity())
    await async_update_entity(hass, "sensor.electricity_meter_import")
    assert home.link.calls == ["start", "refresh electricity"]
    home.link.fault = TooSoon(Fuel.ELECTRICITY, wait=timedelta(seconds=4), now=NOW)
    await async_update_entity(hass, "sensor.electricity_meter_import")
    await async_update_entity(hass, "sensor.consumer_access_device_firmware")
    home.link.fault = CadError("The meter did not answer. It is asked again.")
    await async_update_entity(hass, "sensor.electricity_meter_import")
    assert "Update for" not in caplog.text
    assert home.link.calls[1:] == ["refresh electricity"] * 3


@pytest.mark.usefixtures("all_enabled")
async def test_last_reading_is_told_to_the_minute(home: Home) -> None:
    """A state every ten seconds would fill the history and tell no more."""
    await home.start()
    await home.wait(seconds=47)
    await home.hear(electricity())
    last = "sensor.consumer_access_device_last_electricity_reading"
    assert home.state(last) == "2026-11-22T12:00:00+00:00"


async def test_cad_goes_on_telling_while_nothing_is_read(home: Home) -> None:
    await home.start()
    home.link.move(LinkState.FAILED, CadError("Broken. Mend it."))
    assert home.state("sensor.consumer_access_device_firmware") == "7.4.4.0 build 0"


@pytest.mark.usefixtures("all_enabled")
async def test_signal_of_a_network_that_is_lost(home: Home) -> None:
    """How strong the last frame was says nothing of now."""
    signal = "sensor.consumer_access_device_signal_strength"
    home.link.statistics = LinkStatistics(signal_lqi=200, signal_rssi=-70)
    await home.start()
    assert home.state(signal) == STATE_UNAVAILABLE
    home.link.move(LinkState.RUNNING)
    assert home.state(signal) == "-70"
    home.link.move(LinkState.REJOINING)
    assert home.state(signal) == STATE_UNAVAILABLE


@pytest.mark.usefixtures("all_enabled")
async def test_tariff_comes_before_the_first_reading(home: Home) -> None:
    await home.start()
    await home.hear(flat_tariff())
    assert home.state("sensor.electricity_meter_unit_rate") == "0.2467"
    last = "sensor.consumer_access_device_last_electricity_reading"
    assert home.state(last) == STATE_UNKNOWN


async def test_tariff_that_is_not_told_again(home: Home) -> None:
    """A price that was lost with the store is not made up."""
    await home.start()
    await home.hear(electricity(), economy7())
    await home.stop()
    await (await home.store()).readings.clear()
    await home.start()
    await home.hear(electricity())
    assert home.state("sensor.electricity_meter_active_tier") == STATE_UNKNOWN
    for key in ("unit_rate", "next_unit_rate"):
        assert home.state(f"sensor.electricity_meter_{key}") == STATE_UNAVAILABLE


async def test_blocks_without_limits(home: Home, hass: HomeAssistant) -> None:
    await home.start()
    await home.hear(electricity(active_block=3))
    state = hass.states.get("sensor.electricity_meter_active_block")
    assert state is not None
    assert state.state == "3"
    assert "thresholds" not in state.attributes
    await home.wait(minutes=1)
    assert home.state("sensor.electricity_meter_active_block") == STATE_UNAVAILABLE

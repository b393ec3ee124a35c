"""The coordinator: from what the link hands up to what Home Assistant knows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.smets1_cad.cad.errors import CadError, Responsible
from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import (
    Alarm,
    Fuel,
    Prepayment,
    SupplierIdentity,
)
from custom_components.smets1_cad.cad.pacing import TooSoon
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.devices import is_stale_device
from custom_components.smets1_cad.pairing.identity import Identity, Premises, Relation
from custom_components.smets1_cad.pairing.meter_numbers import parse_mpan
from custom_components.smets1_cad.smart_energy.network import RadioLost
from custom_components.smets1_cad.smart_energy.session.errors import (
    HubRefused,
    HubSilent,
)
from custom_components.smets1_cad.store import StoreError
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import (
    EVENT_HOMEASSISTANT_STOP,
    EVENT_STATE_CHANGED,
    EVENT_STATE_REPORTED,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.helpers.translation import async_load_integrations

from .fake_link import (
    CANARIES,
    MPAN,
    NOW,
    Home,
    economy7,
    electricity,
    electricity_identity,
    flat_tariff,
    gas,
    in_cubic_metres,
    new_home,
)

IMPORT = "sensor.electricity_meter_import"
POWER = "sensor.electricity_meter_power"
TODAY = "sensor.electricity_meter_import_today"
GAS_ENERGY = "sensor.gas_meter_energy"
RATE = "sensor.electricity_meter_unit_rate"


@pytest.fixture
def home(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    enable_custom_integrations: None,
) -> Home:
    """A home whose entry is not set up yet."""
    return new_home(hass, freezer)


def lines(caplog: pytest.LogCaptureFixture, text: str) -> int:
    """Count the lines of the integration's log that hold a text."""
    return sum(
        text in record.message
        for record in caplog.records
        if record.name.startswith("custom_components")
    )


async def test_meters_are_devices_through_the_cad(
    home: Home, device_registry: dr.DeviceRegistry
) -> None:
    await home.start()
    await home.hear(electricity_identity(), electricity(), gas())
    devices = {
        device.name: device
        for device in dr.async_entries_for_config_entry(
            device_registry, home.entry.entry_id
        )
    }
    assert set(devices) == {"Consumer access device", "Electricity meter", "Gas meter"}
    cad, meter = devices["Consumer access device"], devices["Electricity meter"]
    assert (cad.manufacturer, cad.model, cad.sw_version) == (
        "Maker",
        "Stick",
        "7.4.4.0 build 0",
    )
    assert (meter.manufacturer, meter.model, meter.sw_version) == (
        "Meters Ltd",
        "M1",
        "1.07",
    )
    assert meter.via_device_id == devices["Gas meter"].via_device_id == cad.id
    assert not any(
        canary in str(device.dict_repr)
        for device in devices.values()
        for canary in CANARIES
    )


async def test_firmware_of_a_meter_is_followed(
    home: Home, device_registry: dr.DeviceRegistry
) -> None:
    await home.start()
    await home.hear(electricity_identity(), electricity())
    await home.hear(electricity_identity(firmware_version="2.00"))
    assert home.state("sensor.electricity_meter_firmware") == "2.00"
    (device,) = [
        device
        for device in dr.async_entries_for_config_entry(
            device_registry, home.entry.entry_id
        )
        if device.name == "Electricity meter"
    ]
    assert device.sw_version == "2.00"


async def test_nothing_identifies_the_household(
    home: Home, hass: HomeAssistant, entity_registry: er.EntityRegistry
) -> None:
    """No number of a meter in names, entity ids, unique ids, attributes or the log."""
    await home.start()
    await home.hear(electricity_identity(), electricity(), gas(), economy7())
    seen = [str(state.as_dict()) for state in hass.states.async_all()]
    seen += [
        f"{entry.entity_id} {entry.unique_id} {entry.original_name}"
        for entry in er.async_entries_for_config_entry(
            entity_registry, home.entry.entry_id
        )
    ]
    assert len(seen) > 20
    assert not any(canary in text for text in seen for canary in CANARIES)


class TestEntitiesAppear:
    """Once the meter proves that it has a value, also days later, and only then."""

    async def test_gas_days_later(self, home: Home, hass: HomeAssistant) -> None:
        await home.start()
        await home.hear(electricity())
        assert hass.states.get(GAS_ENERGY) is None
        await home.wait(days=3)
        await home.hear(gas())
        assert home.state(GAS_ENERGY) == "11220.633"

    async def test_power_that_the_meter_lacks(
        self, home: Home, hass: HomeAssistant
    ) -> None:
        await home.start()
        await home.hear(electricity(power_kw=None))
        assert home.state(IMPORT) == "12345.678"
        assert hass.states.get(POWER) is None

    async def test_export_and_tiers_once_used(
        self, home: Home, hass: HomeAssistant
    ) -> None:
        """Every meter has these registers; a home without solar panels needs no zero."""
        unused = electricity(
            export_kwh="0", tier_import_kwh={1: Decimal(60), 2: Decimal(0)}
        )
        await home.start()
        await home.hear(unused, unused)
        assert hass.states.get("sensor.electricity_meter_export") is None
        assert hass.states.get("sensor.electricity_meter_tier_2_import") is None
        assert home.state("sensor.electricity_meter_tier_1_import") == "60"
        await home.wait(days=10)
        await home.hear(
            electricity(export_kwh="0.002", tier_import_kwh={2: Decimal("0.5")})
        )
        assert home.state("sensor.electricity_meter_export") == "0.002"
        assert home.state("sensor.electricity_meter_tier_2_import") == "0.5"

    async def test_rate_that_begins_later(
        self, home: Home, hass: HomeAssistant
    ) -> None:
        """A price list that begins tomorrow gives a rate when tomorrow comes, without a message."""
        await home.start()
        await home.hear(electricity())
        coming = economy7()
        await home.hear(
            type(coming)(fuel=coming.fuel, received_at=NOW, rates=coming.rates[1:])
        )
        assert hass.states.get(RATE) is None
        assert home.state("sensor.electricity_meter_next_unit_rate") == "0.0954"
        await home.wait_until(coming.rates[1].starts_at)
        assert home.state(RATE) == "0.0954"

    async def test_those_that_were_there_come_back_without_data(
        self, home: Home, hass: HomeAssistant
    ) -> None:
        await home.start()
        await home.hear(electricity())
        await home.stop()
        await (await home.store()).readings.clear()
        await home.start()
        assert home.state(IMPORT) == STATE_UNAVAILABLE
        await home.hear(electricity())
        assert home.state(IMPORT) == "12345.678"


class TestStale:
    """Unavailable after three missed cycles of that fuel."""

    async def test_each_fuel_by_its_own_cycle(
        self, home: Home, caplog: pytest.LogCaptureFixture
    ) -> None:
        await home.start()
        await home.hear(electricity(), gas())
        await home.wait(seconds=31)
        assert home.state(IMPORT) == "12345.678"
        await home.wait(seconds=4)
        assert home.state(IMPORT) == home.state(POWER) == STATE_UNAVAILABLE
        assert home.state(GAS_ENERGY) == "11220.633"
        await home.wait(minutes=90)
        assert home.state(GAS_ENERGY) == "11220.633"
        await home.wait(minutes=5)
        assert home.state(GAS_ENERGY) == STATE_UNAVAILABLE
        await home.wait(minutes=5)
        await home.hear(electricity())
        assert home.state(IMPORT) == "12345.678"
        assert home.state(GAS_ENERGY) == STATE_UNAVAILABLE
        assert lines(caplog, "No electricity reading has come") == 1
        assert lines(caplog, "No gas reading has come") == 1
        assert lines(caplog, "electricity meter is heard again") == 1
        await home.wait(seconds=60)
        assert home.state(IMPORT) == STATE_UNAVAILABLE

    async def test_what_was_published_ahead_outlives_a_silence(
        self, home: Home
    ) -> None:
        """The price of energy does not vanish with a lost reading, but is not believed for ever."""
        await home.start()
        await home.hear(electricity(), flat_tariff())
        await home.wait(minutes=5)
        assert home.state(IMPORT) == STATE_UNAVAILABLE
        assert home.state(RATE) == "0.2467"
        for _ in range(25):
            await home.wait(hours=1)
        assert home.state(RATE) == STATE_UNAVAILABLE

    async def test_last_reading_stays_visible(self, home: Home) -> None:
        await home.start()
        await home.hear(gas())
        await home.wait(hours=2)
        last = "sensor.consumer_access_device_last_gas_reading"
        assert home.state(last) == "2026-11-22T12:00:00+00:00"


class TestRegisters:
    """Registers never go backwards."""

    async def test_dip_is_refused_and_said_once(
        self, home: Home, caplog: pytest.LogCaptureFixture
    ) -> None:
        await home.start()
        await home.hear(electricity())
        for _ in range(3):
            await home.wait(seconds=10)
            await home.hear(electricity(import_kwh="0"))
        assert home.state(IMPORT) == "12345.678"
        assert lines(caplog, "a value of import_kwh that cannot be") == 1

    async def test_invalid_is_unknown(self, home: Home) -> None:
        await home.start()
        await home.hear(electricity())
        await home.wait(seconds=10)
        await home.hear(electricity(import_kwh=None, power_kw=None))
        assert home.state(IMPORT) == home.state(POWER) == STATE_UNKNOWN

    async def test_new_meter_starts_anew(
        self, home: Home, caplog: pytest.LogCaptureFixture
    ) -> None:
        await home.start()
        await home.hear(electricity_identity(), electricity())
        await home.hear(
            electricity_identity("E6S99999999999"), electricity(import_kwh="3")
        )
        assert home.state(IMPORT) == "3"
        assert lines(caplog, "was exchanged") == 1


class TestDays:
    """Today, by Europe/London, rolled over by the clock."""

    async def test_midnight_without_a_reading(
        self, home: Home, hass: HomeAssistant
    ) -> None:
        await home.start()
        await home.wait_until(datetime(2026, 11, 22, 23, 59, 40, tzinfo=UTC))
        await home.hear(electricity())
        await home.wait(seconds=9)
        await home.hear(electricity(import_kwh="12346"))
        assert home.state(TODAY) == "0.322"
        await home.wait_until(datetime(2026, 11, 23, tzinfo=UTC))
        state = hass.states.get(TODAY)
        assert state is not None
        assert state.state == "0.000"
        assert state.attributes["last_reset"] == "2026-11-23T00:00:00+00:00"
        assert home.state(IMPORT) == "12346"

    async def test_change_of_rate_at_its_time(self, home: Home) -> None:
        await home.start()
        await home.hear(electricity(), economy7())
        tier = "sensor.electricity_meter_active_tier"
        assert (home.state(RATE), home.state(tier)) == ("0.2811", "Day")
        await home.wait_until(datetime(2026, 11, 23, 0, 30, tzinfo=UTC))
        assert (home.state(RATE), home.state(tier)) == ("0.0954", "Night")
        await home.wait_until(datetime(2026, 11, 23, 7, 30, tzinfo=UTC))
        assert home.state(RATE) == STATE_UNKNOWN


class TestRestart:
    """Everything is right after a restart at once, without a zero and without a request."""

    async def test_after_an_orderly_stop(self, home: Home, hass: HomeAssistant) -> None:
        await home.start()
        await home.hear(electricity_identity(), electricity(), gas(), flat_tariff())
        before = {state.entity_id: state.state for state in hass.states.async_all()}
        await home.stop()
        await home.start()
        assert {
            state.entity_id: state.state for state in hass.states.async_all()
        } == before
        assert home.link.calls == ["start"]

    async def test_after_a_kill(self, home: Home, hass: HomeAssistant) -> None:
        """Electricity, written once a minute, waits for a reading; gas, written at once, does not."""
        await home.start()
        await home.hear(electricity(), gas())
        written = (await home.store()).readings
        killed = await written.load()
        await home.stop()
        assert killed is not None
        await written.save(killed)
        await home.start()
        assert home.state(IMPORT) == STATE_UNKNOWN
        assert home.state(GAS_ENERGY) == "11220.633"
        await home.hear(electricity(import_kwh="12345.7"))
        assert home.state(IMPORT) == "12345.7"

    async def test_killed_just_after_an_orderly_start(self, home: Home) -> None:
        """What the last stop wrote is not taken for the last a second time."""
        await home.start()
        await home.hear(electricity())
        await home.stop()
        await home.start()
        kept = await (await home.store()).readings.load()
        assert kept is not None
        assert kept["ended"] is False

    async def test_damaged_readings_are_left_out(
        self, home: Home, caplog: pytest.LogCaptureFixture
    ) -> None:
        await (await home.store()).readings.save(
            {"ended": True, "meters": {"gas": {"tariff": 1}}}
        )
        await home.start()
        assert home.entry.state is ConfigEntryState.LOADED
        assert home.coordinator.data.meters == {}
        assert lines(caplog, "cannot be read and are left out") == 1

    async def test_stops_with_home_assistant(
        self, home: Home, hass: HomeAssistant
    ) -> None:
        await home.start()
        await home.hear(electricity())
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        await hass.async_block_till_done()
        assert home.link.calls[-1] == "stop"
        assert home.link.listeners == 0
        kept = await (await home.store()).readings.load()
        assert kept is not None
        assert kept["ended"] is True

    async def test_unload_frees_everything(self, home: Home) -> None:
        await home.start()
        await home.hear(electricity(), economy7())
        coordinator = home.coordinator
        await home.stop()
        assert home.link.listeners == 0
        assert home.grant.listeners == []
        assert home.link.calls == ["start", "stop"]
        await coordinator.async_stop()
        assert home.link.calls == ["start", "stop"]

    async def test_electricity_is_written_once_a_minute(self, home: Home) -> None:
        await home.start()
        section = (await home.store()).readings
        with patch.object(type(section), "save_later") as later:
            for _ in range(13):
                await home.wait(seconds=10)
                await home.hear(electricity())
        assert 2 <= later.call_count <= 3

    async def test_full_disk_stops_nothing(
        self, home: Home, caplog: pytest.LogCaptureFixture
    ) -> None:
        await home.start()
        section = (await home.store()).readings
        with patch.object(
            type(section), "save", side_effect=StoreError("The disk is full.")
        ):
            await home.hear(gas())
            assert home.state(GAS_ENERGY) == "11220.633"
        assert lines(caplog, "The disk is full") == 1


class TestConsent:
    """A link runs only while consent is in force (R1, R2)."""

    async def test_none_at_the_start(self, home: Home, hass: HomeAssistant) -> None:
        home.grant.valid = False
        with patch.object(hass.config_entries.flow, "async_init") as init:
            await home.start()
        assert home.entry.state is ConfigEntryState.SETUP_ERROR
        assert init.call_args.kwargs["context"]["source"] == SOURCE_REAUTH
        assert home.link.listeners == 0

    async def test_withdrawal_stops_at_once(
        self, home: Home, hass: HomeAssistant
    ) -> None:
        await home.start()
        await home.hear(electricity_identity(), electricity(), flat_tariff())
        home.grant.withdraw()
        for shown in (
            IMPORT,
            "sensor.electricity_meter_unit_rate",
            "sensor.electricity_meter_firmware",
        ):
            assert home.state(shown) == STATE_UNAVAILABLE
        await hass.async_block_till_done()
        assert home.link.calls == ["start", "stop"]
        await home.hear(electricity())
        assert home.state(IMPORT) == STATE_UNAVAILABLE
        assert not home.coordinator.has_consent
        home.grant.withdraw()
        await hass.async_block_till_done()
        assert home.link.calls == ["start", "stop"]

    async def test_expiry_stops_at_the_next_reading(self, home: Home) -> None:
        await home.start()
        await home.hear(electricity())
        home.grant.valid = False
        await home.hear(electricity(import_kwh="12346"))
        assert home.state(IMPORT) == STATE_UNAVAILABLE
        assert home.link.calls == ["start", "stop"]

    async def test_fuel_without_consent_is_not_shown(
        self, home: Home, hass: HomeAssistant
    ) -> None:
        await home.start()
        await home.hear(electricity(), gas())
        await home.stop()
        home.grant.granted = frozenset({Fuel.ELECTRICITY})
        await home.start()
        assert home.state(GAS_ENERGY) == STATE_UNAVAILABLE
        await home.hear(gas())
        assert home.state(GAS_ENERGY) == STATE_UNAVAILABLE
        assert home.state(IMPORT) == "12345.678"


class TestIdentity:
    """The meter's own numbers are compared with what was declared (R3)."""

    @pytest.fixture
    def declared(self, home: Home) -> Identity:
        home.declared = Identity(
            name="A. Householder",
            address="1 High Street",
            postcode="SW1A 1AA",
            premises=Premises.DOMESTIC,
            relation=Relation.OCCUPIER,
            fuels=frozenset(Fuel),
            mpan=parse_mpan(MPAN),
        )
        return home.declared

    async def test_same_meter(self, home: Home, declared: Identity) -> None:
        await home.start()
        await home.hear(electricity_identity(), electricity())
        assert home.coordinator.mismatch is None
        assert home.state(IMPORT) == "12345.678"

    async def test_other_meter_stops_the_flow(
        self, home: Home, declared: Identity, issue_registry: ir.IssueRegistry
    ) -> None:
        await home.start()
        await home.hear(gas())
        other = type(electricity_identity())(
            fuel=Fuel.ELECTRICITY, site_id="1012345678908"
        )
        await home.hear(other, electricity())
        assert home.coordinator.mismatch is Fuel.ELECTRICITY
        assert home.link.calls == ["start", "stop"]
        assert home.state(GAS_ENERGY) == STATE_UNAVAILABLE
        issue = issue_registry.async_get_issue(
            DOMAIN, f"meter_mismatch_electricity_{home.entry.entry_id}"
        )
        assert issue is not None
        assert issue.translation_key == "meter_mismatch_electricity"
        assert "1012345678908" not in str(issue)
        await home.stop()
        assert not issue_registry.issues


class TestLink:
    """What the link's state brings about."""

    async def test_loss_is_said_once(
        self, home: Home, caplog: pytest.LogCaptureFixture
    ) -> None:
        await home.start()
        await home.hear(electricity())
        for state in (
            LinkState.RUNNING,
            LinkState.REJOINING,
            LinkState.DISCONNECTED,
            LinkState.REJOINING,
            LinkState.RUNNING,
        ):
            home.link.move(state)
        assert lines(caplog, "network is lost: rejoining") == 1
        assert lines(caplog, "network is back") == 1

    @pytest.mark.parametrize("responsible", [*Responsible, None])
    async def test_failure_says_whose_job_it_is(
        self,
        home: Home,
        issue_registry: ir.IssueRegistry,
        responsible: Responsible | None,
    ) -> None:
        await home.start()
        home.link.move(
            LinkState.FAILED,
            CadError("It is broken. Mend it.", responsible=responsible),
        )
        issue = issue_registry.async_get_issue(
            DOMAIN, f"link_failed_{home.entry.entry_id}"
        )
        assert issue is not None
        assert issue.translation_key == f"link_failed_{responsible or 'unknown'}"
        assert issue.translation_placeholders == {"error": "It is broken. Mend it."}
        home.link.move(LinkState.RUNNING)
        assert not issue_registry.issues

    async def test_failure_is_told_in_the_households_language(
        self, home: Home, hass: HomeAssistant, issue_registry: ir.IssueRegistry
    ) -> None:
        hass.config.language = "cy"
        await async_load_integrations(hass, {DOMAIN})
        await home.start()
        home.link.move(LinkState.FAILED, HubRefused("Refused.", status=0x7E))
        issue = issue_registry.async_get_issue(
            DOMAIN, f"link_failed_{home.entry.entry_id}"
        )
        assert issue is not None
        assert issue.translation_placeholders is not None
        assert issue.translation_placeholders["error"].startswith(
            "Gwrthododd y canolbwynt gais (statws ZCL 0x7E)."
        )

    async def test_link_that_cannot_start_is_tried_again(self, home: Home) -> None:
        home.link.fault = RadioLost("The stick is not there. Plug it in.")
        await home.start()
        assert home.entry.state is ConfigEntryState.SETUP_RETRY
        assert home.entry.error_reason_translation_key == "radio_lost"
        assert home.link.listeners == 0

    async def test_updates_that_nothing_shows_are_passed_over(self, home: Home) -> None:
        await home.start()
        await home.hear(
            Prepayment(fuel=Fuel.GAS, received_at=NOW), SupplierIdentity(fuel=Fuel.GAS)
        )
        assert home.coordinator.data.meters == {}

    async def test_coordinator_polls_nothing(self, home: Home) -> None:
        await home.start()
        await home.hear(electricity())
        await home.coordinator.async_refresh()
        assert home.link.calls == ["start"]


class TestAsk:
    """Asking a meter out of turn."""

    async def test_allowed(self, home: Home) -> None:
        await home.start()
        await home.coordinator.async_ask(Fuel.GAS)
        assert home.link.calls == ["start", "refresh gas"]

    async def test_too_soon_says_when(self, home: Home) -> None:
        await home.start()
        home.link.fault = TooSoon(Fuel.GAS, wait=timedelta(minutes=20), now=NOW)
        with pytest.raises(ServiceValidationError) as raised:
            await home.coordinator.async_ask(Fuel.GAS)
        assert raised.value.translation_key == "too_soon_gas"
        assert raised.value.translation_placeholders is not None
        assert raised.value.translation_placeholders["next_allowed"].endswith(":20:00")

    async def test_silence_is_an_error(self, home: Home) -> None:
        await home.start()
        home.link.fault = HubSilent("The hub did not answer. Try again.")
        with pytest.raises(HomeAssistantError) as raised:
            await home.coordinator.async_ask(Fuel.ELECTRICITY)
        assert raised.value.translation_key == "hub_silent"


async def test_only_a_meter_that_is_gone_may_be_removed(
    home: Home, device_registry: dr.DeviceRegistry
) -> None:
    await home.start()
    await home.hear(electricity(), gas())
    await home.wait(minutes=2)
    removable = {
        device.name
        for device in dr.async_entries_for_config_entry(
            device_registry, home.entry.entry_id
        )
        if is_stale_device(home.entry, device, home.coordinator.data.meters)
    }
    assert removable == {"Electricity meter"}


async def test_state_is_written_only_when_it_changes(
    home: Home, hass: HomeAssistant
) -> None:
    """The same reading again costs Home Assistant nothing."""
    await home.start()
    await home.hear(electricity(), gas(), flat_tariff())
    writes: list[str] = []

    @callback
    def written(event: Event[Any]) -> None:
        writes.append(event.data["entity_id"])

    hass.bus.async_listen(EVENT_STATE_CHANGED, written)
    hass.bus.async_listen(
        EVENT_STATE_REPORTED, written, event_filter=callback(lambda _: True)
    )
    home.freezer.tick(timedelta(seconds=10))
    async_fire_time_changed(hass)
    await home.hear(electricity(power_kw="0.600"))
    assert writes == [POWER]


async def test_alarms(home: Home, hass: HomeAssistant) -> None:
    await home.start()
    await home.hear(
        electricity(),
        gas(in_cubic_metres("5"), alarms=frozenset({Alarm.LOW_BATTERY, Alarm.LEAK})),
    )
    state = hass.states.get("binary_sensor.gas_meter_meter_alarm")
    assert state is not None
    assert state.state == "on"
    assert state.attributes["alarms"] == ["leak", "low_battery"]
    assert home.state("binary_sensor.electricity_meter_meter_alarm") == "off"

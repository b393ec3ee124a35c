"""The buttons: what they do, and when they can be pressed."""

from datetime import timedelta
import json
from pathlib import Path

import pytest

from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import Fuel
from custom_components.smets1_cad.cad.pacing import TooSoon
from custom_components.smets1_cad.consent.consents import Withdrawal
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.pairing.states import PairingState as S
from custom_components.smets1_cad.smart_energy.session.errors import HubSilent
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er, issue_registry as ir

from .fake_link import NOW, electricity, gas
from .leaving_home import LeavingHome

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")

WITHDRAW = "button.consumer_access_device_withdraw_consent"
UNPAIR = "button.consumer_access_device_request_unpairing"
READ = "button.electricity_meter_read_now"


async def running(home: LeavingHome) -> None:
    """Set up, and read both meters."""
    await home.prepare()
    await home.start()
    home.link.move(LinkState.RUNNING)
    home.link.hand_up(electricity(), gas())
    await home.hass.async_block_till_done()


async def press(home: LeavingHome, entity_id: str) -> None:
    """Press a button."""
    await home.hass.services.async_call(
        "button", "press", {"entity_id": entity_id}, blocking=True
    )
    await home.hass.async_block_till_done()


async def test_withdraw_consent(home: LeavingHome) -> None:
    """As the wording promises; then there is nothing to withdraw."""
    await running(home)
    await press(home, WITHDRAW)
    log = await home.stored_consents()
    assert log.records[-1].withdrawal is Withdrawal.REQUESTED
    assert home.state(WITHDRAW) == "unavailable"
    assert home.state(UNPAIR) != "unavailable"
    assert home.state("sensor.electricity_meter_power") == "unavailable"


async def test_request_unpairing(home: LeavingHome) -> None:
    """A press ends nothing unsaid: it leads to where the reason is asked, which decides whether consent ends."""
    await running(home)
    await press(home, UNPAIR)
    assert (await home.stored_pairing()).state is S.PAIRED
    assert home.entry.runtime_data.coordinator.has_consent
    assert home.state("sensor.electricity_meter_power") == "512"
    issue = home.issue("unpair_wanted")
    assert issue is not None
    assert not issue.is_fixable
    assert issue.learn_more_url is not None
    assert issue.learn_more_url.endswith("integration/smets1_cad")
    await home.act("request_unpairing", reason="fault")
    assert home.issue("unpair_wanted") is None
    assert home.issue_key() == "unpair_to_send"
    assert home.state(UNPAIR) == "unavailable"


async def test_request_unpairing_that_was_ignored_is_said_anew(
    home: LeavingHome,
) -> None:
    """A press is answered each time; what it says goes with the entry."""
    await running(home)
    await press(home, UNPAIR)
    issue = home.issue("unpair_wanted")
    assert issue is not None
    ir.async_ignore_issue(home.hass, DOMAIN, issue.issue_id, True)
    await press(home, UNPAIR)
    issue = home.issue("unpair_wanted")
    assert issue is not None
    assert issue.dismissed_version is None
    await home.hass.config_entries.async_unload(home.entry.entry_id)
    assert home.issue("unpair_wanted") is None


@pytest.mark.parametrize("language", ["en", "cy"])
def test_what_a_press_says_names_the_way_on(language: str, root: Path) -> None:
    path = root / f"custom_components/smets1_cad/translations/{language}.json"
    words = json.loads(path.read_text())
    said = words["issues"]["unpair_wanted"]["description"]
    assert f"*{words['options']['step']['init']['menu_options']['unpair']}*" in said
    assert f"*{words['entity']['button']['request_unpairing']['name']}*" in said


async def test_what_nobody_was_asked_for_is_not_undone(home: LeavingHome) -> None:
    await home.prepare(way=())
    await home.start()
    assert home.state(UNPAIR) == "unavailable"


async def test_read_now_is_there_but_not_enabled(home: LeavingHome) -> None:
    await running(home)
    registry = er.async_get(home.hass)
    for fuel in Fuel:
        entry = registry.async_get(f"button.{fuel}_meter_read_now")
        assert entry is not None
        assert entry.disabled_by is er.RegistryEntryDisabler.INTEGRATION


async def enabled(home: LeavingHome) -> None:
    """Set up with the button to read now."""
    await running(home)
    er.async_get(home.hass).async_update_entity(READ, disabled_by=None)
    await home.restart()
    home.link.move(LinkState.RUNNING)
    home.link.hand_up(electricity())
    await home.hass.async_block_till_done()


async def test_read_now(home: LeavingHome) -> None:
    await enabled(home)
    await press(home, READ)
    assert home.link.calls[-1] == "refresh electricity"
    home.link.fault = TooSoon(Fuel.ELECTRICITY, wait=timedelta(seconds=7), now=NOW)
    with pytest.raises(ServiceValidationError, match=":00:07"):
        await press(home, READ)
    home.link.fault = HubSilent("The meter is silent. Wait.")
    with pytest.raises(HomeAssistantError, match="The hub did not answer"):
        await press(home, READ)


async def test_updating_a_button_asks_nothing(home: LeavingHome) -> None:
    await enabled(home)
    component = home.hass.data["entity_components"]["button"]
    entity = component.get_entity(READ)
    assert entity is not None
    await entity.async_update()
    assert "refresh electricity" not in home.link.calls

"""Issues that a person can settle, and how."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.smets1_cad.cad.models import Fuel
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.repairs import async_create_fix_flow
from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import AbortFlow, FlowResultType
from homeassistant.helpers import issue_registry as ir

from .fake_link import Home, electricity, gas, in_cubic_metres, new_home

IMPORT = "sensor.electricity_meter_import"


@pytest.fixture
def home(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    enable_custom_integrations: None,
) -> Home:
    """A home whose entry is not set up yet."""
    return new_home(hass, freezer)


async def flow_of(hass: HomeAssistant, issue: ir.IssueEntry) -> RepairsFlow:
    """Return the fix flow of an issue, as the repairs integration begins it."""
    assert issue.is_fixable
    flow = await async_create_fix_flow(hass, issue.issue_id, issue.data)
    flow.hass = hass
    flow.handler = DOMAIN
    flow.issue_id = issue.issue_id
    flow.data = issue.data
    flow.flow_id = "flow"
    flow.context = {}
    return flow


async def refuse_for(home: Home, updates: Iterable[Any], **duration: float) -> None:
    """Let registers that cannot be come for some time, twice an hour."""
    end = timedelta(**duration)
    passed = timedelta()
    while passed <= end:
        await home.hear(*updates)
        await home.wait(minutes=30)
        passed += timedelta(minutes=30)


async def test_register_that_stays_low_is_asked_about(
    home: Home, hass: HomeAssistant, issue_registry: ir.IssueRegistry
) -> None:
    """A meter that was exchanged without a new serial number would be refused for years.

    A single value, and then silence, is no reason to ask.
    """
    await home.start()
    await home.hear(electricity(), gas())
    name = f"registers_refused_electricity_{home.entry.entry_id}"
    await home.hear(electricity(import_kwh="2"))
    await home.wait(minutes=121)
    assert issue_registry.async_get_issue(DOMAIN, name) is None
    await home.hear(electricity(import_kwh="2"))
    issue = issue_registry.async_get_issue(DOMAIN, name)
    assert issue is not None
    assert issue.translation_key == "registers_refused_electricity"

    flow = await flow_of(hass, issue)
    form = await flow.async_step_init()
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == "confirm"
    done = await flow.async_step_confirm({})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert issue_registry.async_get_issue(DOMAIN, name) is None
    await home.hear(electricity(import_kwh="2.5"))
    assert home.state(IMPORT) == "2.5"


async def test_register_that_comes_back_is_not_asked_about(
    home: Home, issue_registry: ir.IssueRegistry
) -> None:
    await home.start()
    await home.hear(gas())
    await refuse_for(home, [gas(in_cubic_metres("3"))], hours=3)
    name = f"registers_refused_gas_{home.entry.entry_id}"
    assert issue_registry.async_get_issue(DOMAIN, name) is not None
    await home.hear(gas(in_cubic_metres("1001")))
    await home.wait(hours=1)
    assert issue_registry.async_get_issue(DOMAIN, name) is None


async def test_flow_of_an_entry_that_does_not_run(
    home: Home, hass: HomeAssistant, issue_registry: ir.IssueRegistry
) -> None:
    await home.start()
    await home.hear(gas())
    await refuse_for(home, [gas(in_cubic_metres("3"))], hours=3)
    (issue,) = issue_registry.issues.values()
    flow = await flow_of(hass, issue)
    await home.stop()
    with pytest.raises(AbortFlow, match="not_loaded"):
        await flow.async_step_confirm({})


@pytest.mark.parametrize("data", [None, {"entry_id": "gone", "fuel": Fuel.GAS.value}])
async def test_issue_of_an_entry_that_is_gone_can_be_closed(
    hass: HomeAssistant, data: dict[str, str | int | float | None] | None
) -> None:
    assert isinstance(
        await async_create_fix_flow(hass, "anything", data), ConfirmRepairFlow
    )


async def test_accepting_registers_of_a_meter_that_is_not_there(home: Home) -> None:
    await home.start()
    home.coordinator.async_accept_registers(Fuel.GAS)
    assert home.coordinator.data.meters == {}

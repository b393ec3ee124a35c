"""What an erasure could not reach is listed to whoever opens the issue, and stands nowhere else (R20, R23)."""

from collections.abc import AsyncGenerator
import json
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.erasure.report import Backup, OutOfReach
from custom_components.smets1_cad.repairs import async_create_fix_flow
from custom_components.smets1_cad.store import StoreError
from custom_components.smets1_cad.tenancy import change, steps
from custom_components.smets1_cad.tenancy.tenancies import TENANCIES
from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir

from .flow.walk import full_disk
from .leaving_home import LeavingHome, leaving_home

REACH = OutOfReach(
    backups=(
        Backup(
            name="Before Gwen left",
            date="2026-11-01T00:00:00+00:00",
            places=("here",),
            database=True,
        ),
    ),
    helpers=("sensor.gwens_bill",),
    files=("gwen.csv",),
)
NAMES = ("Gwen", "gwen")
LISTED = {
    "backups": "Before Gwen left (2026-11-01T00:00:00+00:00)",
    "backups_unknown": "–",
    "exports": "–",
    "messages": "–",
    "helpers": "sensor.gwens_bill",
    "files": "gwen.csv",
    "logs": "–",
    "system_logs": "–",
}


@pytest.fixture
async def erased(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    enable_custom_integrations: None,
) -> AsyncGenerator[LeavingHome]:
    """A home whose tenancy has ended; nobody has consented since."""

    async def out_of_reach(*_: Any) -> OutOfReach:
        return REACH

    with patch.object(steps, "async_out_of_reach", out_of_reach):
        async with leaving_home(hass, freezer) as home:
            await home.prepare()
            await home.start()
            await home.act("change_of_tenancy")
            await hass.async_block_till_done(wait_background_tasks=True)
            assert home.entry.state is ConfigEntryState.SETUP_ERROR
            yield home


def shown(home: LeavingHome) -> ir.IssueEntry:
    """Return the issue."""
    issue = home.issue("erasure_out_of_reach")
    assert issue is not None
    return issue


async def flow_of(home: LeavingHome) -> RepairsFlow:
    """Return its fix flow, as the repairs integration begins it."""
    issue = shown(home)
    flow = await async_create_fix_flow(home.hass, issue.issue_id, issue.data)
    flow.hass = home.hass
    flow.handler = DOMAIN
    flow.issue_id = issue.issue_id
    return flow


async def test_r23_no_name_is_in_what_is_kept_of_the_issue(erased: LeavingHome) -> None:
    """The registry is written to disk as it is, and added to diagnostics."""
    issue = shown(erased)
    assert issue.is_persistent
    kept = json.dumps(issue.to_json())
    assert not any(name in kept for name in NAMES)
    assert issue.data == {"entry_id": erased.entry.entry_id, "out_of_reach": True}
    assert issue.translation_placeholders is None


async def test_r20_whoever_opens_it_is_shown_the_list(erased: LeavingHome) -> None:
    """Also after a restart. What was read is forgotten."""
    erased.hass.data.pop(TENANCIES)
    flow = await flow_of(erased)
    form = await flow.async_step_init()
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "confirm")
    assert form["description_placeholders"] == LISTED
    done = await flow.async_step_confirm({})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    stored = json.dumps((await erased.store()).get("tenancy"))
    assert not any(name in stored for name in NAMES)
    form = await (await flow_of(erased)).async_step_init()
    assert {*(form["description_placeholders"] or {}).values()} == {"–"}


async def test_what_cannot_be_forgotten_is_still_shown(erased: LeavingHome) -> None:
    flow = await flow_of(erased)
    with full_disk():
        failed = await flow.async_step_confirm({})
    assert (failed["type"], failed["reason"]) == (FlowResultType.ABORT, "failed")
    form = await flow.async_step_init()
    assert form["description_placeholders"] == LISTED


async def test_what_cannot_be_read_is_said(erased: LeavingHome) -> None:
    erased.hass.data.pop(TENANCIES)
    store = await erased.store()
    await store.async_save("tenancy", {"number": "none"}, strict=True)
    failed = await (await flow_of(erased)).async_step_init()
    assert (failed["type"], failed["reason"]) == (FlowResultType.ABORT, "failed")


async def test_r23_a_removed_entry_s_list_is_in_memory_alone(
    erased: LeavingHome,
) -> None:
    """The report goes with the entry; until the next restart it is still shown."""
    await erased.hass.config_entries.async_remove(erased.entry.entry_id)
    await erased.hass.async_block_till_done()
    issue = shown(erased)
    kept = json.dumps(issue.to_json())
    assert not issue.is_persistent
    assert not any(name in kept for name in NAMES)
    flow = await flow_of(erased)
    assert isinstance(flow, ConfirmRepairFlow)
    form = await flow.async_step_init()
    assert form["description_placeholders"] == LISTED


async def test_a_removed_entry_whose_list_cannot_be_read_leaves_no_issue(
    erased: LeavingHome,
) -> None:
    with patch.object(
        change, "async_tenancy", side_effect=StoreError("Damaged.", reason="store")
    ):
        await erased.hass.config_entries.async_remove(erased.entry.entry_id)
    await erased.hass.async_block_till_done()
    assert erased.issue("erasure_out_of_reach") is None


async def test_a_read_list_is_not_shown_again_by_a_removal(erased: LeavingHome) -> None:
    ir.async_delete_issue(erased.hass, DOMAIN, shown(erased).issue_id)
    await erased.hass.config_entries.async_remove(erased.entry.entry_id)
    await erased.hass.async_block_till_done()
    assert erased.issue("erasure_out_of_reach") is None

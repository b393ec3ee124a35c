"""A dialog is the tenant's who has opened it: it ends with the tenancy, and brings nothing of it back (R20)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.smets1_cad.cad.models import Fuel, TenancyChange
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.erasure import storage
from custom_components.smets1_cad.pairing.states import PairingState as S
from custom_components.smets1_cad.tenancy import change, steps
from custom_components.smets1_cad.tenancy.end import async_end_tenancy
from custom_components.smets1_cad.tenancy.record import TenancyEnd
from custom_components.smets1_cad.tenancy.repairs import OutOfReachFlow, SuspectedFlow
from homeassistant.components.repairs import (
    DOMAIN as REPAIRS,
    RepairsFlow,
    repairs_flow_manager,
)
from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_RECONFIGURE
from homeassistant.data_entry_flow import AbortFlow, FlowResultType, UnknownFlow
from homeassistant.setup import async_setup_component

from . import leaving_home
from .leaving_home import IDENTITY, LeavingHome
from .test_options_flow import Dialog
from .test_waiting import ASK, Fix, wait_until

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "PAUSE", 0)


@pytest.fixture
async def waiting(
    home: LeavingHome, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Fix]:
    """The issue of a request to two suppliers that nobody answers."""
    assert await async_setup_component(home.hass, REPAIRS, {})
    suppliers = {Fuel.ELECTRICITY: "Valley Energy", Fuel.GAS: "Other Gas"}
    monkeypatch.setattr(
        leaving_home, "IDENTITY", replace(IDENTITY, suppliers=suppliers)
    )
    await home.prepare(way=(S.SENT,))
    await home.start()
    await wait_until(home, ASK)
    yield Fix(home, "pairing_overdue")
    await home.hass.async_block_till_done(wait_background_tasks=True)


@asynccontextmanager
async def erasing(home: LeavingHome) -> AsyncGenerator[None]:
    """While the database is erased, which takes minutes; afterwards everything is."""
    reached, may_end = asyncio.Event(), asyncio.Event()

    async def database(*_: Any) -> None:
        reached.set()
        await may_end.wait()

    with patch.object(steps, "_async_erase_database", database):
        asked = home.hass.async_create_background_task(
            async_end_tenancy(home.hass, home.entry, TenancyEnd.USER), "ask"
        )
        await reached.wait()
        yield
        may_end.set()
        await asked
        await home.hass.async_block_till_done(wait_background_tasks=True)


def new_tenant(home: LeavingHome) -> None:
    """Have another tenancy begin, as the set-up after an erasure does."""
    home.hass.config_entries.async_update_entry(
        home.entry, data={**home.entry.data, "tenancy": 1}
    )


def open_dialogs(home: LeavingHome) -> list[str]:
    """Return the dialogs that are open, but for the one that asks whoever lives there for consent."""
    entries = home.hass.config_entries
    repairs = repairs_flow_manager(home.hass)
    return [
        str(flow["flow_id"])
        for flows in (
            entries.options.async_progress(),
            () if repairs is None else repairs.async_progress(),
            entries.flow.async_progress(),
        )
        for flow in flows
        if flow["context"].get("source") != SOURCE_REAUTH
    ]


async def test_every_dialog_ends_with_the_tenancy(waiting: Fix) -> None:
    home = waiting.home
    await waiting.open()
    await waiting.choose("letter")
    await Dialog(home).open("record")
    await reconfigure(home)
    assert len(open_dialogs(home)) == 3
    async with erasing(home):
        assert open_dialogs(home) == []


async def test_one_of_another_entry_stays(waiting: Fix) -> None:
    await waiting.open()
    with patch.object(
        repairs_flow_manager(waiting.home.hass),
        "async_progress_by_handler",
        return_value=[{"flow_id": "1", "context": {"issue_id": "x_02OTHER"}}],
    ):
        async with erasing(waiting.home):
            assert len(open_dialogs(waiting.home)) == 1


async def test_one_that_is_opened_meanwhile_ends_when_everything_is_erased(
    paired: LeavingHome,
) -> None:
    async with erasing(paired):
        await Dialog(paired).open("settings")
        assert len(open_dialogs(paired)) == 1
    assert open_dialogs(paired) == []


async def reconfigure(home: LeavingHome, source: str = SOURCE_RECONFIGURE) -> Any:
    """Open the dialog that changes the entry."""
    return await home.hass.config_entries.flow.async_init(
        DOMAIN,
        context={
            "source": source,
            "entry_id": home.entry.entry_id,
            "unique_id": home.entry.unique_id,
        },
        data=dict(home.entry.data),
    )


@pytest.mark.parametrize("source", [SOURCE_RECONFIGURE, SOURCE_REAUTH])
async def test_none_takes_up_what_is_being_erased(
    paired: LeavingHome, source: str
) -> None:
    async with erasing(paired):
        assert (await reconfigure(paired, source))["reason"] == "erasing"


@pytest.mark.parametrize("option", ["settings", "record", "consent", "confirm"])
async def test_options_that_outlive_the_tenancy_do_nothing(
    paired: LeavingHome, option: str
) -> None:
    dialog = Dialog(paired)
    await dialog.open(option)
    new_tenant(paired)
    fields = {
        "settings": {
            "consent_days": 30,
            "retention_days": 7,
            "electricity_seconds": 60,
            "gas_minutes": 60,
        },
        "consent": {"consumer": True, "pairing": True, "history": True},
    }
    await dialog.fill(**fields.get(option, {}))
    assert dialog.ended("not_loaded")
    assert len((await paired.stored_consents()).records) == 1
    assert (await paired.stored_pairing()).state is S.PAIRED
    assert not paired.entry.options


async def test_a_fix_flow_that_outlives_the_tenancy_shows_nothing(
    waiting: Fix,
) -> None:
    """Not even the letter to the second supplier, which was made for the first tenant."""
    await waiting.open()
    await waiting.choose("letter")
    new_tenant(waiting.home)
    await waiting.fill()
    assert waiting.at["reason"] == "not_loaded"


@pytest.mark.parametrize("kind", [SuspectedFlow, OutOfReachFlow])
async def test_what_was_asked_of_the_tenant_before_erases_nothing(
    paired: LeavingHome, kind: type[RepairsFlow]
) -> None:
    """Nor does it forget what another erasure has left to see to."""
    flow = kind(paired.entry)
    flow.hass = paired.hass
    new_tenant(paired)
    step = getattr(flow, "async_step_moved_in", None) or flow.async_step_confirm
    with (
        patch("custom_components.smets1_cad.tenancy.repairs.async_end_tenancy") as end,
        pytest.raises(AbortFlow) as caught,
    ):
        await step({})
    assert caught.value.reason == "not_loaded"
    end.assert_not_called()


async def test_where_it_was_asked_for_it_comes_to_its_own_end(
    paired: LeavingHome,
) -> None:
    """It is not taken away from whoever has just agreed, though every other is."""
    assert await async_setup_component(paired.hass, REPAIRS, {})
    other = Dialog(paired)
    await other.open("record")
    watch = change.async_close_dialogs
    dialog = Dialog(paired)
    await dialog.open("tenancy")
    with patch.object(change, "async_close_dialogs", wraps=watch) as close:
        await dialog.fill(sure=True)
    close.assert_called_once()
    assert dialog.ended("erasing_tell")
    with pytest.raises(UnknownFlow):
        await other.fill()
    await paired.hass.async_block_till_done(wait_background_tasks=True)


async def test_the_fix_flow_that_asked_for_it_is_told_that_it_has_begun(
    paired: LeavingHome,
) -> None:
    """It ends as one that has done its work, though everything else about the CAD is closed."""
    assert await async_setup_component(paired.hass, REPAIRS, {})
    paired.link.hand_up(TenancyChange(fuel=Fuel.GAS, effective_at=None))
    fix = Fix(paired, "tenancy_suspected")
    await fix.open()
    await fix.choose("moved_in")
    await fix.fill()
    assert fix.at["type"] is FlowResultType.CREATE_ENTRY
    await paired.hass.async_block_till_done(wait_background_tasks=True)
    assert fix.issue is None

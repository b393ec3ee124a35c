"""An erasure that cannot begin is said, and tried again until it can; nobody is told before that it runs (R20)."""

from collections.abc import AsyncGenerator, Callable
from datetime import timedelta
from functools import partial
import gc
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.smets1_cad import store as stores
from custom_components.smets1_cad.cad.models import Fuel, TenancyChange
from custom_components.smets1_cad.consent.consents import Withdrawal
from custom_components.smets1_cad.erasure import storage
from custom_components.smets1_cad.erasure.report import ErasureError
from custom_components.smets1_cad.store import StoreError
from custom_components.smets1_cad.tenancy.change import (
    async_begin_erasure,
    async_change_of_tenancy,
)
from custom_components.smets1_cad.tenancy.record import TenancyEnd
from custom_components.smets1_cad.tenancy.tenancies import (
    TENANCIES,
    Tenancy,
    async_erasure_report,
    async_is_erasing,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .fake_link import NOW
from .flow.walk import full_disk
from .leaving_home import LeavingHome
from .test_options_flow import Dialog

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "PAUSE", 0)


@pytest.fixture
async def paired(paired: LeavingHome) -> AsyncGenerator[LeavingHome]:
    """A home whose CAD is paired and read; what is being erased at the end is."""
    yield paired
    await paired.hass.async_block_till_done(wait_background_tasks=True)


def says_incomplete(home: LeavingHome) -> bool:
    """Whether a person is told that not everything is erased."""
    issue = home.issue("erasure_incomplete")
    if issue is None:
        return False
    assert issue.translation_placeholders is not None
    assert "nothing is erased yet" in issue.translation_placeholders["error"]
    return True


async def is_erased(home: LeavingHome) -> bool:
    """Whether an erasure is finished, and nothing is left of the household."""
    store = await home.store()
    consents = await home.stored_consents()
    return (
        await async_erasure_report(home.hass, home.entry) is not None
        and not await async_is_erasing(home.hass, home.entry)
        and await store.pairing.load() is None
        and consents.current is None
        and not consents.is_personal
    )


def forget_memory(home: LeavingHome) -> None:
    """Lose what is only in memory, as a restart does."""
    home.hass.data.pop(TENANCIES, None)
    home.hass.data.pop(stores._STORES, None)
    home.hass.data.pop(stores._PROCESS_STORE, None)


async def test_the_dialog_says_so_and_stays(paired: LeavingHome) -> None:
    """Submitted again it goes on, with the text for the supplier; the stick leaves once that is promised."""
    dialog = Dialog(paired)
    await dialog.open("tenancy")
    with full_disk():
        await dialog.fill(sure=True)
        assert dialog.at["step_id"] == "tenancy"
        assert dialog.at["errors"] == {"base": "erasure_not_begun"}
        assert says_incomplete(paired)
        assert paired.entry.state is ConfigEntryState.SETUP_RETRY
        assert paired.entry.error_reason_translation_key == "erasing"
        link = paired.link
        assert "unpair" not in link.calls
        assert "stop" in link.calls
        paired.leave.assert_not_awaited()
    await dialog.fill(sure=True)
    assert dialog.ended("erasing_tell")
    assert "Valley Energy" in dialog.at["description_placeholders"]["texts"]
    await paired.hass.async_block_till_done(wait_background_tasks=True)
    assert await is_erased(paired)
    paired.leave.assert_awaited_once()
    assert "unpair" not in link.calls
    assert paired.issue("erasure_incomplete") is None
    assert paired.issue("tenancy_still_listed") is not None


async def test_it_is_tried_again_by_itself(paired: LeavingHome) -> None:
    """Without anybody's doing; meanwhile nothing is read, and afterwards the supplier is remembered."""
    with full_disk():
        with pytest.raises(HomeAssistantError, match="nothing is erased yet"):
            await paired.act("change_of_tenancy")
        await paired.wait(minutes=5)
        assert says_incomplete(paired)
        assert paired.entry.state is ConfigEntryState.SETUP_RETRY
        assert (await (await paired.store()).pairing.load()) is not None
    await paired.wait(minutes=5)
    await paired.wait(minutes=5)
    assert await is_erased(paired)
    assert paired.issue("erasure_incomplete") is None
    assert paired.issue("tenancy_still_listed") is not None
    report = await async_erasure_report(paired.hass, paired.entry)
    assert report is not None
    assert report.kept == ("consent_ended", "supplier_reminder")
    assert report.pairing_ended


async def test_the_end_of_consent_takes_the_list_with_it(paired: LeavingHome) -> None:
    """What is written first holds both: after a restart the erasure is gone on with, and nothing is read."""
    with full_disk(), pytest.raises(HomeAssistantError):
        await paired.act("change_of_tenancy")
    await paired.hass.config_entries.async_unload(paired.entry.entry_id)
    consents = await paired.stored_consents()
    assert consents.is_unstored
    await consents.settle()

    forget_memory(paired)
    assert (await paired.stored_consents()).records[-1].withdrawal is (
        Withdrawal.CHANGE_OF_TENANCY
    )
    assert await async_is_erasing(paired.hass, paired.entry)
    await paired.start()
    assert paired.link.calls == []
    await paired.hass.async_block_till_done(wait_background_tasks=True)
    assert await is_erased(paired)


async def test_neither_is_written_without_the_other(paired: LeavingHome) -> None:
    """Killed right after the withdrawal reached the disk, the erasure is known at the next start."""

    class Killed(BaseException):
        pass

    with (
        patch.object(Tenancy, "promise", side_effect=Killed),
        patch.object(paired.hass.config_entries, "async_unload"),
        pytest.raises(Killed),
    ):
        await async_change_of_tenancy(paired.hass, paired.entry, reason=TenancyEnd.USER)
    forget_memory(paired)
    assert (await paired.stored_consents()).current is None
    assert await async_is_erasing(paired.hass, paired.entry)


async def test_a_notice_of_the_network_is_carried_out_later(
    paired: LeavingHome,
) -> None:
    """Nobody is there to ask again."""
    await paired.wait(days=3)
    with full_disk():
        paired.link.hand_up(
            TenancyChange(fuel=Fuel.GAS, effective_at=NOW + timedelta(days=2))
        )
        await paired.hass.async_block_till_done(wait_background_tasks=True)
        assert says_incomplete(paired)
        assert paired.entry.state is ConfigEntryState.SETUP_RETRY
    await paired.wait(minutes=5)
    await paired.wait(minutes=5)
    assert await is_erased(paired)


async def test_a_withdrawal_that_cannot_be_stored_erases_nothing_unsaid(
    paired: LeavingHome,
) -> None:
    """Nothing is promised then; the dialog goes on as soon as there is room."""
    dialog = Dialog(paired)
    await dialog.open("withdraw")
    with full_disk():
        await dialog.fill(erase=True)
        assert dialog.at["step_id"] == "withdraw"
        assert dialog.at["errors"] == {"base": "withdrawal_not_stored"}
        assert not await async_is_erasing(paired.hass, paired.entry)
    await dialog.fill(erase=True)
    assert dialog.ended("erasing")
    await paired.hass.async_block_till_done(wait_background_tasks=True)
    assert await is_erased(paired)


async def test_what_was_kept_is_erased_once_there_is_room(paired: LeavingHome) -> None:
    await paired.act("withdraw_consent")
    dialog = Dialog(paired)
    await dialog.open("erase")
    with full_disk():
        await dialog.fill(erase=True)
        assert dialog.at["step_id"] == "erase"
        assert dialog.at["errors"] == {"base": "erasure_not_begun"}
        assert says_incomplete(paired)
        await dialog.fill(erase=True)
        assert dialog.ended("not_loaded")
    await paired.wait(minutes=5)
    await paired.wait(minutes=5)
    assert await is_erased(paired)


async def test_a_withdrawal_dialog_ends_where_the_entry_stopped(
    paired: LeavingHome,
) -> None:
    dialog = Dialog(paired)
    await dialog.open("withdraw")
    await paired.hass.config_entries.async_unload(paired.entry.entry_id)
    await dialog.fill(erase=True)
    assert dialog.ended("not_loaded")


async def test_what_cannot_be_read_is_said_where_it_is_set_up(
    paired: LeavingHome,
) -> None:
    """It is not tried again by itself, so no issue says so."""
    store = await paired.store()
    paired.hass.data.pop(TENANCIES, None)
    await store.async_save("tenancy", {"number": "none"}, strict=True)
    with pytest.raises(StoreError):
        await async_change_of_tenancy(paired.hass, paired.entry, reason=TenancyEnd.USER)
    await paired.hass.async_block_till_done()
    assert paired.entry.state is ConfigEntryState.SETUP_ERROR
    assert paired.entry.error_reason_translation_key == "store_unreadable"
    assert paired.issue("erasure_incomplete") is None


async def test_who_waits_for_the_beginning_is_told_of_it_alone(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """Any failure before it is the caller's, any after it is not."""

    async def erase(
        error: Exception | None, is_late: bool, *, begun: Callable[[], None]
    ) -> None:
        if is_late:
            begun()
        if error is not None:
            raise error

    left = ErasureError("Left.", reason="erasure_left")
    await async_begin_erasure(hass, partial(erase, None, True))
    await async_begin_erasure(hass, partial(erase, None, False))
    for error in (left, ZeroDivisionError()):
        with pytest.raises(type(error)):
            await async_begin_erasure(hass, partial(erase, error, False))
    assert not caplog.messages
    await async_begin_erasure(hass, partial(erase, left, True))
    assert caplog.messages == ["Erasing is not finished: Left."]
    unforeseen: list[Any] = []
    hass.loop.set_exception_handler(lambda _, context: unforeseen.append(context))
    await async_begin_erasure(hass, partial(erase, ZeroDivisionError(), True))
    gc.collect()
    assert [each["exception"].__class__ for each in unforeseen] == [ZeroDivisionError]

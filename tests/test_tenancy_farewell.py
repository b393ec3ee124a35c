"""The end of a tenancy: what is to be done is on disk before the stick leaves and the supplier is told, each once (R20)."""

import asyncio
from collections.abc import AsyncGenerator
import logging
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.smets1_cad import store as stores
from custom_components.smets1_cad.cad.errors import CadError
from custom_components.smets1_cad.erasure import storage
from custom_components.smets1_cad.erasure.report import ErasureError
from custom_components.smets1_cad.pairing.states import PairingState as S
from custom_components.smets1_cad.smart_energy.network import ForeignNetwork, RadioLost
from custom_components.smets1_cad.supplier.api import PairingService
from custom_components.smets1_cad.supplier.link import ServiceLink
from custom_components.smets1_cad.tenancy import change, steps
from custom_components.smets1_cad.tenancy.end import async_end_tenancy
from custom_components.smets1_cad.tenancy.record import TenancyEnd
from custom_components.smets1_cad.tenancy.tenancies import (
    TENANCIES,
    async_erasure_report,
    async_is_erasing,
)
from homeassistant.exceptions import HomeAssistantError

from .flow.walk import full_disk
from .leaving_home import ON_THE_WAY, LeavingHome

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")

SERVICE = ServiceLink(url="https://service.test/v1", token="t" * 8)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "PAUSE", 0)


@pytest.fixture
async def home(home: LeavingHome) -> AsyncGenerator[LeavingHome]:
    """A home; what is being erased at the end is."""
    yield home
    await home.hass.async_block_till_done(wait_background_tasks=True)


class Service:
    """A pairing service that notes what it is told, and answers when it may."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[tuple[str, str]] = []
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.error: CadError | None = None

        async def tell(_: Any, _request: Any, at: Any, by: str, *, key: str) -> None:
            await self._take(f"{by} {at.isoformat()}", key)

        async def unpair(_: Any, pairing: Any, why: Any) -> None:
            await self._take(why.value, pairing.unpair_key)

        async def withdraw(_: Any, pairing: Any) -> None:
            await self._take("withdraw", pairing.unpair_key)

        async def status(*_: Any) -> Any:
            raise CadError("Not now.", reason="service_unreachable")

        for name, answer in (
            ("tell_tenancy_change", tell),
            ("unpair", unpair),
            ("withdraw", withdraw),
            ("status", status),
            ("unpair_status", status),
        ):
            monkeypatch.setattr(PairingService, name, answer)

    async def _take(self, what: str, key: str) -> None:
        self.told.append((what, key))
        self.asked.set()
        await self.may_answer.wait()
        if self.error is not None:
            raise self.error

    @property
    def words(self) -> list[str]:
        """What it was told, without times and keys."""
        return [what.partition(" ")[0] for what, _ in self.told]


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    """A pairing service that has the request."""
    return Service(monkeypatch)


async def prepare(home: LeavingHome, *way: S, service_id: str = "P1") -> None:
    """Have a request with the service, at the end of a way; and its entry set up."""
    await home.prepare(way=(*ON_THE_WAY, *way), service=SERVICE, service_id=service_id)
    await home.start()


async def die(home: LeavingHome, asked: asyncio.Task[Any]) -> None:
    """Stop what is under way, and lose what is only in memory, as a process does that is killed."""
    task = home.hass.data[TENANCIES][home.entry.entry_id].task
    assert task is not None
    with patch.object(change, "_set_up_anew"):
        task.cancel()
        await asyncio.wait([asked])
    await home.hass.config_entries.async_unload(home.entry.entry_id)
    for key in (TENANCIES, stores._STORES, stores._PROCESS_STORE):
        home.hass.data.pop(key, None)


async def erased(home: LeavingHome) -> None:
    """Let it be tried again until it is finished."""
    for _ in range(9):
        await home.wait(minutes=20)
        if not await async_is_erasing(home.hass, home.entry):
            return


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """Return what the integration and Home Assistant have logged for people to read."""
    return "\n".join(
        record.getMessage() + (record.exc_text or "")
        for record in caplog.records
        if record.levelno > logging.DEBUG
    )


async def test_asked_at_the_same_time_everybody_is_told_once(
    home: LeavingHome, service: Service
) -> None:
    await prepare(home)
    first, second = await asyncio.gather(
        *(async_end_tenancy(home.hass, home.entry, TenancyEnd.USER) for _ in "12")
    )
    assert first == second
    assert first.tenancy == 0
    assert service.words == ["old_tenant", "moving_out"]
    assert home.link.calls.count("unpair") == 1
    await home.hass.async_block_till_done(wait_background_tasks=True)
    assert home.entry.data["tenancy"] == 1


async def test_nobody_is_told_before_it_is_on_disk(
    home: LeavingHome, service: Service
) -> None:
    """Nothing would be erased after the next start otherwise, and nothing be read."""
    await prepare(home)
    with full_disk():
        with pytest.raises(HomeAssistantError, match="nothing is erased yet"):
            await home.act("change_of_tenancy")
        assert service.told == []
        assert "unpair" not in home.link.calls
        home.leave.assert_not_awaited()
    await erased(home)
    assert service.words == ["old_tenant", "moving_out"]
    home.leave.assert_awaited_once()
    report = await async_erasure_report(home.hass, home.entry)
    assert report is not None
    assert report.pairing_ended


async def test_killed_while_the_service_is_told_it_is_told_the_same_again(
    home: LeavingHome, service: Service
) -> None:
    """The stick has left, which was ticked off; the notice has the same key and says the same."""
    await prepare(home)
    service.may_answer.clear()
    asked = home.hass.async_create_background_task(
        async_end_tenancy(home.hass, home.entry, TenancyEnd.USER), "ask"
    )
    await service.asked.wait()
    await die(home, asked)
    assert (await home.stored_consents()).current is None
    assert await async_is_erasing(home.hass, home.entry)
    service.may_answer.set()
    await home.start()
    await home.hass.async_block_till_done(wait_background_tasks=True)
    notice, again, unpairing = service.told
    assert notice == again
    assert unpairing[0] == "moving_out"
    home.leave.assert_not_awaited()
    report = await async_erasure_report(home.hass, home.entry)
    assert report is not None
    assert report.pairing_ended
    assert report.kept == ("consent_ended",)


@pytest.mark.parametrize(
    ("session", "fault", "has_left"),
    [
        ({"extended_pan_id": "01"}, None, True),
        ({"extended_pan_id": "01"}, ForeignNetwork("Another."), False),
        ({"extended_pan_id": "01"}, RadioLost("Gone."), False),
        ({"extended_pan_id": "01"}, ZeroDivisionError("Gwen"), False),
        ({"tried": ["02"]}, ForeignNetwork("Another."), True),
        ({"tried": ["02"]}, RadioLost("Gone."), False),
        ({}, None, True),
    ],
)
async def test_killed_before_the_stick_has_left_it_leaves_at_the_next_start(
    home: LeavingHome,
    caplog: pytest.LogCaptureFixture,
    session: dict[str, Any],
    fault: Exception | None,
    has_left: bool,
) -> None:
    """What it takes to leave is kept where it could not; nothing that a device says is logged."""
    await home.prepare()
    await home.start()
    leaving = asyncio.Event()

    async def unpair() -> None:
        leaving.set()
        await asyncio.Event().wait()

    with patch.object(home.link, "unpair", unpair):
        asked = home.hass.async_create_background_task(
            async_end_tenancy(home.hass, home.entry, TenancyEnd.USER), "ask"
        )
        await leaving.wait()
        await (await home.store()).session.save(session)
        await die(home, asked)
    home.leave.side_effect = fault
    await home.start()
    await home.hass.async_block_till_done(wait_background_tasks=True)
    assert home.leave.await_count == bool(session)
    report = await async_erasure_report(home.hass, home.entry)
    assert report is not None
    assert report.pairing_ended is has_left
    store = await home.store()
    assert (store.get("session") is None) is has_left
    assert (store.get("secrets") is None) is has_left
    assert "Gwen" not in logged(caplog)


async def test_a_service_that_fails_is_told_when_the_erasure_is_tried_again(
    home: LeavingHome, service: Service
) -> None:
    """Then nobody is reminded of a supplier that knows."""
    await prepare(home)
    service.error = CadError("Down.", reason="service_unreachable")
    left = ErasureError("Left.", reason="erasure_left")
    with (
        patch.object(steps, "_async_erase_database", side_effect=left),
        patch.object(change, "_set_up_anew"),
        pytest.raises(HomeAssistantError),
    ):
        await home.act("change_of_tenancy")
    service.error = None
    change._set_up_anew(home.hass, home.entry)
    await erased(home)
    *notices, unpairing = service.told
    assert len(notices) == 2
    assert len(set(notices)) == 1
    assert unpairing[0] == "moving_out"
    report = await async_erasure_report(home.hass, home.entry)
    assert report is not None
    assert report.kept == ("consent_ended",)
    assert home.issue("tenancy_still_listed") is None


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ((), ["old_tenant", "moving_out"]),
        ((S.UNPAIR_RECORDED,), ["old_tenant", "consent_withdrawn"]),
        ((S.UNPAIR_RECORDED, S.UNPAIR_SENT), ["old_tenant"]),
        ((S.UNPAIR_RECORDED, S.UNPAIR_SENT, S.UNPAIR_ACKNOWLEDGED), ["old_tenant"]),
        (
            (S.UNPAIR_RECORDED, S.UNPAIR_SENT, S.UNPAIR_REFUSED),
            ["old_tenant", "moving_out"],
        ),
    ],
)
async def test_a_removal_that_was_asked_for_is_not_asked_for_otherwise(
    home: LeavingHome, service: Service, way: tuple[S, ...], words: list[str]
) -> None:
    """The same key with another reason would be refused; only after a refusal it is another request."""
    await prepare(home, *way)
    key = (await home.stored_pairing()).unpair_key
    await home.act("change_of_tenancy")
    assert service.words == words
    asked = [each for what, each in service.told if "old_tenant" not in what]
    assert [each == key for each in asked] == [
        S.UNPAIR_REFUSED not in way for _ in asked
    ]
    assert home.issue("tenancy_still_listed") is None


async def test_a_request_that_came_to_nothing_yet_is_withdrawn(
    home: LeavingHome, service: Service
) -> None:
    await home.prepare(way=(S.SENT,), service=SERVICE, service_id="P1")
    await home.start()
    await home.act("change_of_tenancy")
    assert service.words == ["old_tenant", "withdraw"]


async def test_a_service_that_only_gave_a_quote_is_told_nothing(
    home: LeavingHome, service: Service
) -> None:
    """It learns nothing of who lives where; the person tells the supplier."""
    await prepare(home, service_id="")
    await home.act("change_of_tenancy")
    assert service.told == []
    assert home.issue("tenancy_still_listed") is not None


async def test_what_nobody_foresaw_is_said_and_tried_again(
    home: LeavingHome, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has what failed and where, and nothing that it quotes; the issue says what failed last."""
    await home.prepare()
    await home.start()

    def says() -> str:
        issue = home.issue("erasure_incomplete")
        assert issue is not None
        assert issue.translation_placeholders is not None
        return issue.translation_placeholders["error"]

    with patch.object(steps, "async_forget", side_effect=ZeroDivisionError("Gwen")):
        with pytest.raises(HomeAssistantError, match="nobody foresaw"):
            await home.act("change_of_tenancy")
        assert "nobody foresaw" in says()
        caplog.clear()
        await home.wait(minutes=5)
        assert "ZeroDivisionError" in caplog.text
        assert "async_erase_and_prove" in caplog.text
        assert "Gwen" not in logged(caplog)
    left = ErasureError("Left.", reason="erasure_left")
    with patch.object(steps, "_async_erase_database", side_effect=left):
        await home.wait(minutes=10)
        assert "another program" in says()
    await erased(home)
    assert home.issue("erasure_incomplete") is None
    assert await async_erasure_report(home.hass, home.entry) is not None

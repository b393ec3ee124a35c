"""The stick's own firmware, read each time that it is opened (R22)."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from bellows.exception import InvalidCommandError
from bellows.ezsp import EZSP
import pytest

from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import ElectricityReading
from custom_components.smets1_cad.radio.probe import probe
from custom_components.smets1_cad.smart_energy.eui64 import Eui64
from virtual_han.han import STICK_EUI64, VirtualHan

from .han_session import session_on
from .sticks import OTHER, is_held_off, swap
from .virtual import VERSIONS, connected, virtual_han

BUILD = "virtual_han.stick.info_commands.BUILD"


@pytest.fixture
async def han() -> AsyncGenerator[VirtualHan]:
    async with virtual_han() as han:
        yield han


@pytest.mark.parametrize("version", VERSIONS)
async def test_it_is_what_the_dialog_reads(version: int) -> None:
    """Letter for letter, since other words would pass for other firmware."""
    async with virtual_han(ezsp_version=version) as han:
        info = await probe(han.url)
        assert info.firmware
        async with connected(han) as radio:
            assert radio.firmware == info.firmware


async def refused(_: EZSP) -> Any:
    raise InvalidCommandError("The stick does not have this command")


async def unanswered(_: EZSP) -> Any:
    await asyncio.Event().wait()


async def torn(_: EZSP) -> Any:
    raise ValueError("Data is too short to contain 2 bytes")


async def unsaid(_: EZSP) -> Any:
    return None, None, None


@pytest.mark.parametrize("answer", [refused, unanswered, torn, unsaid])
async def test_a_stick_that_does_not_say_it_works_all_the_same(
    han: VirtualHan,
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[EZSP], Awaitable[Any]],
) -> None:
    monkeypatch.setattr("custom_components.smets1_cad.radio.stick._TELLING", 0.05)
    monkeypatch.setattr(EZSP, "get_board_info", answer)
    han.admit()
    async with session_on(han) as watched:
        await watched.until(lambda: bool(watched.told(ElectricityReading)))
        assert watched.session.firmware == ""
    assert han.referee.findings == []


async def test_r22_an_update_is_seen_when_the_stick_is_opened_again(
    han: VirtualHan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the stick said last holds on where it says nothing later."""
    han.admit()
    async with session_on(han) as watched:
        assert watched.session.firmware == ""
        await watched.until_state(LinkState.RUNNING)
        assert watched.session.firmware == "7.4.4.0 build 0"

        async def open_again() -> None:
            han.ncp.unplug()
            await watched.until_state(LinkState.DISCONNECTED)
            await watched.until_state(LinkState.RUNNING)

        monkeypatch.setattr(BUILD, 7)
        await open_again()
        assert watched.session.firmware == "7.4.4.0 build 7"
        monkeypatch.setattr(EZSP, "get_board_info", refused)
        await open_again()
        assert watched.session.firmware == "7.4.4.0 build 7"


async def test_another_stick_s_firmware_is_not_the_cad_s(han: VirtualHan) -> None:
    async with (
        virtual_han(stick_eui64=OTHER, ezsp_version=18) as other,
        session_on(han, eui64=Eui64(STICK_EUI64)) as watched,
    ):
        await watched.until_state(LinkState.NOT_JOINED)
        said = watched.session.firmware
        swap(han, other)
        await watched.until(lambda: is_held_off(watched))
        assert watched.session.firmware == said == "7.4.4.0 build 0"
        swap(han, other)

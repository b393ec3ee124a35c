"""Closing the stick at any moment: nothing is left behind for asyncio to complain of."""

from asyncio import Future, create_task, gather, get_running_loop, sleep
from collections.abc import AsyncGenerator
from gc import collect
from typing import Any

from bellows.ash import AshProtocol
import pytest

from custom_components.smets1_cad.radio.stick import EzspRadio

from .virtual import connected, virtual_han


@pytest.fixture
async def heard() -> AsyncGenerator[list[dict[str, Any]]]:
    """What asyncio's exception handler hears."""
    loop, complaints = get_running_loop(), list[dict[str, Any]]()
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    yield complaints
    loop.set_exception_handler(None)


async def settled() -> None:
    """Let everything that is due run, and everything that nobody holds go."""
    for _ in range(20):
        await sleep(0)
    collect()
    await sleep(0)


@pytest.mark.parametrize("steps", [1, 2, 3])
async def test_closed_while_a_command_is_being_sent(
    heard: list[dict[str, Any]], steps: int
) -> None:
    """A caller is cancelled before its frame is acknowledged, and the stick is closed."""
    async with virtual_han() as han, connected(han) as radio:
        asking = create_task(radio.holds_network())
        for _ in range(steps):
            await sleep(0)
        asking.cancel()
        await radio.disconnect()
        await gather(asking, return_exceptions=True)
        await settled()
        assert heard == []


async def test_closed_while_others_wait_for_the_stick(
    heard: list[dict[str, Any]],
) -> None:
    """Many commands at once, some cancelled: those that are left fail, and say so."""
    async with virtual_han() as han, connected(han) as radio:
        asking = [create_task(radio.holds_network()) for _ in range(20)]
        for _ in range(3):
            await sleep(0)
        for task in asking[::2]:
            task.cancel()
        await radio.disconnect()
        results = await gather(*asking, return_exceptions=True)
        assert all(isinstance(one, BaseException) for one in results)
        await settled()
        assert heard == []


async def test_connecting_is_cancelled_at_any_moment(
    heard: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever frame the stick is at, opening it can be broken off."""
    async with virtual_han() as han:
        left = 0
        stop: Future[None]
        send = AshProtocol._write_frame

        def counted(*arguments: Any, **named: Any) -> None:
            nonlocal left
            send(*arguments, **named)
            left -= 1
            if left == 0 and not stop.done():
                stop.set_result(None)

        monkeypatch.setattr(AshProtocol, "_write_frame", counted)
        for frames in range(2, 40, 7):
            left = frames
            stop = get_running_loop().create_future()
            radio = EzspRadio(han.url)
            connecting = create_task(radio.connect())
            await stop
            connecting.cancel()
            await gather(connecting, return_exceptions=True)
            assert connecting.cancelled()
        await settled()
        assert heard == []

"""One request at a time, and what counts as its answer (TSN collisions)."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from zigpy.exceptions import ControllerException, DeliveryError

from custom_components.smets1_cad.smart_energy.device import HanFrame
from custom_components.smets1_cad.smart_energy.network import RadioLost
from custom_components.smets1_cad.smart_energy.session.discovery import find_endpoints
from custom_components.smets1_cad.smart_energy.session.errors import (
    HubRefused,
    HubSilent,
    KeyRefused,
)
from custom_components.smets1_cad.smart_energy.session.exchange import Exchange

from .session_fakes import cluster, frame, read_response

METER, PRICE = 0x0702, 0x0700


class Talk:
    """An exchange, a meter, and everything that came through."""

    def __init__(self, reply: float = 1.0) -> None:
        """Ask a meter that answers by hand."""
        self.told: list[HanFrame] = []
        self.late: list[HanFrame] = []
        self.sent: list[dict[str, Any]] = []
        self.error: Exception | None = None
        self.meter = cluster(METER)
        self.meter.request = self._request
        hub: Any = SimpleNamespace(get_sequence=lambda: 7)
        self.exchange = Exchange(hub, self.told.append, self.late.append, reply)

    async def _request(self, *arguments: Any, **options: Any) -> None:
        self.sent.append(options)
        if self.error is not None:
            raise self.error

    async def ask(self) -> asyncio.Task[HanFrame]:
        """Send a read, and return what waits for its answer."""
        task = asyncio.create_task(self.exchange.read(self.meter, [0]))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return task

    def hear(self, frame: HanFrame) -> None:
        """Hand in a frame of the meter."""
        self.exchange.frame_received(frame)


def default_response(
    status: int, command: int = 0, *, endpoint: int = 1, encrypted: bool = True
) -> HanFrame:
    said = SimpleNamespace(status=status, command_id=command)
    return frame(
        METER,
        0x0B,
        said,
        general=True,
        endpoint=endpoint,
        sequence=7,
        encrypted=encrypted,
    )


def answer(sequence: int = 7) -> HanFrame:
    return read_response(METER, {0: 5}, sequence=sequence)


async def test_request_is_sent_once_and_acknowledged() -> None:
    talk = Talk()
    task = await talk.ask()
    talk.hear(answer())
    assert (await task).attributes == ({0: 5}, {})
    (options,) = talk.sent
    assert (options["tsn"], options["retries"]) == (7, 0)
    assert options["ask_for_ack"]
    assert not options["expect_reply"]
    assert len(talk.told) == 1


async def test_push_with_the_number_of_the_request_is_not_its_answer() -> None:
    """radio.md: zigpy would take it for the reply and lose the real one."""
    talk = Talk()
    task = await talk.ask()
    talk.hear(frame(METER, 0x0A, None, general=True, sequence=7))
    talk.hear(frame(METER, 0x01, SimpleNamespace(), sequence=7))
    talk.hear(frame(PRICE, 0x0A, None, general=True, sequence=7))
    talk.hear(frame(PRICE, 0x0B, None, general=True, sequence=7))
    talk.hear(default_response(0x01, endpoint=2))
    assert not task.done()
    talk.hear(answer())
    await task
    assert len(talk.told) == 6


async def test_late_and_doubled_answers_are_not_told() -> None:
    talk = Talk()
    talk.hear(answer())
    task = await talk.ask()
    talk.hear(answer(sequence=6))
    talk.hear(answer())
    talk.hear(answer())
    await task
    assert len(talk.told) == 1
    assert talk.exchange.late == len(talk.late) == 3


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (default_response(0x01, encrypted=False), KeyRefused),
        (default_response(0x01), HubRefused),
        (default_response(0x86), HubRefused),
    ],
)
async def test_default_responses_refuse(
    reply: HanFrame, error: type[Exception]
) -> None:
    talk = Talk()
    task = await talk.ask()
    talk.hear(default_response(0x01, command=9))
    assert not task.done()
    talk.hear(reply)
    with pytest.raises(error):
        await task


@pytest.mark.parametrize(
    ("raised", "error"),
    [(DeliveryError("no ack"), HubSilent), (ControllerException("gone"), RadioLost)],
)
async def test_what_zigpy_raises_is_told_apart(
    raised: Exception, error: type[Exception]
) -> None:
    talk = Talk()
    talk.error = raised
    with pytest.raises(error):
        await talk.exchange.read(talk.meter, [0])


async def test_silence_and_closing_end_the_wait() -> None:
    quiet = Talk(reply=0.01)
    with pytest.raises(HubSilent, match="did not answer"):
        await quiet.exchange.read(quiet.meter, [0])
    talk = Talk()
    task = await talk.ask()
    talk.exchange.close()
    with pytest.raises(HubSilent, match="closed"):
        await task


async def test_one_request_in_flight() -> None:
    talk = Talk()
    first, second = await talk.ask(), await talk.ask()
    assert len(talk.sent) == 1
    talk.hear(answer())
    await first
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(talk.sent) == 2
    talk.hear(answer())
    await second


async def test_a_handler_that_breaks_does_not_cost_the_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    talk = Talk()
    talk.exchange._on_frame = lambda frame: 1 / 0
    task = await talk.ask()
    talk.hear(answer())
    assert (await task).sequence == 7
    assert "0x0702 broke its handler" in caplog.text


async def test_radio_that_fails_while_the_hub_is_searched() -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise ControllerException("gone")

    hub: Any = SimpleNamespace(nwk=0, zdo=SimpleNamespace(Active_EP_req=fail))
    with pytest.raises(RadioLost):
        await find_endpoints(hub, 1)


async def test_the_answer_on_its_way_is_taken_and_nothing_more_is_asked() -> None:
    """Whoever waits for their turn is told when the connection is closed, and sends nothing."""
    talk = Talk()
    first = await talk.ask()
    finish = asyncio.create_task(talk.exchange.finish(60))
    await asyncio.sleep(0)
    second = await talk.ask()
    telling = asyncio.create_task(talk.exchange.tell(talk.meter, 0))
    talk.hear(answer())
    await finish
    assert len(talk.told) == 1
    assert (await first).sequence == 7
    assert not second.done()
    talk.exchange.close()
    for waiting in (second, telling):
        with pytest.raises(HubSilent, match="closed"):
            await waiting
    assert len(talk.sent) == 1


async def test_an_answer_that_does_not_come_is_not_waited_for_long() -> None:
    talk = Talk(reply=60)
    task = await talk.ask()
    await talk.exchange.finish(0.01)
    talk.exchange.close()
    with pytest.raises(HubSilent, match="closed"):
        await task

"""Each fault by its name, seen from the host's side of the stick."""

import asyncio
from datetime import UTC, datetime

import pytest
from zigpy.exceptions import DeliveryError

from tests.patience import until
from virtual_han.clock import Clock
from virtual_han.errors import UnknownFaultError
from virtual_han.faults import CLOCK_ERROR, ONE_TIME, Fault
from virtual_han.han import HanConfig, VirtualHan
from virtual_han.stick.ash import RESET_WATCHDOG
from virtual_han.zcl import read_records

from .cad import CadApplication, connected, endpoint_of, join, t
from .home import register

METERING, TIME = 0x0702, 0x000A
READ_REGISTER = bytes.fromhex("00 31 00 0000")
READ_MULTIPLIER = bytes.fromhex("00 32 00 0103")
READ_TIME = bytes.fromhex("00 33 00 0000")


def frozen() -> Clock:
    """Return a clock that stands still, so that registers do."""
    return Clock(datetime(2026, 1, 5, 12, tzinfo=UTC), speed=0)


async def ask(
    han: VirtualHan, cad: CadApplication, request: bytes = READ_REGISTER
) -> bytes:
    cluster = TIME if request == READ_TIME else METERING
    return await cad.ask(cluster, request, endpoint=endpoint_of(han, cluster))


async def tell(
    han: VirtualHan, cad: CadApplication, request: bytes = READ_REGISTER
) -> None:
    await cad.send(METERING, request, endpoint=endpoint_of(han, METERING))


def value(answer: bytes) -> object:
    [record] = read_records(answer[3:])
    return record.value


async def nothing_comes(cad: CadApplication) -> bool:
    await cad.settled()
    return cad.packets.empty()


async def test_without_faults_nothing_changes() -> None:
    async with VirtualHan(clock=frozen()) as han, connected(han.url) as cad:
        await join(han, cad)
        assert value(await ask(han, cad)) == register(han)
        assert not any(han.faults.struck.values())


@pytest.mark.parametrize("direction", ["to_hub", "to_device"])
async def test_lost(direction: str) -> None:
    """The frame is acknowledged, and its answer never comes; the next one works."""
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        han.faults.inject("lost", direction=direction)
        await tell(han, cad)
        assert await nothing_comes(cad)
        assert (await ask(han, cad))[2] == 1
        assert han.faults.struck[Fault.LOST] == 1


@pytest.mark.parametrize("fault", ["late", "slow_hub"])
async def test_late(fault: str) -> None:
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        han.faults.inject(fault, seconds=0.1, direction="to_device")
        await tell(han, cad)
        assert await nothing_comes(cad)
        assert (await cad.receive()).data.serialize()[1:3] == b"\x31\x01"
        han.faults.clear()
        assert (await ask(han, cad))[2] == 1


async def test_duplicated() -> None:
    async with VirtualHan(clock=frozen()) as han, connected(han.url) as cad:
        await join(han, cad)
        han.faults.inject("duplicated", direction="to_device")
        first = await ask(han, cad)
        assert (await cad.receive()).data.serialize() == first
        han.faults.inject("duplicated", direction="to_hub")
        first = await ask(han, cad)
        assert (await cad.receive()).data.serialize() == first


async def test_reordered() -> None:
    """The first answer comes after the second; alone, it comes after a while."""
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        han.faults.inject("reordered", direction="to_device", seconds=5)
        await tell(han, cad)
        await tell(han, cad, READ_MULTIPLIER)
        answers = [(await cad.receive()).data.serialize()[1] for _ in range(2)]
        assert answers == [0x32, 0x31]
        han.faults.inject("reordered", direction="to_device", seconds=0.05)
        assert (await ask(han, cad))[1] == 0x31


@pytest.mark.parametrize("direction", ["to_hub", "to_device"])
async def test_corrupted_frames_are_dropped_and_sent_again(direction: str) -> None:
    """The tag does not fit, so nobody sees the content; APS sends the request again."""
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        han.faults.inject("corrupted", direction=direction)
        answer = await ask(han, cad)
        assert answer[:3] in (bytes.fromhex("183101"), bytes.fromhex("083101"))
        assert han.faults.struck[Fault.CORRUPTED] == 1


async def test_truncated() -> None:
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        han.faults.inject("truncated", direction="to_device")
        assert len(await ask(han, cad)) == 6
        han.faults.inject("truncated", direction="to_hub")
        await tell(han, cad)
        assert await nothing_comes(cad)


async def test_colliding_push_comes_first_with_the_same_sequence_number() -> None:
    """First a Report Attributes, then the answer; both carry the request's sequence number."""
    async with VirtualHan(clock=frozen()) as han, connected(han.url) as cad:
        await join(han, cad)
        han.faults.inject("colliding_push")
        push = await ask(han, cad)
        answer = (await cad.receive()).data.serialize()
        assert push[1:6] == bytes.fromhex("31 0a 0000 25")
        assert answer[1:7] == bytes.fromhex("31 01 0000 00 25")
        assert push[6:] == answer[7:]


async def test_colliding_answer_to_a_command_is_doubled() -> None:
    async with VirtualHan(clock=frozen()) as han, connected(han.url) as cad:
        await join(han, cad)
        han.faults.inject("colliding_push")
        await cad.send(
            0x0700, bytes.fromhex("01 34 00 01"), endpoint=endpoint_of(han, 0x0700)
        )
        first, second = [(await cad.receive()).data.serialize() for _ in range(2)]
        assert first == second
        assert first[1:3] == b"\x34\x00"


async def test_sentinel_and_dip() -> None:
    async with VirtualHan(clock=frozen()) as han, connected(han.url) as cad:
        await join(han, cad)
        han.faults.inject("sentinel")
        assert (await ask(han, cad))[7:] == b"\xff" * 6
        han.faults.inject("register_dip", count=2)
        assert (await ask(han, cad, READ_MULTIPLIER))[3:7] == bytes.fromhex(
            "0103 00 22"
        )
        assert value(await ask(han, cad)) == 0
        assert value(await ask(han, cad)) == 0
        assert value(await ask(han, cad)) == register(han)


async def test_clock_an_hour_off() -> None:
    async with VirtualHan(clock=frozen()) as han, connected(han.url) as cad:
        await join(han, cad)
        truth = value(await ask(han, cad, READ_TIME))
        assert truth == han.clock.instant()
        han.faults.inject("clock_hour_off")
        assert (
            value(await ask(han, cad, READ_TIME)) == han.clock.instant() + CLOCK_ERROR
        )
        assert [one.fault for one in han.faults.standing] == [Fault.CLOCK_HOUR_OFF]
        han.faults.clear("clock_hour_off")
        assert value(await ask(han, cad, READ_TIME)) == truth


async def test_hub_failure() -> None:
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        han.faults.inject("hub_failure")
        assert await ask(han, cad) == bytes.fromhex("18 31 0b 00 01")


async def test_serial_faults_are_mended_by_ash() -> None:
    """A damaged frame is rejected and sent again, so that the host notices nothing."""
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        for _ in range(3):
            han.faults.inject("serial_corrupted")
            assert (await ask(han, cad))[2] == 1
        assert han.faults.struck[Fault.SERIAL_CORRUPTED] == 3
        han.faults.inject("serial_lost")
        task = asyncio.create_task(cad.ezsp.nop())
        assert await task == []
        assert han.faults.struck[Fault.SERIAL_LOST] == 1


async def test_stick_reset() -> None:
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        han.faults.inject("stick_reset")
        await until(lambda: bool(cad.lost))
        [lost] = cad.lost
        assert lost.code == RESET_WATCHDOG
    async with VirtualHan(HanConfig(seed=3)) as han, connected(han.url) as cad:
        assert han.ncp.stack.state == 0


async def test_socket_cut() -> None:
    async with VirtualHan() as han:
        async with connected(han.url) as cad:
            await join(han, cad)
            han.faults.inject("socket_cut")
            await until(lambda: bool(cad.lost))
            assert cad.lost == [None]
        async with connected(han.url) as cad:
            await cad.start_network()
            assert (await ask(han, cad))[2] == 1


async def test_hub_reboot() -> None:
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        han.faults.inject("hub_reboot", seconds=0.05)
        with pytest.raises(DeliveryError):
            await tell(han, cad)
        await until(lambda: han.hub.powered)
        assert (await ask(han, cad))[2] == 1


async def test_faults_end_with_the_run() -> None:
    """Whatever stands or is late is gone once the network has stopped."""
    han = VirtualHan()
    async with han, connected(han.url) as cad:
        await join(han, cad)
        han.faults.inject("hub_reboot", seconds=60)
        han.faults.inject("clock_hour_off")
        han.faults.inject("lost", count=None, probability=0.5)
    assert han.faults.standing == []
    assert han.servers.time.offset == 0
    assert han.hub.powered


async def test_network_down_tells_the_host() -> None:
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        han.faults.inject("network_down")
        assert await cad.status() == t.sl_Status.NETWORK_DOWN
        han.faults.inject("network_down")
        await cad.settled()
        assert cad.statuses.empty(), "a network that is down cannot go down"


async def test_probability_is_seeded() -> None:
    """The same seed loses the same frames."""

    async def losses(seed: int) -> list[bool]:
        async with VirtualHan(HanConfig(seed=seed)) as han, connected(han.url) as cad:
            await join(han, cad)
            han.faults.inject(
                "lost", count=None, probability=0.5, direction="to_device"
            )
            lost = []
            for _ in range(8):
                before = han.faults.struck[Fault.LOST]
                await tell(han, cad)
                while han.faults.struck[Fault.LOST] == before and cad.packets.empty():
                    await asyncio.sleep(0)
                lost.append(cad.packets.empty())
                if not lost[-1]:
                    cad.packets.get_nowait()
            return lost

    first = await losses(4)
    assert first == await losses(4)
    assert {True, False} == set(first)


async def test_unknown_names_are_refused() -> None:
    han = VirtualHan()
    with pytest.raises(UnknownFaultError, match="hub_reboot"):
        han.faults.inject("gremlin")
    with pytest.raises(UnknownFaultError, match="to_device"):
        han.faults.inject("lost", direction="sideways")
    assert Fault.HUB_REBOOT in ONE_TIME

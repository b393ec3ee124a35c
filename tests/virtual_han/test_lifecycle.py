"""What happens to a CAD after it has joined: restarts, rejoins, new keys, and leaving."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from bellows.exception import EzspError
import pytest
from zigpy.exceptions import DeliveryError, NetworkNotFormed

from virtual_han.clock import Clock
from virtual_han.errors import FlashError
from virtual_han.han import HanConfig, VirtualHan
from virtual_han.hub import Refusal
from virtual_han.stick import NetworkState

from .cad import LINK_KEY, CadApplication, connected, endpoint_of, join, t
from .home import register

METERING = 0x0702
READ_REGISTER = bytes.fromhex("00 31 00 0000")
VERSIONS = pytest.mark.parametrize("version", [8, 13, 14, 18])
TRUST_CENTRE_TOKEN = 0x1E124


async def reads(han: VirtualHan, cad: CadApplication) -> bool:
    """Tell whether a register can be read under the link key."""
    try:
        answer = await cad.ask(
            METERING, READ_REGISTER, endpoint=endpoint_of(han, METERING)
        )
    except DeliveryError:
        return False
    return answer[3:7] == bytes.fromhex("0000 00 25")


async def test_stick_keeps_its_network_across_connections() -> None:
    """A host that comes back finds the network where it was, and must add its endpoint again."""
    async with VirtualHan() as han:
        async with connected(han.url) as cad:
            await join(han, cad)
            assert await reads(han, cad)
        for _ in range(3):
            async with connected(han.url) as cad:
                await cad.start_network()
                assert await reads(han, cad)


async def test_everything_keeps_its_memory_across_processes(tmp_path: Path) -> None:
    """Stick and hub go on where they were; registers do not fall; old counters are skipped."""
    config = HanConfig(state=tmp_path / "han", slots=4, ihd=True)
    async with VirtualHan(config) as han, connected(han.url) as cad:
        await join(han, cad)
        han.hub.refresh_network_key()
        han.log.add(bytes(8), bytes(16))
        han.log.unseat(b"FORMER67", bytes(16))
        assert await reads(han, cad)
        before = register(han)
    stick = han.ncp.flash
    async with VirtualHan(config) as again:
        restored = again.ncp.flash
        assert restored.network == stick.network
        assert restored.link_key == stick.link_key
        assert restored.network_counter > stick.network_counter
        assert restored.aps_counter > stick.aps_counter
        assert again.hub.network.key == han.hub.network.key
        assert again.hub.network.counter > han.hub.network.counter
        assert again.log.seated == han.log.seated
        assert again.log.waiting == han.log.waiting
        assert again.log.historic == han.log.historic
        assert register(again) >= before
        async with connected(again.url) as cad:
            await cad.start_network()
            assert await reads(again, cad)
        for secret in (restored.link_key, restored.network.key):
            assert secret.hex() not in repr(
                (restored, again.hub.members, again.hub.network)
            )
    for file in (tmp_path / "han").iterdir():
        assert file.stat().st_mode & 0o777 == 0o600


def test_an_accelerated_run_is_not_taken_back(tmp_path: Path) -> None:
    """A network whose time ran ahead goes on from there, not from today."""
    config = HanConfig(state=tmp_path)
    han = VirtualHan(config)
    han.clock.advance(86_400)
    # Kept in whole seconds.
    saved, ahead = han.clock.now().replace(microsecond=0), register(han)
    han.save()
    again = VirtualHan(config)
    assert again.clock.now() >= saved
    assert register(again) >= ahead
    slow = Clock(datetime(2026, 1, 5, tzinfo=UTC), speed=0)
    assert VirtualHan(config, slow).clock.now() == datetime(2026, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize("name", ["stick.json", "hub.json"])
@pytest.mark.parametrize("content", ["", "[]", '{"format": 99}'])
def test_files_of_something_else_are_refused(
    tmp_path: Path, name: str, content: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(FlashError, match=name):
        VirtualHan(HanConfig(state=tmp_path))


def test_a_hub_memory_with_holes_is_refused() -> None:
    han = VirtualHan()
    memory = han.hub.remember()
    del memory["network"]["key"]
    with pytest.raises(FlashError, match="memory"):
        han.hub.recall(memory)


def test_flash_keeps_certificates_and_tokens(tmp_path: Path) -> None:
    config = HanConfig(state=tmp_path, stick_cbke=(1, 2))
    han = VirtualHan(config)
    han.ncp.flash.tokens[7] = b"token"
    han.ncp.flash.save()
    again = VirtualHan(config)
    assert again.ncp.flash.cbke == han.ncp.flash.cbke
    assert again.ncp.flash.tokens == {7: b"token"}


async def test_flash_keeps_a_key_that_waits_to_be_switched_to(tmp_path: Path) -> None:
    config = HanConfig(state=tmp_path)
    async with VirtualHan(config) as han, connected(han.url) as cad:
        await join(han, cad)
        assert han.ncp.flash.network is not None
        han.ncp.flash.network.next_key = (bytes(range(16)), 9)
        han.ncp.flash.save()
        assert VirtualHan(config).ncp.flash.network == han.ncp.flash.network


async def test_a_stick_that_never_joined() -> None:
    async with VirtualHan() as han, connected(han.url) as cad:
        with pytest.raises(NetworkNotFormed):
            await cad.start_network()
        assert (await cad.ezsp.networkState())[0] == 0
        assert (await cad.ezsp.getNodeId())[0] == 0xFFFE
        status, *_ = await cad.ezsp.getNetworkParameters()
        assert status == t.EmberStatus.NOT_JOINED
        with pytest.raises(EzspError):
            await cad.ezsp.leaveNetwork()
        (status,) = await cad.ezsp.findAndRejoinNetwork(
            haveCurrentNetworkKey=True, channelMask=0
        )
        assert status == t.EmberStatus.INVALID_CALL


@VERSIONS
@pytest.mark.parametrize("secured", [True, False], ids=["network_key", "trust_centre"])
async def test_rejoin_after_the_network_was_lost(version: int, secured: bool) -> None:
    """NETWORK_DOWN, then back with the network key or with the established link key alone."""
    config = HanConfig(ezsp_version=version, stick_cbke=(1,))
    async with VirtualHan(config) as han, connected(han.url) as cad:
        han.admit()
        assert await cad.join() == t.sl_Status.NETWORK_UP
        await cad.establish_on_stick(1, endpoint=endpoint_of(han, 0x0800))
        han.faults.inject("network_down")
        assert await cad.status() == t.sl_Status.NETWORK_DOWN
        assert (await cad.ezsp.networkState())[0] == NetworkState.NO_PARENT
        with pytest.raises(DeliveryError):
            await cad.send(METERING, READ_REGISTER)
        assert await cad.rejoin(secured=secured) == t.sl_Status.NETWORK_UP
        assert await reads(han, cad)


async def test_rejoin_needs_the_hub() -> None:
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        han.hub.power_off()
        with pytest.raises(DeliveryError):
            await cad.send(METERING, READ_REGISTER)
        assert await cad.rejoin(secured=True) == t.sl_Status.NO_BEACONS
        han.hub.power_on()
        assert await cad.rejoin(secured=True) == t.sl_Status.NETWORK_UP
        assert await reads(han, cad)


async def test_a_device_without_an_established_key_cannot_rejoin_through_the_trust_centre() -> (
    None
):
    async with VirtualHan() as han, connected(han.url) as cad:
        han.admit()
        assert await cad.join() == t.sl_Status.NETWORK_UP
        assert await cad.rejoin(secured=False) == t.sl_Status.ZIGBEE_MOVE_FAILED
        assert await cad.rejoin(secured=True) == t.sl_Status.NETWORK_UP


async def test_key_refresh_reaches_a_listening_device() -> None:
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        old = han.ncp.flash.network.key
        han.hub.refresh_network_key()
        assert await reads(han, cad)
        assert cad.switched == [1]
        assert han.ncp.flash.network.key == han.hub.network.key != old


async def test_key_refresh_missed_by_an_absent_device() -> None:
    """A device that was off holds an old network key: only the trust centre can bring it back."""
    async with VirtualHan() as han:
        async with connected(han.url) as cad:
            await join(han, cad)
        han.ncp.restart()
        han.hub.refresh_network_key()
        async with connected(han.url) as cad:
            await cad.start_network()
            assert not await reads(han, cad)
            assert await cad.status() == t.sl_Status.NETWORK_UP
            assert await cad.rejoin(secured=True) == t.sl_Status.ZIGBEE_MOVE_FAILED
            assert await cad.rejoin(secured=False) == t.sl_Status.NETWORK_UP
            assert await reads(han, cad)


async def test_link_key_refresh_needs_a_new_exchange() -> None:
    """A retired key is met with silence, until key establishment has run again."""
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        han.hub.refresh_link_key(han.ncp.flash.eui64)
        assert not await reads(han, cad)
        key = await cad.establish(han.credentials(), endpoint=endpoint_of(han, 0x0800))
        await cad.import_key(key)
        assert await reads(han, cad)


async def test_unpaired_from_afar() -> None:
    """The hub's Leave makes an end device forget the network and keys of its membership."""
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        assert han.hub.unpair(han.ncp.flash.eui64)
        assert await cad.status() == t.sl_Status.NETWORK_DOWN
        assert (await cad.ezsp.networkState())[0] == NetworkState.NO_NETWORK
        assert han.ncp.flash.network is None
        assert han.log.seated == frozenset()
        assert not han.hub.unpair(han.ncp.flash.eui64)


async def test_unpaired_silently() -> None:
    """When the Leave is lost, the device finds out by silence."""
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        assert han.hub.unpair(han.ncp.flash.eui64, silently=True)
        assert not await reads(han, cad)
        assert await cad.rejoin(secured=False) == t.sl_Status.ZIGBEE_MOVE_FAILED


@VERSIONS
async def test_leaving_frees_the_slot(version: int) -> None:
    async with (
        VirtualHan(HanConfig(ezsp_version=version)) as han,
        connected(han.url) as cad,
    ):
        han.admit()
        assert await cad.join() == t.sl_Status.NETWORK_UP
        han.log.seat(han.ncp.flash.eui64)
        await cad.ezsp.leaveNetwork()
        await cad.settled()
        assert han.hub.members == {}
        assert han.log.seated == frozenset()


async def test_a_known_device_first_gets_in_with_its_old_key_only() -> None:
    """The first half of the window takes the old key alone, the second the install code alone."""
    clock = Clock(datetime(2026, 1, 5, tzinfo=UTC), speed=0)
    async with VirtualHan(clock=clock) as han, connected(han.url) as cad:
        await join(han, cad)
        old = han.ncp.flash.link_key
        han.hub.unpair(han.ncp.flash.eui64)
        assert await cad.status() == t.sl_Status.NETWORK_DOWN
        han.admit(600)
        assert not han.log.takes_install_code(han.ncp.flash.eui64)
        assert await cad.join(LINK_KEY) == t.sl_Status.ZIGBEE_NO_NETWORK_KEY_RECEIVED
        clock.advance(301)
        assert han.log.takes_install_code(han.ncp.flash.eui64)
        assert await cad.join(old) == t.sl_Status.ZIGBEE_NO_NETWORK_KEY_RECEIVED
        assert await cad.join(LINK_KEY) == t.sl_Status.NETWORK_UP
        await cad.ezsp.leaveNetwork()
        assert await cad.status() == t.sl_Status.NETWORK_DOWN
        clock.advance(300)
        assert await cad.join(LINK_KEY) == t.sl_Status.NOT_JOINED
        assert han.log.refusals[-1] == (han.ncp.flash.eui64, Refusal.WINDOW_CLOSED)


@pytest.mark.parametrize("version", [13, 14, 18])
async def test_trust_centre_token_works_after_a_reset(version: int) -> None:
    """The key written as a token takes effect when the stick starts again, not before."""
    async with VirtualHan(HanConfig(ezsp_version=version)) as han:
        async with connected(han.url) as cad:
            han.admit()
            assert await cad.join() == t.sl_Status.NETWORK_UP
            key = await cad.establish(
                han.credentials(), endpoint=endpoint_of(han, 0x0800)
            )
            response = await cad.ezsp.getTokenData(token=TRUST_CENTRE_TOKEN, index=0)
            assert response.value[10:] == LINK_KEY
            (status,) = await cad.ezsp.setTokenData(
                token=TRUST_CENTRE_TOKEN,
                index=0,
                token_data=t.LVBytes32(response.value[:10] + key),
            )
            assert status == 0
            assert not await reads(han, cad)
        async with connected(han.url) as cad:
            await cad.start_network()
            assert await reads(han, cad)


async def test_a_second_host_takes_the_line() -> None:
    """Whoever connects last is served; the one before is cut off."""
    async with VirtualHan() as han, connected(han.url) as first:
        async with connected(han.url) as second:
            assert (await second.ezsp.getEui64())[0].serialize() == han.ncp.flash.eui64[
                ::-1
            ]
        assert first.lost


async def test_stopping_leaves_nothing_open() -> None:
    han = VirtualHan()
    await han.start()
    url = han.url
    await han.stop()
    await han.stop()
    with pytest.raises(OSError, match=r".*"):
        await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))

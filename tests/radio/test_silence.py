"""Without consent in force a stick is silent: nothing leaves it once the session has ended (R2, R16)."""

import asyncio

import pytest

from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import ElectricityReading
from custom_components.smets1_cad.radio.stick import EzspRadio
from tests.patience import until
from virtual_han.air import AirFrame
from virtual_han.han import STICK_EUI64, VirtualHan
from virtual_han.stick.membership import NetworkState
from virtual_han.zdo import ZdoCluster

from .han_session import Memory, session_on
from .virtual import VERSIONS, virtual_han

pytestmark = pytest.mark.usefixtures("socket_enabled")


def heard_of_stick(han: VirtualHan) -> list[AirFrame]:
    """Return a list that takes up every frame that leaves the stick from now on."""
    address = han.hub.members[STICK_EUI64].address
    frames: list[AirFrame] = []

    def tap(frame: AirFrame) -> None:
        if frame.source == address:
            frames.append(frame)

    han.air.taps.append(tap)
    return frames


async def hub_speaks(han: VirtualHan) -> None:
    """Let the hub push a price, which a stick acknowledges, and ask what a stick answers, without its host."""
    han.events.price_change()
    address = han.hub.members[STICK_EUI64].address
    han.hub.ask(
        STICK_EUI64, ZdoCluster.ACTIVE_EP, b"\x01" + address.to_bytes(2, "little")
    )
    await asyncio.sleep(0.1)


@pytest.mark.parametrize("version", VERSIONS)
async def test_nothing_leaves_a_stick_once_consent_has_ended(version: int) -> None:
    """Nor is a pairing lost by that: with consent again, reading goes on where it was."""
    # Firmware of that age establishes keys in the stick alone.
    suites = (1,) if version == 8 else ()
    async with virtual_han(ezsp_version=version, stick_cbke=suites) as han:
        han.admit()
        record = Memory()
        async with session_on(han, record=record) as watched:
            await watched.until(lambda: bool(watched.told(ElectricityReading)))
            frames = heard_of_stick(han)
            await hub_speaks(han)
            assert frames != []
            watched.grant.is_valid = False
            await watched.session.stop()
            assert han.ncp.stack.state is NetworkState.NO_NETWORK
            frames.clear()
            await hub_speaks(han)
            assert frames == []
        assert han.ncp.flash.network is not None
        async with session_on(han, record=record) as watched:
            await watched.until(lambda: bool(watched.told(ElectricityReading)))
            assert LinkState.SCANNING not in watched.states


async def test_consent_that_runs_out_silences_the_stick_too() -> None:
    """The session notices by itself, and ends."""
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            await watched.until(lambda: bool(watched.told(ElectricityReading)))
            watched.grant.is_valid = False
            await watched.until_state(LinkState.FAILED)
            assert han.ncp.stack.state is NetworkState.NO_NETWORK


async def test_with_consent_a_stick_goes_on_while_nobody_reads() -> None:
    """As while Home Assistant restarts: it keeps its place, and hears that it is to leave."""
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            await watched.until_state(LinkState.RUNNING)
            await watched.session.stop()
            assert han.ncp.stack.state is NetworkState.JOINED
            han.hub.unpair(STICK_EUI64)
            await until(lambda: han.ncp.flash.network is None)


async def test_the_hubs_order_to_leave_is_not_heard_after_a_withdrawal() -> None:
    """A silent stick hears nothing either: it still believes to be on the network, until it is told here."""
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            await watched.until_state(LinkState.RUNNING)
            watched.grant.is_valid = False
            await watched.session.stop()
            han.hub.unpair(STICK_EUI64)
            await asyncio.sleep(0.05)
            assert han.ncp.flash.network is not None
            await watched.session.unpair()
            assert han.ncp.flash.network is None


async def test_a_stick_that_does_not_reset_is_closed_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("custom_components.smets1_cad.radio.stick._SILENCING", 0.05)
    async with virtual_han() as han:
        radio = EzspRadio(han.url)
        await radio.connect()
        application = radio._connected()

        async def never() -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(application.ezsp, "reset", never)
        await radio.disconnect(silence=True)
        with pytest.raises(Exception, match="not connected"):
            _ = application.ezsp

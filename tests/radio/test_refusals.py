"""What a hub or a stick can refuse, each with its own name, and what is left untouched."""

import pytest
from zigpy.types import KeyData

from custom_components.smets1_cad.radio.stick import EzspRadio
from custom_components.smets1_cad.smart_energy.errors import EgressDenied
from custom_components.smets1_cad.smart_energy.network import (
    ForeignNetwork,
    JoinRefused,
    KeyInstallUnsupported,
    NoHubHeard,
    NotPermitted,
    RadioError,
    RadioEvent,
    RadioLost,
    RejoinFailed,
    WrongInstallCode,
)
from custom_components.smets1_cad.smart_energy.session import joiner
from tests.patience import until
from virtual_han.han import HUB_EUI64, VirtualHan
from virtual_han.stick.flash import StoredNetwork

from .sticks import memory_of
from .virtual import VERSIONS, connected, link_key, virtual_han


async def joined(han: VirtualHan, radio: EzspRadio) -> None:
    """Join the network."""
    han.admit()
    assert await radio.resume() is None
    (beacon,) = await radio.scan([15])
    await radio.join(beacon, link_key(han))


@pytest.mark.parametrize("version", VERSIONS)
async def test_wrong_install_code(version: int) -> None:
    async with virtual_han(ezsp_version=version) as han, connected(han) as radio:
        han.admit()
        (beacon,) = await joiner.scan(radio)
        with pytest.raises(WrongInstallCode, match="compare the install code"):
            await joiner.join_any(radio, [beacon], KeyData(bytes(range(16))))


@pytest.mark.parametrize("version", VERSIONS)
async def test_full_list(version: int) -> None:
    """A SMETS1 hub has one place, and an in-home display may hold it."""
    async with (
        virtual_han(ezsp_version=version, ihd=True) as han,
        connected(han) as radio,
    ):
        han.admit()
        beacons = await joiner.scan(radio)
        with pytest.raises(JoinRefused, match="in-home display"):
            await joiner.join_any(radio, beacons, link_key(han))


async def test_closed_window_and_silence() -> None:
    async with virtual_han() as han, connected(han) as radio:
        with pytest.raises(NotPermitted, match="none lets devices join"):
            await joiner.scan(radio)
        han.hub.power_off()
        with pytest.raises(NoHubHeard, match="nearer"):
            await joiner.scan(radio)
        han.hub.power_on()


async def test_hub_that_falls_silent_while_joining() -> None:
    async with virtual_han() as han, connected(han) as radio:
        han.admit()
        (beacon,) = await joiner.scan(radio)
        han.hub.power_off()
        with pytest.raises(NoHubHeard, match="not heard any more"):
            await radio.join(beacon, link_key(han))
        han.hub.power_on()


async def test_port_that_nobody_listens_at() -> None:
    radio = EzspRadio("socket://127.0.0.1:9")
    with pytest.raises(RadioLost, match="plugged in"):
        await radio.connect()
    with pytest.raises(RadioLost, match="not connected"):
        await radio.scan([15])
    with pytest.raises(RadioLost):
        _ = radio.eui64
    await radio.disconnect()


async def test_stick_that_coordinates_a_network_is_left_untouched() -> None:
    async with virtual_han() as han:
        flash = han.ncp.flash
        flash.network = StoredNetwork(
            node_type=1,
            address=0,
            channel=15,
            pan_id=0x1234,
            extended_pan_id=bytes(range(8)),
            key=bytes(16),
            key_sequence=0,
            trust_centre=flash.eui64,
        )
        before = memory_of(han)
        async with connected(han) as radio:
            with pytest.raises(ForeignNetwork, match="separate stick"):
                await radio.resume()
        assert memory_of(han) == before


@pytest.mark.parametrize("version", [8, 13, 18])
async def test_rejoin_needs_a_hub(version: int) -> None:
    async with virtual_han(ezsp_version=version) as han, connected(han) as radio:
        await joined(han, radio)
        han.hub.power_off()
        with pytest.raises(RejoinFailed, match="did not take the CAD back"):
            await radio.rejoin(secured=True, all_channels=False)
        han.hub.power_on()
        network = await radio.rejoin(secured=True, all_channels=True)
        assert network.trust_centre.serialize()[::-1] == HUB_EUI64


async def test_old_firmware_takes_no_key() -> None:
    async with virtual_han(ezsp_version=8) as han, connected(han) as radio:
        await joined(han, radio)
        with pytest.raises(KeyInstallUnsupported, match=r"EmberZNet 7\.4"):
            await radio.install_link_key(KeyData(bytes(16)))
        assert radio.ezsp_version == 8


async def test_leaving_forgets_the_network() -> None:
    async with virtual_han() as han, connected(han) as radio:
        await joined(han, radio)
        await radio.leave()
        assert han.ncp.flash.network is None
        assert await radio.resume() is None
        with pytest.raises(RadioError):
            await radio.restart()


async def test_nothing_leaves_without_a_gate() -> None:
    async with virtual_han() as han, connected(han) as radio:
        await joined(han, radio)
        with pytest.raises(EgressDenied, match="No session"):
            await radio.hub.zdo.Active_EP_req(0, retries=0)


async def test_listeners_come_and_go() -> None:
    """One that has gone hears nothing more, and may go twice."""
    gone: list[RadioEvent] = []
    here: list[RadioEvent] = []
    async with virtual_han() as han, connected(han) as radio:
        stop = radio.listen(gone.append)
        radio.listen(here.append)
        stop()
        stop()
        han.ncp.unplug()
        await until(lambda: bool(here))
        assert gone == []

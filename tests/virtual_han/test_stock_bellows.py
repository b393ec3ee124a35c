"""Stock bellows, as ZHA runs it, against a stick that has joined or has not."""

from bellows.zigbee.application import ControllerApplication
import pytest
from zigpy.exceptions import NetworkNotFormed

from virtual_han.han import HanConfig, VirtualHan

from .cad import config, connected, t

VERSIONS = pytest.mark.parametrize("version", [8, 13, 14, 18])


@VERSIONS
@pytest.mark.parametrize("joined", [False, True], ids=["fresh", "joined"])
async def test_a_coordinator_finds_no_network_of_its_own(
    version: int, joined: bool
) -> None:
    """It connects, asks, and goes away; what the stick had joined is still there."""
    async with VirtualHan(HanConfig(ezsp_version=version)) as han:
        if joined:
            async with connected(han.url) as cad:
                han.admit()
                assert await cad.join() == t.sl_Status.NETWORK_UP
        network = han.ncp.flash.network
        application = ControllerApplication(config(han.url))
        await application.connect()
        try:
            with pytest.raises(NetworkNotFormed):
                await application.load_network_info()
        finally:
            await application.disconnect()
        assert han.ncp.flash.network == network
        assert (network is not None) is joined
        assert han.referee.counts()["stick_command"] == 0


@VERSIONS
async def test_board_information(version: int) -> None:
    """What ZHA and diagnostics show of a stick."""
    async with (
        VirtualHan(HanConfig(ezsp_version=version)) as han,
        connected(han.url) as cad,
    ):
        manufacturer, board, firmware = await cad.ezsp.get_board_info()
        assert (manufacturer, board) == ("Virtual HAN", "Stick")
        assert (
            firmware
            == {8: "6.7.8.0", 13: "7.4.4.0", 14: "8.0.0.0", 18: "8.5.0.0"}[version]
            + " build 0"
        )
        assert cad.ezsp.ezsp_version == version

"""From nothing to a reading, through unmodified bellows."""

import pytest

from virtual_han.crypto.suite import SUITE_1
from virtual_han.han import HanConfig, VirtualHan

from .cad import LINK_KEY, connected, t

METERING = 0x0702
READ_REGISTER = bytes.fromhex("00 31 00 0000")


def esi(han: VirtualHan) -> int:
    """Return the endpoint of Key Establishment."""
    return next(
        item.endpoint for item in han.hub.endpoints() if 0x0800 in item.input_clusters
    )


def meter(han: VirtualHan) -> int:
    """Return the endpoint of the electricity meter."""
    return next(
        item.endpoint for item in han.hub.endpoints() if METERING in item.input_clusters
    )


async def test_join_establish_and_read() -> None:
    """The whole way on EZSP 13, with the install code's key and a key established by hand."""
    async with VirtualHan() as han, connected(han.url) as cad:
        han.admit()
        assert await cad.join() == t.sl_Status.NETWORK_UP
        key = await cad.establish(han.credentials(), endpoint=esi(han))
        await cad.import_key(key)
        answer = await cad.ask(METERING, READ_REGISTER, endpoint=meter(han))
        assert answer[:8] == bytes.fromhex("18 31 01 0000 00 25") + answer[7:8]
        register = int.from_bytes(answer[7:13], "little")
        assert register >= 12_345_678


async def test_data_needs_the_established_key() -> None:
    """Under the network key: Default Response FAILURE. Under the joining key: silence, no APS ack."""
    async with VirtualHan() as han, connected(han.url) as cad:
        han.admit()
        assert await cad.join() == t.sl_Status.NETWORK_UP
        refused = await cad.ask(
            METERING, READ_REGISTER, endpoint=meter(han), encrypted=False
        )
        assert refused == bytes.fromhex("18 31 0b 00 01")
        with pytest.raises(Exception, match="(?i)deliver"):
            await cad.send(METERING, READ_REGISTER, endpoint=meter(han))


async def test_wrong_install_code_is_refused() -> None:
    async with VirtualHan() as han, connected(han.url) as cad:
        han.admit()
        assert await cad.join(bytes(16)) == t.sl_Status.ZIGBEE_NO_NETWORK_KEY_RECEIVED
        assert await cad.join(LINK_KEY) == t.sl_Status.NETWORK_UP


def test_defaults_are_smets1() -> None:
    """One slot, suite 1, EZSP 13."""
    config = HanConfig()
    assert (config.slots, config.suites, config.ezsp_version) == (1, (SUITE_1.bit,), 13)

"""Joining, refusals and rejoining over EZSP."""

import pytest

from custom_components.smets1_cad.smart_energy.network import NodeRole
from virtual_han.han import HUB_EUI64, STICK_EUI64

from .virtual import VERSIONS, connected, eui64, link_key, virtual_han


@pytest.mark.parametrize("version", VERSIONS)
async def test_joins_as_an_end_device_that_stays_awake(version: int) -> None:
    async with virtual_han(ezsp_version=version) as han, connected(han) as radio:
        han.admit()
        assert await radio.resume() is None
        (beacon,) = await radio.scan([15])
        assert beacon.permits_joining
        network = await radio.join(beacon, link_key(han))
        assert network.role is NodeRole.END_DEVICE
        assert network.channel == 15
        assert network.trust_centre == eui64(HUB_EUI64)
        assert radio.eui64 == eui64(STICK_EUI64)
        assert STICK_EUI64 in han.hub.members

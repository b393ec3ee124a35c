"""What is left in a stick that has left its network (R19)."""

import pytest

from custom_components.smets1_cad.cad.link import LinkState

from .han_session import session_on
from .virtual import VERSIONS, virtual_han

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.mark.parametrize("version", [one for one in VERSIONS if one != 8])
async def test_r19_the_link_key_does_not_stay_in_flash(version: int) -> None:
    """EZSP 8 keeps what its own key establishment made, as no command overwrites it."""
    async with virtual_han(ezsp_version=version) as han:
        han.admit()
        async with session_on(han) as watched:
            await watched.until_state(LinkState.RUNNING)
            established = han.ncp.flash.link_key
            await watched.session.unpair()
            assert han.ncp.flash.network is None
            assert han.ncp.flash.link_key != established
            assert han.config.stick_eui64 not in han.hub.members

"""R23: what nobody uses is not asked for; what somebody wants is, within the pace."""

from datetime import timedelta

import pytest

from custom_components.smets1_cad.cad.models import (
    Fuel,
    GasReading,
    Prepayment,
    SupplierMessage,
)
from custom_components.smets1_cad.smart_energy.session import Interest
from virtual_han.aps import Fuel as HanFuel
from virtual_han.han import VirtualHan
from virtual_han.meters import HomeConfig

from .han_session import session_on
from .virtual import virtual_han

METERING, MESSAGING, PREPAYMENT = 0x0702, 0x0703, 0x0705
OTHER_COUNTERS = {0x0402, 0x0C30, 0x0C40}


def asked(han: VirtualHan, cluster: int) -> set[int]:
    """Return the attributes of a cluster that were asked for; -1 stands for a command of its own."""
    return {
        attribute
        for one in han.referee.requests
        if one.cluster == cluster
        for attribute in ((-1,) if one.cluster_specific else one.attributes)
    }


@pytest.mark.parametrize(
    "interests", [frozenset[Interest](), frozenset(Interest)], ids=["none", "all"]
)
async def test_r23_only_what_somebody_uses_is_asked_for(
    interests: frozenset[Interest],
) -> None:
    home = HomeConfig(prepayment=(HanFuel.ELECTRICITY, HanFuel.GAS))
    async with virtual_han(home=home) as han:
        han.admit()
        han.events.supplier_message("Before the CAD was there")
        intervals = {Fuel.ELECTRICITY: timedelta(minutes=5)}
        async with session_on(han, interests=interests, intervals=intervals) as watched:
            await watched.until(lambda: len(watched.told(GasReading)) > 5)
        assert asked(han, METERING) >= {0x0000, 0x0401, 0x0430, 0x0440}
        assert bool(asked(han, METERING) & OTHER_COUNTERS) is bool(interests)
        assert bool(asked(han, MESSAGING)) is bool(interests)
        assert bool(watched.told(SupplierMessage)) is bool(interests)
        electricity = [
            one
            for one in watched.told(Prepayment)
            if one.fuel is Fuel.ELECTRICITY and one.credit is not None
        ]
        assert len(electricity) > 10 if interests else len(electricity) == 1
        assert han.referee.findings == []

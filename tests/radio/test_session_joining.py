"""The session from an unopened stick to readings."""

from datetime import datetime, timedelta
from decimal import Decimal
import json

import pytest

from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import (
    ElectricityReading,
    Fuel,
    GasReading,
    MeterIdentity,
    Tariff,
)
from tests.patience import timed
from virtual_han.han import VirtualHan

from .han_session import Watched, session_on
from .virtual import VERSIONS, virtual_han

EVERYTHING = [
    LinkState.SCANNING,
    LinkState.JOINING,
    LinkState.JOINED,
    LinkState.KEY_ESTABLISHMENT,
    LinkState.DISCOVERING,
    LinkState.RUNNING,
]


def assert_fair(han: VirtualHan) -> None:
    """The referee has seen nothing wrong."""
    assert han.referee.findings == []


def has_read(watched: Watched, fuel: Fuel) -> bool:
    return any(
        isinstance(update, ElectricityReading | GasReading) and update.fuel is fuel
        for update in watched.updates
    )


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("suite", [1, 2])
async def test_r9_joins_establishes_a_key_and_reads_both_meters(
    version: int, suite: int
) -> None:
    """In less than 3 s on a machine of its own; on EZSP 8, whose firmware takes no key from outside, in the stick."""
    stick = (suite,) if version == 8 else ()
    async with virtual_han(
        ezsp_version=version, suites=(suite,), stick_cbke=stick
    ) as han:
        han.admit()
        async with session_on(han, suites=(suite,), start=False) as watched:
            with timed() as join:
                await watched.session.start(watched.grant)
                await watched.until(lambda: has_read(watched, Fuel.GAS))
            assert join.seconds < 3
            assert watched.states == EVERYTHING
            electricity, gas = watched.told(MeterIdentity)
            assert (electricity.fuel, gas.fuel) == (Fuel.ELECTRICITY, Fuel.GAS)
            assert gas.mirrored
            assert watched.told(Tariff)
            reading = watched.told(ElectricityReading)[0]
            assert reading.import_kwh == Decimal("12345.678")
            assert watched.told(GasReading)[0].total is not None
        assert_fair(han)


async def test_what_was_found_is_told_for_diagnostics_without_who_it_is() -> None:
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            await watched.until(lambda: bool(watched.told(GasReading)))
            now = han.clock.now()
            found = watched.session.findings()
        assert list(found["endpoints"]) == ["1", "2", "3"]
        assert [one["fuel"] for one in found["endpoints"].values()] == [
            *(None, "electricity", "gas"),
        ]
        metering = found["endpoints"]["3"]["clusters"]["0x0702"]
        assert {0x0000, 0x0300, 0x0308} <= set(metering["answered"])
        allowed = datetime.fromisoformat(found["next_allowed"]["gas"])
        assert timedelta(minutes=25) < allowed - now <= timedelta(minutes=30)
        text = json.dumps(found)
        for meter in han.servers.home.meters.values():
            assert meter.identity.serial not in text
            assert meter.identity.site_id not in text

"""What the network says of itself to whoever compares: no more than what can be known."""

from datetime import UTC, datetime, timedelta

import pytest

from virtual_han.aps import Fuel
from virtual_han.clock import Clock, instant
from virtual_han.han import HanConfig, VirtualHan
from virtual_han.stick import VERSIONS
from virtual_han.truth import energy_since, registers, stick

from .seating import KEY, hold_network, take_in

START = datetime(2026, 11, 22, 15, 59, 50, tzinfo=UTC)
LATER = START + timedelta(seconds=20)


@pytest.fixture
def han() -> VirtualHan:
    """A network whose clock stands still."""
    return VirtualHan(clock=Clock(START, speed=0))


def test_registers_are_those_of_the_reading_and_rates_those_of_now(
    han: VirtualHan,
) -> None:
    """A tariff is known ahead, a register is not."""
    told = registers(han.servers, LATER, START)
    then, now = registers(han.servers, START), registers(han.servers, LATER)
    for fuel in ("electricity", "gas"):
        for key in ("as_of", "delivered", "energy", "today", "tiers"):
            assert told[fuel][key] == then[fuel][key]
        assert told[fuel]["tariff"] == now[fuel]["tariff"]
    assert told["electricity"]["power_watts"] == then["electricity"]["power_watts"]
    assert then["electricity"]["tariff"] != now["electricity"]["tariff"]
    assert then["gas"]["as_of"] != now["gas"]["as_of"]


def test_energy_is_counted_between_what_was_seen(han: VirtualHan) -> None:
    """A gas meter sends what it holds each half hour; nothing is seen between."""
    meters = han.servers.home.meters
    hour = timedelta(hours=1)
    used = meters[Fuel.ELECTRICITY].delivered.reading
    assert energy_since(han.servers, Fuel.ELECTRICITY, START, START + hour) == (
        (used(instant(START + hour)) - used(instant(START))) / 1000
    )
    gas = meters[Fuel.GAS]
    edges = (instant(START) // 1800 * 1800, instant(LATER) // 1800 * 1800)
    volume = gas.delivered.reading(edges[1]) - gas.delivered.reading(edges[0])
    assert volume > 0
    assert energy_since(han.servers, Fuel.GAS, START, LATER) == pytest.approx(
        volume / 1000 * 1.02264 * 39.3 / 3.6
    )
    assert energy_since(han.servers, Fuel.GAS, LATER, START) == 0


def test_energy_begins_where_history_was_cut(han: VirtualHan) -> None:
    """As the meter's own counters do after a change of tenancy."""
    meter = han.servers.home.meters[Fuel.ELECTRICITY]
    meter.restrict_history(instant(START))
    day = timedelta(days=1)
    assert energy_since(han.servers, Fuel.ELECTRICITY, START - day, LATER) == (
        energy_since(han.servers, Fuel.ELECTRICITY, START, LATER)
    )


def test_the_standing_of_a_stick(han: VirtualHan) -> None:
    """From nobody to a member that holds the key, and out again."""
    flash = han.ncp.flash
    assert stick(han) == {
        "firmware": "7.4.4.0 build 0",
        "standing": "unknown",
        "connected": False,
    }
    han.admit()
    assert stick(han)["standing"] == "listed"
    member = take_in(han)
    assert stick(han)["standing"] == "joining"
    member.key = KEY
    assert (stick(han)["standing"], stick(han)["connected"]) == ("member", False)
    flash.link_key = KEY
    hold_network(han)
    assert stick(han)["connected"]
    flash.link_key = bytes(16)
    assert not stick(han)["connected"]
    flash.link_key = KEY
    han.hub.powered = False
    assert not stick(han)["connected"]
    han.hub.powered = True
    han.hub.unpair(flash.eui64, silently=True)
    assert (stick(han)["standing"], stick(han)["connected"]) == ("left", False)
    han.exchange_hub()
    assert stick(han)["standing"] == "unknown"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_firmware_is_that_of_the_protocol(version: int) -> None:
    han = VirtualHan(HanConfig(ezsp_version=version), Clock(START, speed=0))
    numbers = {8: "6.7.8.0", 13: "7.4.4.0", 14: "8.0.0.0", 18: "8.5.0.0"}
    assert stick(han)["firmware"] == f"{numbers[version]} build 0"

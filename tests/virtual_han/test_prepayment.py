"""Credit, debt and the supply that goes with them."""

from datetime import UTC, datetime

import pytest

from virtual_han.aps import Fuel
from virtual_han.meters import HomeConfig, Supply

from .home import PREPAYMENT, START, Bench, number

ELECTRICITY, GAS = Fuel.ELECTRICITY, Fuel.GAS


def test_a_credit_meter_shows_no_balance(bench: Bench) -> None:
    values = bench.read(bench.endpoint(ELECTRICITY), PREPAYMENT, 0x0000, 0x0001, 0x0003)
    assert values == {0x0000: b"\x94\x0c", 0x0001: bytes(4), 0x0003: None}
    assert bench.ask(bench.endpoint(ELECTRICITY), PREPAYMENT, "01070800000000ff") == [
        "18070b088b"
    ]


@pytest.fixture
def prepaying() -> Bench:
    return Bench(
        HomeConfig(
            prepayment=(ELECTRICITY,), tariffs={ELECTRICITY: "flat", GAS: "gas_flat"}
        )
    )


def test_credit_falls_by_use_and_standing_charge(prepaying: Bench) -> None:
    endpoint = prepaying.endpoint(ELECTRICITY)
    meter = prepaying.servers.home.meters[ELECTRICITY]
    start = prepaying.clock.instant()
    assert prepaying.number(endpoint, PREPAYMENT, 0x0001, signed=True) == 2_500_000
    prepaying.clock.advance(86_400)
    used = meter.delivered.reading(start + 86_400) - meter.delivered.reading(start)
    credit = prepaying.number(endpoint, PREPAYMENT, 0x0001, signed=True)
    # Sunday to Monday: a day's standing charge (53 480) and a week's debt (£3).
    assert abs(credit - (2_500_000 - used * 24.5 - 53_480 - 300_000)) <= 48
    assert prepaying.number(endpoint, PREPAYMENT, 0x0005, signed=True) == 3_700_000
    assert prepaying.number(endpoint, PREPAYMENT, 0x0211) == 3_700_000


@pytest.mark.parametrize(
    ("start", "weeks", "left"),
    [
        (START, 3, 3_100_000),
        (datetime(2026, 10, 19, 12, tzinfo=UTC), 2, 3_400_000),
        (datetime(2027, 3, 22, 12, tzinfo=UTC), 1, 3_700_000),
        (START, 20, 0),
    ],
)
def test_debt_is_taken_each_monday(start: datetime, weeks: int, left: int) -> None:
    """Also over weeks that are an hour longer or shorter, and never more than is owed."""
    bench = Bench(HomeConfig(prepayment=(ELECTRICITY,)), start)
    bench.clock.advance(weeks * 7 * 86_400)
    assert (
        bench.number(bench.endpoint(ELECTRICITY), PREPAYMENT, 0x0005, signed=True)
        == left
    )


def test_the_supply_goes_with_the_credit(prepaying: Bench) -> None:
    """Low, then lent, then off; back with a top-up."""
    endpoint, servers = prepaying.endpoint(ELECTRICITY), prepaying.servers
    account = servers.home.accounts[ELECTRICITY]
    assert prepaying.read(endpoint, PREPAYMENT, 0x0003, 0x0400) == {
        0x0003: b"\x05",
        0x0400: b"\x00\x00",
    }
    account.opening = 100_000
    assert prepaying.read(endpoint, PREPAYMENT, 0x0003, 0x0400) == {
        0x0003: b"\x0e",
        0x0400: b"\x01\x00",
    }
    account.emergency_selected = True
    assert prepaying.read(endpoint, PREPAYMENT, 0x0003) == {0x0003: b"\x16"}
    account.opening = -100_000
    assert prepaying.read(endpoint, PREPAYMENT, 0x0003) == {0x0003: b"\x36"}
    assert prepaying.number(endpoint, PREPAYMENT, 0x0002, signed=True) == 900_000
    servers.tick()
    assert servers.home.meters[ELECTRICITY].supply is Supply.ON
    account.opening = -1_000_000
    servers.tick()
    assert servers.home.meters[ELECTRICITY].supply is Supply.OFF
    assert prepaying.read(endpoint, PREPAYMENT, 0x0003, 0x0400) == {
        0x0003: b"\x76",
        0x0400: b"\x01\x01",
    }


def test_top_ups_are_logged_newest_first(prepaying: Bench) -> None:
    endpoint, account = (
        prepaying.endpoint(ELECTRICITY),
        prepaying.servers.home.accounts[ELECTRICITY],
    )
    at = prepaying.clock.instant()
    assert prepaying.ask(endpoint, PREPAYMENT, "01070800000000ff") == ["18070b088b"]
    account.top_up(1_000_000, at)
    account.top_up(500_000, at + 60)
    prepaying.clock.advance(60)
    stamps = [(at + step).to_bytes(4, "little").hex() for step in (60, 0)]
    log = "0020a10700" + stamps[0] + "0040420f00" + stamps[1]
    assert prepaying.ask(endpoint, PREPAYMENT, "0107080000000000") == [
        "1907050001" + log
    ]
    assert prepaying.ask(endpoint, PREPAYMENT, "010708" + stamps[1] + "05") == [
        "1907050001" + log[18:]
    ]
    values = prepaying.read(endpoint, PREPAYMENT, 0x0101, 0x0110, 0x0111)
    assert [number(value) for value in values.values()] == [500_000, at, 1_000_000]
    with pytest.raises(ValueError, match="positive"):
        account.top_up(0, at)


def test_a_top_up_pays_emergency_credit_back(prepaying: Bench) -> None:
    account, at = (
        prepaying.servers.home.accounts[ELECTRICITY],
        prepaying.clock.instant(),
    )
    account.opening, account.emergency_selected = -500_000, True
    account.top_up(200_000, at)
    assert account.emergency_selected
    account.top_up(400_000, at)
    assert not account.emergency_selected


def test_a_snapshot_of_the_account(prepaying: Bench) -> None:
    request = "00000000ffffffff00ffffffff"
    (answer,) = prepaying.ask(
        prepaying.endpoint(ELECTRICITY), PREPAYMENT, "010707" + request
    )
    payload = bytes.fromhex(answer)[3:]
    assert payload[8:16].hex() == "0100010100000000"
    assert payload[16:].hex() == "00093d0000093d00000000000000000040420f00a0252600"

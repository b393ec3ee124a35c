"""Half hours, samples and snapshots of the Metering cluster."""

from datetime import UTC, datetime

import pytest

from virtual_han.aps import Fuel
from virtual_han.clock import instant, local_midnight

from .home import METERING, Bench

ELECTRICITY, GAS = Fuel.ELECTRICITY, Fuel.GAS


def _profile(
    bench: Bench, channel: int, end: int, count: int, fuel: Fuel = ELECTRICITY
) -> tuple[int, int, list[int]]:
    request = bytes((channel,)) + end.to_bytes(4, "little") + bytes((count,))
    (answer,) = bench.ask(bench.endpoint(fuel), METERING, "010a00" + request.hex())
    data = bytes.fromhex(answer)
    assert data[:3].hex() == "190a00"
    assert data[8] == 2
    assert len(data) == 10 + 3 * data[9]
    values = [
        int.from_bytes(data[at : at + 3], "little") for at in range(10, len(data), 3)
    ]
    return int.from_bytes(data[3:7], "little"), data[7], values


def test_profile_newest_first(bench: Bench) -> None:
    meter = bench.servers.home.meters[ELECTRICITY]
    end, status, values = _profile(bench, 0, 0, 6)
    assert (status, end) == (0, instant(datetime(2026, 11, 22, 13, tzinfo=UTC)))
    assert values == [
        meter.delivered.reading(end - back * 1800)
        - meter.delivered.reading(end - (back + 1) * 1800)
        for back in range(6)
    ]
    asked = instant(datetime(2026, 11, 20, 4, 10, tzinfo=UTC))
    assert _profile(bench, 0, asked, 1)[0] == asked - 600
    received = meter.received
    assert received is not None
    assert _profile(bench, 1, 0, 1)[2] == [
        received.reading(end) - received.reading(end - 1800)
    ]


def test_profile_limits(bench: Bench) -> None:
    """As many as the attribute says; more is status 4, none is status 5."""
    limit = bench.number(bench.endpoint(ELECTRICITY), METERING, 0x0500)
    assert limit == 21
    assert _profile(bench, 0, 0, limit)[1] == 0
    end, status, values = _profile(bench, 0, 0, 48)
    assert (status, len(values)) == (4, limit)
    first = bench.servers.home.meters[ELECTRICITY].log_start
    assert len(_profile(bench, 0, first + 3600, 10)[2]) == 2
    assert _profile(bench, 0, first, 10) == (0, 5, [])
    assert _profile(bench, 0, 0, 0) == (0, 5, [])
    assert end


@pytest.mark.parametrize(
    ("fuel", "channel", "status"),
    [
        (ELECTRICITY, 2, 2),
        (ELECTRICITY, 3, 2),
        (ELECTRICITY, 4, 1),
        (GAS, 1, 2),
        (GAS, 9, 1),
    ],
)
def test_profile_of_other_channels(
    bench: Bench, fuel: Fuel, channel: int, status: int
) -> None:
    assert _profile(bench, channel, 0, 3, fuel) == (0, status, [])


def test_profile_of_the_future(bench: Bench) -> None:
    assert _profile(bench, 0, bench.clock.instant() + 60, 3) == (0, 3, [])


def test_lost_half_hours_are_all_ones(bench: Bench) -> None:
    meter = bench.servers.home.meters[ELECTRICITY]
    start = instant(datetime(2026, 11, 22, 11, tzinfo=UTC))
    meter.lose_log(start, start + 2700)
    values = _profile(bench, 0, 0, 6)[2]
    assert [value == 0xFFFFFF for value in values] == [
        False,
        False,
        True,
        True,
        False,
        False,
    ]


def test_gas_profile_ends_with_what_the_mirror_has(bench: Bench) -> None:
    end, status, values = _profile(bench, 0, 0, 2, GAS)
    assert (status, end) == (0, instant(datetime(2026, 11, 22, 13, tzinfo=UTC)))
    assert len(values) == 2


def _sampled(bench: Bench, sample: int, start: int, kind: int, count: int) -> list[str]:
    request = (
        sample.to_bytes(2, "little")
        + start.to_bytes(4, "little")
        + bytes((kind,))
        + count.to_bytes(2, "little")
    )
    return bench.ask(bench.endpoint(GAS), METERING, "010a08" + request.hex())


def test_samples_oldest_first(bench: Bench) -> None:
    start = instant(datetime(2026, 11, 22, 10, 1, tzinfo=UTC))
    (answer,) = _sampled(bench, 0, start, 0, 3)
    data = bytes.fromhex(answer)
    meter = bench.servers.home.meters[GAS]
    assert data[:3].hex() == "190a07"
    assert data[3:14] == bytes.fromhex("0000") + (start + 1740).to_bytes(
        4, "little"
    ) + bytes.fromhex("00 0807 0300")
    assert [int.from_bytes(data[at : at + 3], "little") for at in range(14, 23, 3)] == [
        meter.delivered.energy((start + 1740) // 1800 + step) for step in range(3)
    ]


@pytest.mark.parametrize(
    ("sample", "kind", "later"), [(1, 0, 0), (0, 1, 0), (0, 0, 86_400)]
)
def test_samples_that_are_not_there(
    bench: Bench, sample: int, kind: int, later: int
) -> None:
    start = bench.clock.instant() - 7200 + later
    assert _sampled(bench, sample, start, kind, 3) == ["180a0b088b"]


def _snapshot(
    bench: Bench, earliest: int, latest: int, offset: int, cause: int = 0xFFFFFFFF
) -> list[str]:
    request = (
        earliest.to_bytes(4, "little")
        + latest.to_bytes(4, "little")
        + bytes((offset,))
        + cause.to_bytes(4, "little")
    )
    return bench.ask(bench.endpoint(ELECTRICITY), METERING, "010a06" + request.hex())


def test_snapshots_of_fourteen_midnights(bench: Bench) -> None:
    (oldest,) = _snapshot(bench, 0, 0xFFFFFFFF, 0)
    data = bytes.fromhex(oldest)
    midnight = instant(datetime(2026, 11, 9, tzinfo=UTC))
    assert data[7:11] == midnight.to_bytes(4, "little")
    assert data[11:14] == bytes((14, 0, 1))
    assert data[14:19] == bytes.fromhex("0000010004")
    reading = bench.servers.home.meters[ELECTRICITY].delivered.reading(midnight)
    assert data[19:] == reading.to_bytes(6, "little") + b"\x00"
    assert _snapshot(bench, 0, 0, 14) == ["180a0b068b"]
    assert _snapshot(bench, 0, 0, 0, cause=2) == ["180a0b068b"]


def test_a_snapshot_with_tiers(bench: Bench) -> None:
    bench.clock.advance(86_400)
    (newest,) = _snapshot(bench, local_midnight(bench.clock.instant()), 0, 0)
    payload = bytes.fromhex(newest)[19:]
    assert payload[6] == 4
    assert sum(
        int.from_bytes(payload[at : at + 6], "little") for at in range(7, 31, 6)
    ) == int.from_bytes(payload[:6], "little")


def test_fast_polling_is_granted_within_limits(bench: Bench) -> None:
    (answer,) = bench.ask(bench.endpoint(ELECTRICITY), METERING, "010a030219")
    end = bench.clock.instant() + 900
    assert answer == "190a0305" + end.to_bytes(4, "little").hex()

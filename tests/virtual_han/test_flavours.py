"""What hubs of each version offer, and what they say to anything newer."""

import pytest

from virtual_han.aps import Fuel
from virtual_han.flavours import FLAVOURS, SmartEnergy
from virtual_han.han import HanConfig, VirtualHan
from virtual_han.meters import HomeConfig
from virtual_han.zcl import ZclFrame, cluster_tables

from .home import METERING, PREPAYMENT, PRICE, Bench

V10, V11, V12, V14 = SmartEnergy
ELECTRICITY, GAS = Fuel.ELECTRICITY, Fuel.GAS


def _bench(version: SmartEnergy) -> Bench:
    return Bench(HomeConfig(smart_energy=version))


def _discovered(bench: Bench, endpoint: int, cluster: int) -> set[int]:
    """Walk Discover Attributes to its end."""
    found: set[int] = set()
    start = 0
    while True:
        request = "00010c" + start.to_bytes(2, "little").hex() + "ff"
        (answer,) = bench.ask(endpoint, cluster, request)
        data = bytes.fromhex(answer)[3:]
        records = [data[at : at + 3] for at in range(1, len(data), 3)]
        found |= {int.from_bytes(record[:2], "little") for record in records}
        if data[0]:
            return found
        start = max(found) + 1


@pytest.mark.parametrize(
    ("version", "endpoints"),
    [
        (
            V10,
            {
                1: {0x0000, 0x000A, 0x0700, 0x0703},
                10: {0x0000, 0x0702},
                18: {0x0000, 0x0700, 0x0702},
            },
        ),
        (
            V11,
            {
                1: {0x0000, 0x000A, 0x0700, 0x0702, 0x0703, 0x0705},
                2: {0x0000, 0x0700, 0x0702, 0x0705},
            },
        ),
        (
            V12,
            {
                1: {0x0000, 0x000A, 0x0700, 0x0703, 0x0707, 0x0708, 0x0709},
                2: {0x0000, 0x0702, 0x0705},
                3: {0x0000, 0x0700, 0x0702, 0x0705},
            },
        ),
    ],
)
def test_clusters_of_each_version(
    version: SmartEnergy, endpoints: dict[int, set[int]]
) -> None:
    """Prepayment came with 1.1, the calendar, device management and events with 1.2."""
    bench = _bench(version)
    assert {
        item.endpoint: set(item.input_clusters) for item in bench.servers.endpoints()
    } == endpoints


def test_the_newest_hub_has_the_clusters_of_the_one_before() -> None:
    def clusters(version: SmartEnergy) -> list[tuple[int, tuple[int, ...]]]:
        return [
            (item.endpoint, item.input_clusters)
            for item in _bench(version).servers.endpoints()
        ]

    assert clusters(V14) == clusters(V12)


def test_endpoints_say_which_fuel() -> None:
    assert [
        (item.endpoint, item.device_id, item.fuel)
        for item in _bench(V12).servers.endpoints()
    ] == [
        (1, 0x0500, ELECTRICITY),
        (2, 0x0501, ELECTRICITY),
        (3, 0x0501, GAS),
    ]


def test_keep_alive_came_with_1_2() -> None:
    """Its attributes did; without any, an older hub does not offer it."""
    assert [FLAVOURS[version].has_cluster(0x0025) for version in SmartEnergy] == [
        False,
        False,
        True,
        True,
    ]
    assert not FLAVOURS[V14].has_cluster(0xFC00)
    assert FLAVOURS[V10].has_cluster(0x0000)


@pytest.mark.parametrize("version", list(SmartEnergy))
def test_no_attribute_is_newer_than_its_hub(version: SmartEnergy) -> None:
    """On every endpoint and cluster, by discovery and against the table's own words."""
    order = ["1.0", "1.1", "1.1a", "1.1b", "1.2a", "1.2b", "1.4"]
    limit = {V10: 0, V11: 3, V12: 5, V14: 6}[version]
    bench = _bench(version)
    for item in bench.servers.endpoints():
        for cluster in item.input_clusters:
            table = cluster_tables()[cluster]
            for key in _discovered(bench, item.endpoint, cluster):
                assert table.attributes[key].span.since <= limit, (
                    order[limit],
                    cluster,
                    key,
                )


@pytest.mark.parametrize(
    ("version", "present", "absent"),
    [
        (
            V10,
            {0x0000, 0x0100, 0x0200, 0x0300, 0x0400, 0x0401, 0x0403},
            {0x0014, 0x0307, 0x0308, 0x0420, 0x0500},
        ),
        (
            V11,
            {0x0014, 0x0307, 0x0308, 0x000F, 0x0500},
            {0x0020, 0x030F, 0x0420, 0x0430, 0x0440},
        ),
        (V12, {0x0020, 0x030F, 0x0420, 0x0430, 0x0440}, {0x0312}),
    ],
)
def test_metering_attributes_of_each_version(
    version: SmartEnergy, present: set[int], absent: set[int]
) -> None:
    bench = _bench(version)
    found = _discovered(bench, bench.endpoint(ELECTRICITY), METERING)
    assert present <= found
    assert not absent & found


def test_discovered_attributes_can_be_read() -> None:
    """And every other answers UNSUPPORTED_ATTRIBUTE."""
    bench = _bench(V14)
    endpoint = bench.endpoint(GAS)
    found = _discovered(bench, endpoint, METERING)
    for key in cluster_tables()[METERING].attributes:
        assert (bench.read(endpoint, METERING, key)[key] is not None) == (key in found)


def test_gas_in_kwh_needs_1_2() -> None:
    old, new = _bench(V11), _bench(V12)
    assert old.read(old.endpoint(GAS), METERING, 0x0312) == {0x0312: None}
    assert new.read(new.endpoint(GAS), METERING, 0x0312) == {0x0312: b"\x00"}


def test_gas_in_kwh_is_absent_where_its_unit_is() -> None:
    """The table dates some of the alternative counters with 1.0; a hub that cannot name the unit has none."""
    old = _bench(V10)
    assert not {
        key
        for key in _discovered(old, old.endpoint(GAS), METERING)
        if 0x0C00 <= key < 0x0D00
    }


@pytest.mark.parametrize(
    ("version", "cluster", "command", "status"),
    [
        (V10, METERING, "000000000005", 0x81),
        (V10, PRICE, "0600000000000000000000", 0x81),
        (V11, PRICE, "0600000000000000000000", 0x81),
        (V11, METERING, "08000000000000000100", 0x81),
        (V12, METERING, "08000000000000010100", None),
    ],
)
def test_commands_of_each_version(
    version: SmartEnergy, cluster: int, command: str, status: int | None
) -> None:
    bench = _bench(version)
    endpoint = bench.esi if cluster == PRICE else bench.endpoint(ELECTRICITY)
    frame = ZclFrame.from_bytes(bytes.fromhex("0101" + command))
    (answer,) = bench.ask(endpoint, cluster, "0101" + command)
    expected = f"18010b{frame.command:02x}{status:02x}" if status is not None else None
    assert expected is None or answer == expected
    assert (answer[4:6] == "0b") == (status is not None)


def test_discover_commands_is_a_later_invention() -> None:
    old = _bench(V11)
    assert old.ask(1, METERING, "00071100ff") == ["18070b1182"]


def test_profiles_are_not_on_the_oldest_hub() -> None:
    assert [FLAVOURS[version].profile for version in SmartEnergy] == [
        False,
        True,
        True,
        True,
    ]


def test_the_first_price_server_has_labels_alone() -> None:
    bench = _bench(V10)
    assert _discovered(bench, bench.esi, PRICE) == {0, 1, 2, 3}
    assert bench.read(bench.esi, PRICE, 0x0301) == {0x0301: None}


def test_prepayment_came_with_1_1() -> None:
    old, new = _bench(V10), _bench(V11)
    assert old.ask(old.endpoint(ELECTRICITY), PREPAYMENT, "0001000000") == [
        "180101000086"
    ]
    assert new.read(new.endpoint(ELECTRICITY), PREPAYMENT, 0x0000) == {0: b"\x94\x0c"}


@pytest.mark.parametrize(
    ("version", "offered"), [(V10, False), (V11, False), (V12, True), (V14, True)]
)
def test_the_hub_offers_keep_alive_as_its_version_does(
    version: SmartEnergy, offered: bool
) -> None:
    han = VirtualHan(HanConfig(home=HomeConfig(smart_energy=version)))
    clusters = {
        cluster for item in han.hub.endpoints() for cluster in item.input_clusters
    }
    assert (0x0025 in clusters) is offered

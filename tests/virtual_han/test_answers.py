"""How servers answer: what is read, discovered and refused; Time and Basic."""

from datetime import UTC, datetime

import pytest

from virtual_han.aps import Fuel
from virtual_han.clock import instant

from .home import EVENTS, METERING, PRICE, Bench, number

ELECTRICITY, GAS = Fuel.ELECTRICITY, Fuel.GAS


def test_one_frame_holds_seven_registers(bench: Bench) -> None:
    wanted = "".join(
        key.to_bytes(2, "little").hex()
        for key in (0, 1, 0x0100, 0x0102, 0x0104, 0x0106, 2, 0x0014)
    )
    (answer,) = bench.ask(bench.endpoint(ELECTRICITY), METERING, "000500" + wanted)
    assert len(answer) == 2 * 73


@pytest.mark.parametrize(
    ("frame", "answer"),
    [
        ("0007ff", "18070bff82"),
        ("000700", "18070b0080"),
        ("0107fe", "18070bfe81"),
        ("010700aa", "18070b0080"),
        ("04341207 00 0000".replace(" ", ""), "1c3412070b0084"),
        ("0534120700", "1c3412070b0083"),
        ("0007060000000025", "180707" + "8c000000"),
        ("00070200002500000000000014003002", "180704" + "880000" + "881400"),
        ("000702009920aa", "180704" + "860099"),
        ("0007020000ee", "18070b0280"),
        ("0007060000", "18070b0680"),
        ("0007050000250000", None),
        ("00070b0000", None),
        ("000701", None),
        ("080700", None),
        ("01", None),
    ],
)
def test_what_is_refused(bench: Bench, frame: str, answer: str | None) -> None:
    assert bench.ask(bench.endpoint(ELECTRICITY), METERING, frame) == (
        [answer] if answer else []
    )


def test_clusters_that_are_not_there(bench: Bench) -> None:
    assert bench.ask(bench.endpoint(ELECTRICITY), 0x0701, "01070100") == ["18070b0181"]
    assert bench.ask(
        bench.endpoint(ELECTRICITY), 0x0701, "00070000 00".replace(" ", "")
    ) == ["180701000086"]
    assert bench.ask(bench.endpoint(ELECTRICITY), 0x0701, "00071100ff") == ["18071201"]
    assert bench.ask(77, METERING, "0007000000") == []
    assert (
        bench.ask(bench.endpoint(ELECTRICITY), METERING, "0007000000", profile=0x0104)
        == []
    )


def test_broadcasts_get_no_default_response(bench: Bench) -> None:
    endpoint = bench.endpoint(ELECTRICITY)
    assert bench.ask(endpoint, METERING, "0107fe", destination=0xFFFC) == []
    assert len(bench.ask(endpoint, METERING, "0007000000", destination=0xFFFC)) == 1


def test_time_may_not_be_set(bench: Bench) -> None:
    assert bench.ask(bench.esi, 0x000A, "0007020000e200000000") == ["180704" + "7e0000"]
    assert bench.ask(bench.esi, 0x000A, "010700") == ["18070b0081"]
    assert bench.ask(bench.esi, 0x0000, "010700") == ["18070b0081"]


def test_discovery_of_attributes(bench: Bench) -> None:
    endpoint = bench.endpoint(ELECTRICITY)
    (answer,) = bench.ask(endpoint, METERING, "00070c" + "0003" + "05")
    assert answer == "18070d00" + "000330" + "010322" + "020322" + "030318" + "040318"
    (rest,) = bench.ask(endpoint, METERING, "00070c" + "0005" + "ff")
    assert rest == "18070d01" + "000520"
    assert bench.ask(endpoint, METERING, "00070c0003") == ["18070b0c80"]


def test_discovery_of_commands(bench: Bench) -> None:
    endpoint = bench.endpoint(ELECTRICITY)
    assert bench.ask(endpoint, METERING, "00071100ff") == ["18071201" + "00030608"]
    assert bench.ask(endpoint, METERING, "0007110302") == ["18071200" + "0306"]
    (generated,) = bench.ask(endpoint, METERING, "00071300ff")
    assert generated == "18071401" + bytes(range(14)).hex()


def test_messaging_has_no_attributes(bench: Bench) -> None:
    assert bench.read(bench.esi, 0x0703, 0x0000) == {0x0000: None}


def test_time_has_no_commands(bench: Bench) -> None:
    assert bench.ask(bench.esi, 0x000A, "00071100ff") == ["18071201"]


def test_success_is_told_only_where_it_is_wanted(bench: Bench) -> None:
    """Price acknowledgement: a Default Response, unless the bit says no."""
    acknowledgement = "04" * 4 + "05000000" + "06" * 4 + "00"
    assert bench.ask(bench.esi, PRICE, "010702" + acknowledgement) == ["18070b0200"]
    assert bench.ask(bench.esi, PRICE, "110702" + acknowledgement) == []
    assert bench.servers.price[ELECTRICITY].acknowledged == [5, 5]
    assert bench.ask(bench.esi, EVENTS, "110700" + "00" * 14) == ["18070b008b"]


def test_overrides_stand_in_for_the_truth(bench: Bench) -> None:
    endpoint, overrides = bench.endpoint(ELECTRICITY), bench.servers.overrides
    true = bench.read(endpoint, METERING, 0x0000)
    overrides.set(METERING, 0x0000, 0)
    overrides.set(METERING, 0x0000, None, endpoint=bench.endpoint(GAS))
    assert bench.read(endpoint, METERING, 0x0000) == {0: bytes(6)}
    assert bench.read(bench.endpoint(GAS), METERING, 0x0000) == {0: b"\xff" * 6}
    overrides.clear()
    assert bench.read(endpoint, METERING, 0x0000) == true


def test_time_in_winter_and_summer(bench: Bench) -> None:
    at = bench.clock.instant()
    values = bench.read(
        bench.esi, 0x000A, 0x0000, 0x0001, 0x0003, 0x0004, 0x0005, 0x0007
    )
    assert number(values[0x0000]) == number(values[0x0007]) == at
    assert values[0x0001] == b"\x07"
    assert number(values[0x0003]) == instant(datetime(2026, 3, 29, 1, tzinfo=UTC))
    assert number(values[0x0004]) == instant(datetime(2026, 10, 25, 1, tzinfo=UTC))
    assert number(values[0x0005]) == 3600
    bench.clock.move_to(datetime(2027, 7, 1, tzinfo=UTC))
    bench.servers.time.offset = -3600
    values = bench.read(bench.esi, 0x000A, 0x0000, 0x0007)
    assert number(values[0x0000]) == instant(datetime(2027, 6, 30, 23, tzinfo=UTC))
    assert number(values[0x0007]) == number(values[0x0000]) + 3600


def test_who_made_them(bench: Bench) -> None:
    assert bench.read(bench.esi, 0x0000, 0x0004, 0x0005)[0x0005] == b"\x06VH-100"
    assert bench.read(bench.endpoint(GAS), 0x0000, 0x0005)[0x0005] == b"\x06VG-100"

"""What the demo holds against the virtual network: each kind of comparison agrees, and can fail."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
from typing import Any, cast, override

import pytest

from demo import run as demo_run
from demo.compare import (
    Row,
    as_table,
    compare,
    judge_all,
    owner_and_key,
    summary,
    tally,
)
from demo.instance import DemoError, HomeAssistantInstance
from demo.network import Network
from demo.truths import NOTHING_TO_COMPARE, Name, State
from tests.virtual_han.seating import KEY, hold_network, take_in
from virtual_han.aps import Fuel
from virtual_han.clock import Clock
from virtual_han.han import VirtualHan
from virtual_han.meters import Alarm
from virtual_han.referee import METERING, PRICE, Request

START = datetime(2026, 11, 22, 13, 5, 40, tzinfo=UTC)
EVERY = (0x0000, 0x0001, 0x0400)
IN_TURN = (0x0014, 0x0200, 0x0100, 0x0102, 0x0104, 0x0106, 0x0108)
ENTRY = "01ENTRY"
SOON = timedelta(seconds=2)
MIDNIGHT = "2026-11-22T00:00:00+00:00"
KWH, PER_KWH, PER_DAY = "kWh", "GBP/kWh", "GBP/day"

# What the home of seed 1 holds at START: state, unit and last reset.
SHOWN: dict[Name, tuple[str, str | None, str | None]] = {
    ("cad", "connection"): ("on", None, None),
    ("cad", "firmware"): ("7.4.4.0 build 0", None, None),
    ("cad", "last_gas_reading"): ("2026-11-22T13:05:00+00:00", None, None),
    ("cad", "pairing_status"): ("paired", None, None),
    ("cad", "request_unpairing"): ("unknown", None, None),
    ("cad", "withdraw_consent"): ("unknown", None, None),
    ("electricity", "active_tier"): ("Day", None, None),
    ("electricity", "alarm"): ("off", None, None),
    ("electricity", "export"): ("3210.987", KWH, None),
    ("electricity", "firmware"): ("3.4.1", None, None),
    ("electricity", "import"): ("12345.678", KWH, None),
    ("electricity", "import_today"): ("0.000", KWH, START.isoformat()),
    ("electricity", "next_unit_rate"): ("0.41300", PER_KWH, None),
    ("electricity", "next_unit_rate_start"): ("2026-11-22T16:00:00+00:00", None, None),
    ("electricity", "power"): ("-154", "W", None),
    ("electricity", "standing_charge"): ("0.49900", PER_DAY, None),
    ("electricity", "supply"): ("on", None, None),
    ("electricity", "tier_1_import"): ("3086.421", KWH, None),
    ("electricity", "tier_2_import"): ("3086.419", KWH, None),
    ("electricity", "tier_3_import"): ("3086.419", KWH, None),
    ("electricity", "tier_4_import"): ("3086.419", KWH, None),
    ("electricity", "unit_rate"): ("0.26400", PER_KWH, None),
    ("gas", "alarm"): ("off", None, None),
    ("gas", "energy"): ("63140.590", KWH, None),
    ("gas", "energy_today"): ("0.000", KWH, START.isoformat()),
    ("gas", "firmware"): ("2.0.7", None, None),
    ("gas", "standing_charge"): ("0.31430", PER_DAY, None),
    ("gas", "supply"): ("on", None, None),
    ("gas", "unit_rate"): ("0.06240", PER_KWH, None),
    ("gas", "volume"): ("5655.823", "m³", None),
}


def join(han: VirtualHan) -> None:
    """Make the stick a member that has established its key."""
    han.ncp.flash.link_key = KEY
    hold_network(han)
    take_in(han, KEY)


def ask(
    han: VirtualHan,
    *attributes: int,
    fuel: Fuel = Fuel.ELECTRICITY,
    cluster: int = METERING,
) -> None:
    """Let the CAD have asked for something now."""
    han.referee.requests.append(
        Request(
            at=han.clock.now().timestamp(),
            endpoint=1,
            cluster=cluster,
            attributes=attributes,
            encrypted=True,
            fuel=fuel,
        )
    )


def read_all(han: VirtualHan) -> None:
    """Let the CAD have asked for everything now."""
    for fuel in Fuel:
        ask(han, *EVERY, *IN_TURN, fuel=fuel)
        ask(han, fuel=fuel, cluster=PRICE)


def network_at(moment: datetime) -> VirtualHan:
    """Return a network whose clock stands still."""
    return VirtualHan(clock=Clock(moment, speed=0))


@pytest.fixture
def han() -> VirtualHan:
    """A network that the stick has joined, and read."""
    network = network_at(START)
    join(network)
    read_all(network)
    return network


def state(
    name: Name, shown: str, unit: str | None = None, last_reset: str | None = None
) -> State:
    """Return a state as Home Assistant's API gives it."""
    attributes = {"unit_of_measurement": unit, "last_reset": last_reset}
    return {
        "entity_id": f"sensor.{name[0]}_{name[1]}",
        "state": shown,
        "attributes": {key: value for key, value in attributes.items() if value},
    }


def states(**changes: Any) -> list[tuple[Name, State]]:
    """Return what is shown, but for changes by owner and key; None takes an entity away."""
    shown = SHOWN | {
        cast(Name, tuple(name.split("__"))): value for name, value in changes.items()
    }
    return [
        (name, state(name, *((value,) if isinstance(value, str) else value)))
        for name, value in shown.items()
        if value is not None
    ]


def differing(rows: Sequence[Row]) -> dict[str, str]:
    """Return what differs, with its truth."""
    return {f"{row.owner}__{row.key}": row.truth for row in rows if row.agrees is False}


def test_every_entity_has_its_truth(han: VirtualHan) -> None:
    """All but the buttons are compared, and agree with what the virtual home holds."""
    rows = judge_all(states(), han)
    assert differing(rows) == {}
    assert {(row.owner, row.key) for row in rows if row.agrees is None} == {
        *NOTHING_TO_COMPARE
    }
    assert tally(rows) == {"agree": 28, "differ": 0, "nothing_to_compare": 2}
    assert summary(rows, "28 s after set-up") == (
        "28 entities are held against the virtual network, and all agree 28 s after set-up; 2 have nothing to compare."
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("electricity__import", ("12345.679", KWH)),
        ("electricity__import", ("12345.678", "Wh")),
        ("electricity__import", ("12345.678", None)),
        ("electricity__import", ("unavailable", KWH)),
        ("electricity__import", ("unknown", KWH)),
        ("electricity__import", ("nan", KWH)),
        ("electricity__export", ("3210.986", KWH)),
        ("electricity__tier_3_import", ("3086.420", KWH)),
        ("electricity__tier_5_import", ("1.000", KWH)),
        ("electricity__power", ("154", "W")),
        ("electricity__power", ("-153", "W")),
        ("electricity__import_today", ("0.002", KWH, START.isoformat())),
        ("electricity__import_today", ("0.000", KWH)),
        ("electricity__import_today", ("0.000", KWH, MIDNIGHT)),
        ("electricity__import_today", ("2.828", KWH, MIDNIGHT)),
        ("electricity__supply", "off"),
        ("electricity__alarm", "on"),
        ("electricity__alarm", "unavailable"),
        ("electricity__firmware", "3.4.2"),
        ("electricity__active_tier", "Peak"),
        ("electricity__unit_rate", ("0.26401", PER_KWH)),
        ("electricity__unit_rate", ("0.26400", PER_DAY)),
        ("electricity__next_unit_rate", ("0.26400", PER_KWH)),
        ("electricity__next_unit_rate_start", "2026-11-22T16:30:00+00:00"),
        ("electricity__next_unit_rate_start", "2026-11-22T16:00:00"),
        ("electricity__next_unit_rate_start", "unknown"),
        ("electricity__standing_charge", ("0.49901", PER_DAY)),
        ("gas__volume", ("5655.824", "m³")),
        ("gas__energy", ("63140.592", KWH)),
        ("gas__energy_today", ("0.003", KWH, START.isoformat())),
        ("gas__supply", "armed"),
        ("gas__alarm", "on"),
        ("gas__firmware", "unknown"),
        ("gas__standing_charge", ("0.31429", PER_DAY)),
        ("gas__unit_rate", ("0.06241", PER_KWH)),
        ("gas__next_unit_rate", ("0.06240", PER_KWH)),
        ("cad__connection", "off"),
        ("cad__firmware", "7.4.3.0 build 0"),
        ("cad__last_gas_reading", "2026-11-22T13:06:00+00:00"),
        ("cad__last_gas_reading", "2026-11-22T13:04:00+00:00"),
        ("cad__pairing_status", "unpaired"),
    ],
)
def test_what_is_not_true_differs(han: VirtualHan, name: str, shown: Any) -> None:
    """And nothing else does."""
    assert differing(judge_all(states(**{name: shown}), han)).keys() == {name}


def test_the_truth_is_the_networks(han: VirtualHan) -> None:
    """Where the network changes, what was true differs."""
    meter, gas = (
        han.servers.home.meters[Fuel.ELECTRICITY],
        han.servers.home.meters[Fuel.GAS],
    )
    meter.alarms, meter.firmware.version = Alarm.TAMPER, "3.5.0"
    gas.alarms = Alarm.LOW_BATTERY
    assert differing(judge_all(states(), han)) == {
        "electricity__alarm": "on",
        "electricity__firmware": "3.5.0",
        "gas__alarm": "on",
    }


def test_an_entity_in_neither_list_differs(han: VirtualHan) -> None:
    """A new one cannot slip through, nor behind the name of another."""
    rows = judge_all(states(gas__pressure="21"), han)
    assert differing(rows) == {"gas__pressure": "in neither list of demo/truths.py"}
    twice = [
        *states(),
        (("electricity", "supply"), state(("button", "supply"), "unknown")),
    ]
    assert differing(judge_all(twice, han)) == {"electricity__supply": "on"}


def test_a_missing_entity_differs(han: VirtualHan) -> None:
    rows = judge_all(states(electricity__tier_4_import=None), han)
    assert differing(rows) == {"electricity__tier_4_import": "3086.419"}
    line = next(line for line in as_table(rows).splitlines() if "DIFFERS" in line)
    assert line.split() == [
        "electricity",
        "tier_4_import",
        "missing",
        "3086.419",
        "DIFFERS",
    ]


def test_what_is_no_longer_read_differs(han: VirtualHan) -> None:
    """Registers within 25 s, all else of electricity within a minute, gas within its half hour."""
    han.clock.advance(26)
    often = {"export", "import", "import_today", "power"}
    assert differing(judge_all(states(), han)) == {
        f"electricity__{key}": "not read any more" for key in often
    }
    han.clock.advance(35)
    in_turn = {"supply", "alarm", *(f"tier_{tier}_import" for tier in range(1, 5))}
    assert differing(judge_all(states(), han)).keys() == {
        f"electricity__{key}" for key in often | in_turn
    }
    han.clock.advance(31 * 60)
    assert {"gas__energy", "gas__volume", "gas__supply"} <= differing(
        judge_all(states(), han)
    ).keys()


def test_the_reading_before_is_shown_until_the_next_is_there(han: VirtualHan) -> None:
    """And no earlier one."""
    for _ in range(2):
        assert "electricity__power" not in differing(judge_all(states(), han))
        han.clock.advance(10)
        ask(han, *EVERY)
    assert "electricity__power" in differing(judge_all(states(), han))


def test_gas_is_true_of_when_it_was_read() -> None:
    """What the meter sends at the half hour is not known before the next reading."""
    han = network_at(START.replace(minute=29, second=50))
    join(han)
    read_all(han)
    volume = han.servers.home.meters[Fuel.GAS].delivered.reading
    before = volume(han.clock.instant() // 1800 * 1800)
    han.clock.advance(20)
    assert volume(han.clock.instant() // 1800 * 1800) != before
    rows = judge_all(states(gas__volume=(f"{before / 1000}", "m³")), han)
    assert "gas__volume" not in differing(rows)


def test_a_reading_at_the_end_of_a_minute_is_that_of_either() -> None:
    """The answer may come in the next one."""
    han = network_at(START.replace(second=59))
    join(han)
    read_all(han)
    for minute, is_true in ((4, False), (5, True), (6, True), (7, False)):
        shown = f"2026-11-22T13:{minute:02}:00+00:00"
        rows = judge_all(states(cad__last_gas_reading=shown), han)
        assert ("cad__last_gas_reading" not in differing(rows)) is is_true


def test_a_price_change_takes_a_moment() -> None:
    """Seconds after it, the rate before is true too; then the new one alone."""
    han = network_at(datetime(2026, 11, 22, 16, 0, 2, tzinfo=UTC))
    join(han)
    read_all(han)
    rates = {
        "electricity__unit_rate",
        "electricity__next_unit_rate",
        "electricity__next_unit_rate_start",
        "electricity__active_tier",
    }
    after = {
        "electricity__unit_rate": ("0.41300", PER_KWH),
        "electricity__next_unit_rate": ("0.26400", PER_KWH),
        "electricity__next_unit_rate_start": "2026-11-22T19:00:00+00:00",
        "electricity__active_tier": "Peak",
    }
    assert not rates & differing(judge_all(states(), han)).keys()
    assert not rates & differing(judge_all(states(**after), han)).keys()
    han.clock.advance(5)
    assert rates <= differing(judge_all(states(), han)).keys()
    assert not rates & differing(judge_all(states(**after), han)).keys()


def test_a_day_goes_on_from_the_last_reading_of_the_day_before() -> None:
    """As nobody reads at midnight itself."""
    han = network_at(datetime(2026, 11, 22, 23, 59, 51, tzinfo=UTC))
    join(han)
    read_all(han)
    register = han.servers.home.meters[Fuel.ELECTRICITY].delivered.reading
    before = register(han.clock.instant())
    han.clock.advance(3600)
    read_all(han)
    used = (register(han.clock.instant()) - before) / 1000
    midnight = "2026-11-23T00:00:00+00:00"
    for shown, is_true in ((used, True), (used + 0.01, False)):
        day = (f"{shown:.3f}", KWH, midnight)
        rows = judge_all(states(electricity__import_today=day), han)
        assert ("electricity__import_today" not in differing(rows)) is is_true


@pytest.mark.parametrize("month", [7, 11])
@pytest.mark.parametrize(
    ("began", "is_true"),
    [
        (START, True),
        (START + SOON, True),
        (START - SOON, False),
        (START + 4 * SOON, False),
    ],
)
def test_a_first_day_begins_with_the_first_reading(
    began: datetime, is_true: bool, month: int
) -> None:
    """Since consent was given on it, and what the meter counted before is nobody's to show."""
    han = network_at(START.replace(month=month))
    join(han)
    read_all(han)
    han.clock.advance(10)
    ask(han, *EVERY)
    day = ("0.000", KWH, began.replace(month=month).isoformat())
    rows = judge_all(states(electricity__import_today=day), han)
    assert ("electricity__import_today" not in differing(rows)) is is_true


def test_a_new_tenancy_shows_what_was_read_in_it(han: VirtualHan) -> None:
    """Of gas, which was read for the earlier tenant, only what nobody has to ask for again."""
    han.clock.advance(1)
    since = han.clock.now()
    ask(han, *EVERY, *IN_TURN)
    ask(han, cluster=PRICE)
    of_gas = {
        f"{owner}__{key}": None
        for owner, key in SHOWN
        if (owner, key) != ("gas", "firmware") and owner == "gas"
    }
    new = {
        **of_gas,
        "cad__last_gas_reading": "unknown",
        "electricity__import_today": ("0.000", KWH, since.isoformat()),
    }
    assert differing(judge_all(states(**new), han, since)) == {}
    earlier = new | {"gas__volume": SHOWN["gas", "volume"]}
    assert differing(judge_all(states(**earlier), han, since)) == {
        "gas__volume": "nothing yet"
    }
    assert "cad__last_gas_reading" in differing(judge_all(states(**of_gas), han, since))


def test_of_a_network_that_was_left_nothing_is_shown(han: VirtualHan) -> None:
    """Only that it was left, and what is the CAD's own."""
    han.hub.unpair(han.ncp.flash.eui64, silently=True)
    silent = {
        f"{owner}__{key}": "unavailable" for owner, key in SHOWN if owner != "cad"
    }
    left = silent | {"cad__connection": "off", "cad__pairing_status": "unpaired"}
    assert differing(judge_all(states(**left), han)) == {}
    wrong = left | {
        "gas__energy": SHOWN["gas", "energy"],
        "cad__pairing_status": "paired",
    }
    assert differing(judge_all(states(**wrong), han)) == {
        "gas__energy": "unavailable",
        "cad__pairing_status": "unpaired",
    }


@pytest.mark.parametrize(
    ("unique_id", "known"),
    [
        ("01ENTRY_electricity_import", ("electricity", "import")),
        ("01ENTRY_3_electricity_import_today", ("electricity", "import_today")),
        ("01ENTRY_1_pairing_status", ("cad", "pairing_status")),
    ],
)
def test_entities_of_every_tenancy_are_compared(unique_id: str, known: Name) -> None:
    """The number of the tenancy does not hide which value it is."""
    assert owner_and_key(unique_id, ENTRY) == known


class FakeHome(HomeAssistantInstance):
    """A Home Assistant that shows given states."""

    def __init__(self, shown: Sequence[tuple[Name, State]]) -> None:
        super().__init__(0, Path())
        self.shown = shown
        self.has_states = True

    @override
    async def command(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        """Return the entity registry, with entities that are not to be compared."""
        assert kind == "config/entity_registry/list"
        mine = [
            (
                f"{ENTRY}_{'' if owner == 'cad' else owner + '_'}{key}",
                state["entity_id"],
                ENTRY,
                None,
            )
            for (owner, key), state in self.shown
        ]
        others = [
            (f"{ENTRY}_link_quality", "sensor.disabled", ENTRY, "integration"),
            ("other_volume", "sensor.other", "other", None),
        ]
        names = ("unique_id", "entity_id", "config_entry_id", "disabled_by")
        return [dict(zip(names, one, strict=True)) for one in mine + others]

    @override
    async def request(self, method: str, path: str, **kwargs: Any) -> list[State]:
        """Return the states, if there are any yet."""
        assert (method, path) == ("GET", "/api/states")
        return [state for _, state in self.shown if self.has_states]


def around(han: VirtualHan) -> Network:
    """Return what the demo runs beside Home Assistant, as far as comparing needs it."""
    other: Any = None
    return Network(han=han, supplier=other, control=other, token="")


async def test_every_enabled_entity_of_the_entry_is_compared(han: VirtualHan) -> None:
    """One that has no state yet too."""
    home = FakeHome(states())
    rows = await compare(home, around(han), ENTRY)
    assert (len(rows), differing(rows)) == (30, {})
    home.has_states = False
    rows = await compare(home, around(han), ENTRY)
    assert {row.state for row in rows} == {"-"}
    assert len(differing(rows)) == 28


async def test_the_demo_fails_where_one_entity_differs(
    han: VirtualHan,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And says how many are compared; a program is told the same."""
    said: list[str] = []

    async def paired(*_: object) -> str:
        return ENTRY

    monkeypatch.setattr("demo.run.pair", paired)
    monkeypatch.setattr("demo.run.say", said.append)
    monkeypatch.setattr("demo.compare.AGREE_TIMEOUT", -1)
    arguments = argparse.Namespace(json=True, unpair=False, tenancy=False)

    async def show(**changes: Any) -> Any:
        await demo_run.show(FakeHome(states(**changes)), around(han), arguments)

    await show()
    assert said[-1].startswith(
        "28 entities are held against the virtual network, and all agree"
    )
    report = json.loads(capsys.readouterr().out)
    assert report["agree"] is True
    with pytest.raises(
        DemoError, match="28 entities .* 1 of them differ after 0 s; 2 have"
    ):
        await show(electricity__supply="off")
    report = json.loads(capsys.readouterr().out)
    assert report["agree"] is False
    assert report["tally"] == {"agree": 27, "differ": 1, "nothing_to_compare": 2}
    wrong = [one for one in report["entities"] if one["agrees"] is False]
    assert [(one["key"], one["state"], one["truth"]) for one in wrong] == [
        ("supply", "off", "on")
    ]


def test_a_failure_is_the_exit_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail(_: argparse.Namespace) -> None:
        raise DemoError("1 of them differ")

    monkeypatch.setattr("sys.argv", ["demo", "--once"])
    monkeypatch.setattr("demo.run.run", fail)
    assert demo_run.main() == 1
    assert capsys.readouterr().err == "demo: 1 of them differ\n"

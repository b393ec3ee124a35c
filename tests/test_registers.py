"""Registers that go back or jump, as meters are known to report them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
import json
from pathlib import Path

import pytest

from custom_components.smets1_cad.cad.models import Fuel
from custom_components.smets1_cad.readings.registers import Register, Verdict

START = datetime(2026, 1, 5, tzinfo=UTC)
ODDITIES = sorted((Path(__file__).parent / "fixtures" / "registers").glob("*.json"))


@pytest.mark.parametrize("path", ODDITIES, ids=lambda path: path.stem)
def test_oddity(path: Path) -> None:
    """What is shown, step by step, and what is counted."""
    case = json.loads(path.read_text(encoding="utf-8"))
    register = Register(Fuel(case["fuel"]))
    for step in case["steps"]:
        register.offer(
            Decimal(step["said"]), START + timedelta(seconds=step["after_seconds"])
        )
        shown = None if step["shown"] is None else Decimal(step["shown"])
        assert register.value == shown, step
    assert (register.refused or {}) == case["refused"]


def test_run_of_refusals_is_dated_from_its_beginning() -> None:
    register = Register(Fuel.GAS)
    register.offer(Decimal(50), START)
    assert register.refused_since is None
    for minutes in (30, 60, 90):
        assert (
            register.offer(Decimal(40), START + timedelta(minutes=minutes))
            is Verdict.WENT_BACK
        )
    assert register.refused_since == START + timedelta(minutes=30)
    register.offer(Decimal(51), START + timedelta(minutes=120))
    assert register.refused_since is None


def test_bound_grows_with_the_time_between_readings() -> None:
    """100 kWh an hour, over the hour that passed and the hour of leeway."""
    for advance, verdict in ((199, Verdict.ACCEPTED), (201, Verdict.TOO_FAR)):
        register = Register(Fuel.ELECTRICITY)
        register.offer(Decimal(1000), START)
        at = START + timedelta(hours=1)
        assert register.offer(Decimal(1000 + advance), at) is verdict


def test_clock_that_was_set_back_leaves_the_leeway() -> None:
    register = Register(Fuel.ELECTRICITY)
    register.offer(Decimal(1000), START)
    earlier = START - timedelta(days=1)
    assert register.offer(Decimal(1001), earlier) is Verdict.ACCEPTED


def test_another_meter_starts_anew_but_is_counted_on() -> None:
    register = Register(Fuel.ELECTRICITY)
    register.offer(Decimal(9000), START)
    register.offer(Decimal(1), START)
    register.start_anew()
    assert register.offer(Decimal(3), START) is Verdict.ACCEPTED
    assert register.refused == {Verdict.WENT_BACK: 1}


def test_restart_believes_nothing_below() -> None:
    before = Register(Fuel.ELECTRICITY)
    before.offer(Decimal("5120.4"), START)
    before.offer(Decimal(0), START)
    data = json.loads(json.dumps(before.as_dict()))
    after = Register.from_dict(Fuel.ELECTRICITY, data)
    assert after.offer(Decimal(5120), START) is Verdict.WENT_BACK
    assert after.refused == {Verdict.WENT_BACK: 2}
    empty = Register.from_dict(Fuel.GAS, Register(Fuel.GAS).as_dict())
    assert empty == Register(Fuel.GAS, refused={})

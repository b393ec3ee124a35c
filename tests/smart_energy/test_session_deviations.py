"""Quirks in a session: meters that deviate are read as if they did not."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
import logging

import pytest

from custom_components.smets1_cad.cad.models import (
    ConsumptionProfile,
    Direction,
    ElectricityReading,
    EnergyUnit,
    Fuel,
    GasAmount,
    GasReading,
    Interval,
)
from custom_components.smets1_cad.smart_energy.quirks import (
    NO_QUIRK,
    QuirkBuilder,
    QuirkRegistry,
)
from custom_components.smets1_cad.smart_energy.session import deviations
from custom_components.smets1_cad.smart_energy.session.chores import ChoreList
from custom_components.smets1_cad.smart_energy.session.deviations import (
    HalfHourCheck,
    quirk_of,
)
from custom_components.smets1_cad.smart_energy.session.record import HanRecord
from custom_components.smets1_cad.smart_energy.session.telling import Teller
from tests.cad.clocks import SteppedClock

from .session_fakes import parsed, read_response, record

BASIC, PRICE, METER = 0x0000, 0x0700, 0x0702
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


@pytest.fixture
def quirks(monkeypatch: pytest.MonkeyPatch) -> QuirkRegistry:
    """A registry of the test's own in the place of the one that ships."""
    registry = QuirkRegistry()
    monkeypatch.setattr(deviations, "QUIRKS", registry)
    return registry


def acme(*more: tuple[int, int, Fuel]) -> HanRecord:
    """Return the record of an electricity meter by Acme that scales by a thousandth."""
    made = record((1, METER, Fuel.ELECTRICITY), (1, BASIC, Fuel.ELECTRICITY), *more)
    made.endpoints[1].clusters[BASIC].static = {
        0x0004: "0x" + b"Acme".hex(),
        0x0005: "0x" + b"Meter 9\0".hex(),
    }
    made.endpoints[1].clusters[METER].static = {0x0301: 1, 0x0302: 0x1000}
    return made


def test_a_quirk_is_found_by_maker_and_model(quirks: QuirkRegistry) -> None:
    quirk = QuirkBuilder("nine", quirks).applies_to("acme", "meter 9").add_to_registry()
    assert quirk_of(acme(), 1).names == quirk.names
    assert quirk_of(record((1, METER, Fuel.ELECTRICITY)), 1) is NO_QUIRK


def test_a_server_without_a_name_of_its_own_is_the_named_device(
    quirks: QuirkRegistry,
) -> None:
    QuirkBuilder("nine", quirks).applies_to("acme").add_to_registry()
    assert quirk_of(acme((3, METER, Fuel.GAS)), 3).names == ("nine",)


def test_a_quirk_may_depend_on_what_is_measured(quirks: QuirkRegistry) -> None:
    (
        QuirkBuilder("bcd_only", quirks)
        .applies_to("*")
        .when(lambda static: static.get(0x0302) == 0x1000)
        .add_to_registry()
    )
    made = acme((3, METER, Fuel.GAS))
    assert quirk_of(made, 1).names == ("bcd_only",)
    assert quirk_of(made, 3) is NO_QUIRK


def test_values_are_read_as_the_quirk_says(quirks: QuirkRegistry) -> None:
    (
        QuirkBuilder("nine", quirks)
        .applies_to("acme")
        .scaling(bcd=True)
        .map_values(METER, 0x0400, {0x7FFFFF: 0})
        .override(METER, 0x0014, 2)
        .add_to_registry()
    )
    tell = Teller(acme(), SteppedClock(wall=NOW))
    (told,) = tell.tell(read_response(METER, {0x0000: 12345, 0x0400: 0x7FFFFF}))
    assert isinstance(told, ElectricityReading)
    assert told.import_kwh == Decimal("12.345")
    assert told.power_kw == 0
    assert told.supply is not None
    plain = Teller(acme(), SteppedClock(wall=NOW))
    quirks.__init__()  # type: ignore[misc]
    (told,) = plain.tell(read_response(METER, {0x0000: 4096, 0x0400: 0x7FFFFF}))
    assert isinstance(told, ElectricityReading)
    assert (told.import_kwh, told.power_kw) == (
        Decimal(1),
        Decimal("2047.999755859375"),
    )


def test_half_hours_are_multiplied(quirks: QuirkRegistry) -> None:
    (
        QuirkBuilder("nine", quirks)
        .applies_to("acme")
        .scaling(bcd=True)
        .profile_factor(Decimal("0.5"))
        .add_to_registry()
    )
    tell = Teller(acme(), SteppedClock(wall=NOW))
    end = int((NOW - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds())
    ends = end.to_bytes(4, "little").hex()
    for command, payload in (
        (0x00, ends + "00" + "02" + "01" + "c80000"),
        (0x07, "0000" + ends + "00" + "0807" + "0100" + "c80000"),
    ):
        (told,) = tell.tell(parsed(METER, command, payload))
        assert isinstance(told, ConsumptionProfile)
        assert [one.amount for one in told.intervals] == [Decimal("0.1")]


def test_chores_leave_out_what_a_quirk_does_not_want_asked(
    quirks: QuirkRegistry,
) -> None:
    made = acme((1, PRICE, Fuel.ELECTRICITY))
    (
        QuirkBuilder("nine", quirks)
        .applies_to("acme")
        .without_attributes(PRICE, 0x0301, *range(0x0400, 0x0500))
        .add_to_registry()
    )
    chores = ChoreList(made)
    asked = {
        one
        for number, chore in chores.due(Fuel.ELECTRICITY, 0.0)
        if chore.command_id is None
        for one in chores.attributes(number, chore)
    }
    assert 0x0610 in asked
    assert not asked & {0x0301, 0x0400}
    assert all(
        chores.attributes(number, chore)
        for number, chore in chores.due(Fuel.ELECTRICITY, 0.0)
        if chore.command_id is None
    )


def profile(*amounts: str | None, fuel: Fuel = Fuel.ELECTRICITY) -> ConsumptionProfile:
    """Return half hours from noon on."""
    return ConsumptionProfile(
        fuel=fuel,
        direction=Direction.IMPORT,
        unit=EnergyUnit.CUBIC_METRE if fuel is Fuel.GAS else EnergyUnit.KILOWATT_HOUR,
        intervals=tuple(
            Interval(
                NOW + number * HALF_HOUR,
                NOW + (number + 1) * HALF_HOUR,
                None if amount is None else Decimal(amount),
            )
            for number, amount in enumerate(amounts)
        ),
    )


def checked(*registers: str, late: int = 10) -> HalfHourCheck:
    """Return a check that has seen the register at each half hour from noon on."""
    check = HalfHourCheck()
    for number, register in enumerate(registers):
        at = NOW + number * HALF_HOUR + timedelta(seconds=late)
        check.note(ElectricityReading(received_at=at, import_kwh=Decimal(register)))
    return check


def test_half_hours_off_by_two_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    check = checked("10", "10.5", "11", "11.5", "12")
    for _ in range(2):
        check.compare(profile("1", "1", "1", "1"))
    (entry,) = caplog.records
    assert entry.levelno == logging.WARNING
    assert "electricity" in entry.getMessage()
    assert "0.5" in entry.getMessage()


@pytest.mark.parametrize(
    ("check", "told"),
    [
        (
            checked("10", "10.5", "11", "11.5", "12"),
            profile("0.5", "0.5", "0.5", "0.5"),
        ),
        (checked("10", "10.5", "11", "11.5", "12"), profile("1", None, "1", "1")),
        (checked("10", "10.5", "11", "11.5", "12"), profile("1", "1", "1")),
        (checked("10", "10.5", "11", "11.5", "12", late=90), profile(*"1111")),
        (HalfHourCheck(), profile(*"1111")),
        (checked("10", "10.5", "11", "11.5", "12"), profile()),
        (checked("10", "10.5", "11", "11.5", "12"), profile(*"9999")),
    ],
    ids=["right", "missing", "short", "late", "no_register", "empty", "elsewise"],
)
def test_half_hours_that_nothing_can_be_said_of(
    check: HalfHourCheck, told: ConsumptionProfile, caplog: pytest.LogCaptureFixture
) -> None:
    check.compare(told)
    assert caplog.records == []


def test_gas_is_compared_in_the_unit_of_its_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    check = HalfHourCheck()
    check.note(GasReading(received_at=NOW))
    for number in range(200):
        check.note(
            GasReading(
                received_at=NOW,
                metered_at=NOW + (number - 195) * HALF_HOUR,
                total=GasAmount.measured(volume_m3=Decimal(number)),
            )
        )
    check.compare(profile("0.5", "0.5", "0.5", "0.5", fuel=Fuel.GAS))
    (entry,) = caplog.records
    assert "gas" in entry.getMessage()
    assert "by 2 " in entry.getMessage()

"""What is put together of one meter from parts, oddities and restarts."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
import json
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.smets1_cad.cad.models import (
    Alarm,
    Direction,
    ElectricityReading,
    Fuel,
    GasAmount,
    MeterIdentity,
    Provenance,
    SupplyState,
)
from custom_components.smets1_cad.readings.meter_state import MeterState
from custom_components.smets1_cad.readings.parts import FIELDS
from custom_components.smets1_cad.readings.registers import Verdict

from .fake_link import (
    MPAN,
    SERIAL,
    economy7,
    electricity,
    electricity_identity,
    flat_tariff,
    gas,
    in_cubic_metres,
)

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon(freezer: FrozenDateTimeFactory) -> None:
    """Start at noon."""
    freezer.move_to(START)


@pytest.fixture
def meter() -> MeterState:
    """An electricity meter of which nothing is known."""
    return MeterState(fuel=Fuel.ELECTRICITY)


def part(**values: Any) -> ElectricityReading:
    """A reading with nothing but what is given."""
    return electricity(
        **{
            "import_kwh": None,
            "power_kw": None,
            "supply": None,
            "alarms": None,
            **values,
        }
    )


def last(meter: MeterState) -> ElectricityReading:
    assert meter.electricity is not None
    return meter.electricity


def test_parts_of_a_cycle_complete_each_other(
    meter: MeterState, freezer: FrozenDateTimeFactory
) -> None:
    meter.take_reading(part(import_kwh="100.1", power_kw="0.3"), 0)
    freezer.tick(0.4)
    meter.take_reading(
        part(supply=SupplyState.ON, tier_import_kwh={1: Decimal(60)}), 0.4
    )
    assert last(meter).import_kwh == Decimal("100.1")
    assert last(meter).power_kw == Decimal("0.3")
    assert last(meter).supply is SupplyState.ON
    assert last(meter).received_at == START + timedelta(seconds=0.4)


def test_a_field_is_the_same_asked_alone_and_in_the_whole(
    meter: MeterState, freezer: FrozenDateTimeFactory
) -> None:
    assert meter.value("import_kwh") is None
    assert meter.reading is None
    for number, (register, power) in enumerate(
        ((100, "0.3"), (101, None), (99, "0.4"))
    ):
        meter.take_reading(part(import_kwh=register, power_kw=power), number)
        alone = {name: meter.value(name) for name in FIELDS[Fuel.ELECTRICITY]}
        whole = last(meter)
        assert alone == {name: getattr(whole, name) for name in alone}
        assert alone == {name: meter.value(name) for name in alone}
        assert whole.received_at == START + timedelta(seconds=10 * number)
        freezer.tick(10)
    assert meter.value("import_kwh") == 101
    kept = MeterState.from_dict(
        Fuel.ELECTRICITY, meter.as_dict(), now=START, monotonic=0, is_last=True
    )
    assert kept.value("import_kwh") == 101


def test_what_the_next_cycle_leaves_out_is_invalid(
    meter: MeterState, freezer: FrozenDateTimeFactory
) -> None:
    """Power and registers are read in every cycle: an invalid one is unknown, never the old one."""
    meter.take_reading(part(import_kwh="100.1", power_kw="0.3"), 0)
    freezer.tick(10)
    meter.take_reading(part(import_kwh="100.2"), 10)
    assert last(meter).power_kw is None
    freezer.tick(10)
    meter.take_reading(part(power_kw="0.4"), 20)
    assert last(meter).import_kwh is None


def test_what_is_read_in_turns_stands_until_its_turn(
    meter: MeterState, freezer: FrozenDateTimeFactory
) -> None:
    meter.take_reading(
        part(import_kwh="100", supply=SupplyState.ON, alarms=frozenset({Alarm.TAMPER})),
        0,
    )
    freezer.tick(200)
    meter.take_reading(part(import_kwh="100"), 200)
    assert last(meter).supply is SupplyState.ON
    assert last(meter).alarms == {Alarm.TAMPER}
    freezer.tick(200)
    meter.take_reading(part(import_kwh="100"), 400)
    assert last(meter).supply is None
    assert last(meter).alarms is None


def test_tiers_arrive_one_by_one(
    meter: MeterState, freezer: FrozenDateTimeFactory
) -> None:
    """A register that is not read this time stands still."""
    for tier, value in ((1, "10"), (2, "20"), (1, "10.5"), (2, "9")):
        meter.take_reading(part(tier_import_kwh={tier: Decimal(value)}), 0)
        freezer.tick(600)
    assert last(meter).tier_import_kwh == {1: Decimal("10.5"), 2: Decimal(20)}


def test_refused_value_is_named_once(
    meter: MeterState, freezer: FrozenDateTimeFactory
) -> None:
    meter.take_reading(part(import_kwh="100", export_kwh="5"), 0)
    said = []
    for value in ("0", "0", "101", "0"):
        freezer.tick(10)
        said.append(meter.take_reading(part(import_kwh=value, export_kwh="5"), 0))
    assert said == [["import_kwh"], [], [], ["import_kwh"]]
    assert last(meter).import_kwh == 101


def test_what_another_part_leaves_out_is_not_judged_again(
    meter: MeterState, freezer: FrozenDateTimeFactory
) -> None:
    """One value is refused, or waited for, once: the rest of its own cycle confirms nothing."""
    meter.take_reading(part(import_kwh="0"), 0)
    freezer.tick(0.4)
    meter.take_reading(part(supply=SupplyState.ON), 0)
    assert last(meter).import_kwh is None
    freezer.tick(10)
    meter.take_reading(part(import_kwh="100"), 0)
    freezer.tick(10)
    meter.take_reading(part(import_kwh="99"), 0)
    freezer.tick(0.4)
    meter.take_reading(part(supply=SupplyState.ON), 0)
    assert last(meter).import_kwh == 100
    assert meter.registers["import_kwh"].refused == {Verdict.WENT_BACK: 1}


def test_tiers_of_another_meter_are_taken_as_they_come(
    meter: MeterState, freezer: FrozenDateTimeFactory
) -> None:
    """Those of the meter before are not taken for the new one's when it says something else first."""
    meter.take_reading(part(tier_import_kwh={1: Decimal(9000)}), 0)
    meter.start_anew()
    freezer.tick(10)
    meter.take_reading(part(import_kwh="2"), 0)
    freezer.tick(10)
    assert meter.take_reading(part(tier_import_kwh={1: Decimal(1)}), 0) == []
    assert last(meter).tier_import_kwh == {1: Decimal(1)}


def test_a_first_zero_of_a_tier_is_waited_for(meter: MeterState) -> None:
    meter.take_reading(part(tier_import_kwh={1: Decimal(0), 2: Decimal(5)}), 0)
    assert last(meter).tier_import_kwh == {2: Decimal(5)}
    meter.take_reading(part(tier_import_kwh={1: Decimal(0)}), 0)
    assert last(meter).tier_import_kwh == {1: Decimal(0), 2: Decimal(5)}


def test_news_are_what_a_part_says_and_what_stands_no_longer(
    meter: MeterState, freezer: FrozenDateTimeFactory
) -> None:
    meter.take_reading(part(import_kwh="100", power_kw="0.3"), 0)
    assert meter.news == {"import_kwh", "power_kw"}
    freezer.tick(0.4)
    meter.take_reading(part(tier_import_kwh={1: Decimal(60)}, alarms=frozenset()), 0)
    assert meter.news == {"tier_import_kwh", "alarms"}
    freezer.tick(10)
    meter.take_reading(part(import_kwh="100"), 0)
    assert meter.news == {"import_kwh", "power_kw"}
    assert last(meter).power_kw is None


def test_zero_registers_are_not_used(
    meter: MeterState, freezer: FrozenDateTimeFactory
) -> None:
    for _ in range(2):
        meter.take_reading(part(import_kwh="100", export_kwh="0"), 0)
        freezer.tick(10)
    assert last(meter).export_kwh == 0
    assert meter.used == {"import_kwh"}


def test_proofs_grow_only_with_something_more(
    meter: MeterState, freezer: FrozenDateTimeFactory
) -> None:
    """Entities are looked for when they may have come, not at every reading."""
    meter.take_reading(electricity(), 0)
    known = meter.proofs
    freezer.tick(10)
    meter.take_reading(electricity(), 10)
    assert meter.proofs == known
    meter.take_reading(electricity(export_kwh="3"), 10)
    assert meter.proofs > known


def test_export_tariff_does_not_take_the_place_of_the_other(meter: MeterState) -> None:
    meter.take_tariff(flat_tariff())
    meter.take_tariff(
        type(flat_tariff())(
            fuel=Fuel.ELECTRICITY, received_at=START, direction=Direction.EXPORT
        )
    )
    assert meter.tariff == flat_tariff()
    assert meter.export_tariff is not None


class TestIdentity:
    """A meter is known by its serial number."""

    def test_new_serial_starts_anew(self, meter: MeterState) -> None:
        meter.take_identity(electricity_identity())
        meter.take_reading(part(import_kwh="9000"), 0)
        assert meter.take_identity(electricity_identity("E6S99999999999"))
        meter.take_reading(part(import_kwh="2"), 0)
        assert last(meter).import_kwh == 2

    def test_serial_that_is_not_said_again_is_no_other_meter(
        self, meter: MeterState
    ) -> None:
        meter.take_identity(electricity_identity())
        meter.take_reading(part(import_kwh="9000"), 0)
        assert not meter.take_identity(
            MeterIdentity(fuel=Fuel.ELECTRICITY, firmware_version="1.08")
        )
        assert meter.identity is not None
        assert meter.identity.serial_number == SERIAL
        assert meter.identity.firmware_version == "1.08"
        assert meter.identity.manufacturer == "Meters Ltd"
        meter.take_reading(part(import_kwh="2"), 0)
        assert last(meter).import_kwh == 9000


class TestGas:
    """Both units, of which one is calculated (R12)."""

    @pytest.fixture
    def meter(self) -> MeterState:
        return MeterState(fuel=Fuel.GAS)

    @staticmethod
    def total(meter: MeterState) -> GasAmount:
        assert meter.gas is not None
        assert meter.gas.total is not None
        return meter.gas.total

    def test_change_of_calorific_value_revalues_nothing(
        self, meter: MeterState, freezer: FrozenDateTimeFactory
    ) -> None:
        """10,000 m³ at 1 % less would be a step back by a thousand kWh, and be refused for weeks."""
        meter.take_reading(gas(in_cubic_metres("10000", "11.2")), 0)
        assert self.total(meter).energy_kwh == 112000
        freezer.tick(1800)
        assert meter.take_reading(gas(in_cubic_metres("10002", "11.0")), 0) == []
        assert self.total(meter).energy_kwh == 112022
        assert self.total(meter).volume_m3 == 10002
        assert meter.days["energy_kwh"].amount == 22

    def test_dip_in_volume_moves_neither(
        self, meter: MeterState, freezer: FrozenDateTimeFactory
    ) -> None:
        meter.take_reading(gas(in_cubic_metres("10000", "11.2")), 0)
        freezer.tick(1800)
        meter.take_reading(gas(in_cubic_metres("0", "11.2")), 0)
        assert self.total(meter).energy_kwh == 112000
        assert self.total(meter).volume_m3 == 10000

    def test_energy_appears_with_the_calorific_value(
        self, meter: MeterState, freezer: FrozenDateTimeFactory
    ) -> None:
        volume_only = GasAmount(
            volume_m3=Decimal(10), volume_provenance=Provenance.MEASURED
        )
        meter.take_reading(gas(volume_only), 0)
        assert self.total(meter).energy_kwh is None
        freezer.tick(1800)
        meter.take_reading(gas(in_cubic_metres("11", "11.2")), 0)
        assert self.total(meter).energy_kwh == Decimal("123.2")

    def test_meter_that_measures_both(self, meter: MeterState) -> None:
        both = GasAmount(
            volume_m3=Decimal(10),
            volume_provenance=Provenance.MEASURED,
            energy_kwh=Decimal(110),
            energy_provenance=Provenance.MEASURED,
        )
        meter.take_reading(gas(both), 0)
        assert self.total(meter) == both

    def test_meter_that_changes_its_unit_starts_anew(
        self, meter: MeterState, freezer: FrozenDateTimeFactory
    ) -> None:
        """A firmware that turns from m³ to kWh is neither a dip nor a jump."""
        meter.take_reading(gas(in_cubic_metres("10000", "11.2")), 0)
        freezer.tick(1800)
        in_kwh = GasAmount(
            energy_kwh=Decimal(111990),
            energy_provenance=Provenance.MEASURED,
            volume_m3=Decimal(9999),
            volume_provenance=Provenance.CALCULATED,
        )
        assert meter.take_reading(gas(in_kwh), 0) == []
        assert self.total(meter) == in_kwh

    def test_amount_that_nobody_measured_is_left_out(self, meter: MeterState) -> None:
        meter.take_reading(
            gas(
                GasAmount(
                    energy_kwh=Decimal(3), energy_provenance=Provenance.CALCULATED
                )
            ),
            0,
        )
        assert meter.gas is not None
        assert meter.gas.total is None

    def test_register_of_zero_is_waited_for(self, meter: MeterState) -> None:
        """Neither unit shows a first zero; both show it once it is confirmed."""
        meter.take_reading(gas(in_cubic_metres("0")), 0)
        assert self.total(meter).volume_m3 is None
        assert self.total(meter).energy_kwh is None
        meter.take_reading(gas(in_cubic_metres("0")), 0)
        assert self.total(meter).volume_m3 == 0
        assert self.total(meter).energy_kwh == 0

    def test_no_total_is_unknown(
        self, meter: MeterState, freezer: FrozenDateTimeFactory
    ) -> None:
        meter.take_reading(gas(), 0)
        freezer.tick(1800)
        later = type(gas())(received_at=START + timedelta(seconds=1800))
        meter.take_reading(later, 0)
        assert meter.gas is not None
        assert meter.gas.total is None


class TestRestart:
    """What is written and taken up again."""

    @staticmethod
    def restarted(
        meter: MeterState, *, seconds: float = 5, is_last: bool = True
    ) -> MeterState:
        data = json.loads(json.dumps(meter.as_dict()))
        return MeterState.from_dict(
            meter.fuel,
            data,
            now=START + timedelta(seconds=seconds),
            monotonic=7,
            is_last=is_last,
        )

    @pytest.fixture
    def meter(self) -> MeterState:
        meter = MeterState(fuel=Fuel.ELECTRICITY)
        meter.take_identity(electricity_identity())
        meter.take_reading(
            electricity(
                tier_import_kwh={1: Decimal(60), 2: Decimal(40)}, day_import_kwh="3.5"
            ),
            0,
        )
        meter.take_tariff(economy7())
        return meter

    def test_short_restart_changes_nothing(self, meter: MeterState) -> None:
        again = self.restarted(meter)
        assert again.reading == meter.reading
        assert again.tariff == meter.tariff
        assert again.days == meter.days
        assert again.used == meter.used
        assert again.heard == 7

    def test_long_restart_leaves_moments_out(self, meter: MeterState) -> None:
        """A register stands still; power does not."""
        again = self.restarted(meter, seconds=600)
        assert last(again).import_kwh == Decimal("12345.678")
        assert last(again).tier_import_kwh == {1: Decimal(60), 2: Decimal(40)}
        assert last(again).power_kw is None
        assert last(again).supply is None
        assert last(again).alarms is None
        assert again.days["import_kwh"].amount == Decimal("3.5")

    def test_killed_process_shows_no_register_that_may_be_behind(
        self, meter: MeterState
    ) -> None:
        """Values up to a minute newer may have been shown; a step back would be recorded."""
        again = self.restarted(meter, is_last=False)
        assert last(again).import_kwh is None
        assert last(again).tier_import_kwh == {}
        again.take_reading(electricity(import_kwh="1"), 8)
        assert last(again).import_kwh == Decimal("12345.678")

    def test_restart_over_midnight(self, meter: MeterState) -> None:
        again = self.restarted(meter, seconds=13 * 3600)
        assert again.days["import_kwh"].amount is None

    def test_tiers_read_in_turns_go_on(self, meter: MeterState) -> None:
        again = self.restarted(meter)
        again.take_reading(part(tier_import_kwh={2: Decimal(41)}), 8)
        assert last(again).tier_import_kwh == {1: Decimal(60), 2: Decimal(41)}

    def test_supply_number_is_not_written(self, meter: MeterState) -> None:
        written = json.dumps(meter.as_dict())
        assert MPAN not in written
        assert SERIAL in written

    def test_meter_of_which_nothing_is_known(self) -> None:
        empty = MeterState(fuel=Fuel.GAS)
        assert self.restarted(empty) == empty

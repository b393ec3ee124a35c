"""A meter that the user wants to be read seldom is not stale between two readings."""

from datetime import timedelta

from custom_components.smets1_cad.cad.models import Fuel
from custom_components.smets1_cad.readings.meter_state import MeterState


def test_stale_after_three_missed_cycles_of_the_interval() -> None:
    usual = MeterState(fuel=Fuel.ELECTRICITY)
    assert timedelta(seconds=30) < usual.stale_after < timedelta(seconds=40)
    seldom = MeterState(fuel=Fuel.ELECTRICITY, interval=timedelta(minutes=10))
    assert timedelta(minutes=30) < seldom.stale_after < timedelta(minutes=33)


def test_an_interval_below_the_floor_changes_nothing() -> None:
    usual = MeterState(fuel=Fuel.GAS)
    assert (
        MeterState(fuel=Fuel.GAS, interval=timedelta(seconds=1)).stale_after
        == usual.stale_after
    )

"""The readings that any CAD gives."""

from dataclasses import FrozenInstanceError, asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from custom_components.smets1_cad.cad import models

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def rate(start: datetime, end: datetime | None, price: str) -> models.Rate:
    return models.Rate(
        starts_at=start,
        ends_at=end,
        price=Decimal(price),
        unit=models.EnergyUnit.KILOWATT_HOUR,
    )


def test_a_reading_without_values_holds_none_of_them() -> None:
    """Nothing that was not read looks like a zero."""
    for reading in (
        models.ElectricityReading(received_at=NOON),
        models.GasReading(received_at=NOON),
    ):
        values = {
            name: value
            for name, value in asdict(reading).items()
            if name != "received_at"
        }
        assert all(value is None or value == {} for value in values.values())


def test_fuels() -> None:
    assert models.ElectricityReading(received_at=NOON).fuel is models.Fuel.ELECTRICITY
    assert models.GasReading(received_at=NOON).fuel is models.Fuel.GAS


def test_readings_are_values() -> None:
    one = models.ElectricityReading(
        received_at=NOON, tier_import_kwh={1: Decimal("1.5")}
    )
    assert one == models.ElectricityReading(
        received_at=NOON, tier_import_kwh={1: Decimal("1.5")}
    )
    with pytest.raises(FrozenInstanceError):
        one.import_kwh = Decimal(1)  # type: ignore[misc]


def test_rate_now_and_next() -> None:
    old = rate(NOON - 2 * HOUR, None, "0.30")
    now = rate(NOON - HOUR, NOON + HOUR, "0.10")
    later = rate(NOON + HOUR, None, "0.20")
    much_later = rate(NOON + 5 * HOUR, None, "0.40")
    tariff = models.Tariff(
        fuel=models.Fuel.ELECTRICITY,
        received_at=NOON,
        rates=(old, now, much_later, later),
    )
    assert tariff.rate_at(NOON) is now
    assert tariff.rate_at(NOON - 90 * timedelta(minutes=1)) is old
    assert tariff.rate_at(NOON + HOUR) is later
    assert tariff.rate_at(NOON - 3 * HOUR) is None
    assert tariff.next_after(NOON) is later
    assert tariff.next_after(NOON + HOUR) is much_later
    assert tariff.next_after(NOON + 5 * HOUR) is None


def test_a_rate_begins_within_and_ends_beyond() -> None:
    one = rate(NOON, NOON + HOUR, "0.1")
    assert one.holds_at(NOON)
    assert not one.holds_at(NOON + HOUR)
    assert not one.holds_at(NOON - timedelta(microseconds=1))


@pytest.mark.parametrize(
    "value",
    [
        models.MeterIdentity(
            fuel=models.Fuel.GAS,
            site_id="SECRET",
            serial_number="SECRET",
            eui64="SECRET",
            model="M",
        ),
        models.SupplierMessage(message_id=1, text="SECRET"),
    ],
)
def test_personal_values_stay_out_of_the_repr(value: object) -> None:
    assert "SECRET" in str(asdict(value))  # type: ignore[call-overload]
    assert "SECRET" not in repr(value)

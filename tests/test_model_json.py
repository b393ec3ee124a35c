"""Models as JSON and back."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
import json
from typing import Any

import pytest

from custom_components.smets1_cad.cad.models import (
    Alarm,
    ElectricityReading,
    EnergyUnit,
    Fuel,
    GasAmount,
    GasConversion,
    GasReading,
    Importance,
    MeterIdentity,
    Provenance,
    Rate,
    SupplierMessage,
    SupplyState,
    Tariff,
    TierBlock,
)
from custom_components.smets1_cad.readings.model_json import from_json, to_json

AT = datetime(2026, 7, 1, 12, 30, 15, 250000, tzinfo=UTC)
AMOUNT = GasAmount(volume_m3=Decimal("1000.123"), volume_provenance=Provenance.MEASURED)


@pytest.mark.parametrize(
    "model",
    [
        ElectricityReading(
            received_at=AT,
            import_kwh=Decimal("12345.6780"),
            power_kw=Decimal("-0.5"),
            tier_import_kwh={1: Decimal(1), 12: Decimal("2.50")},
            block_import_kwh={TierBlock(2, 3): Decimal(7)},
            active_tier=2,
            supply=SupplyState.ARMED,
            alarms=frozenset({Alarm.TAMPER, Alarm.LEAK}),
        ),
        GasReading(
            received_at=AT,
            total=AMOUNT,
            tier_total={1: AMOUNT},
            conversion=GasConversion(
                calorific_value=Decimal("39.4"),
                conversion_factor=Decimal("1.02264"),
                provenance=Provenance.CALCULATED,
            ),
            alarms=frozenset(),
        ),
        Tariff(
            fuel=Fuel.GAS,
            received_at=AT,
            standing_charge_per_day=Decimal("0.30"),
            rates=(
                Rate(
                    starts_at=AT,
                    ends_at=None,
                    price=Decimal("0.07"),
                    unit=EnergyUnit.KILOWATT_HOUR,
                ),
            ),
            prices={TierBlock(1): Decimal("0.07")},
            tier_labels={1: "Nos"},
            block_thresholds={0: (Decimal(100), Decimal(250))},
            active=TierBlock(1, 0),
        ),
        MeterIdentity(fuel=Fuel.GAS, mirrored=True),
        SupplierMessage(
            message_id=4,
            text="Helo",
            importance=Importance.HIGH,
            duration=timedelta(minutes=90),
        ),
    ],
    ids=lambda model: type(model).__name__,
)
def test_there_and_back(model: Any) -> None:
    data = json.loads(json.dumps(to_json(model)))
    assert from_json(type(model), data) == model


def test_digits_stay_as_the_meter_gave_them() -> None:
    """A decimal is neither rounded nor shortened."""
    assert to_json(Decimal("12345.6780")) == "12345.6780"


def test_older_and_newer_stores_can_be_read() -> None:
    """A field that is missing takes its default; one that is unknown is passed over."""
    data = {"fuel": "gas", "invented_later": 3}
    assert from_json(MeterIdentity, data) == MeterIdentity(fuel=Fuel.GAS)


def test_nothing_stands_in_for_what_must_be_there() -> None:
    with pytest.raises(KeyError):
        from_json(MeterIdentity, {"model": "M"})


@pytest.mark.parametrize(
    "data",
    [
        {"fuel": "water"},
        {"fuel": "gas", "mirrored": "yes"},
        {"fuel": "gas", "model": 7},
    ],
)
def test_damage_is_noticed(data: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        from_json(MeterIdentity, data)


def test_unknown_types_are_refused() -> None:
    with pytest.raises(TypeError, match="object has no form"):
        to_json(object())

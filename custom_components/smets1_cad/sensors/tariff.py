"""Sensors of a tariff: what energy costs now and next (R13).

A price is no amount of money, so it has no device class; its unit ends with what it
buys, as the Energy dashboard asks.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.util import dt as dt_util

from ..cad.models import ANY_TIER_BLOCK, EnergyUnit, Fuel, Rate, TierBlock
from ..readings.meter_state import MeterState
from ..readings.news import says
from .description import MeterSensorDescription

HOLDS_FOR: Final = timedelta(days=1)
"""How long what was published is believed after the meter was last heard."""

_CURRENCY: Final = "GBP"
"""Where the network names none."""


def _holds(meter: MeterState) -> bool:
    """Whether a tariff is to be shown: it was published ahead, so it outlives a short silence."""
    if meter.tariff is None:
        return False
    heard = meter.tariff.received_at
    if meter.reading is not None:
        heard = max(heard, meter.reading.received_at)
    return not meter.stale or dt_util.utcnow() - heard < HOLDS_FOR


def _is_told(meter: MeterState) -> bool:
    """Whether the tier or block in force is to be shown: the meter tells it as well as the tariff."""
    return not meter.stale or _holds(meter)


def _rate(meter: MeterState) -> Rate | None:
    return None if meter.tariff is None else meter.tariff.rate_at(dt_util.utcnow())


def _next_rate(meter: MeterState) -> Rate | None:
    return None if meter.tariff is None else meter.tariff.next_after(dt_util.utcnow())


def _price(meter: MeterState) -> Decimal | None:
    """Return the price in force: as published, else of the tier and block in force."""
    if (rate := _rate(meter)) is not None:
        return rate.price
    if (tariff := meter.tariff) is None or tariff.active is None:
        return None
    return tariff.prices.get(tariff.active)


def _unit(meter: MeterState) -> str | None:
    if (tariff := meter.tariff) is None:
        return None
    rate = _rate(meter) or _next_rate(meter)
    unit = (rate and rate.unit) or tariff.unit or EnergyUnit.KILOWATT_HOUR
    return f"{tariff.currency or _CURRENCY}/{unit.value}"


def _per_day(meter: MeterState) -> str | None:
    if (tariff := meter.tariff) is None:
        return None
    return f"{tariff.currency or _CURRENCY}/day"


def _standing_charge(meter: MeterState) -> Decimal | None:
    return None if meter.tariff is None else meter.tariff.standing_charge_per_day


def _next_price(meter: MeterState) -> Decimal | None:
    rate = _next_rate(meter)
    return None if rate is None else rate.price


def _next_start(meter: MeterState) -> datetime | None:
    rate = _next_rate(meter)
    return None if rate is None else rate.starts_at


def _active(meter: MeterState) -> TierBlock:
    """Return the tier and block in force, 0 where there is none: as the tariff says, else the meter."""
    said = ANY_TIER_BLOCK
    if (rate := _rate(meter)) is not None:
        said = rate.tier_block
    elif meter.tariff is not None and meter.tariff.active is not None:
        said = meter.tariff.active
    if (reading := meter.reading) is None:
        return said
    return TierBlock(
        tier=said.tier or reading.active_tier or 0,
        block=said.block or reading.active_block or 0,
    )


def _tier_label(meter: MeterState) -> str | None:
    if not (tier := _active(meter).tier):
        return None
    rate = _rate(meter)
    label = (meter.tariff and meter.tariff.tier_labels.get(tier)) or (
        rate and rate.label
    )
    return label or str(tier)


def _tier_attributes(meter: MeterState) -> dict[str, Any] | None:
    return {"tier": tier} if (tier := _active(meter).tier) else None


def _block(meter: MeterState) -> int | None:
    return _active(meter).block or None


def _block_attributes(meter: MeterState) -> dict[str, Any] | None:
    """Return the upper limits of the blocks of the tier in force."""
    tariff = meter.tariff
    if tariff is None or not tariff.block_thresholds:
        return None
    limits = tariff.block_thresholds.get(
        _active(meter).tier
    ) or tariff.block_thresholds.get(0, ())
    return {
        "thresholds": [float(limit) for limit in limits],
        "threshold_unit": tariff.threshold_unit and tariff.threshold_unit.value,
    }


def _tariff_sensors(fuel: Fuel) -> tuple[MeterSensorDescription, ...]:
    """Return the sensors of a fuel's tariff."""
    return (
        MeterSensorDescription(
            key="unit_rate",
            translation_key="unit_rate",
            fuel=fuel,
            changed_by=frozenset(),
            state_class=SensorStateClass.MEASUREMENT,
            suggested_display_precision=4,
            available_fn=_holds,
            has_fn=lambda meter: _price(meter) is not None,
            value_fn=_price,
            unit_fn=_unit,
        ),
        MeterSensorDescription(
            key="next_unit_rate",
            translation_key="next_unit_rate",
            fuel=fuel,
            changed_by=frozenset(),
            suggested_display_precision=4,
            available_fn=_holds,
            has_fn=lambda meter: _next_rate(meter) is not None,
            value_fn=_next_price,
            unit_fn=_unit,
        ),
        MeterSensorDescription(
            key="next_unit_rate_start",
            translation_key="next_unit_rate_start",
            fuel=fuel,
            changed_by=frozenset(),
            device_class=SensorDeviceClass.TIMESTAMP,
            available_fn=_holds,
            has_fn=lambda meter: _next_rate(meter) is not None,
            value_fn=_next_start,
        ),
        MeterSensorDescription(
            key="standing_charge",
            translation_key="standing_charge",
            fuel=fuel,
            changed_by=frozenset(),
            state_class=SensorStateClass.MEASUREMENT,
            suggested_display_precision=4,
            available_fn=_holds,
            has_fn=lambda meter: _standing_charge(meter) is not None,
            value_fn=_standing_charge,
            unit_fn=_per_day,
        ),
        MeterSensorDescription(
            key="active_tier",
            translation_key="active_tier",
            fuel=fuel,
            changed_by=says(fuel, "active_tier"),
            available_fn=_is_told,
            has_fn=lambda meter: _tier_label(meter) is not None,
            value_fn=_tier_label,
            attributes_fn=_tier_attributes,
        ),
        MeterSensorDescription(
            key="active_block",
            translation_key="active_block",
            fuel=fuel,
            changed_by=says(fuel, "active_tier", "active_block"),
            available_fn=_is_told,
            has_fn=lambda meter: _block(meter) is not None,
            value_fn=_block,
            attributes_fn=_block_attributes,
        ),
    )


TARIFF_SENSORS: Final = (
    *_tariff_sensors(Fuel.ELECTRICITY),
    *_tariff_sensors(Fuel.GAS),
)

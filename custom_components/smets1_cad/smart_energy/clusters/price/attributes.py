"""Attributes of the Price cluster 0x0700 (SE 1.4 Annex D.4)."""

from typing import Final

import zigpy.types as t
from zigpy.zcl.foundation import BaseAttributeDefs

from ..base import Definitions, add, attribute, packed, series
from ..strings import octet_string
from ..types.price import (
    BlockPeriodDurationType,
    CalorificValueUnit,
    CO2Unit,
    CommodityType,
    CreditPaymentStatus,
    PaymentDiscountDuration,
    TariffResolutionPeriod,
    TierBlockMode,
    TrailingDigit,
    UnitOfMeasure,
)

_TIERS: Final = range(1, 16)


def _labels(prefix: str, start: int) -> Definitions:
    """Labels of tiers 1 to 48."""
    pattern = f"{prefix}tier_{{n}}_price_label"
    return series(pattern, start, range(1, 49), octet_string(12), "rw")


def _thresholds(prefix: str, start: int) -> Definitions:
    """Thresholds 1 to 15 between blocks: the last of block n is threshold n."""
    pattern = f"{prefix}block_{{n}}_threshold"
    return series(pattern, start, range(1, 16), t.uint48_t)


def _threshold_counts() -> Definitions:
    """How many thresholds are in use, one number for each tier, the first for none."""
    yield "block_threshold_count", attribute(0x010F, t.uint8_t)
    yield from series(
        "tier_{n}_block_threshold_count", 0x011F, _TIERS, t.uint8_t, step=0x10
    )


def _block_prices(prefix: str, start: int) -> Definitions:
    """Prices of blocks 1 to 16: without tiers, then of each of tiers 1 to 15."""
    for tier in range(16):
        name = f"tier_{tier}" if tier else "no_tier"
        pattern = f"{prefix}{name}_block_{{n}}_price"
        yield from series(pattern, start + 0x10 * tier, range(1, 17), t.uint32_t)


def _tier_prices(prefix: str, start: int) -> Definitions:
    """Prices of tiers 16 to 48; those of 1 to 15 are the prices of their block 1."""
    return series(f"{prefix}price_tier_{{n}}", start, range(16, 49), t.uint32_t)


def _credit_payments() -> Definitions:
    """The five last credit payments: amount, date, reference."""
    numbers = range(1, 6)
    yield from series("credit_payment_{n}", 0x0810, numbers, t.uint32_t, step=0x10)
    yield from series("credit_payment_date_{n}", 0x0811, numbers, t.UTCTime, step=0x10)
    yield from series(
        "credit_payment_ref_{n}", 0x0812, numbers, octet_string(20), step=0x10
    )


@add(
    _labels("", 0x0000),
    _thresholds("", 0x0100),
    *(_thresholds(f"tier_{tier}_", 0x0100 + 0x10 * tier) for tier in _TIERS),
    _threshold_counts(),
    _block_prices("", 0x0400),
    _tier_prices("", 0x050F),
    _credit_payments(),
    _labels("rx_", 0x8000),
    _thresholds("rx_", 0x8100),
    _block_prices("rx_", 0x8400),
    _tier_prices("rx_", 0x850F),
)
class PriceAttributeDefs(BaseAttributeDefs):
    """Attributes of the server; `rx_` is what the consumer is paid (SE 1.2 up)."""

    start_of_block_period: Final = attribute(0x0200, t.UTCTime)
    block_period_duration_minutes: Final = attribute(0x0201, t.uint24_t)
    threshold_multiplier: Final = attribute(0x0202, t.uint24_t)
    threshold_divisor: Final = attribute(0x0203, t.uint24_t)
    block_period_duration_type: Final = packed(0x0204, BlockPeriodDurationType)
    commodity_type: Final = attribute(0x0300, CommodityType)
    standing_charge: Final = attribute(0x0301, t.uint32_t)
    conversion_factor: Final = attribute(0x0302, t.uint32_t)
    conversion_factor_trailing_digit: Final = packed(0x0303, TrailingDigit)
    calorific_value: Final = attribute(0x0304, t.uint32_t)
    calorific_value_unit: Final = attribute(0x0305, CalorificValueUnit)
    calorific_value_trailing_digit: Final = packed(0x0306, TrailingDigit)
    cpp1_price: Final = attribute(0x05FE, t.uint32_t)
    cpp2_price: Final = attribute(0x05FF, t.uint32_t)
    tariff_label: Final = attribute(0x0610, octet_string(24))
    number_of_price_tiers_in_use: Final = attribute(0x0611, t.uint8_t)
    number_of_block_thresholds_in_use: Final = attribute(0x0612, t.uint8_t)
    tier_block_mode: Final = attribute(0x0613, TierBlockMode)
    unit_of_measure: Final = attribute(0x0615, UnitOfMeasure)
    currency: Final = attribute(0x0616, t.uint16_t)
    price_trailing_digit: Final = packed(0x0617, TrailingDigit)
    tariff_resolution_period: Final = attribute(0x0619, TariffResolutionPeriod)
    co2: Final = attribute(0x0620, t.uint32_t)
    co2_unit: Final = attribute(0x0621, CO2Unit)
    co2_trailing_digit: Final = packed(0x0622, TrailingDigit)
    current_billing_period_start: Final = attribute(0x0700, t.UTCTime)
    current_billing_period_duration: Final = attribute(0x0701, t.uint24_t)
    last_billing_period_start: Final = attribute(0x0702, t.UTCTime)
    last_billing_period_duration: Final = attribute(0x0703, t.uint24_t)
    last_billing_period_consolidated_bill: Final = attribute(0x0704, t.uint32_t)
    credit_payment_due_date: Final = attribute(0x0800, t.UTCTime)
    credit_payment_status: Final = attribute(0x0801, CreditPaymentStatus)
    credit_payment_over_due_amount: Final = attribute(0x0802, t.int32s)
    payment_discount: Final = attribute(0x080A, t.int32s)
    payment_discount_period: Final = attribute(0x080B, PaymentDiscountDuration)
    rx_start_of_block_period: Final = attribute(0x8200, t.UTCTime)
    rx_block_period_duration: Final = attribute(0x8201, t.uint24_t)
    rx_threshold_multiplier: Final = attribute(0x8202, t.uint24_t)
    rx_threshold_divisor: Final = attribute(0x8203, t.uint24_t)
    rx_tariff_label: Final = attribute(0x8610, octet_string(24))
    rx_number_of_price_tiers_in_use: Final = attribute(0x8611, t.uint8_t)
    rx_number_of_block_thresholds_in_use: Final = attribute(0x8612, t.uint8_t)
    rx_tier_block_mode: Final = attribute(0x8613, t.uint8_t)
    rx_tariff_resolution_period: Final = attribute(0x8615, TariffResolutionPeriod)
    rx_co2: Final = attribute(0x8625, t.uint32_t)
    rx_co2_unit: Final = attribute(0x8626, CO2Unit)
    rx_co2_trailing_digit: Final = packed(0x8627, TrailingDigit)
    rx_current_billing_period_start: Final = attribute(0x8700, t.UTCTime)
    rx_current_billing_period_duration: Final = attribute(0x8701, t.uint24_t)
    rx_last_billing_period_start: Final = attribute(0x8702, t.UTCTime)
    rx_last_billing_period_duration: Final = attribute(0x8703, t.uint24_t)
    rx_last_billing_period_consolidated_bill: Final = attribute(0x8704, t.uint32_t)


class PriceClientAttributeDefs(BaseAttributeDefs):
    """Attributes of the client."""

    price_increase_randomize_minutes: Final = attribute(0x0000, t.uint8_t, "rw")
    price_decrease_randomize_minutes: Final = attribute(0x0001, t.uint8_t, "rw")
    commodity_type: Final = attribute(0x0002, CommodityType)

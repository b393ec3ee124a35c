"""Commands of the Price cluster 0x0700 (SE 1.4 Annex D.4)."""

from typing import Final

import zigpy.types as t
from zigpy.zcl.foundation import BaseCommandDefs

from ..base import command
from ..strings import OctetString
from ..types.price import (
    AlternateCostUnit,
    BillingPeriodDuration,
    BillingPeriodDurationType,
    BlockThresholdSubPayloadControl,
    CalorificValueUnit,
    CO2Unit,
    CommandOptions,
    CppEventResponseCppAuth,
    CppPriceTier,
    CreditPaymentStatus,
    CurrencyChangeControl,
    PriceControlMask,
    PriceMatrixSubPayloadControl,
    PriceNumberOfPriceTiersAndRegisterTier,
    PriceTrailingDigitAndPriceTier,
    PublishCppEventCppAuth,
    TariffType,
    TariffTypeChargingScheme,
    TierBlockMode,
    TrailingDigit,
    UnitOfMeasure,
)
from ..types.tiers import (
    ExtendedNumberOfPriceTiers,
    ExtendedPriceTier,
    ExtendedRegisterTier,
    GenerationTier,
)
from .structs import (
    BlockThresholdSubPayload,
    PriceMatrixSubPayload,
    PublishBlockPeriod,
    PublishTierLabels,
)


class PriceServerCommandDefs(BaseCommandDefs):
    """Commands that the client sends."""

    get_current_price: Final = command(
        0x00,
        {"command_options": CommandOptions},
    )
    get_scheduled_prices: Final = command(
        0x01,
        {
            "start_time": t.UTCTime,
            "number_of_events": t.uint8_t,
        },
    )
    price_acknowledgement: Final = command(
        0x02,
        {
            "provider_id": t.uint32_t,
            "issuer_event_id": t.uint32_t,
            "price_ack_time": t.UTCTime,
            "control": PriceControlMask,
        },
    )
    get_block_periods: Final = command(
        0x03,
        {
            "start_time": t.UTCTime,
            "number_of_events": t.uint8_t,
            "tariff_type?": TariffType,
        },
    )
    get_conversion_factor: Final = command(
        0x04,
        {
            "earliest_start_time": t.UTCTime,
            "min_issuer_event_id": t.uint32_t,
            "number_of_commands": t.uint8_t,
        },
    )
    get_calorific_value: Final = command(
        0x05,
        {
            "earliest_start_time": t.UTCTime,
            "min_issuer_event_id": t.uint32_t,
            "number_of_commands": t.uint8_t,
        },
    )
    get_tariff_information: Final = command(
        0x06,
        {
            "earliest_start_time": t.UTCTime,
            "min_issuer_event_id": t.uint32_t,
            "number_of_commands": t.uint8_t,
            "tariff_type": TariffType,
        },
    )
    get_price_matrix: Final = command(
        0x07,
        {"issuer_tariff_id": t.uint32_t},
    )
    get_block_thresholds: Final = command(
        0x08,
        {"issuer_tariff_id": t.uint32_t},
    )
    get_co2_value: Final = command(
        0x09,
        {
            "earliest_start_time": t.UTCTime,
            "min_issuer_event_id": t.uint32_t,
            "number_of_commands": t.uint8_t,
            "tariff_type": TariffType,
        },
    )
    get_tier_labels: Final = command(
        0x0A,
        {"issuer_tariff_id": t.uint32_t},
    )
    get_billing_period: Final = command(
        0x0B,
        {
            "earliest_start_time": t.UTCTime,
            "min_issuer_event_id": t.uint32_t,
            "number_of_commands": t.uint8_t,
            "tariff_type": TariffType,
        },
    )
    get_consolidated_bill: Final = command(
        0x0C,
        {
            "earliest_start_time": t.UTCTime,
            "min_issuer_event_id": t.uint32_t,
            "number_of_commands": t.uint8_t,
            "tariff_type": TariffType,
        },
    )
    cpp_event_response: Final = command(
        0x0D,
        {
            "issuer_event_id": t.uint32_t,
            "cpp_auth": CppEventResponseCppAuth,
        },
    )
    get_credit_payment: Final = command(
        0x0E,
        {
            "latest_end_time": t.UTCTime,
            "number_of_records": t.uint8_t,
        },
    )
    get_currency_conversion_command: Final = command(0x0F)
    get_tariff_cancellation: Final = command(0x10)


class PriceClientCommandDefs(BaseCommandDefs):
    """Commands that the server sends."""

    publish_price: Final = command(
        0x00,
        {
            "provider_id": t.uint32_t,
            "rate_label": OctetString,
            "issuer_event_id": t.uint32_t,
            "current_time": t.UTCTime,
            "unit_of_measure": UnitOfMeasure,
            "currency": t.uint16_t,
            "price_trailing_digit_and_price_tier": PriceTrailingDigitAndPriceTier,
            "number_of_price_tiers_and_register_tier": PriceNumberOfPriceTiersAndRegisterTier,
            "start_time": t.UTCTime,
            "duration_in_minutes": t.uint16_t,
            "price": t.uint32_t,
            "price_ratio?": t.uint8_t,
            "generation_price?": t.uint32_t,
            "generation_price_ratio?": t.uint8_t,
            "alternate_cost_delivered?": t.uint32_t,
            "alternate_cost_unit?": AlternateCostUnit,
            "alternate_cost_trailing_digit?": TrailingDigit,
            "number_of_block_thresholds?": t.uint8_t,
            "price_control?": PriceControlMask,
            "number_of_generation_tiers?": t.uint8_t,
            "generation_tier?": GenerationTier,
            "extended_number_of_price_tiers?": ExtendedNumberOfPriceTiers,
            "extended_price_tier?": ExtendedPriceTier,
            "extended_register_tier?": ExtendedRegisterTier,
        },
    )
    publish_block_period: Final = command(0x01, PublishBlockPeriod)
    publish_conversion_factor: Final = command(
        0x02,
        {
            "issuer_event_id": t.uint32_t,
            "start_time": t.UTCTime,
            "conversion_factor": t.uint32_t,
            "conversion_factor_trailing_digit": TrailingDigit,
        },
    )
    publish_calorific_value: Final = command(
        0x03,
        {
            "issuer_event_id": t.uint32_t,
            "start_time": t.UTCTime,
            "calorific_value": t.uint32_t,
            "calorific_value_unit": CalorificValueUnit,
            "calorific_value_trailing_digit": TrailingDigit,
        },
    )
    publish_tariff_information: Final = command(
        0x04,
        {
            "provider_id": t.uint32_t,
            "issuer_event_id": t.uint32_t,
            "issuer_tariff_id": t.uint32_t,
            "start_time": t.UTCTime,
            "tariff_type_charging_scheme": TariffTypeChargingScheme,
            "tariff_label": OctetString,
            "number_of_price_tiers_in_use": t.uint8_t,
            "number_of_block_thresholds_in_use": t.uint8_t,
            "unit_of_measure": UnitOfMeasure,
            "currency": t.uint16_t,
            "price_trailing_digit": TrailingDigit,
            "standing_charge": t.uint32_t,
            "tier_block_mode": TierBlockMode,
            "block_threshold_multiplier": t.uint24_t,
            "block_threshold_divisor": t.uint24_t,
        },
    )
    publish_price_matrix: Final = command(
        0x05,
        {
            "provider_id": t.uint32_t,
            "issuer_event_id": t.uint32_t,
            "start_time": t.UTCTime,
            "issuer_tariff_id": t.uint32_t,
            "command_index": t.uint8_t,
            "number_of_commands": t.uint8_t,
            "sub_payload_control": PriceMatrixSubPayloadControl,
            "payload": t.List[PriceMatrixSubPayload],
        },
    )
    publish_block_thresholds: Final = command(
        0x06,
        {
            "provider_id": t.uint32_t,
            "issuer_event_id": t.uint32_t,
            "start_time": t.UTCTime,
            "issuer_tariff_id": t.uint32_t,
            "command_index": t.uint8_t,
            "number_of_commands": t.uint8_t,
            "sub_payload_control": BlockThresholdSubPayloadControl,
            "payload": t.List[BlockThresholdSubPayload],
        },
    )
    publish_co2_value: Final = command(
        0x07,
        {
            "provider_id": t.uint32_t,
            "issuer_event_id": t.uint32_t,
            "start_time": t.UTCTime,
            "tariff_type": TariffType,
            "c_o2_value": t.uint32_t,
            "c_o2_value_unit": CO2Unit,
            "c_o2_value_trailing_digit": TrailingDigit,
        },
    )
    publish_tier_labels: Final = command(0x08, PublishTierLabels)
    publish_billing_period: Final = command(
        0x09,
        {
            "provider_id": t.uint32_t,
            "issuer_event_id": t.uint32_t,
            "billing_period_start_time": t.UTCTime,
            "billing_period_duration": BillingPeriodDuration,
            "billing_period_duration_type": BillingPeriodDurationType,
            "tariff_type": TariffType,
        },
    )
    publish_consolidated_bill: Final = command(
        0x0A,
        {
            "provider_id": t.uint32_t,
            "issuer_event_id": t.uint32_t,
            "billing_period_start_time": t.UTCTime,
            "billing_period_duration": BillingPeriodDuration,
            "billing_period_duration_type": BillingPeriodDurationType,
            "tariff_type": TariffType,
            "consolidated_bill": t.uint32_t,
            "currency": t.uint16_t,
            "bill_trailing_digit": TrailingDigit,
        },
    )
    publish_cpp_event: Final = command(
        0x0B,
        {
            "provider_id": t.uint32_t,
            "issuer_event_id": t.uint32_t,
            "start_time": t.UTCTime,
            "duration_in_minutes": t.uint16_t,
            "tariff_type": TariffType,
            "cpp_price_tier": CppPriceTier,
            "cpp_auth": PublishCppEventCppAuth,
        },
    )
    publish_credit_payment: Final = command(
        0x0C,
        {
            "provider_id": t.uint32_t,
            "issuer_event_id": t.uint32_t,
            "credit_payment_due_date": t.UTCTime,
            "credit_payment_over_due_amount": t.uint32_t,
            "credit_payment_status": CreditPaymentStatus,
            "credit_payment": t.uint32_t,
            "credit_payment_date": t.UTCTime,
            "credit_payment_ref": OctetString,
        },
    )
    publish_currency_conversion: Final = command(
        0x0D,
        {
            "provider_id": t.uint32_t,
            "issuer_event_id": t.uint32_t,
            "start_time": t.UTCTime,
            "old_currency": t.uint16_t,
            "new_currency": t.uint16_t,
            "conversion_factor": t.uint32_t,
            "conversion_factor_trailing_digit": TrailingDigit,
            "currency_change_control_flags": CurrencyChangeControl,
        },
    )
    cancel_tariff: Final = command(
        0x0E,
        {
            "provider_id": t.uint32_t,
            "issuer_tariff_id": t.uint32_t,
            "tariff_type": TariffType,
        },
    )

"""What Price commands repeat, and the one that changed its fields (SE 1.4 Annex D.4)."""

from typing import override

import zigpy.types as t
from zigpy.zcl.foundation import CommandSchema

from ..base import LengthDependent, counted, optional
from ..strings import OctetString
from ..types.price import (
    BlockPeriodControl,
    BlockPeriodDurationType,
    TariffResolutionPeriod,
    TariffType,
)

_SE_1_1_LENGTH = 17


class PriceMatrixSubPayload(t.Struct):
    """One price; the id is a tier, or a tier (high nibble) and a block less one."""

    tier_block_id: t.uint8_t
    price: t.uint32_t


class TierAndThresholds(t.IntStruct, t.uint8_t):
    """Number of block thresholds in the low nibble, tier in the high one."""

    number_of_block_thresholds: t.uint4_t
    tier: t.uint4_t


class BlockThresholdSubPayload(t.Struct):
    """Block thresholds of one tier."""

    tier_number_of_block_thresholds: TierAndThresholds
    block_threshold: t.List[t.uint48_t] = counted(
        "tier_number_of_block_thresholds", mask=0x0F
    )


class TierLabelsPayload(t.Struct):
    """Label of one tier."""

    tier_id: t.uint8_t
    tier_label: OctetString


class PublishTierLabels(CommandSchema):
    """Labels of tiers; as many as the count says."""

    provider_id: t.uint32_t
    issuer_event_id: t.uint32_t
    issuer_tariff_id: t.uint32_t
    command_index: t.uint8_t
    number_of_commands: t.uint8_t
    number_of_labels: t.uint8_t
    tier_labels_payload: t.List[TierLabelsPayload] = counted("number_of_labels")


class BlockPeriod11(t.Struct):
    """PublishBlockPeriod of SE 1.1."""

    provider_id: t.uint32_t
    issuer_event_id: t.uint32_t
    block_period_start_time: t.UTCTime
    block_period_duration: t.uint24_t
    number_of_price_tiers_and_number_of_block_thresholds: t.bitmap8
    block_period_control: BlockPeriodControl


class BlockPeriod12(t.Struct):
    """PublishBlockPeriod of SE 1.2 up."""

    provider_id: t.uint32_t
    issuer_event_id: t.uint32_t
    block_period_start_time: t.UTCTime
    block_period_duration: t.uint24_t
    block_period_control: BlockPeriodControl
    block_period_duration_type: BlockPeriodDurationType = optional()
    tariff_type: TariffType = optional()
    tariff_resolution_period: TariffResolutionPeriod = optional()


class PublishBlockPeriod(LengthDependent):
    """Current or next block period; SE 1.2 dropped a field before the last of SE 1.1."""

    provider_id: t.uint32_t
    issuer_event_id: t.uint32_t
    block_period_start_time: t.UTCTime
    block_period_duration: t.uint24_t
    number_of_price_tiers_and_number_of_block_thresholds: t.bitmap8 = optional()
    block_period_control: BlockPeriodControl
    block_period_duration_type: BlockPeriodDurationType = optional()
    tariff_type: TariffType = optional()
    tariff_resolution_period: TariffResolutionPeriod = optional()

    @classmethod
    @override
    def layout(cls, length: int) -> type[t.Struct]:
        return BlockPeriod11 if length == _SE_1_1_LENGTH else BlockPeriod12

"""What Metering commands repeat or count, and snapshots (SE 1.4 Annex D.3)."""

from collections.abc import Mapping
from typing import ClassVar

import zigpy.types as t
from zigpy.zcl.foundation import CommandSchema

from ..base import Variant, counted
from ..types.metering import (
    GetProfileStatus,
    IntervalPeriod,
    SampleType,
    SnapshotCause,
    SnapshotPayloadType,
    SnapshotScheduleConfirmation,
)
from ..types.price import TrailingDigit


class GetProfileResponse(CommandSchema):
    """Consumption of intervals that ended at `end_time` and before, newest first."""

    end_time: t.UTCTime
    status: GetProfileStatus
    profile_interval_period: IntervalPeriod
    number_of_periods_delivered: t.uint8_t
    intervals: t.List[t.uint24_t] = counted("number_of_periods_delivered")


class GetSampledDataResponse(CommandSchema):
    """Samples that were taken from `sample_start_time` on, oldest first."""

    sample_id: t.uint16_t
    sample_start_time: t.UTCTime
    sample_type: SampleType
    sample_request_interval: t.uint16_t
    number_of_samples: t.uint16_t
    samples: t.List[t.uint24_t] = counted("number_of_samples")


class ConfigureNotificationFlags(CommandSchema):
    """Which commands the bits of a notification flag attribute stand for."""

    issuer_event_id: t.uint32_t
    notification_scheme: t.uint8_t
    notification_flag_attribute_id: t.uint16_t
    cluster_id: t.uint16_t
    manufacturer_code: t.uint16_t
    number_of_commands: t.uint8_t
    command_ids: t.List[t.uint8_t] = counted("number_of_commands")


class SnapshotSchedulePayload(t.Struct):
    """One schedule by which snapshots are taken."""

    snapshot_schedule_id: t.uint8_t
    snapshot_start_time: t.UTCTime
    snapshot_schedule: t.bitmap24
    snapshot_payload_type: SnapshotPayloadType
    snapshot_cause: SnapshotCause


class SnapshotResponsePayload(t.Struct):
    """What became of one schedule."""

    snapshot_schedule_id: t.uint8_t
    snapshot_schedule_confirmation: SnapshotScheduleConfirmation


class TouSnapshot(t.Struct):
    """Registers and bill, by tier."""

    current_summation: t.uint48_t
    bill_to_date: t.uint32_t
    bill_to_date_time_stamp: t.UTCTime
    projected_bill: t.uint32_t
    projected_bill_time_stamp: t.UTCTime
    bill_trailing_digit: TrailingDigit
    number_of_tiers_in_use: t.uint8_t
    tier_summations: t.List[t.uint48_t] = counted("number_of_tiers_in_use")


class BlockTierSnapshot(TouSnapshot):
    """Registers and bill, by tier and by block.

    The octet before the block registers holds two counts; meters differ in how
    they multiply, so the registers go on to the end.
    """

    number_of_tiers_and_block_thresholds_in_use: t.uint8_t
    tier_block_summations: t.List[t.uint48_t]


class TouSnapshotNoBilling(t.Struct):
    """Registers, by tier."""

    current_summation: t.uint48_t
    number_of_tiers_in_use: t.uint8_t
    tier_summations: t.List[t.uint48_t] = counted("number_of_tiers_in_use")


class BlockTierSnapshotNoBilling(TouSnapshotNoBilling):
    """Registers, by tier and by block; counts as in `BlockTierSnapshot`."""

    number_of_tiers_and_block_thresholds_in_use: t.uint8_t
    tier_block_summations: t.List[t.uint48_t]


class SnapshotPayload(Variant):
    """A snapshot; even layouts hold energy delivered, odd ones received."""

    selector: ClassVar[str] = "snapshot_payload_type"
    layouts: ClassVar[Mapping[int, type[t.Struct]]] = {
        0: TouSnapshot,
        1: TouSnapshot,
        2: BlockTierSnapshot,
        3: BlockTierSnapshot,
        4: TouSnapshotNoBilling,
        5: TouSnapshotNoBilling,
        6: BlockTierSnapshotNoBilling,
        7: BlockTierSnapshotNoBilling,
    }

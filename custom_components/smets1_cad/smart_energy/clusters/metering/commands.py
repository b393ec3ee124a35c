"""Commands of the Metering cluster 0x0702 (SE 1.4 Annex D.3)."""

from typing import Final

import zigpy.types as t
from zigpy.zcl.foundation import BaseCommandDefs

from ..base import command
from ..types.metering import (
    IntervalChannel,
    MeteringSupplyStatus,
    ProposedSupplyStatus,
    SampleType,
    SnapshotCause,
    SnapshotConfirmation,
    SnapshotPayloadType,
    SupplyControlBits,
    SupplyStatus,
)
from ..types.price import UnitOfMeasure
from .structs import (
    ConfigureNotificationFlags,
    GetProfileResponse,
    GetSampledDataResponse,
    SnapshotPayload,
    SnapshotResponsePayload,
    SnapshotSchedulePayload,
)


class MeteringServerCommandDefs(BaseCommandDefs):
    """Commands that the client sends."""

    get_profile: Final = command(
        0x00,
        {
            "interval_channel": IntervalChannel,
            "end_time": t.UTCTime,
            "number_of_periods": t.uint8_t,
        },
    )
    request_mirror_response: Final = command(
        0x01,
        {"endpoint_id": t.uint16_t},
    )
    mirror_removed: Final = command(
        0x02,
        {"endpoint_id": t.uint16_t},
    )
    request_fast_poll_mode: Final = command(
        0x03,
        {
            "fast_poll_update_period": t.uint8_t,
            "duration": t.uint8_t,
        },
    )
    schedule_snapshot: Final = command(
        0x04,
        {
            "issuer_event_id": t.uint32_t,
            "command_index": t.uint8_t,
            "command_count": t.uint8_t,
            "snapshot_schedule_payload": t.List[SnapshotSchedulePayload],
        },
    )
    take_snapshot: Final = command(
        0x05,
        {"snapshot_cause": SnapshotCause},
    )
    get_snapshot: Final = command(
        0x06,
        {
            "earliest_start_time": t.UTCTime,
            "latest_end_time": t.UTCTime,
            "snapshot_offset": t.uint8_t,
            "snapshot_cause": SnapshotCause,
        },
    )
    start_sampling: Final = command(
        0x07,
        {
            "issuer_event_id": t.uint32_t,
            "start_sampling_time": t.UTCTime,
            "sample_type": SampleType,
            "sample_request_interval": t.uint16_t,
            "max_number_of_samples": t.uint16_t,
        },
    )
    get_sampled_data: Final = command(
        0x08,
        {
            "sample_id": t.uint16_t,
            "earliest_sample_time": t.UTCTime,
            "sample_type": SampleType,
            "number_of_samples": t.uint16_t,
        },
    )
    mirror_report_attribute_response: Final = command(
        0x09,
        {
            "notification_scheme": t.uint8_t,
            "notification_flags": t.List[t.bitmap32],
        },
    )
    reset_load_limit_counter: Final = command(
        0x0A,
        {
            "provider_id": t.uint32_t,
            "issuer_event_id": t.uint32_t,
        },
    )
    change_supply: Final = command(
        0x0B,
        {
            "provider_id": t.uint32_t,
            "issuer_event_id": t.uint32_t,
            "request_date_time": t.UTCTime,
            "implementation_date_time": t.UTCTime,
            "proposed_supply_status": MeteringSupplyStatus,
            "supply_control_bits": SupplyControlBits,
        },
    )
    local_change_supply: Final = command(
        0x0C,
        {"proposed_supply_status": ProposedSupplyStatus},
    )
    set_supply_status: Final = command(
        0x0D,
        {
            "issuer_event_id": t.uint32_t,
            "supply_tamper_state": SupplyStatus,
            "supply_depletion_state": SupplyStatus,
            "supply_uncontrolled_flow_state": SupplyStatus,
            "load_limit_supply_state": SupplyStatus,
        },
    )
    set_uncontrolled_flow_threshold: Final = command(
        0x0E,
        {
            "provider_id": t.uint32_t,
            "issuer_event_id": t.uint32_t,
            "uncontrolled_flow_threshold": t.uint16_t,
            "unit_of_measure": UnitOfMeasure,
            "multiplier": t.uint16_t,
            "divisor": t.uint16_t,
            "stabilisation_period": t.uint8_t,
            "measurement_period": t.uint16_t,
        },
    )


class MeteringClientCommandDefs(BaseCommandDefs):
    """Commands that the server sends."""

    get_profile_response: Final = command(0x00, GetProfileResponse)
    request_mirror: Final = command(0x01)
    remove_mirror: Final = command(0x02)
    request_fast_poll_mode_response: Final = command(
        0x03,
        {
            "applied_update_period": t.uint8_t,
            "fast_poll_mode_endtime": t.UTCTime,
        },
    )
    schedule_snapshot_response: Final = command(
        0x04,
        {
            "issuer_event_id": t.uint32_t,
            "snapshot_response_payload": t.List[SnapshotResponsePayload],
        },
    )
    take_snapshot_response: Final = command(
        0x05,
        {
            "snapshot_id": t.uint32_t,
            "snapshot_confirmation": SnapshotConfirmation,
        },
    )
    publish_snapshot: Final = command(
        0x06,
        {
            "snapshot_id": t.uint32_t,
            "snapshot_time": t.UTCTime,
            "total_snapshots_found": t.uint8_t,
            "command_index": t.uint8_t,
            "total_commands": t.uint8_t,
            "snapshot_cause": SnapshotCause,
            "snapshot_payload_type": SnapshotPayloadType,
            "snapshot_payload": SnapshotPayload,
        },
    )
    get_sampled_data_response: Final = command(0x07, GetSampledDataResponse)
    configure_mirror: Final = command(
        0x08,
        {
            "issuer_event_id": t.uint32_t,
            "reporting_interval": t.uint24_t,
            "mirror_notification_reporting": t.Bool,
            "notification_scheme": t.uint8_t,
        },
    )
    configure_notification_scheme: Final = command(
        0x09,
        {
            "issuer_event_id": t.uint32_t,
            "notification_scheme": t.uint8_t,
            "notification_flag_order": t.bitmap32,
        },
    )
    configure_notification_flags: Final = command(0x0A, ConfigureNotificationFlags)
    get_notified_message: Final = command(
        0x0B,
        {
            "notification_scheme": t.uint8_t,
            "notification_flag_attribute_id": t.uint16_t,
            "notification_flags_n": t.bitmap32,
        },
    )
    supply_status_response: Final = command(
        0x0C,
        {
            "provider_id": t.uint32_t,
            "issuer_event_id": t.uint32_t,
            "implementation_date_time": t.UTCTime,
            "supply_status": MeteringSupplyStatus,
        },
    )
    start_sampling_response: Final = command(
        0x0D,
        {"sample_id": t.uint16_t},
    )

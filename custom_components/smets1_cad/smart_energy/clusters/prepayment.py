"""Prepayment cluster 0x0705 (SE 1.4 Annex D.7)."""

from collections.abc import Mapping
from typing import ClassVar, Final

import zigpy.types as t
from zigpy.zcl.foundation import BaseAttributeDefs, BaseCommandDefs

from .base import (
    Definitions,
    SmartEnergyCluster,
    Variant,
    add,
    attribute,
    both_ways,
    command,
    packed,
    series,
)
from .strings import OctetString, octet_string
from .types.metering import NumberFormatting
from .types.prepayment import (
    CreditAdjustmentType,
    CreditStatus,
    DebtAmountType,
    DebtRecoveryFrequency,
    DebtRecoveryMethod,
    FriendlyCredit,
    OriginatingDevice,
    PaymentControlConfiguration,
    PrepaymentAlarmStatus,
    PrepaySnapshotPayloadCause,
    PrepaySnapshotPayloadType,
    RepaymentDebtType,
    ResultType,
)
from .types.price import UnitOfMeasure


class TopUpPayload(t.Struct):
    """One top-up."""

    top_up_code: OctetString
    top_up_amount: t.int32s
    top_up_time: t.UTCTime


class DebtPayload(t.Struct):
    """One repayment of a debt."""

    collection_time: t.UTCTime
    amount_collected: t.uint32_t
    debt_type: RepaymentDebtType
    outstanding_debt: t.uint32_t


class DebtCreditStatus(t.Struct):
    """Prepayment snapshot of debts and credit."""

    accumulated_debt: t.int32s
    type_1_debt_remaining: t.uint32_t
    type_2_debt_remaining: t.uint32_t
    type_3_debt_remaining: t.uint32_t
    emergency_credit_remaining: t.int32s
    credit_remaining: t.int32s


class PrepaySnapshotPayload(Variant):
    """A prepayment snapshot."""

    selector: ClassVar[str] = "snapshot_payload_type"
    layouts: ClassVar[Mapping[int, type[t.Struct]]] = {0: DebtCreditStatus}


def _top_ups() -> Definitions:
    """The five last top-ups, newest first."""
    for name, place, zcl_type in (
        ("top_up_date_time_{n}", 0x0100, t.UTCTime),
        ("top_up_amount_{n}", 0x0101, t.int32s),
        ("top_up_originating_device_{n}", 0x0102, OriginatingDevice),
        ("top_up_code_{n}", 0x0103, octet_string(25)),
    ):
        yield from series(name, place, range(1, 6), zcl_type, step=0x10)


def _debts() -> Definitions:
    """Debts 1 to 3."""
    for name, place, zcl_type in (
        ("debt_label_{n}", 0x0210, octet_string(12)),
        ("debt_amount_{n}", 0x0211, t.uint32_t),
        ("debt_recovery_method_{n}", 0x0212, DebtRecoveryMethod),
        ("debt_recovery_start_time_{n}", 0x0213, t.UTCTime),
        ("debt_recovery_collection_time_{n}", 0x0214, t.uint16_t),
        ("debt_recovery_frequency_{n}", 0x0216, DebtRecoveryFrequency),
        ("debt_recovery_amount_{n}", 0x0217, t.uint32_t),
        ("debt_recovery_top_up_percentage_{n}", 0x0219, t.uint16_t),
    ):
        yield from series(name, place, range(1, 4), zcl_type, step=0x10)


def _costs() -> Definitions:
    """Cost of days, weeks and months."""
    for name, place in (
        ("current_day", 0x051C),
        ("previous_day", 0x051E),
        ("current_week", 0x0530),
        ("previous_week", 0x0532),
        ("current_month", 0x0540),
        ("previous_month", 0x0542),
    ):
        pattern = f"{name}_cost_consumption_{{way}}"
        yield from both_ways(pattern, place, (0,), t.uint48_t)
    for name, place, last in (
        ("day", 0x0520, 8),
        ("week", 0x0534, 5),
        ("month", 0x0544, 13),
    ):
        pattern = f"previous_{name}_{{n}}_cost_consumption_{{way}}"
        yield from both_ways(pattern, place, range(2, last + 1), t.uint48_t)


class Prepayment(SmartEnergyCluster):
    """Credit, debt and top-ups of a prepayment meter."""

    cluster_id = t.ClusterId(0x0705)
    ep_attribute = "smartenergy_prepayment"

    @add(_top_ups(), _debts(), _costs())
    class AttributeDefs(BaseAttributeDefs):
        """Attributes of the server."""

        payment_control_configuration: Final = attribute(
            0x0000, PaymentControlConfiguration, mandatory=True
        )
        credit_remaining: Final = attribute(0x0001, t.int32s)
        emergency_credit_remaining: Final = attribute(0x0002, t.int32s)
        credit_status: Final = attribute(0x0003, CreditStatus)
        credit_remaining_timestamp: Final = attribute(0x0004, t.UTCTime)
        accumulated_debt: Final = attribute(0x0005, t.int32s)
        overall_debt_cap: Final = attribute(0x0006, t.int32s)
        emergency_credit_limit_allowance: Final = attribute(0x0010, t.uint32_t)
        emergency_credit_threshold: Final = attribute(0x0011, t.uint32_t)
        total_credit_added: Final = attribute(0x0020, t.uint48_t)
        max_credit_limit: Final = attribute(0x0021, t.uint32_t)
        max_credit_per_top_up: Final = attribute(0x0022, t.uint32_t)
        friendly_credit_warning: Final = attribute(0x0030, t.uint8_t)
        low_credit_warning_level: Final = attribute(0x0031, t.uint32_t)
        ihd_low_credit_warning_level: Final = attribute(0x0032, t.uint32_t, "rw")
        interrupt_suspend_time: Final = attribute(0x0033, t.uint8_t)
        remaining_friendly_credit_time: Final = attribute(0x0034, t.uint16_t)
        next_friendly_credit_period: Final = attribute(0x0035, t.UTCTime)
        cut_off_value: Final = attribute(0x0040, t.int32s)
        token_carrier_id: Final = attribute(0x0080, octet_string(20), "rw")
        prepayment_alarm_status: Final = attribute(0x0400, PrepaymentAlarmStatus)
        prepay_generic_alarm_mask: Final = attribute(0x0401, t.bitmap16, "rw")
        prepay_switch_alarm_mask: Final = attribute(0x0402, t.bitmap16, "rw")
        prepay_event_alarm_mask: Final = attribute(0x0403, t.bitmap16, "rw")
        historical_cost_consumption_formatting: Final = packed(0x0500, NumberFormatting)
        consumption_unit_of_measurement: Final = attribute(0x0501, UnitOfMeasure)
        currency_scaling_factor: Final = attribute(0x0502, t.enum8)
        currency: Final = attribute(0x0503, t.uint16_t)
        historical_freeze_time: Final = attribute(0x055C, t.uint16_t)

    class ServerCommandDefs(BaseCommandDefs):
        """Commands that the client sends."""

        select_available_emergency_credit: Final = command(
            0x00,
            {
                "command_issue_date_time": t.UTCTime,
                "originating_device": OriginatingDevice,
                "site_id?": OctetString,
                "meter_serial_number?": OctetString,
            },
        )
        change_debt: Final = command(
            0x02,
            {
                "issuer_event_id": t.uint32_t,
                "debt_label": OctetString,
                "debt_amount": t.uint32_t,
                "debt_recovery_method": DebtRecoveryMethod,
                "debt_amount_type": DebtAmountType,
                "debt_recovery_start_time": t.UTCTime,
                "debt_recovery_collection_time": t.uint16_t,
                "debt_recovery_frequency": DebtRecoveryFrequency,
                "debt_recovery_amount": t.uint32_t,
                "debt_recovery_balance_percentage": t.uint16_t,
            },
        )
        emergency_credit_setup: Final = command(
            0x03,
            {
                "issuer_event_id": t.uint32_t,
                "start_time": t.UTCTime,
                "emergency_credit_limit": t.uint32_t,
                "emergency_credit_threshold": t.uint32_t,
            },
        )
        consumer_top_up: Final = command(
            0x04,
            {
                "originating_device": OriginatingDevice,
                "top_up_code": OctetString,
            },
        )
        credit_adjustment: Final = command(
            0x05,
            {
                "issuer_event_id": t.uint32_t,
                "start_time": t.UTCTime,
                "credit_adjustment_type": CreditAdjustmentType,
                "credit_adjustment_value": t.uint32_t,
            },
        )
        change_payment_mode: Final = command(
            0x06,
            {
                "provider_id": t.uint32_t,
                "issuer_event_id": t.uint32_t,
                "implementation_date_time": t.UTCTime,
                "proposed_payment_control_configuration": PaymentControlConfiguration,
                "cut_off_value": t.uint32_t,
            },
        )
        get_prepay_snapshot: Final = command(
            0x07,
            {
                "earliest_start_time": t.UTCTime,
                "latest_end_time": t.UTCTime,
                "snapshot_offset": t.uint8_t,
                "snapshot_cause": PrepaySnapshotPayloadCause,
            },
        )
        get_top_up_log: Final = command(
            0x08,
            {
                "latest_end_time": t.UTCTime,
                "number_of_records": t.uint8_t,
            },
        )
        set_low_credit_warning_level: Final = command(
            0x09,
            {"low_credit_warning_level": t.uint32_t},
        )
        get_debt_repayment_log: Final = command(
            0x0A,
            {
                "latest_end_time": t.UTCTime,
                "number_of_debts": t.uint8_t,
                "debt_type": RepaymentDebtType,
            },
        )
        set_maximum_credit_limit: Final = command(
            0x0B,
            {
                "provider_id": t.uint32_t,
                "issuer_event_id": t.uint32_t,
                "implementation_date_time": t.UTCTime,
                "maximum_credit_level": t.uint32_t,
                "maximum_credit_per_top_up": t.uint32_t,
            },
        )
        set_overall_debt_cap: Final = command(
            0x0C,
            {
                "provider_id": t.uint32_t,
                "issuer_event_id": t.uint32_t,
                "implementation_date_time": t.UTCTime,
                "overall_debt_cap": t.uint32_t,
            },
        )

    class ClientCommandDefs(BaseCommandDefs):
        """Commands that the server sends."""

        publish_prepay_snapshot: Final = command(
            0x01,
            {
                "snapshot_id": t.uint32_t,
                "snapshot_time": t.UTCTime,
                "total_snapshots_found": t.uint8_t,
                "command_index": t.uint8_t,
                "total_number_of_commands": t.uint8_t,
                "snapshot_cause": PrepaySnapshotPayloadCause,
                "snapshot_payload_type": PrepaySnapshotPayloadType,
                "snapshot_payload": PrepaySnapshotPayload,
            },
        )
        change_payment_mode_response: Final = command(
            0x02,
            {
                "friendly_credit": FriendlyCredit,
                "friendly_credit_calendar_id": t.uint32_t,
                "emergency_credit_limit": t.uint32_t,
                "emergency_credit_threshold": t.uint32_t,
            },
        )
        consumer_top_up_response: Final = command(
            0x03,
            {
                "result_type": ResultType,
                "top_up_value": t.uint32_t,
                "source_of_top_up": OriginatingDevice,
                "credit_remaining": t.uint32_t,
            },
        )
        publish_top_up_log: Final = command(
            0x05,
            {
                "command_index": t.uint8_t,
                "total_number_of_commands": t.uint8_t,
                "top_up_payload": t.List[TopUpPayload],
            },
        )
        publish_debt_log: Final = command(
            0x06,
            {
                "command_index": t.uint8_t,
                "total_number_of_commands": t.uint8_t,
                "debt_payload": t.List[DebtPayload],
            },
        )

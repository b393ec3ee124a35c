"""Attributes of the Metering cluster 0x0702 (SE 1.4 Annex D.3)."""

from typing import Final

import zigpy.types as t
from zigpy.zcl.foundation import BaseAttributeDefs

from ..base import Definitions, add, attribute, both_ways, packed, series
from ..strings import octet_string
from ..types.metering import (
    FunctionalNotificationFlags,
    IntervalPeriod,
    MeteringConsumptionStatus,
    MeteringDeviceType,
    MeteringExtendedStatus,
    MeteringSupplyStatus,
    MeteringTemperatureUnitOfMeasure,
    NumberFormatting,
    SupplyStatus,
)
from ..types.price import Block, TrailingDigit, UnitOfMeasure
from ..types.tiers import RegisterTier


def _history(stem: str, start: int) -> Definitions:
    """Consumption of the days, weeks and months before the last, newest first."""
    yield from both_ways(
        f"previous_day_{{n}}_{stem}_{{way}}", start + 0x20, range(2, 9), t.uint24_t
    )
    yield from both_ways(
        f"previous_week_{{n}}_{stem}_{{way}}", start + 0x34, range(2, 6), t.uint24_t
    )
    yield from both_ways(
        f"previous_month_{{n}}_{stem}_{{way}}", start + 0x44, range(2, 14), t.uint32_t
    )
    for name, place, zcl_type in (
        ("current_day", 0x01, t.uint24_t),
        ("previous_day", 0x03, t.uint24_t),
        ("current_week", 0x30, t.uint24_t),
        ("previous_week", 0x32, t.uint24_t),
        ("current_month", 0x40, t.uint32_t),
        ("previous_month", 0x42, t.uint32_t),
    ):
        pattern = f"{name}_{stem}_{{way}}"
        yield from both_ways(pattern, start + place, (0,), zcl_type)


def _blocks(way: str, start: int) -> Definitions:
    """Registers of blocks 1 to 16: without tiers, then of each of tiers 1 to 15."""
    for tier in range(16):
        name = f"tier_{tier}" if tier else "no_tier"
        yield from series(
            f"current_{name}_block_{{n}}_summation_{way}",
            start + 0x10 * tier,
            range(1, 17),
            t.uint48_t,
        )


@add(
    both_ways("current_tier_{n}_summation_{way}", 0x0100, range(1, 49), t.uint48_t),
    _history("consumption", 0x0400),
    _blocks("delivered", 0x0700),
    _blocks("received", 0x0900),
    _history("alternative_consumption", 0x0C00),
    series("current_active_summation_q{n}", 0x0D01, range(1, 5), t.uint48_t),
    series("current_reactive_summation_q{n}", 0x0D05, range(1, 5), t.uint48_t),
)
class MeteringAttributeDefs(BaseAttributeDefs):
    """Attributes of the server."""

    current_summation_delivered: Final = attribute(0x0000, t.uint48_t, mandatory=True)
    current_summation_received: Final = attribute(0x0001, t.uint48_t)
    current_max_demand_delivered: Final = attribute(0x0002, t.uint48_t)
    current_max_demand_received: Final = attribute(0x0003, t.uint48_t)
    dft_summation: Final = attribute(0x0004, t.uint48_t)
    daily_freeze_time: Final = attribute(0x0005, t.uint16_t)
    power_factor: Final = attribute(0x0006, t.int8s)
    reading_snapshot_time: Final = attribute(0x0007, t.UTCTime)
    current_max_demand_delivered_time: Final = attribute(0x0008, t.UTCTime)
    current_max_demand_received_time: Final = attribute(0x0009, t.UTCTime)
    default_update_period: Final = attribute(0x000A, t.uint8_t)
    fast_poll_update_period: Final = attribute(0x000B, t.uint8_t)
    current_block_period_consumption_delivered: Final = attribute(0x000C, t.uint48_t)
    daily_consumption_target: Final = attribute(0x000D, t.uint24_t)
    current_block: Final = attribute(0x000E, Block)
    profile_interval_period: Final = attribute(0x000F, IntervalPeriod)
    interval_read_reporting_period: Final = attribute(0x0010, t.uint16_t)
    preset_reading_time: Final = attribute(0x0011, t.uint16_t)
    volume_per_report: Final = attribute(0x0012, t.uint16_t)
    flow_restriction: Final = attribute(0x0013, t.uint8_t)
    supply_status: Final = attribute(0x0014, MeteringSupplyStatus)
    current_inlet_energy_carrier_summation: Final = attribute(0x0015, t.uint48_t)
    current_outlet_energy_carrier_summation: Final = attribute(0x0016, t.uint48_t)
    inlet_temperature: Final = attribute(0x0017, t.int24s)
    outlet_temperature: Final = attribute(0x0018, t.int24s)
    control_temperature: Final = attribute(0x0019, t.int24s)
    current_inlet_energy_carrier_demand: Final = attribute(0x001A, t.int24s)
    current_outlet_energy_carrier_demand: Final = attribute(0x001B, t.int24s)
    previous_block_period_consumption_delivered: Final = attribute(0x001C, t.uint48_t)
    current_block_period_consumption_received: Final = attribute(0x001D, t.uint48_t)
    current_block_received: Final = attribute(0x001E, Block)
    dft_summation_received: Final = attribute(0x001F, t.uint48_t)
    active_register_tier_delivered: Final = attribute(0x0020, RegisterTier)
    active_register_tier_received: Final = attribute(0x0021, RegisterTier)
    last_block_switch_time: Final = attribute(0x0022, t.UTCTime)
    cpp1_summation_delivered: Final = attribute(0x01FC, t.uint48_t)
    cpp2_summation_delivered: Final = attribute(0x01FE, t.uint48_t)
    status: Final = attribute(0x0200, t.bitmap8, mandatory=True)
    remaining_battery_life: Final = attribute(0x0201, t.uint8_t)
    hours_in_operation: Final = attribute(0x0202, t.uint24_t)
    hours_in_fault: Final = attribute(0x0203, t.uint24_t)
    extended_status: Final = attribute(0x0204, MeteringExtendedStatus)
    remaining_battery_life_in_days: Final = attribute(0x0205, t.uint16_t)
    current_meter_id: Final = attribute(0x0206, octet_string(254))
    ambient_consumption_indicator: Final = attribute(0x0207, MeteringConsumptionStatus)
    unit_of_measure: Final = attribute(0x0300, UnitOfMeasure, mandatory=True)
    multiplier: Final = attribute(0x0301, t.uint24_t)
    divisor: Final = attribute(0x0302, t.uint24_t)
    summation_formatting: Final = packed(0x0303, NumberFormatting, mandatory=True)
    demand_formatting: Final = packed(0x0304, NumberFormatting)
    historical_consumption_formatting: Final = packed(0x0305, NumberFormatting)
    metering_device_type: Final = packed(0x0306, MeteringDeviceType, mandatory=True)
    site_id: Final = attribute(0x0307, octet_string(32))
    meter_serial_number: Final = attribute(0x0308, octet_string(24))
    energy_carrier_unit_of_measure: Final = attribute(0x0309, UnitOfMeasure)
    energy_carrier_summation_formatting: Final = packed(0x030A, NumberFormatting)
    energy_carrier_demand_formatting: Final = packed(0x030B, NumberFormatting)
    temperature_unit_of_measure: Final = attribute(
        0x030C, MeteringTemperatureUnitOfMeasure
    )
    temperature_formatting: Final = packed(0x030D, NumberFormatting)
    module_serial_number: Final = attribute(0x030E, octet_string(24))
    operating_tariff_label_delivered: Final = attribute(0x030F, octet_string(24))
    operating_tariff_label_received: Final = attribute(0x0310, octet_string(24))
    customer_id_number: Final = attribute(0x0311, octet_string(24))
    alternative_unit_of_measure: Final = attribute(0x0312, UnitOfMeasure)
    alternative_demand_formatting: Final = packed(0x0313, NumberFormatting)
    alternative_consumption_formatting: Final = packed(0x0314, NumberFormatting)
    instantaneous_demand: Final = attribute(0x0400, t.int24s)
    current_partial_profile_interval_start_time_delivered: Final = attribute(
        0x0405, t.UTCTime
    )
    current_partial_profile_interval_start_time_received: Final = attribute(
        0x0406, t.UTCTime
    )
    current_partial_profile_interval_value_delivered: Final = attribute(
        0x0407, t.uint24_t
    )
    current_partial_profile_interval_value_received: Final = attribute(
        0x0408, t.uint24_t
    )
    current_day_max_pressure: Final = attribute(0x0409, t.uint48_t)
    current_day_min_pressure: Final = attribute(0x040A, t.uint48_t)
    previous_day_max_pressure: Final = attribute(0x040B, t.uint48_t)
    previous_day_min_pressure: Final = attribute(0x040C, t.uint48_t)
    current_day_max_demand: Final = attribute(0x040D, t.int24s)
    previous_day_max_demand: Final = attribute(0x040E, t.int24s)
    current_month_max_demand: Final = attribute(0x040F, t.int24s)
    current_year_max_demand: Final = attribute(0x0410, t.int24s)
    current_day_max_energy_carrier_demand: Final = attribute(0x0411, t.int24s)
    previous_day_max_energy_carrier_demand: Final = attribute(0x0412, t.int24s)
    current_month_max_energy_carrier_demand: Final = attribute(0x0413, t.int24s)
    current_month_min_energy_carrier_demand: Final = attribute(0x0414, t.int24s)
    current_year_max_energy_carrier_demand: Final = attribute(0x0415, t.int24s)
    current_year_min_energy_carrier_demand: Final = attribute(0x0416, t.int24s)
    historical_freeze_time: Final = attribute(0x045C, t.uint16_t)
    current_day_max_demand_delivered: Final = attribute(0x045D, t.uint48_t)
    current_day_max_demand_delivered_time: Final = attribute(0x045E, t.UTCTime)
    current_day_max_demand_received: Final = attribute(0x045F, t.uint48_t)
    current_day_max_demand_received_time: Final = attribute(0x0460, t.UTCTime)
    previous_day_max_demand_delivered: Final = attribute(0x0461, t.uint48_t)
    previous_day_max_demand_delivered_time: Final = attribute(0x0462, t.UTCTime)
    previous_day_max_demand_received: Final = attribute(0x0463, t.uint48_t)
    previous_day_max_demand_received_time: Final = attribute(0x0464, t.UTCTime)
    max_number_of_periods_delivered: Final = attribute(0x0500, t.uint8_t)
    current_demand_delivered: Final = attribute(0x0600, t.uint24_t)
    demand_limit: Final = attribute(0x0601, t.uint24_t)
    demand_integration_period: Final = attribute(0x0602, t.uint8_t)
    number_of_demand_subintervals: Final = attribute(0x0603, t.uint8_t)
    demand_limit_arm_duration_in_minutes: Final = attribute(0x0604, t.uint16_t)
    load_limit_supply_state: Final = attribute(0x0605, SupplyStatus)
    load_limit_counter: Final = attribute(0x0606, t.uint8_t)
    supply_tamper_state: Final = attribute(0x0607, SupplyStatus)
    supply_depletion_state: Final = attribute(0x0608, SupplyStatus)
    supply_uncontrolled_flow_state: Final = attribute(0x0609, SupplyStatus)
    generic_alarm_mask: Final = attribute(0x0800, t.bitmap16, "rw")
    electricity_alarm_mask: Final = attribute(0x0801, t.bitmap32, "rw")
    generic_flow_pressure_alarm_mask: Final = attribute(0x0802, t.bitmap16, "rw")
    water_specific_alarm_mask: Final = attribute(0x0803, t.bitmap16, "rw")
    heat_and_cooling_specific_alarm_mask: Final = attribute(0x0804, t.bitmap16, "rw")
    gas_specific_alarm_mask: Final = attribute(0x0805, t.bitmap16, "rw")
    extended_generic_alarm_mask: Final = attribute(0x0806, t.bitmap48, "rw")
    manufacture_alarm_mask: Final = attribute(0x0807, t.bitmap16, "rw")
    bill_to_date_delivered: Final = attribute(0x0A00, t.uint32_t)
    bill_to_date_time_stamp_delivered: Final = attribute(0x0A01, t.UTCTime)
    projected_bill_delivered: Final = attribute(0x0A02, t.uint32_t)
    projected_bill_time_stamp_delivered: Final = attribute(0x0A03, t.UTCTime)
    bill_delivered_trailing_digit: Final = packed(0x0A04, TrailingDigit)
    bill_to_date_received: Final = attribute(0x0A10, t.uint32_t)
    bill_to_date_time_stamp_received: Final = attribute(0x0A11, t.UTCTime)
    projected_bill_received: Final = attribute(0x0A12, t.uint32_t)
    projected_bill_time_stamp_received: Final = attribute(0x0A13, t.UTCTime)
    bill_received_trailing_digit: Final = packed(0x0A14, TrailingDigit)
    proposed_change_supply_implementation_time: Final = attribute(0x0B00, t.UTCTime)
    proposed_change_supply_status: Final = attribute(0x0B01, SupplyStatus)
    uncontrolled_flow_threshold: Final = attribute(0x0B10, t.uint16_t)
    uncontrolled_flow_threshold_unit_of_measure: Final = attribute(
        0x0B11, UnitOfMeasure
    )
    uncontrolled_flow_threshold_multiplier: Final = attribute(0x0B12, t.uint16_t)
    uncontrolled_flow_threshold_divisor: Final = attribute(0x0B13, t.uint16_t)
    flow_stabilization_period: Final = attribute(0x0B14, t.uint8_t)
    flow_measurement_period: Final = attribute(0x0B15, t.uint16_t)
    alternative_instantaneous_demand: Final = attribute(0x0C00, t.int24s)
    current_alternative_partial_profile_interval_start_time_delivered: Final = (
        attribute(0x0C05, t.UTCTime)
    )
    current_alternative_partial_profile_interval_start_time_received: Final = attribute(
        0x0C06, t.UTCTime
    )
    current_alternative_partial_profile_interval_value_delivered: Final = attribute(
        0x0C07, t.uint24_t
    )
    current_alternative_partial_profile_interval_value_received: Final = attribute(
        0x0C08, t.uint24_t
    )
    current_alternative_day_max_pressure: Final = attribute(0x0C09, t.uint48_t)
    current_alternative_day_min_pressure: Final = attribute(0x0C0A, t.uint48_t)
    previous_day_alternative_max_pressure: Final = attribute(0x0C0B, t.uint48_t)
    previous_day_alternative_min_pressure: Final = attribute(0x0C0C, t.uint48_t)
    current_alternative_day_max_demand: Final = attribute(0x0C0D, t.int24s)
    previous_day_alternative_max_demand: Final = attribute(0x0C0E, t.int24s)
    current_alternative_month_max_demand: Final = attribute(0x0C0F, t.int24s)
    current_alternative_year_max_demand: Final = attribute(0x0C10, t.int24s)
    current_day_alternative_max_demand_delivered: Final = attribute(0x0C5C, t.uint48_t)
    current_day_alternative_max_demand_delivered_time: Final = attribute(
        0x0C5D, t.UTCTime
    )
    current_day_alternative_max_demand_received: Final = attribute(0x0C5E, t.uint48_t)
    current_day_alternative_max_demand_received_time: Final = attribute(
        0x0C5F, t.UTCTime
    )
    previous_day_alternative_max_demand_delivered: Final = attribute(0x0C60, t.uint48_t)
    previous_day_alternative_max_demand_delivered_time: Final = attribute(
        0x0C61, t.UTCTime
    )
    previous_day_alternative_max_demand_received: Final = attribute(0x0C62, t.uint48_t)
    previous_day_alternative_max_demand_received_time: Final = attribute(
        0x0C63, t.UTCTime
    )


@add(series("notification_flags_{n}", 0x0001, range(2, 9), t.bitmap32))
class MeteringClientAttributeDefs(BaseAttributeDefs):
    """Attributes of the client."""

    functional_notification_flags: Final = attribute(
        0x0000, FunctionalNotificationFlags
    )

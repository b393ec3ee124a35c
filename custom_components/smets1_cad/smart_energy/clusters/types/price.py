"""Types of the Price cluster (SE 1.4 Annex D.4)."""

import zigpy.types as t


class UInt22(t.uint_t, bits=22):
    """A 22-bit count."""


class TrailingDigit(t.IntStruct, t.uint8_t):
    """Digits right of the decimal point, in the high nibble."""

    reserved_0: t.uint4_t
    trailing_digit: t.uint4_t


class AlternateCostUnit(t.enum8):
    """Unit of an alternate cost."""

    KG_OF_CO2_PER_UNIT_OF_MEASURE = 0x02


class BillingPeriodDuration(t.IntStruct, t.uint24_t):
    """Length of a billing period: a count, and the unit in the two top bits."""

    duration: UInt22
    units: t.uint2_t


class BillingPeriodDurationType(t.IntStruct, t.uint8_t):
    """Time base and control of a billing period."""

    timebase: t.uint4_t
    control: t.uint4_t


class BillingPeriodDurationUnits(t.enum24):
    """Units of BillingPeriodDuration, in place."""

    MINUTES = 0x000000
    DAYS = 0x400000
    WEEKS = 0x800000
    MONTHS = 0xC00000


class Block(t.enum8):
    """Number of the active block."""

    NO_BLOCKS_IN_USE = 0x00
    BLOCK1 = 0x01
    BLOCK2 = 0x02
    BLOCK3 = 0x03
    BLOCK4 = 0x04
    BLOCK5 = 0x05
    BLOCK6 = 0x06
    BLOCK7 = 0x07
    BLOCK8 = 0x08
    BLOCK9 = 0x09
    BLOCK10 = 0x0A
    BLOCK11 = 0x0B
    BLOCK12 = 0x0C
    BLOCK13 = 0x0D
    BLOCK14 = 0x0E
    BLOCK15 = 0x0F
    BLOCK16 = 0x10


class BlockPeriodControl(t.bitmap8):
    """Options of PublishBlockPeriod."""

    PRICE_ACKNOWLEDGEMENT_REQUIREMENT = 0x01
    REPEATING_BLOCK = 0x02


class BlockPeriodDurationType(t.IntStruct, t.uint8_t):
    """Time base and control of a block period."""

    timebase: t.uint4_t
    control: t.uint4_t


class BlockPeriodDurationTypeControl(t.enum8):
    """Where a block period starts within its time base, in place."""

    START_OF_TIMEBASE = 0x00
    END_OF_TIMEBASE = 0x10
    NOT_SPECIFIED = 0x20


class BlockPeriodDurationTypeTimebase(t.enum8):
    """Time base of a block period."""

    MINUTES = 0x00
    DAYS = 0x01
    WEEKS = 0x02
    MONTHS = 0x03


class BlockThresholdMask(t.bitmap16):
    """Tiers that a set of block thresholds is meant for."""

    TIER1 = 0x0002
    TIER2 = 0x0004
    TIER3 = 0x0008
    TIER4 = 0x0010
    TIER5 = 0x0020
    TIER6 = 0x0040
    TIER7 = 0x0080
    TIER8 = 0x0100
    TIER9 = 0x0200
    TIER10 = 0x0400
    TIER11 = 0x0800
    TIER12 = 0x1000
    TIER13 = 0x2000
    TIER14 = 0x4000
    TIER15 = 0x8000


class BlockThresholdSubPayloadControl(t.bitmap8):
    """Options of PublishBlockThresholds."""

    APPLY_TO_ALL_TOU_TIERS_OR_WHEN_BLOCK_ONLY_CHARGING = 0x01


class CO2Unit(t.enum8):
    """Unit of a CO2 value."""

    KILOGRAM_PER_KILOWATT_HOUR = 0x01
    KILOGRAM_PER_GALLON_OF_GASOLINE = 0x02
    KILOGRAM_PER_THERM_OF_NATURAL_GAS = 0x03


class CalorificValueUnit(t.enum8):
    """Unit of a calorific value."""

    MEGAJOULE_PER_CUBIC_METER = 0x01
    MEGAJOULE_PER_KILOGRAM = 0x02


class CommandOptions(t.bitmap8):
    """Options of GetCurrentPrice."""

    REQUEST_RX_ON_WHEN_IDLE = 0x01


class CommodityType(t.enum8):
    """Commodity that a price is for; the same numbers as MeteringDeviceType."""

    ELECTRIC_METERING = 0x00
    GAS_METERING = 0x01
    WATER_METERING = 0x02
    THERMAL_METERING = 0x03
    PRESSURE_METERING = 0x04
    HEAT_METERING = 0x05
    COOLING_METERING = 0x06
    ELECTRIC_VEHICLE_CHARGING_METERING = 0x07
    PV_GENERATION_METERING = 0x08
    WIND_TURBINE_GENERATION_METERING = 0x09
    WATER_TURBINE_GENERATION_METERING = 0x0A
    MICRO_GENERATION_METERING = 0x0B
    SOLAR_HOT_WATER_GENERATION_METERING = 0x0C
    ELECTRIC_METERING_ELEMENT1 = 0x0D
    ELECTRIC_METERING_ELEMENT2 = 0x0E
    ELECTRIC_METERING_ELEMENT3 = 0x0F


class CppEventResponseCppAuth(t.enum8):
    """Consumer's answer to a critical peak price event."""

    ACCEPTED = 0x01
    REJECTED = 0x02


class CppPriceTier(t.enum8):
    """Critical peak price tiers."""

    CPP1 = 0x00
    CPP2 = 0x01


class CreditPaymentStatus(t.enum8):
    """Where the payment of the last bill stands."""

    PENDING = 0x00
    RECEIVED_PAID = 0x01
    OVERDUE = 0x02
    N_2_PAYMENTS_OVERDUE = 0x03
    N_3_PAYMENTS_OVERDUE = 0x04


class CurrencyChangeControl(t.bitmap32):
    """What a meter does with old figures when the currency changes."""

    CLEAR_BILLING_INFO = 0x00000001
    CONVERT_BILLING_INFO_USING_NEW_CURRENCY = 0x00000002
    CLEAR_OLD_CONSUMPTION_DATA = 0x00000004
    CONVERT_OLD_CONSUMPTION_DATA_USING_NEW_CURRENCY = 0x00000008


class PaymentDiscountDuration(t.enum8):
    """How long a payment discount runs."""

    CURRENT_BILLING_PERIOD = 0x00
    CURRENT_CONSOLIDATED_BILL = 0x01
    ONE_MONTH = 0x02
    ONE_QUARTER = 0x03
    ONE_YEAR = 0x04


class PriceControlAcknowledgement(t.enum8):
    """Whether PublishPrice wants a PriceAcknowledgement."""

    NOT_REQUIRED = 0x00
    REQUIRED = 0x01


class PriceControlMask(t.bitmap8):
    """Options of PublishPrice."""

    PRICE_ACKNOWLEDGEMENT_REQUIRED = 0x01
    TOTAL_TIERS_EXCEEDS15 = 0x02


class PriceMatrixSubPayloadControl(t.bitmap8):
    """How PublishPriceMatrix numbers its prices: by tier if set, else by tier and block."""

    TOU_BASED = 0x01


class PriceNumberOfPriceTiersAndRegisterTier(t.IntStruct, t.uint8_t):
    """Register tier in the low nibble, number of price tiers in the high one."""

    register_tier: t.uint4_t
    number_of_price_tiers: t.uint4_t


class PriceTrailingDigitAndPriceTier(t.IntStruct, t.uint8_t):
    """Price tier in the low nibble, digits right of the decimal point in the high one."""

    price_tier: t.uint4_t
    trailing_digit: t.uint4_t


class PublishCppEventCppAuth(t.enum8):
    """State of the consumer's authorisation of a critical peak price event."""

    PENDING = 0x00
    ACCEPTED = 0x01
    REJECTED = 0x02
    FORCED = 0x03


class TariffChargingScheme(t.enum8):
    """Charging scheme of a tariff, in place in the high nibble."""

    TOU_TARIFF = 0x00
    BLOCK_TARIFF = 0x10
    BLOCK_TOU_TARIFF_WITH_COMMON_THRESHOLDS = 0x20
    BLOCK_TOU_TARIFF_WITH_INDIVIDUAL_THRESHOLDS_PER_TIER = 0x30


class TariffResolutionPeriod(t.enum8):
    """Period over which block consumption is resolved into tiers."""

    NOT_DEFINED = 0x00
    BLOCK_PERIOD = 0x01
    ONE_DAY = 0x02


class TariffType(t.enum8):
    """Direction of the energy that a tariff is for."""

    DELIVERED_TARIFF = 0x00
    RECEIVED_TARIFF = 0x01
    DELIVERED_AND_RECEIVED_TARIFF = 0x02


class TariffTypeChargingScheme(t.IntStruct, t.uint8_t):
    """Tariff type in the low nibble, charging scheme in the high one."""

    tariff_type: t.uint4_t
    tariff_charging_scheme: t.uint4_t


class TierBlockMode(t.enum8):
    """What GetCurrentPrice gives while blocks are in use."""

    ACTIVE_BLOCK = 0x00
    ACTIVE_BLOCK_PRICE_TIER = 0x01
    ACTIVE_BLOCK_PRICE_TIER_THRESHOLD = 0x02
    NOT_USED = 0xFF


class UnitOfMeasure(t.enum8):
    """Unit of registers, and per hour of demand; 0x80 up: the same in BCD."""

    KILO_WATT_HOURS = 0x00
    CUBIC_METER_PER_HOUR = 0x01
    CUBIC_FEET_PER_HOUR = 0x02
    CENTUM_CUBIC_FEET_PER_HOUR = 0x03
    US_GALLONS_PER_HOUR = 0x04
    IMPERIAL_GALLONS_PER_HOUR = 0x05
    BT_US_OR_BTU_PER_HOUR = 0x06
    LITERS_OR_LITERS_PER_HOUR = 0x07
    KPA_GAUGE = 0x08
    KPA_ABSOLUTE = 0x09
    MCF_OR_MCF_PER_SECOND = 0x0A
    UNITLESS = 0x0B
    MJ_OR_MJ_PER_SECOND = 0x0C
    K_VAR_OR_KVAR_HOURS = 0x0D
    KILO_WATT_HOURS_BCD = 0x80
    CUBIC_METER_PER_HOUR_BCD = 0x81
    CUBIC_FEET_PER_HOUR_BCD = 0x82
    CENTUM_CUBIC_FEET_PER_HOUR_BCD = 0x83
    US_GALLONS_PER_HOUR_BCD = 0x84
    IMPERIAL_GALLONS_PER_HOUR_BCD = 0x85
    BT_US_OR_BTU_PER_HOUR_BCD = 0x86
    LITERS_OR_LITERS_PER_HOUR_BCD = 0x87
    KPA_GUAGE_BCD = 0x88
    KPA_ABSOLUTE_BCD = 0x89
    MCF_OR_MCF_PER_SECOND_BCD = 0x8A
    UNITLESS_BCD = 0x8B
    MJ_OR_MJ_PER_SECOND_BCD = 0x8C
    K_VAR_OR_KVAR_HOURS_BCD = 0x8D

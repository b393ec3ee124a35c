"""Types of the Prepayment cluster (SE 1.4 Annex D.7)."""

import zigpy.types as t


class CreditAdjustmentType(t.enum8):
    """Whether a credit adjustment adds or replaces."""

    CREDIT_INCREMENTAL = 0x00
    CREDIT_ABSOLUTE = 0x01


class CreditStatus(t.bitmap8):
    """State of the credit."""

    CREDIT_OK = 0x01
    LOW_CREDIT = 0x02
    EMERGENCY_CREDIT_ENABLED = 0x04
    EMERGENCY_CREDIT_AVAILABLE = 0x08
    EMERGENCY_CREDIT_SELECTED = 0x10
    EMERGENCY_CREDIT_IN_USE = 0x20
    CREDIT_EXHAUSTED = 0x40


class DebtAmountType(t.enum8):
    """Which debt is changed, and whether the amount adds or replaces."""

    TYPE1_ABSOLUTE = 0x00
    TYPE1_INCREMENTAL = 0x01
    TYPE2_ABSOLUTE = 0x02
    TYPE2_INCREMENTAL = 0x03
    TYPE3_ABSOLUTE = 0x04
    TYPE3_INCREMENTAL = 0x05


class DebtRecoveryFrequency(t.enum8):
    """How often a debt is collected."""

    PER_HOUR = 0x00
    PER_DAY = 0x01
    PER_WEEK = 0x02
    PER_MONTH = 0x03
    PER_QUARTER = 0x04


class DebtRecoveryMethod(t.enum8):
    """How a debt is collected."""

    TIME_BASED = 0x00
    PERCENTAGE_BASED = 0x01
    CATCH_UP_BASED = 0x02


class FriendlyCredit(t.bitmap8):
    """Whether friendly credit is enabled."""

    FRIENDLY_CREDIT_ENABLED = 0x01


class OriginatingDevice(t.enum8):
    """Device from which a top-up or a request came."""

    ENERGY_SERVICE_INTERFACE = 0x00
    METER = 0x01
    IN_HOME_DISPLAY_DEVICE = 0x02


class PaymentControlConfiguration(t.bitmap16):
    """How the consumer pays, and what is collected when."""

    DISCONNECTION_ENABLED = 0x0001
    PREPAYMENT_ENABLED = 0x0002
    CREDIT_MANAGEMENT_ENABLED = 0x0004
    CREDIT_DISPLAY_ENABLED = 0x0010
    ACCOUNT_BASE = 0x0040
    CONTACTOR_FITTED = 0x0080
    STANDING_CHARGE_CONFIGURATION = 0x0100
    EMERGENCY_STANDING_CHARGE_CONFIGURATION = 0x0200
    DEBT_CONFIGURATION = 0x0400
    EMERGENCY_DEBT_CONFIGURATION = 0x0800


class PrepaySnapshotPayloadCause(t.bitmap32):
    """Why a prepayment snapshot was taken."""

    GENERAL = 0x00000001
    CHANGE_OF_TARIFF_INFORMATION = 0x00000008
    CHANGE_OF_PRICE_MATRIX = 0x00000010
    MANUALLY_TRIGGERED_FROM_CLIENT = 0x00000400
    CHANGE_OF_TENANCY = 0x00001000
    CHANGE_OF_SUPPLIER = 0x00002000
    CHANGE_OF_METER_MODE = 0x00004000
    TOP_UP_ADDITION = 0x00040000
    DEBT_CREDIT_ADDITION = 0x00080000


class PrepaySnapshotPayloadType(t.enum8):
    """Layout of a prepayment snapshot."""

    DEBT_CREDIT_STATUS = 0x00
    NOT_USED = 0xFF


class PrepaymentAlarmStatus(t.bitmap16):
    """Prepayment alarms that are raised."""

    LOW_CREDIT_WARNING = 0x0001
    TOP_UP_CODE_ERROR = 0x0002
    TOP_UP_CODE_ALREADY_USED = 0x0004
    TOP_UP_CODE_INVALID = 0x0008
    FRIENDLY_CREDIT_IN_USE = 0x0010
    FRIENDLY_CREDIT_PERIOD_END_WARNING = 0x0020
    EC_AVAILABLE = 0x0040
    UNAUTHORISED_ENERGY_USE = 0x0080
    DISCONNECTED_SUPPLY_DUE_TO_CREDIT = 0x0100
    DISCONNECTED_SUPPLY_DUE_TO_TAMPER = 0x0200
    DISCONNECTED_SUPPLY_DUE_TO_HES = 0x0400
    PHYSICAL_ATTACK = 0x0800
    ELECTRONIC_ATTACK = 0x1000
    MANUFACTURE_ALARM_CODE_A = 0x2000
    MANUFACTURE_ALARM_CODE_B = 0x4000


class RepaymentDebtType(t.enum8):
    """Which debt."""

    DEBT1 = 0x00
    DEBT2 = 0x01
    DEBT3 = 0x02
    ALL_DEBTS = 0xFF


class ResultType(t.enum8):
    """Outcome of ConsumerTopUp."""

    ACCEPTED = 0x00
    REJECTED_INVALID_TOP_UP = 0x01
    REJECTED_DUPLICATE_TOP_UP = 0x02
    REJECTED_ERROR = 0x03
    REJECTED_MAX_CREDIT_REACHED = 0x04
    REJECTED_KEYPAD_LOCK = 0x05
    REJECTED_TOP_UP_VALUE_TOO_LARGE = 0x06
    ACCEPTED_SUPPLY_ENABLED = 0x10
    ACCEPTED_SUPPLY_DISABLED = 0x11
    ACCEPTED_SUPPLY_ARMED = 0x12

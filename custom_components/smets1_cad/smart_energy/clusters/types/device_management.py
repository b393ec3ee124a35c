"""Types of the Device Management cluster (SE 1.4 Annex D.10)."""

import zigpy.types as t


class EventConfiguration(t.IntStruct, t.uint8_t):
    """What a device does when an event happens."""

    log_action: t.uint3_t
    push_event_to_wan: t.uint1_t
    push_event_to_han: t.uint1_t
    raise_alarm_zig_bee: t.uint1_t
    raise_alarm_physical: t.uint1_t
    reserved_7: t.uint1_t


class EventConfigurationControl(t.enum8):
    """How SetEventConfiguration picks its events."""

    APPLY_BY_LIST = 0x00
    APPLY_BY_EVENT_GROUP = 0x01
    APPLY_BY_LOG_TYPE = 0x02
    APPLY_BY_CONFIGURATION_MATCH = 0x03


class EventConfigurationLogAction(t.enum8):
    """Log that an event is written to."""

    DO_NOT_LOG = 0x00
    LOG_AS_TAMPER = 0x01
    LOG_AS_FAULT = 0x02
    LOG_AS_GENERAL_EVENT = 0x03
    LOG_AS_SECURITY_EVENT = 0x04
    LOG_AS_NETWORK_EVENT = 0x05


class PasswordType(t.enum8):
    """Which password is asked for."""

    PASSWORD1_SERVICE_MENU_ACCESS = 0x01
    PASSWORD2_CONSUMER_MENU_ACCESS = 0x02
    PASSWORD3 = 0x03
    PASSWORD4 = 0x04


class ProposedChangeControl(t.bitmap32):
    """What a device does at a change of tenancy or of supplier."""

    PRE_SNAPSHOTS = 0x00000001
    POST_SNAPSHOTS = 0x00000002
    RESET_CREDIT_REGISTER = 0x00000004
    RESET_DEBIT_REGISTER = 0x00000008
    RESET_BILLING_PERIOD = 0x00000010
    CLEAR_TARIFF_PLAN = 0x00000020
    CLEAR_STANDING_CHARGE = 0x00000040
    BLOCK_HISTORICAL_LOAD_PROFILE_INFORMATION = 0x00000080
    CLEAR_HISTORICAL_LOAD_PROFILE_INFORMATION = 0x00000100
    CLEAR_IHD_DATA_CONSUMER = 0x00000200
    CLEAR_IHD_DATA_SUPPLIER = 0x00000400
    METER_CONNECTOR_STATE_ON_OFF_ARMED = 0x00001800
    CLEAR_TRANSACTION_LOG = 0x00002000
    CLEAR_PREPAYMENT_LOG = 0x00004000


class WanStatus(t.enum8):
    """Whether the hub reaches the outside."""

    CONNECTION_TO_WAN_IS_NOT_AVAILABLE = 0x00
    CONNECTION_TO_WAN_IS_AVAILABLE = 0x01

"""Types of the Messaging cluster (SE 1.4 Annex D.5)."""

import zigpy.types as t


class MessagingConfirmationControl(t.bitmap8):
    """Consumer's answer to a message."""

    NO_RETURNED = 0x01
    YES_RETURNED = 0x02


class MessagingControlConfirmation(t.enum8):
    """Whether a message wants a confirmation, in place."""

    NOT_REQUIRED = 0x00
    REQUIRED = 0x80


class MessagingControlEnhancedConfirmation(t.enum8):
    """Whether a message wants an answer, in place."""

    NOT_REQUIRED = 0x00
    REQUIRED = 0x20


class MessagingControlImportance(t.enum8):
    """Importance of a message, in place."""

    LOW = 0x00
    MEDIUM = 0x04
    HIGH = 0x08
    CRITICAL = 0x0C


class MessagingControlMask(t.IntStruct, t.uint8_t):
    """How a message is sent, how important it is, and what it wants back."""

    trans_mechanism: t.uint2_t
    message_urgency: t.uint2_t
    reserved_4: t.uint1_t
    enhanced_confirmation_request: t.uint1_t
    reserved_6: t.uint1_t
    message_confirmation: t.uint1_t


class MessagingControlTransmission(t.enum8):
    """How a message is sent."""

    NORMAL = 0x00
    NORMAL_AND_ANONYMOUS = 0x01
    ANONYMOUS = 0x02
    RESERVED = 0x03


class MessagingExtendedControlMask(t.bitmap8):
    """Whether a message has been confirmed already."""

    MESSAGE_CONFIRMATION_STATUS = 0x01

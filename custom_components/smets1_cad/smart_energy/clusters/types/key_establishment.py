"""Types of the Key Establishment cluster (SE 1.4 Annex C.3)."""

import zigpy.types as t


class KeyEstablishmentStatus(t.enum8):
    """Why key establishment ended; 6 is named InvalidCertificate by SE 1.4."""

    SUCCESS = 0x00
    UNKNOWN_ISSUER = 0x01
    BAD_KEY_CONFIRM = 0x02
    BAD_MESSAGE = 0x03
    NO_RESOURCES = 0x04
    UNSUPPORTED_SUITE = 0x05
    INVALID_KEY_USAGE = 0x06

"""Status codes as EmberZNet numbers them: EmberStatus up to EZSP 13, sl_status from EZSP 14."""

from enum import Enum


class Status(Enum):
    """One outcome; its value is (EmberStatus, sl_status, EzspStatus)."""

    OK = (0x00, 0x0000, 0x00)
    FATAL = (0x01, 0x0001, 0x38)
    BAD_ARGUMENT = (0x02, 0x0021, 0x36)
    NOT_FOUND = (0x03, 0x002D, 0x37)
    DELIVERY_FAILED = (0x66, 0x0C02, 0x38)
    INVALID_CALL = (0x70, 0x0002, 0x38)
    MESSAGE_TOO_LONG = (0x74, 0x0038, 0x33)
    NETWORK_UP = (0x90, 0x0015, 0x38)
    NETWORK_DOWN = (0x91, 0x0016, 0x38)
    NOT_JOINED = (0x93, 0x0017, 0x38)
    JOIN_FAILED = (0x94, 0x0017, 0x38)
    MOVE_FAILED = (0x96, 0x0C06, 0x38)
    INVALID_ENDPOINT = (0xA3, 0x0021, 0x36)
    SECURITY_STATE_NOT_SET = (0xA8, 0x0C0B, 0x38)
    NO_BEACONS = (0xAB, 0x0018, 0x38)
    RECEIVED_KEY_IN_THE_CLEAR = (0xAC, 0x0C1A, 0x38)
    NO_NETWORK_KEY_RECEIVED = (0xAD, 0x0C1B, 0x38)
    PRECONFIGURED_KEY_REQUIRED = (0xAF, 0x0C1D, 0x38)
    LIBRARY_NOT_PRESENT = (0xB5, 0x000E, 0x38)
    OPERATION_IN_PROGRESS = (0xBA, 0x0005, 0x38)

    @property
    def ember(self) -> int:
        """The EmberStatus octet."""
        return self.value[0]

    @property
    def sl(self) -> int:
        """The 32-bit sl_status."""
        return self.value[1]

    @property
    def ezsp(self) -> int:
        """The EzspStatus octet."""
        return self.value[2]

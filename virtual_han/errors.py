"""What can go wrong in the virtual HAN."""


class VirtualHanError(Exception):
    """Base of every error that the virtual HAN raises on purpose."""


class PointError(VirtualHanError):
    """Raised when octets or coordinates are not a usable point of the curve."""


class SuiteError(VirtualHanError):
    """Raised when key establishment material does not fit its suite."""


class SecurityError(VirtualHanError):
    """Raised when a frame cannot be opened with the key at hand."""


class FrameError(VirtualHanError):
    """Raised when octets are not the frame that they should be."""


class FlashError(VirtualHanError):
    """Raised when a stick's flash file cannot be read."""


class UnknownFaultError(VirtualHanError):
    """Raised when a fault is asked for by a name that does not exist."""


class AdmissionError(VirtualHanError):
    """Raised when a device cannot be put on the hub's list."""

"""What goes wrong when a frame is read or built."""


class ZclError(ValueError):
    """A frame or a value that does not fit the tables; the message says which."""


class MalformedFrameError(ZclError):
    """Octets that end too early or mean nothing; a server answers MALFORMED_COMMAND."""

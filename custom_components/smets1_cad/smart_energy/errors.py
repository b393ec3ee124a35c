"""What can go wrong in Smart Energy."""

from ..cad.errors import CadError, Responsible


class SmartEnergyError(CadError):
    """Base of every Smart Energy error."""


class FrameError(SmartEnergyError):
    """Raised when octets are not the frame that they should be.

    Attributes:
        offset: the octet, counted from 0, at which reading stopped.
        detail: the message without it.
    """

    reason = "malformed_frame"

    def __init__(self, message: str, *, offset: int) -> None:
        """Keep the octet at which reading stopped."""
        super().__init__(f"octet {offset}: {message}")
        self.offset = offset
        self.detail = message


class InstallCodeError(SmartEnergyError):
    """Raised when what was typed is not an install code, or not surely one.

    Attributes:
        position: the wrong character, counted from 1 as people count and
            without what separates groups, or None.
    """

    reason = "install_code"
    responsible = Responsible.HOUSEHOLDER

    def __init__(
        self, message: str, *, reason: str | None = None, position: int | None = None
    ) -> None:
        """Keep the position of the wrong character."""
        super().__init__(
            message, reason=reason, placeholders={"position": str(position or "?")}
        )
        self.position = position


class Eui64Error(SmartEnergyError):
    """Raised when what was typed is not an EUI-64.

    Attributes:
        position: the wrong character, counted from 1 as people count, or None.
    """

    reason = "eui64"
    responsible = Responsible.HOUSEHOLDER

    def __init__(
        self, message: str, *, reason: str | None = None, position: int | None = None
    ) -> None:
        """Keep the position of the wrong character."""
        super().__init__(
            message, reason=reason, placeholders={"position": str(position or "?")}
        )
        self.position = position


class CertificateError(SmartEnergyError):
    """Raised when a device certificate cannot be used."""

    reason = "certificate"
    responsible = Responsible.CAD_PROVIDER


class KeyEstablishmentError(SmartEnergyError):
    """Raised when certificate-based key establishment (CBKE) ends without a key."""

    reason = "key_establishment"
    responsible = Responsible.CAD_PROVIDER


class ProfileRefusedError(SmartEnergyError):
    """Raised when a meter does not give its log, or gives one that cannot be.

    Attributes:
        reason: ``profile_`` and what was wrong.
    """

    responsible = Responsible.SUPPLIER

    def __init__(self, cause: str) -> None:
        """Say why, from a slug such as ``channel_not_supported``."""
        super().__init__(
            f"The meter did not give its log ({cause.replace('_', ' ')}); history before"
            " pairing stays empty, readings go on",
            reason=f"profile_{cause}",
        )


class EgressDenied(SmartEnergyError):
    """Raised when a frame that is not on the allow-list was about to leave (R16).

    Attributes:
        rule: the rule that it broke, a stable slug for counters.
    """

    reason = "egress_denied"

    def __init__(self, message: str, *, rule: str) -> None:
        """Keep the rule that the frame broke."""
        super().__init__(
            f"{message}; the frame was not sent. This is a fault in the program: please report it"
        )
        self.rule = rule

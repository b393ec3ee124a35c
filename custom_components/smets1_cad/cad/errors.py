"""The exception tree of everything below Home Assistant's rooms."""

from enum import StrEnum


class Responsible(StrEnum):
    """Whose task it is to mend a failure (R21)."""

    HOUSEHOLDER = "householder"
    CAD_PROVIDER = "cad_provider"
    SUPPLIER = "supplier"
    METER_OPERATOR = "meter_operator"
    """The supplier's SMSO, or the DCC, where the meter is enrolled."""
    METER_MANUFACTURER = "meter_manufacturer"


class CadError(Exception):
    """Base of every error that the CAD raises on purpose.

    The message says in one line what is wrong and what to do next. It never
    holds an install code, a key, a certificate's private part or a meter
    number, so it may be logged and shown.

    Attributes:
        reason: a stable slug, used as a translation key.
        responsible: whose task it is, or None where it depends on the cause.
    """

    reason: str = "unknown"
    responsible: Responsible | None = None

    def __init__(
        self,
        message: str,
        *,
        reason: str | None = None,
        responsible: Responsible | None = None,
    ) -> None:
        """Keep the message; reason and responsible narrow the class's own."""
        super().__init__(message)
        if reason is not None:
            self.reason = reason
        if responsible is not None:
            self.responsible = responsible

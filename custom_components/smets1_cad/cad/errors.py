"""The exception tree of everything below Home Assistant's rooms."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Self


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

    The message says in one line what is wrong and what to do next, for the log
    and for whoever helps; people read the translation of the reason. Neither
    holds an install code, a key, a certificate's private part or a meter number.

    Attributes:
        reason: a stable slug, used as a translation key.
        responsible: whose task it is, or None where it depends on the cause.
        placeholders: what the translation leaves blank.
    """

    reason: str = "unknown"
    responsible: Responsible | None = None
    placeholders: Mapping[str, str] = MappingProxyType({})

    def __init__(
        self,
        message: str,
        *,
        reason: str | None = None,
        responsible: Responsible | None = None,
        placeholders: Mapping[str, str] | None = None,
    ) -> None:
        """Keep the message; the others narrow the class's own."""
        super().__init__(message)
        if reason is not None:
            self.reason = reason
        if responsible is not None:
            self.responsible = responsible
        if placeholders is not None:
            self.placeholders = placeholders


class NotKept(CadError):
    """Raised when something was not done because what has to be kept of it first was not.

    It is tried again: a disk that is full, or read-only for a while, may take it another time.
    """

    reason = "store_not_written"
    responsible = Responsible.HOUSEHOLDER

    @classmethod
    def because(cls, error: CadError) -> Self:
        """Say the same as the store does."""
        return cls(
            str(error),
            reason=error.reason,
            responsible=error.responsible,
            placeholders=error.placeholders,
        )

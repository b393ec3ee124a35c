"""What a Zigbee CAD joins and is recognised with: its install code and its certificates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from .cad.errors import CadError, Responsible
from .document import StoreError
from .smart_energy.errors import InstallCodeError
from .smart_energy.install_code import InstallCode


class CadNotSetUp(CadError):
    """Raised when there is no install code: it was erased with an earlier tenancy, or lost."""

    reason = "install_code_lost"
    responsible = Responsible.HOUSEHOLDER


_INSTALL_CODE: Final = "install_code"
_CREDENTIALS: Final = "credentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class CadSecrets:
    """Kept in the store's section of secrets, and nowhere else.

    Attributes:
        install_code: None before it is known.
        credentials: the certificates as text, as they were loaded; "" for none.
    """

    install_code: InstallCode | None = field(default=None, repr=False)
    credentials: str = field(default="", repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Return them as JSON."""
        return {
            _INSTALL_CODE: self.install_code and self.install_code.octets.hex(),
            _CREDENTIALS: self.credentials,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> Self:
        """Return what `as_dict` wrote; empty for None.

        Raises:
            StoreError: ``store_unreadable``: it was not written by `as_dict`.
        """
        data = data or {}
        code = data.get(_INSTALL_CODE)
        try:
            return cls(
                install_code=InstallCode(bytes.fromhex(code)) if code else None,
                credentials=data.get(_CREDENTIALS, ""),
            )
        except InstallCodeError, TypeError, ValueError:
            # Its own message could quote the code.
            raise StoreError(
                "The CAD's install code is stored, and damaged. Restore a backup, or set the CAD up again.",
                reason="store_unreadable",
            ) from None

"""What can go wrong between the CAD and the hub once they share a network."""

from typing import Final

from ...cad.errors import Responsible
from ...cad.link import ConsentMissing
from ...cad.models import Fuel
from ..errors import SmartEnergyError

NOT_CONNECTED: Final = (
    "The CAD is not connected to the meters now. Look at its pairing status."
)
"""What `NotRunning` says where nothing runs at all."""


class HubError(SmartEnergyError):
    """Base of what a hub does not do."""

    reason = "hub"


class HubSilent(HubError):
    """Raised when the hub does not answer a request."""

    reason = "hub_silent"


class HubRefused(HubError):
    """Raised when the hub answers a request with a failure.

    Attributes:
        status: the ZCL status.
    """

    reason = "hub_refused"

    def __init__(self, message: str, *, status: int) -> None:
        """Keep the status."""
        super().__init__(message, placeholders={"status": f"0x{status:02X}"})
        self.status = status


class KeyRefused(HubError):
    """Raised when the hub says that it does not know the link key."""

    reason = "key_refused"


class NoHubServices(HubError):
    """Raised when the hub shows no Smart Energy endpoint, or none with Key Establishment."""

    reason = "no_smart_energy"
    responsible = Responsible.METER_OPERATOR


class NoCredentials(SmartEnergyError):
    """Raised when there is no device certificate, neither in the stick nor given."""

    reason = "no_certificate"
    responsible = Responsible.CAD_PROVIDER


class NotRunning(SmartEnergyError):
    """Raised when something is asked of a session that is not running."""

    reason = "not_running"


def no_consent_for(fuel: Fuel) -> ConsentMissing:
    """Return the error of a request to a meter that consent does not cover."""
    return ConsentMissing(
        f"Consent does not cover the {fuel} meter. Give it for that meter first.",
        reason=f"consent_missing_{fuel}",
    )


class RemovedFromHan(SmartEnergyError):
    """Raised when the hub has told the CAD to leave, or does not take it back any more."""

    reason = "removed"
    responsible = Responsible.SUPPLIER

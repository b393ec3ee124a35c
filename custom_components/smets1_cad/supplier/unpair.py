"""The request to unpair, to a pairing service: the same call whoever makes it, and however often (R19)."""

from asyncio import timeout
from typing import Final

from ..pairing.life import Pairing
from ..pairing.states import PairingState
from .api import PairingService
from .status import ServiceStatus, unanswered

PATIENCE: Final = 30.0
"""Seconds that a person waits for the pairing service to take the request."""

_SEATED: Final = frozenset({PairingState.JOINING, PairingState.PAIRED})
"""States in which the CAD is on the HAN, or may be."""


async def async_send_unpairing(
    service: PairingService, pairing: Pairing
) -> ServiceStatus:
    """Have a request withdrawn that came to nothing yet, or the CAD removed. Its key makes sending it again harmless.

    Raises:
        ServiceError: it was not taken, or it is not known whether it was.
    """
    was_seated = any(step.state in _SEATED for step in pairing.history)
    if pairing.service_id and not was_seated:
        return await service.withdraw(pairing)
    return await service.unpair(pairing, pairing.unpair_why)


async def async_tell_unpairing(
    service: PairingService, pairing: Pairing
) -> ServiceStatus:
    """Do the same while a person waits, for no longer than a person does; the service may have it all the same.

    Raises:
        ServiceError: as above; or there is no answer yet.
    """
    try:
        async with timeout(PATIENCE):
            return await async_send_unpairing(service, pairing)
    except TimeoutError as err:
        raise unanswered() from err

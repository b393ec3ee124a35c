"""What becomes of a request when something else is asked for, or on another consent."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from ..pairing.life import Pairing
from ..pairing.request import PairingRequest
from ..pairing.states import PairingState

UNPAIRING: Final = frozenset(
    {
        PairingState.UNPAIR_RECORDED,
        PairingState.UNPAIR_SENDING,
        PairingState.UNPAIR_SENT,
        PairingState.UNPAIR_ACKNOWLEDGED,
        PairingState.UNPAIR_REFUSED,
    }
)
"""States in which the CAD is being unpaired: nothing can be asked for."""

_OVER: Final = frozenset({PairingState.CANCELLED, PairingState.UNPAIRED})


def held_by_service(pairing: Pairing) -> bool:
    """Whether a pairing service has the request and may act on it."""
    return (
        bool(pairing.service_id)
        and pairing.supplier_may_list_cad
        and pairing.state is not PairingState.PAIRED
    )


def rewritten(
    pairing: Pairing,
    request: PairingRequest,
    at: datetime,
    *,
    new_code: bool,
    withdrawn: bool = False,
) -> Pairing:
    """Return the pairing with another request.

    Consent given again does not disturb a request that is under way, nor does
    anything disturb a pairing that exists: the supplier has done its part.

    Args:
        pairing: as it is.
        request: what is asked for from now on.
        at: now.
        new_code: the CAD's install code is another one than before.
        withdrawn: the pairing service that had the request has it no more.

    Raises:
        PairingError: ``pairing_step``: the CAD is being unpaired.
    """
    same = pairing.request.asks_the_same(request) and not (new_code or withdrawn)
    if pairing.state is PairingState.PAIRED or (same and pairing.state not in _OVER):
        # What is on its way keeps what was sent, as its key stands for it.
        sending = pairing.state is PairingState.SENDING
        return pairing if sending else replace(pairing, request=request)
    return pairing.correct(request, at, renew=new_code, withdrawn=withdrawn)

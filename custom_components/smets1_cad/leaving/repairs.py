"""Fix flows of what has to be done while consent or a pairing ends."""

from typing import override

from ..coordinator import Smets1CadConfigEntry
from ..pairing.states import UnpairWhy
from ..repair_flow import ConfirmFlow
from .issues import STILL_LISTED, UNPAIRED
from .leaving import async_request_unpairing, async_withdrawn_words, unpairing_of
from .unpairing import Unpairing


class LeavingFlow(ConfirmFlow):
    """Asks once, then asks the supplier to unpair the CAD, or removes what is unpaired."""

    def __init__(self, entry: Smets1CadConfigEntry, kind: str) -> None:
        """Say of which CAD, and what there is to do."""
        super().__init__(entry)
        self._kind = kind

    @override
    async def _placeholders(self) -> dict[str, str]:
        supplier = self._unpairing.pairing.request.supplier
        if self._kind != STILL_LISTED:
            return {"supplier": supplier, "withdrawn": ""}
        consents = self._runtime.consents
        return {
            "supplier": supplier,
            "withdrawn": await async_withdrawn_words(self.hass, consents),
        }

    @override
    async def _settle(self) -> None:
        if self._kind == UNPAIRED:
            await self.hass.config_entries.async_remove(self._entry.entry_id)
            return
        await async_request_unpairing(self._unpairing, UnpairWhy.CONSENT_WITHDRAWN)

    @property
    def _unpairing(self) -> Unpairing:
        """What ends the pairing.

        Raises:
            AbortFlow: the entry does not run.
            PairingError: nothing was ever asked for.
        """
        return unpairing_of(self._runtime)

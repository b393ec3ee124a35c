"""Fix flows of what has to be done while consent or a pairing ends."""

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.data_entry_flow import AbortFlow

from .cad.errors import CadError
from .coordinator import Smets1CadConfigEntry
from .leaving import async_request_unpairing, unpairing_of
from .leaving_issues import UNPAIRED
from .pairing_states import UnpairWhy
from .service_errors import async_error_words


class LeavingFlow(RepairsFlow):
    """Asks once, then asks the supplier to unpair the CAD, or removes what is unpaired."""

    def __init__(self, entry: Smets1CadConfigEntry, kind: str) -> None:
        """Say of which CAD, and what there is to do."""
        self._entry = entry
        self._kind = kind

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Ask, and do it."""
        if user_input is None:
            return self.async_show_form(
                step_id="confirm",
                description_placeholders={"supplier": self._supplier()},
            )
        if self._kind == UNPAIRED:
            await self.hass.config_entries.async_remove(self._entry.entry_id)
        else:
            self._loaded()
            try:
                await async_request_unpairing(
                    unpairing_of(self._entry), UnpairWhy.CONSENT_WITHDRAWN
                )
            except CadError as err:
                return self.async_abort(
                    reason="failed",
                    description_placeholders={
                        "error": await async_error_words(self.hass, err)
                    },
                )
        return self.async_create_entry(data={})

    def _supplier(self) -> str:
        self._loaded()
        return unpairing_of(self._entry).pairing.request.supplier

    def _loaded(self) -> None:
        if self._entry.state is not ConfigEntryState.LOADED:
            raise AbortFlow("not_loaded")

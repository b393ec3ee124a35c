"""What every fix flow of a CAD's issues shares."""

from abc import ABC, abstractmethod

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.data_entry_flow import AbortFlow

from .cad.errors import CadError
from .coordinator import Smets1CadConfigEntry, Smets1CadRuntimeData
from .error_words import async_error_words
from .tenancy.epoch import tenancy_number


class CadRepairFlow(RepairsFlow):
    """A fix flow about one CAD."""

    def __init__(self, entry: Smets1CadConfigEntry) -> None:
        """Say of which CAD; the flow is the tenant's who has opened it."""
        self._entry = entry
        self._tenancy = tenancy_number(entry)

    @property
    def _runtime(self) -> Smets1CadRuntimeData:
        """What the entry runs on.

        Raises:
            AbortFlow: ``not_loaded``.
        """
        self._require_same_tenancy()
        if self._entry.state is not ConfigEntryState.LOADED:
            raise AbortFlow("not_loaded")
        return self._entry.runtime_data

    def _require_same_tenancy(self) -> None:
        """Go on only for the tenant who has opened this.

        Raises:
            AbortFlow: ``not_loaded``.
        """
        if tenancy_number(self._entry) != self._tenancy:
            raise AbortFlow("not_loaded")

    async def _async_failed(self, err: CadError) -> RepairsFlowResult:
        """End because something could not be done, and say why."""
        words = await async_error_words(self.hass, err)
        return self.async_abort(
            reason="failed", description_placeholders={"error": words}
        )


class ConfirmFlow(CadRepairFlow, ABC):
    """Asks once, and then does what was asked."""

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Ask, and do it."""
        try:
            if user_input is None:
                return self.async_show_form(
                    step_id="confirm",
                    description_placeholders=await self._placeholders(),
                )
            await self._settle()
        except CadError as err:
            return await self._async_failed(err)
        return self.async_create_entry(data={})

    async def _placeholders(self) -> dict[str, str]:
        """Return what fills the blanks of the question.

        Raises:
            AbortFlow: another tenant lives here by now.
            CadError: it cannot be read.
        """
        return {}

    @abstractmethod
    async def _settle(self) -> None:
        """Do what the person agreed to.

        Raises:
            AbortFlow: the entry does not run.
            CadError: it could not be done.
        """

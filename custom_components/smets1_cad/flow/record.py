"""The step that shows what was consented to, among the options of a CAD (R2)."""

from abc import abstractmethod
from typing import Any

import probatio

from homeassistant.config_entries import ConfigFlowResult

from ..evidence.consented import async_consent_in_words
from .leaving import LeavingSteps


class RecordSteps(LeavingSteps):
    """Shows the record of the consent that was given last."""

    @abstractmethod
    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Offer what there is to do; the class that puts the steps together does."""

    async def async_step_record(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show who consented to what and when, the wording in full, and whether it is in force; then go back."""
        if user_input is not None:
            return await self.async_step_init()
        consents = self._runtime.consents
        return self.async_show_form(
            step_id="record",
            data_schema=probatio.Schema({}),
            description_placeholders={
                "record": await async_consent_in_words(self.hass, consents)
            },
            last_step=False,
        )

"""What every step of the flow shares."""

from collections.abc import Mapping
from typing import Any

import probatio

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.data_entry_flow import AbortFlow

from ..const import LOGGER
from ..store import StoreError
from .draft import Draft


class PairingSteps(ConfigFlow):
    """A flow that prepares a pairing; its steps are in the classes beside this one."""

    _draft: Draft

    async def _keep(
        self, step_id: str, user_input: Mapping[str, Any]
    ) -> dict[str, str]:
        """Keep what was typed in a step, so that leaving the dialog loses nothing; return errors."""
        self._draft.inputs[step_id] = dict(user_input)
        return await self._save()

    async def _save(self) -> dict[str, str]:
        """Keep the draft; return errors."""
        try:
            await self._draft.save()
        except StoreError as err:
            LOGGER.debug("The draft was not kept: %s", err)
            return {"base": err.reason}
        return {}

    async def _save_or_abort(self) -> None:
        """Keep the draft where no form is shown that could tell of an error.

        Raises:
            AbortFlow: it could not be kept.
        """
        if errors := await self._save():
            raise AbortFlow(errors["base"])

    def _form(
        self,
        step_id: str,
        schema: probatio.Schema,
        *,
        user_input: Mapping[str, Any] | None = None,
        errors: dict[str, str] | None = None,
    ) -> ConfigFlowResult:
        """Show a form, filled in with what was typed last, now or on an earlier day."""
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                schema, user_input or self._draft.inputs.get(step_id)
            ),
            errors=errors or {},
        )

"""What every step of the flow shares."""

from collections.abc import Mapping
import re
from typing import Any, Final

import probatio

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.data_entry_flow import AbortFlow

from ..const import LOGGER
from ..store import StoreError
from .draft import Draft

_HALF: Final = re.compile("[\ud800-\udfff]")
"""Half a character, such as of an emoji that was cut; no file can hold it."""
_NO_CHARACTER: Final = "\uffff"
"""What stands for it, so that the checks of a field refuse it: no character, yet it can be written."""


class PairingSteps(ConfigFlow):
    """A flow that prepares a pairing; its steps are in the classes beside this one."""

    _draft: Draft

    async def _keep(
        self, step_id: str, user_input: Mapping[str, Any]
    ) -> dict[str, str]:
        """Keep what was typed in a step, so that leaving the dialog loses nothing; return errors."""
        self._draft.inputs[step_id] = {
            field: _HALF.sub(_NO_CHARACTER, value) if isinstance(value, str) else value
            for field, value in user_input.items()
        }
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

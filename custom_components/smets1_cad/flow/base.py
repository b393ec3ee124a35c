"""What every step of the flow shares."""

from collections.abc import Mapping
from typing import Any

import probatio

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult

from .draft import Draft


class PairingSteps(ConfigFlow):
    """A flow that prepares a pairing; its steps are in the classes beside this one."""

    _draft: Draft

    async def _keep(self, step_id: str, user_input: Mapping[str, Any]) -> None:
        """Keep what was typed in a step, so that leaving the dialog loses nothing."""
        self._draft.inputs[step_id] = dict(user_input)
        await self._draft.save()

    def _form(
        self,
        step_id: str,
        schema: probatio.Schema,
        *,
        user_input: Mapping[str, Any] | None = None,
        errors: dict[str, str] | None = None,
        placeholders: Mapping[str, str] | None = None,
        last_step: bool | None = None,
    ) -> ConfigFlowResult:
        """Show a form, filled in with what was typed last, now or on an earlier day."""
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                schema, user_input or self._draft.inputs.get(step_id)
            ),
            errors=errors or {},
            description_placeholders=dict(placeholders or {}),
            last_step=last_step,
        )

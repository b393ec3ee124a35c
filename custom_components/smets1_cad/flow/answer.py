"""The step in which a person notes what the supplier has answered (R8)."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.util import dt as dt_util

from ..cad.errors import CadError
from ..supplier.answer import answer_errors, answer_schema, answered
from .leaving import LeavingSteps


class AnswerSteps(LeavingSteps):
    """Take down an answer that came by email, letter or telephone."""

    async def async_step_answered(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what was said, under which reference, and which day was promised."""
        unpairing = self._unpairing
        errors: dict[str, str] = {}
        if user_input is not None:
            now = dt_util.utcnow()
            errors = answer_errors(user_input, now)
            if not errors:
                try:
                    await unpairing.async_update(
                        lambda pairing: answered(pairing, user_input, now)
                    )
                except CadError as err:
                    errors["base"] = err.reason
                else:
                    return self.async_abort(reason="answer_noted")
        pairing = unpairing.pairing
        return self.async_show_form(
            step_id="answered",
            data_schema=self.add_suggested_values_to_schema(
                answer_schema(pairing), user_input
            ),
            errors=errors,
            description_placeholders={
                "supplier": pairing.request.supplier,
                "reference": pairing.reference or "–",
            },
        )

"""The step in which a person notes what the supplier has answered (R8)."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult

from ..supplier.answer import async_note_answer, show_answer
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
            errors = await async_note_answer(unpairing.async_update, user_input)
            if not errors:
                return self.async_abort(reason="answer_noted")
        return show_answer(self, unpairing.pairing, user_input, errors)

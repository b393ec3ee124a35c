"""Fix flow of signs of a change of tenancy: has somebody new moved in? (R20)."""

from functools import partial

from homeassistant.components.repairs import RepairsFlowResult

from ..cad.errors import CadError
from ..error_words import async_error_words
from ..repair_flow import CadRepairFlow
from .change import async_begin_erasure
from .end import async_end_tenancy
from .record import TenancyEnd


class SuspectedFlow(CadRepairFlow):
    """Asks whether somebody new has moved in; what is erased for a yes is asked for once more."""

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Ask."""
        return self.async_show_menu(
            step_id="init", menu_options=["same_people", "moved_in"]
        )

    async def async_step_same_people(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Remember that the sign means nothing."""
        same_people = self._runtime.same_people
        assert same_people is not None
        same_people()
        return self.async_create_entry(data={})

    async def async_step_moved_in(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Say what will be erased, and begin; a person need not wait until everything is."""
        if user_input is None:
            return self.async_show_form(step_id="moved_in")
        try:
            await async_begin_erasure(
                self.hass,
                partial(async_end_tenancy, self.hass, self._entry, TenancyEnd.USER),
            )
        except CadError as err:
            words = await async_error_words(self.hass, err)
            return self.async_abort(
                reason="failed", description_placeholders={"error": words}
            )
        return self.async_create_entry(data={})

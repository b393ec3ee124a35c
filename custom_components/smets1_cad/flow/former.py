"""The steps about what is left of an earlier set-up: a network to leave, a consent to withdraw (R2, R19)."""

from dataclasses import replace
from typing import Any, override

import probatio

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.data_entry_flow import AbortFlow

from ..cad.errors import CadError
from ..error_words import async_error_words
from ..leaving.giving_up import async_give_up
from ..leaving.stick import async_forget_former, async_is_former, async_leave_by_stick
from ..store import StoreError
from .radio import RadioSteps


class FormerSteps(RadioSteps):
    """What to do with a stick that is on a network, and with a set-up that is not wanted any more."""

    @override
    async def _on_a_network(self) -> ConfigFlowResult | None:
        """Offer to leave a network of which the stick is a mere device, as a CAD is."""
        return await self.async_step_former() if self._stick.is_device else None

    async def async_step_former(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say what is known of the network, and ask whether the stick is to leave it."""
        eui64, network = self._stick.eui64, self._stick.extended_pan_id
        assert network is not None
        try:
            is_known = await async_is_former(
                self.hass, self._draft.store, eui64, network
            )
        except StoreError as err:
            raise AbortFlow(err.reason) from err
        return self.async_show_menu(
            step_id="former_known" if is_known else "former",
            menu_options=["leave_network", "user"],
            description_placeholders={"eui64": eui64.with_hyphens},
        )

    # The same step under the name that its other words have.
    async_step_former_known = async_step_former

    async def async_step_leave_network(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say what leaving means; leave the network, and what is on record of it."""
        if user_input is None:
            return self._ask("leave_network")
        draft, network = self._draft, self._stick.extended_pan_id
        assert network is not None
        try:
            await async_leave_by_stick(self.hass, draft.path, draft.eui64, network)
            await draft.store.session.clear()
        except CadError as err:
            return self._ask("leave_network", await async_error_words(self.hass, err))
        self._stick = replace(self._stick, extended_pan_id=None, is_device=False)
        await async_forget_former(self.hass, draft.store)
        return await self._go_on()

    def _ask(self, step_id: str, error: str = "") -> ConfigFlowResult:
        """Ask once more, with what went wrong before."""
        return self.async_show_form(
            step_id=step_id,
            data_schema=probatio.Schema({}),
            errors={"base": "failed"} if error else {},
            description_placeholders={"error": error},
        )

    async def async_step_give_up(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Withdraw consent and erase what was stored, if that is what the person wants."""
        if user_input is None:
            return self._ask("give_up")
        draft = self._draft
        try:
            unknowing = await async_give_up(
                self.hass, draft.store, draft.path, draft.eui64
            )
        except CadError as err:
            return self._ask("give_up", await async_error_words(self.hass, err))
        return self.async_abort(
            reason="given_up" if unknowing is None else "given_up_listed",
            description_placeholders={"supplier": unknowing or ""},
        )

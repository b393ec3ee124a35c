"""Fix flow while a supplier is waited for, or has refused: what to send now, and what it answered (R8, R21)."""

from typing import Any, Final

import probatio

from homeassistant.components.repairs import RepairsFlowResult
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig

from ..cad.errors import CadError
from ..coordinator import Smets1CadConfigEntry
from ..leaving.unpairing import ENDING
from ..repair_flow import CadRepairFlow
from ..supplier.answer import async_note_answer, may_be_answered, show_answer
from ..supplier.directory import Route
from ..supplier.texts import SupplierText, async_supplier_texts, inert, quoted
from .life import Pairing, PairingKeeper
from .request_text import Purpose, load_request_texts
from .states import Reminder

CONF_TEXT: Final = "text"

TEXT_SCHEMA: Final = probatio.Schema(
    {probatio.Optional(CONF_TEXT): TextSelector(TextSelectorConfig(multiline=True))}
)


class WaitingFlow(CadRepairFlow):
    """Offers the right text for each supplier, and takes down the answer."""

    def __init__(
        self, entry: Smets1CadConfigEntry, reminder: Reminder | None = None
    ) -> None:
        """Say of which CAD, and which reminder it is; None after a refusal."""
        super().__init__(entry)
        self._reminder = reminder
        self._to_show: list[SupplierText] = []

    @property
    def _keeper(self) -> PairingKeeper:
        """What keeps the request.

        Raises:
            AbortFlow: the entry does not run.
        """
        keeper = self._runtime.coordinator.pairing
        assert keeper is not None
        return keeper

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Say whose turn it is, and offer what there is to do."""
        pairing = self._keeper.pairing
        texts = await self.hass.async_add_executor_job(
            load_request_texts, self.hass.config.language
        )
        step = pairing.history[-1]
        options = ["email", "letter", "phone"]
        if may_be_answered(pairing):
            options.insert(0, "answered")
        if self._reminder is not None:
            options.append("seen")
        return self.async_show_menu(
            step_id="init",
            menu_options=options,
            description_placeholders={
                "supplier": pairing.request.supplier,
                "reference": inert(pairing.reference) or "–",
                "detail": quoted(step.detail) or "–",
                "reason": texts.refusal(step.reason),
            },
        )

    async def async_step_email(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Show an email for each supplier."""
        return await self._show_texts(Route.EMAIL, user_input)

    async def async_step_letter(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Show a letter for each supplier."""
        return await self._show_texts(Route.LETTER, user_input)

    async def async_step_phone(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Show what to say to each supplier on the telephone."""
        return await self._show_texts(Route.PHONE, user_input)

    async def _show_texts(
        self, route: Route, user_input: dict[str, str] | None
    ) -> RepairsFlowResult:
        """Show one text after the other, then the choice again."""
        pairing = self._keeper.pairing
        if user_input is None:
            self._to_show = [
                *await async_supplier_texts(
                    self.hass, self._purpose(pairing), pairing, route
                )
            ]
        else:
            self._to_show.pop(0)
        if not self._to_show:
            return await self.async_step_init()
        text = self._to_show[0]
        return self.async_show_form(
            step_id=route.value,
            data_schema=probatio.Schema({})
            if route is Route.PHONE
            else self.add_suggested_values_to_schema(
                TEXT_SCHEMA, {CONF_TEXT: text.text}
            ),
            description_placeholders=text.placeholders,
        )

    def _purpose(self, pairing: Pairing) -> Purpose:
        """Return what is to be written now: a question first, a complaint after ten days or a refusal."""
        is_end = pairing.state in ENDING
        if self._reminder is Reminder.ASK:
            return Purpose.ASK_UNPAIR if is_end else Purpose.ASK
        return Purpose.COMPLAIN_UNPAIR if is_end else Purpose.COMPLAIN

    async def async_step_answered(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask what the supplier has said."""
        keeper = self._keeper
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = await async_note_answer(keeper.update, user_input, self._seen)
            if not errors:
                return self.async_create_entry(data={})
        return show_answer(self, keeper.pairing, user_input, errors)

    def _seen(self, pairing: Pairing) -> Pairing:
        """Return a pairing whose reminder is settled."""
        return (
            pairing if self._reminder is None else pairing.with_reminded(self._reminder)
        )

    async def async_step_seen(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Note that a person has done what there was to do; the next reminder comes in its time."""
        try:
            await self._keeper.update(self._seen)
        except CadError as err:
            raise AbortFlow(err.reason) from err
        return self.async_create_entry(data={})

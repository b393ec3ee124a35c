"""The ways to leave, among the options of a CAD: withdrawal, unpairing, change of tenancy (R2, R19, R20)."""

from functools import partial
from typing import Any, Final, override

import probatio

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryState,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectSelector,
    SelectSelectorConfig,
)

from ..cad.errors import CadError
from ..coordinator import Smets1CadRuntimeData
from ..error_words import async_error_words
from ..leaving.leaving import (
    async_request_unpairing,
    async_unpair_texts,
    async_withdraw_consent,
    async_withdrawn_words,
)
from ..leaving.unpairing import Unpairing
from ..pairing.life import Pairing
from ..pairing.request_text import Purpose
from ..pairing.states import UNDER_WAY, PairingState, UnpairWhy
from ..supplier.directory import Route
from ..supplier.texts import SupplierText, async_supplier_texts
from ..tenancy.change import Erasure, async_begin_erasure
from ..tenancy.end import async_end_tenancy
from ..tenancy.epoch import tenancy_number
from ..tenancy.record import TenancyEnd
from .request import CONF_SENT, CONF_TEXT, SAID_SCHEMA, SENT_SCHEMA

CONF_ERASE: Final = "erase"
CONF_SURE: Final = "sure"
CONF_WHY: Final = "reason"

WITHDRAW_SCHEMA: Final = probatio.Schema(
    {probatio.Required(CONF_ERASE, default=False): BooleanSelector()}
)
TENANCY_SCHEMA: Final = probatio.Schema(
    {probatio.Required(CONF_SURE, default=False): BooleanSelector()}
)
WHY_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(
            CONF_WHY, default=UnpairWhy.CONSENT_WITHDRAWN.value
        ): SelectSelector(
            SelectSelectorConfig(
                options=[why.value for why in UnpairWhy],
                translation_key="unpair_reason",
            )
        )
    }
)


def _is_to_undo(pairing: Pairing) -> bool:
    """Whether the supplier lists the CAD and has not been asked to take it off, nor has done so by itself."""
    return pairing.state is PairingState.UNPAIR_RECORDED or (
        pairing.can_end and pairing.state is not PairingState.REMOVED
    )


class LeavingSteps(OptionsFlowWithReload):
    """Steps that end what a user may end."""

    _to_show: list[SupplierText]
    _is_sent: bool
    """Whether one of the texts that are shown now has been sent."""
    _texts: str | None = None
    """What to send to whom once the tenancy has ended."""
    _tenancy: int | None = None
    """In which tenancy the dialog was opened."""

    @property
    @override
    def config_entry(self) -> ConfigEntry[Any]:
        """The entry, for the tenant who has opened the dialog.

        Raises:
            AbortFlow: the tenant is another one by now.
        """
        entry = super().config_entry
        if self._tenancy is None:
            self._tenancy = tenancy_number(entry)
        if self._tenancy != tenancy_number(entry):
            raise AbortFlow("not_loaded")
        return entry

    @property
    def _runtime(self) -> Smets1CadRuntimeData:
        """What the entry runs on.

        Raises:
            AbortFlow: it does not run.
        """
        if self.config_entry.state is not ConfigEntryState.LOADED:
            raise AbortFlow("not_loaded")
        runtime: Smets1CadRuntimeData = self.config_entry.runtime_data
        return runtime

    @property
    def _unpairing(self) -> Unpairing:
        """What ends the pairing.

        Raises:
            AbortFlow: the entry does not run, or nothing was ever asked for.
        """
        if (unpairing := self._runtime.unpairing) is None:
            raise AbortFlow("nothing_to_unpair")
        return unpairing

    async def async_step_withdraw(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Withdraw consent; the flow of data stops at once."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if user_input[CONF_ERASE]:
                return await self._erase("withdraw")
            try:
                await async_withdraw_consent(self.hass, self.config_entry)
            except CadError:
                errors["base"] = "withdrawal_not_stored"
            else:
                return await self.async_step_withdrawn()
        return self.async_show_form(
            step_id="withdraw", data_schema=WITHDRAW_SCHEMA, errors=errors
        )

    async def async_step_erase(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Erase what was kept when consent ended."""
        grant = self._runtime.consents.grant
        if grant is not None and grant.is_valid:
            # It was given again meanwhile: erasing ends it, which has to be said.
            return await self.async_step_withdraw()
        errors: dict[str, str] = {}
        if user_input is not None:
            if user_input[CONF_ERASE]:
                return await self._erase("erase")
            errors[CONF_ERASE] = "not_sure"
        return self.async_show_form(
            step_id="erase", data_schema=WITHDRAW_SCHEMA, errors=errors
        )

    async def _erase(self, step_id: str) -> ConfigFlowResult:
        """Withdraw what consent there is, and erase what is stored of the household."""
        # The entry stops where an erasure could not begin the first time.
        _ = self._runtime
        errors = await self._begin(
            partial(async_withdraw_consent, self.hass, self.config_entry, erase=True)
        )
        if not errors:
            return self.async_abort(reason="erasing")
        return self.async_show_form(
            step_id=step_id, data_schema=WITHDRAW_SCHEMA, errors=errors
        )

    async def _begin(self, erasure: Erasure) -> dict[str, str]:
        """Begin to erase, and return what keeps it from that; a large database takes minutes, so it goes on by itself."""
        try:
            await async_begin_erasure(self.hass, erasure)
        except CadError as err:
            # The tenancy has ended all the same; here it is asked for once more.
            self._tenancy = None
            return {"base": err.reason}
        return {}

    async def async_step_tenancy(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """End the tenancy: everything of it is erased."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if user_input[CONF_SURE]:
                # Made before what it says is erased; it is shown now, and kept nowhere.
                if self._texts is None:
                    self._texts = await self._tenancy_texts()
                errors = await self._begin(
                    partial(
                        async_end_tenancy,
                        self.hass,
                        self.config_entry,
                        TenancyEnd.USER,
                    )
                )
                if not errors:
                    return self.async_abort(
                        reason="erasing_tell" if self._texts else "erasing",
                        description_placeholders={"texts": self._texts},
                    )
            else:
                errors[CONF_SURE] = "not_sure"
        return self.async_show_form(
            step_id="tenancy", data_schema=TENANCY_SCHEMA, errors=errors
        )

    async def _tenancy_texts(self) -> str:
        """Return what to send to whom, in Markdown; "" if nobody lists the CAD, or the pairing service is told."""
        unpairing = self._runtime.unpairing
        if (
            unpairing is None
            or not unpairing.pairing.supplier_may_list_cad
            or unpairing.pairing.route is Route.PAIRING_SERVICE
        ):
            return ""
        return "\n\n".join(
            f"**{text.supplier}** ({text.to})\n\n```\n{text.to_copy}\n```"
            for text in await async_supplier_texts(
                self.hass, Purpose.TENANCY, unpairing.pairing, Route.EMAIL
            )
        )

    async def async_step_withdrawn(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say that reading has stopped, and ask whether the CAD is to be unpaired now."""
        unpairing = self._runtime.unpairing
        if unpairing is None or not _is_to_undo(unpairing.pairing):
            return await self._withdrawn("withdrawn_unlisted")
        return self.async_show_menu(
            step_id="withdrawn",
            menu_options=["unpair", "later"],
            description_placeholders=await self._when_withdrawn(),
        )

    async def _when_withdrawn(self) -> dict[str, str]:
        """Return when consent ended, in words."""
        consents = self._runtime.consents
        return {"withdrawn": await async_withdrawn_words(self.hass, consents)}

    async def _withdrawn(self, reason: str) -> ConfigFlowResult:
        """End with what has been done, and when."""
        return self.async_abort(
            reason=reason, description_placeholders=await self._when_withdrawn()
        )

    async def async_step_later(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """End; an issue reminds that the supplier still lists the CAD."""
        return await self._withdrawn("withdrawn")

    # Unpairing.

    async def async_step_unpair(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask why, and write the request down."""
        unpairing = self._unpairing
        if unpairing.pairing.state in UNDER_WAY:
            return await self.async_step_route()
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                pairing = await unpairing.ask(UnpairWhy(user_input[CONF_WHY]))
            except CadError as err:
                errors["base"] = err.reason
            else:
                if pairing.state is PairingState.CANCELLED:
                    return self.async_abort(reason="cancelled")
                return await self.async_step_route()
        return self.async_show_form(
            step_id="unpair", data_schema=WHY_SCHEMA, errors=errors
        )

    async def async_step_route(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose the route."""
        unpairing = self._unpairing
        routes = ["unpair_email", "unpair_letter", "unpair_phone"]
        if (
            unpairing.has_service
            and unpairing.pairing.state is PairingState.UNPAIR_RECORDED
        ):
            routes.insert(0, "unpair_service")
        return self.async_show_menu(
            step_id="route",
            menu_options=routes,
            description_placeholders={"supplier": unpairing.pairing.request.supplier},
        )

    async def async_step_unpair_service(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Tell the pairing service."""
        unpairing = self._unpairing
        try:
            await async_request_unpairing(
                unpairing, unpairing.pairing.unpair_why, Route.PAIRING_SERVICE
            )
        except CadError as err:
            return self.async_abort(
                reason="service_failed",
                description_placeholders={
                    "error": await async_error_words(self.hass, err)
                },
            )
        return self.async_abort(reason="unpair_sent")

    async def async_step_unpair_email(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show an email to send."""
        return await self._show_texts(Route.EMAIL, user_input)

    async def async_step_unpair_letter(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show a letter to send."""
        return await self._show_texts(Route.LETTER, user_input)

    async def async_step_unpair_phone(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show what to say on the telephone."""
        return await self._show_texts(Route.PHONE, user_input)

    async def _show_texts(
        self, route: Route, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Show what to send or to say to each supplier, one after the other; note that it was done."""
        unpairing = self._unpairing
        if user_input is None:
            self._is_sent = False
            self._to_show = [
                *await async_unpair_texts(self.hass, unpairing.pairing, route)
            ]
        else:
            if user_input[CONF_SENT] and not self._is_sent:
                try:
                    await unpairing.sent(route)
                except CadError as err:
                    return self.async_abort(
                        reason="failed",
                        description_placeholders={
                            "error": await async_error_words(self.hass, err)
                        },
                    )
                self._is_sent = True
            self._to_show.pop(0)
        if not self._to_show:
            return self.async_abort(
                reason="unpair_sent" if self._is_sent else "unpair_recorded"
            )
        text = self._to_show[0]
        return self.async_show_form(
            step_id=f"unpair_{route}",
            data_schema=SAID_SCHEMA
            if route is Route.PHONE
            else self.add_suggested_values_to_schema(
                SENT_SCHEMA, {CONF_TEXT: text.text}
            ),
            description_placeholders=text.placeholders,
        )

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take the person's word that the supplier has unpaired the CAD."""
        unpairing = self._unpairing
        if user_input is None:
            return self.async_show_form(
                step_id="confirm",
                data_schema=probatio.Schema({}),
                description_placeholders={
                    "supplier": unpairing.pairing.request.supplier
                },
            )
        try:
            await unpairing.confirm()
        except CadError as err:
            return self.async_abort(
                reason="failed",
                description_placeholders={
                    "error": await async_error_words(self.hass, err)
                },
            )
        return self.async_abort(reason="unpaired")

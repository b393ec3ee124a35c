"""The options of a CAD: how long things hold, how often is read, and consent again (R2)."""

from dataclasses import replace
from typing import Any, Final

import probatio

from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
)

from ..cad.clock import SYSTEM_CLOCK
from ..cad.errors import CadError
from ..cad.link import LOOKING
from ..cad.models import Fuel
from ..cad.pacing import FLOORS
from ..consent.consents import Declaration
from ..consent.text import ShownText
from ..error_words import async_error_words
from ..leaving.unpairing import ENDING
from ..options import (
    CONF_CONSENT_DAYS,
    CONF_ELECTRICITY_SECONDS,
    CONF_GAS_MINUTES,
    CONF_RETENTION_DAYS,
    LONGEST_CONSENT,
    SHORTEST_CONSENT,
    CadOptions,
)
from ..pairing.identity import Identity
from ..pairing.life import Pairing
from ..pairing.states import PairingState
from ..store import StoreError, async_get_store, async_load_consents
from ..supplier.answer import may_be_answered
from .answer import AnswerSteps
from .record import RecordSteps
from .wording import (
    REWORDED,
    async_give,
    async_wording,
    is_reworded,
    show_wording,
    ticked,
)

_ELECTRICITY_FLOOR: Final = int(FLOORS[Fuel.ELECTRICITY].total_seconds())
_GAS_FLOOR: Final = int(FLOORS[Fuel.GAS].total_seconds()) // 60


def _number(low: int, high: int, unit: str) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(
            min=low,
            max=high,
            step=1,
            unit_of_measurement=unit,
            mode=NumberSelectorMode.BOX,
        )
    )


SETTINGS_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(CONF_CONSENT_DAYS, default=LONGEST_CONSENT): _number(
            SHORTEST_CONSENT, LONGEST_CONSENT, "d"
        ),
        probatio.Required(CONF_RETENTION_DAYS, default=0): _number(0, 3650, "d"),
        probatio.Required(
            CONF_ELECTRICITY_SECONDS, default=_ELECTRICITY_FLOOR
        ): _number(_ELECTRICITY_FLOOR, 3600, "s"),
        probatio.Required(CONF_GAS_MINUTES, default=_GAS_FLOOR): _number(
            _GAS_FLOOR, 1440, "min"
        ),
    }
)


class CadOptionsFlow(RecordSteps, AnswerSteps):
    """Changes what a user may decide; the steps to leave are in `leaving`."""

    _shown: ShownText
    _asked: Identity
    """Who is asked for consent, for what."""
    _wanted: dict[str, Any] | None = None
    """Settings that hold as soon as consent to them is given."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose what to do; only what makes sense now is offered."""
        menu = ["settings"]
        if self.config_entry.state is ConfigEntryState.LOADED:
            runtime = self._runtime
            grant = runtime.consents.grant
            unpairing = runtime.unpairing
            pairing = None if unpairing is None else unpairing.pairing
            state = None if pairing is None else pairing.state
            is_listed = pairing is not None and pairing.supplier_may_list_cad
            if self._is_looking():
                menu.append("look")
            if self._identity() is not None and state is not PairingState.UNPAIRED:
                menu.append("consent")
            if runtime.consents.records:
                menu.append("record")
            if pairing is not None and may_be_answered(pairing):
                menu.append("answered")
            if grant is not None and grant.is_valid:
                menu.append("withdraw")
            elif runtime.consents.is_personal:
                menu.append("erase")
            if is_listed:
                menu.append("unpair")
            if is_listed and (state in ENDING or state is PairingState.PAIRED):
                menu.append("confirm")
            menu.append("tenancy")
        return self.async_show_menu(step_id="init", menu_options=menu)

    def _is_looking(self) -> bool:
        """Whether the CAD is on no network yet, and looks for the one that takes it in."""
        link = self._runtime.coordinator.link
        return self._is_consented() and link.status.state in LOOKING

    async def async_step_look(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Look for the network now, on the word of somebody who knows that it opens (R9)."""
        if not self._is_looking():
            return self.async_abort(reason="not_looking")
        self._runtime.coordinator.link.join_now()
        return self.async_abort(reason="looking")

    async def async_step_settings(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask how long consent and history hold, and how often the meters are read.

        Consent says for how long readings are kept: for longer, it is asked for again first.
        """
        if user_input is not None:
            wanted = {
                **self.config_entry.options,
                **{name: int(value) for name, value in user_input.items()},
            }
            longer = CadOptions.read(wanted).keeps_longer_than(self._options())
            if longer and await self._is_consented_to():
                if self.config_entry.state is not ConfigEntryState.LOADED:
                    return self.async_abort(reason="not_loaded")
                self._wanted = wanted
                return await self.async_step_consent()
            return self.async_create_entry(data=wanted)
        return self.async_show_form(
            step_id="settings",
            data_schema=self.add_suggested_values_to_schema(
                SETTINGS_SCHEMA, self.config_entry.options
            ),
        )

    # Consent.

    def _options(self) -> CadOptions:
        """Return the settings that the wording speaks of."""
        if self._wanted is not None:
            return CadOptions.read(self._wanted)
        return CadOptions.of(self.config_entry)

    def _is_consented(self) -> bool:
        """Whether the entry reads under a consent in force."""
        grant = self._runtime.consents.grant
        return grant is not None and grant.is_valid

    async def _is_consented_to(self) -> bool:
        """Whether consent is in force, also of an entry that is not running, whose words an option must not outgrow.

        Raises:
            AbortFlow: it cannot be read.
        """
        if self.config_entry.state is ConfigEntryState.LOADED:
            return self._is_consented()
        try:
            store = await async_get_store(self.hass, str(self.config_entry.unique_id))
            consents = await async_load_consents(self.hass, store, SYSTEM_CLOCK)
        except StoreError as err:
            words = await async_error_words(self.hass, err)
            raise AbortFlow("failed", {"error": words}) from err
        return consents.grant is not None and consents.grant.is_valid

    def _identity(self) -> Identity | None:
        """Return who consented last, for what; None once that is erased."""
        records = self._runtime.consents.records
        return records[-1].identity if records else None

    async def async_step_consent(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the wording in full, and take each box as a step of will of its own."""
        if (identity := self._identity()) is None:
            return self.async_abort(reason="consent_erased")
        shown = await async_wording(
            self.hass,
            identity,
            supplier=self._runtime.consents.records[-1].supplier or "",
            options=self._options(),
        )
        if user_input is None:
            self._asked, self._shown = identity, shown
        if is_reworded(self._shown, shown) or self._asked != identity:
            # Nobody agrees to what another dialog has changed since this was read.
            self._asked, self._shown = identity, shown
            return show_wording(self, shown, None, REWORDED)
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = await self._give(identity, user_input)
            if not errors and self._wanted is not None:
                return self.async_create_entry(data=self._wanted)
            if not errors:
                self._schedule_reload()
                return self.async_abort(
                    reason="consent_given" if self._is_paired() else "consent_waits"
                )
        return show_wording(self, shown, user_input, errors)

    async def _give(
        self, identity: Identity, user_input: dict[str, Any]
    ) -> dict[str, str]:
        """Put consent on record; return errors."""
        runtime = self._runtime
        last = runtime.consents.records[-1]
        declaration = Declaration(
            identity=identity,
            cad=last.cad or "",
            supplier=last.supplier or "",
            text=self._shown,
            ticked=ticked(user_input),
            period=self._options().consent_period,
        )
        errors = await async_give(runtime.consents, declaration)
        if errors or runtime.unpairing is None:
            return errors
        record = runtime.consents.records[-1]

        def rest_on_it(pairing: Pairing) -> Pairing:
            if pairing.state is PairingState.SENDING:
                # What is on its way keeps what was sent, as its key stands for it.
                return pairing
            return replace(pairing, request=pairing.request.resting_on(record))

        try:
            await runtime.unpairing.async_update(rest_on_it)
        except CadError:
            # The consent itself is on record; the entry goes on under it.
            self._schedule_reload()
            return {"base": "consent_not_in_request"}
        return {}

    def _schedule_reload(self) -> None:
        self.hass.config_entries.async_schedule_reload(self.config_entry.entry_id)

    def _is_paired(self) -> bool:
        """Whether the supplier has done what was asked."""
        unpairing = self._runtime.unpairing
        return unpairing is None or unpairing.pairing.state is PairingState.PAIRED

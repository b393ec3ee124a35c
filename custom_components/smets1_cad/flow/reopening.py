"""The steps that change an entry: consent again, other numbers, another port, another request."""

from typing import Any, Final, override

import probatio

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlowResult,
)
from homeassistant.const import CONF_DEVICE

from ..cad.clock import SYSTEM_CLOCK
from ..const import CONF_BOARD, CONF_FIRMWARE, CONF_MANUFACTURER
from ..radio.probe import StickInfo
from ..smart_energy.eui64 import Eui64
from ..store import StoreError, async_get_store, async_load_consents
from .draft import Draft
from .radio import RADIO_SCHEMA
from .service import ServiceSteps

OLDEST_UNKNOWN: Final = 0
"""EZSP version of a stick that was not asked now."""


class ReopeningSteps(ServiceSteps):
    """Reauthentication and reconfiguration."""

    def _entry(self) -> ConfigEntry[Any] | None:
        """Return the entry that is being changed, None while one is being made."""
        if self.source == SOURCE_REAUTH:
            return self._get_reauth_entry()
        if self.source == SOURCE_RECONFIGURE:
            return self._get_reconfigure_entry()
        return None

    async def _reopen(self, entry: ConfigEntry[Any]) -> ConfigFlowResult | None:
        """Take up what is stored of a CAD, without opening its stick; return why that fails."""
        assert entry.unique_id is not None
        eui64 = Eui64.parse(entry.unique_id)
        self._stick = StickInfo(
            eui64=eui64,
            ezsp_version=OLDEST_UNKNOWN,
            firmware=entry.data.get(CONF_FIRMWARE),
            manufacturer=entry.data.get(CONF_MANUFACTURER),
            board=entry.data.get(CONF_BOARD),
        )
        try:
            store = await async_get_store(self.hass, entry.unique_id)
            self._draft = Draft(eui64=eui64, store=store, path=entry.data[CONF_DEVICE])
            await self._draft.load()
            self._consents = await async_load_consents(self.hass, store, SYSTEM_CLOCK)
        except StoreError as err:
            return self.async_abort(reason=err.reason)
        return None

    async def async_step_reauth(self, entry_data: Any) -> ConfigFlowResult:
        """Ask for consent again: it has run out, was withdrawn, or no longer covers what is read."""
        failed = await self._reopen(self._get_reauth_entry())
        return failed or await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say why, then show the wording."""
        if user_input is None:
            return self.async_show_form(
                step_id="reauth_confirm", data_schema=probatio.Schema({})
            )
        if self._check().identity is None:
            return await self.async_step_home()
        return await self.async_step_consent()

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose what to change."""
        failed = await self._reopen(self._get_reconfigure_entry())
        return failed or self.async_show_menu(
            step_id="reconfigure", menu_options=["home", "again", "port", "cad"]
        )

    async def async_step_again(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Send the request again, or by another route."""
        return await self.async_step_consent()

    async def async_step_port(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose another port for the same stick."""
        errors: dict[str, str] = {}
        owner = ""
        if user_input is not None:
            entry = self._get_reconfigure_entry()
            # A port can be opened once only; the entry is loaded again at the end.
            await self.hass.config_entries.async_unload(entry.entry_id)
            errors, owner = await self._open(user_input[CONF_DEVICE])
            if not errors and str(self._stick.eui64) != str(self._draft.eui64):
                errors[CONF_DEVICE] = "other_stick"
            if not errors:
                self._draft.path = user_input[CONF_DEVICE]
                return self._end()
            await self.hass.config_entries.async_setup(entry.entry_id)
        return self.async_show_form(
            step_id="port",
            data_schema=self.add_suggested_values_to_schema(
                RADIO_SCHEMA, user_input or {CONF_DEVICE: self._draft.path}
            ),
            errors=errors,
            description_placeholders={"owner": owner},
        )

    @override
    async def _next_after_cad(self) -> ConfigFlowResult:
        if self._entry() is not None:
            return self._end()
        return await self.async_step_home()

    @override
    async def _next_after_home(self) -> ConfigFlowResult:
        return await self.async_step_consent()

    @override
    async def _next_after_consent(self) -> ConfigFlowResult:
        if self.source == SOURCE_REAUTH:
            await self._write_request()
            return self._end()
        return await super()._next_after_consent()

    @override
    def _may_join_here(self) -> bool:
        # A loaded entry has the stick, and joins by itself.
        return self._entry() is None

    @override
    def _end(self) -> ConfigFlowResult:
        data = {
            CONF_DEVICE: self._draft.path,
            CONF_BOARD: self._stick.board or "",
            CONF_FIRMWARE: self._stick.firmware or "",
            CONF_MANUFACTURER: self._stick.manufacturer or "",
        }
        if (entry := self._entry()) is not None:
            return self.async_update_reload_and_abort(entry, data_updates=data)
        return self.async_create_entry(title="Consumer access device", data=data)

"""The steps that change an entry: consent again, other numbers, another port, another request."""

from contextlib import suppress
from typing import Any, Final, override

import probatio

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlowResult,
    OperationNotAllowed,
)
from homeassistant.const import CONF_DEVICE
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow

from ..consent.consents import Declaration
from ..const import CONF_BOARD, CONF_FIRMWARE, CONF_MANUFACTURER, TITLE
from ..options import CadOptions
from ..pairing.life import PairingKeeper
from ..pairing.states import PairingState
from ..radio.probe import StickInfo
from ..smart_energy.eui64 import Eui64
from ..store import StoreError, async_get_store
from ..tenancy.tenancies import async_is_erasing
from .correction import UNPAIRING
from .draft import Draft
from .former import FormerSteps
from .radio import NETWORK_ADDRESS, RADIO_SCHEMA
from .service import ServiceSteps

NOT_ASKED: Final = 0
"""EZSP version of a stick that was not opened now."""

_NOT_STOPPED: Final = frozenset({ConfigEntryState.LOADED, ConfigEntryState.SETUP_ERROR})
"""States of an entry that runs, or would run but for what is missing of it; nobody has stopped it."""


class ReopeningSteps(ServiceSteps, FormerSteps):
    """Reauthentication and reconfiguration."""

    _is_anew: bool = False
    """Whether the CAD itself has to be set up again, as a change of tenancy has erased what it had."""

    _is_due: bool = False
    """Whether the entry has yet to take up what was done here.

    That is consent, as the one before has ended with it, or what a pairing service has
    got, which the entry follows only if it knew of the service as it was set up.
    """

    def _entry(self) -> ConfigEntry[Any] | None:
        """Return the entry that is being changed, None while one is being made."""
        if self.source == SOURCE_REAUTH:
            return self._get_reauth_entry()
        if self.source == SOURCE_RECONFIGURE:
            return self._get_reconfigure_entry()
        return None

    async def _reopen(self, entry: ConfigEntry[Any]) -> None:
        """Take up what is stored of a CAD, without opening its stick.

        Raises:
            AbortFlow: it cannot be read, or is being erased.
        """
        assert entry.unique_id is not None
        eui64 = Eui64.parse(entry.unique_id)
        self._stick = StickInfo(
            eui64=eui64,
            ezsp_version=NOT_ASKED,
            firmware=entry.data.get(CONF_FIRMWARE),
            manufacturer=entry.data.get(CONF_MANUFACTURER),
            board=entry.data.get(CONF_BOARD),
        )
        try:
            store = await async_get_store(self.hass, entry.unique_id)
            self._draft = Draft(eui64=eui64, store=store, path=entry.data[CONF_DEVICE])
            await self._draft.load()
            is_erasing = await async_is_erasing(self.hass, entry)
        except StoreError as err:
            raise AbortFlow(err.reason) from err
        if is_erasing:
            raise AbortFlow("erasing")

    async def async_step_reauth(self, entry_data: Any) -> ConfigFlowResult:
        """Ask for consent again: it has run out, was withdrawn, or no longer covers what is read."""
        await self._reopen(self._get_reauth_entry())
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say why, then show the wording."""
        if user_input is None:
            return self.async_show_form(
                step_id="reauth_confirm", data_schema=probatio.Schema({})
            )
        return await self.async_step_again()

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose what to change."""
        await self._reopen(self._get_reconfigure_entry())
        keeper = await self._keeper()
        state = keeper and keeper.pairing.state
        options = ["home", "again", "port", "cad"]
        if state is PairingState.PAIRED:
            # The supplier has done what was asked.
            options.remove("again")
        elif state in UNPAIRING:
            options = ["port"]
        elif self._draft.install_code is None:
            # It was erased; sending again asks for everything anew, home included.
            options.remove("home")
        return self.async_show_menu(step_id="reconfigure", menu_options=options)

    async def async_step_again(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Send the request again, or by another route; ask first for what is not known."""
        if self._draft.install_code is None:
            self._is_anew = True
            await self._look_at_stick()
            return await self.async_step_cad()
        if not self._is_known():
            return await self.async_step_home()
        return await self.async_step_consent()

    async def _look_at_stick(self) -> None:
        """Take what is in the stick, its certificate and install code, if it is where it was and nobody has it open."""
        entry, known = self._entry(), self._stick
        assert entry is not None
        if entry.state is ConfigEntryState.LOADED:
            return
        await self._open(self._draft.path, entry_id=entry.entry_id)
        if self._stick.eui64 != known.eui64:
            self._stick = known

    async def async_step_port(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose another port for the same stick."""
        errors: dict[str, str] = {}
        owner = ""
        if user_input is not None:
            errors, owner = await self._open_elsewhere(user_input[CONF_DEVICE])
            if not errors:
                self._draft.path = user_input[CONF_DEVICE]
                return await self._end()
        return self.async_show_form(
            step_id="port",
            data_schema=self.add_suggested_values_to_schema(
                RADIO_SCHEMA, user_input or {CONF_DEVICE: self._draft.path}
            ),
            errors=errors,
            description_placeholders={"owner": owner, "example": NETWORK_ADDRESS},
        )

    async def _open_elsewhere(self, path: str) -> tuple[dict[str, str], str]:
        """Recognise this CAD's stick at a port; return errors, and who owns the port.

        A port can be opened once only, so the entry lets go of it. Where that does not
        end in a change, which loads the entry again, it takes up its work as before.
        """
        entry, known = self._get_reconfigure_entry(), self._stick
        was_loaded = entry.state is ConfigEntryState.LOADED
        errors: dict[str, str] = {"base": "unknown"}
        try:
            if was_loaded:
                await self.hass.config_entries.async_unload(entry.entry_id)
            errors, owner = await self._open(path, entry_id=entry.entry_id)
            if not errors and self._stick.eui64 != known.eui64:
                errors = {CONF_DEVICE: "other_stick"}
        finally:
            if errors:
                self._stick = known
                if was_loaded:
                    await self.hass.config_entries.async_setup(entry.entry_id)
        return errors, owner

    @override
    async def _next_after_cad(self) -> ConfigFlowResult:
        if self._entry() is None:
            return await self.async_step_home()
        if self._is_anew:
            return await self.async_step_again()
        if self._draft.code_changed:
            # The supplier has the other one, with which the CAD cannot join any more.
            return await self.async_step_again()
        return await self._end()

    @override
    async def _next_after_home(self) -> ConfigFlowResult:
        return await self.async_step_consent()

    @override
    async def _give(self, declaration: Declaration) -> dict[str, str]:
        errors = await super()._give(declaration)
        self._is_due = self._is_due or not errors
        return errors

    @override
    async def async_step_withdraw(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        # Whoever leaves the dialog here has given consent all the same, so reading goes on.
        await self._take_up()
        return await super().async_step_withdraw(user_input)

    @override
    async def _submit(self) -> None:
        try:
            await super()._submit()
        finally:
            await self._have_it_followed()

    async def _have_it_followed(self) -> None:
        """Have the entry follow what the service has, or may have, also if the dialog is closed now."""
        if (await self._pairing()).state is not PairingState.RECORDED:
            self._is_due = True
            await self._take_up()

    async def _take_up(self) -> None:
        """Set the entry up anew, if it has something to take up; what asks for consent again would end with that."""
        if self.source != SOURCE_RECONFIGURE or not self._is_due:
            return
        entry = self._get_reconfigure_entry()
        if entry.state in _NOT_STOPPED:
            await self._set_up_anew(entry)

    async def _set_up_anew(self, entry: ConfigEntry[Any]) -> None:
        """Set the entry up anew, and return when that is done: until then two would keep the request."""
        self._is_due = False
        with suppress(OperationNotAllowed):
            await self.hass.config_entries.async_reload(entry.entry_id)

    @callback
    @override
    def async_remove(self) -> None:
        """Have the entry take up what was done here, if the dialog is left before its end."""
        super().async_remove()
        entry = self.hass.config_entries.async_get_entry(
            self.context.get("entry_id", "")
        )
        if (
            self._is_due
            and (grant := self._consents.grant) is not None
            and grant.is_valid
            and entry is not None
            and entry.state in _NOT_STOPPED
        ):
            self.hass.config_entries.async_schedule_reload(entry.entry_id)

    @override
    async def _next_after_request(self) -> ConfigFlowResult:
        entry = self._entry()
        if entry is None:
            return await super()._next_after_request()
        if (
            self.source == SOURCE_REAUTH and not self._is_anew
        ) or await self._is_paired():
            return await self._end()
        if self._is_anew:
            # Loading the entry would end this dialog; it has nothing to follow yet.
            self._is_due = True
            return await super()._next_after_request()
        # From here on the new consent holds, whether or not the dialog is walked to its end.
        await self._set_up_anew(entry)
        return await super()._next_after_request()

    @override
    async def _is_paired(self) -> bool:
        """Return whether the supplier has done what was asked."""
        keeper = await self._keeper()
        return keeper is not None and keeper.pairing.state is PairingState.PAIRED

    @override
    async def _keeper(self) -> PairingKeeper | None:
        entry = self._entry()
        if entry is not None and entry.state is ConfigEntryState.LOADED:
            # A loaded entry follows the request itself; two would undo each other's steps.
            keeper: PairingKeeper | None = entry.runtime_data.coordinator.pairing
            if keeper is not None:
                return keeper
        return await super()._keeper()

    @override
    def _options(self) -> CadOptions:
        entry = self._entry()
        return super()._options() if entry is None else CadOptions.of(entry)

    @override
    def _may_join_here(self) -> bool:
        # A loaded entry has the stick, and joins by itself.
        return self._entry() is None

    @override
    async def _end(self) -> ConfigFlowResult:
        data = {
            CONF_DEVICE: self._draft.path,
            CONF_BOARD: self._stick.board or "",
            CONF_FIRMWARE: self._stick.firmware or "",
            CONF_MANUFACTURER: self._stick.manufacturer or "",
        }
        if (entry := self._entry()) is not None:
            self._is_due = False
            # The reason is named, since without one Home Assistant's own words are shown.
            reason = f"{self.source}_successful"
            if self.source == SOURCE_REAUTH and not await self._is_paired():
                reason = "reauth_waiting"
            return self.async_update_reload_and_abort(
                entry, data_updates=data, reason=reason
            )
        # An entry that came first would be removed for this one, and all that it has stored.
        self._abort_if_unique_id_configured()
        return self.async_create_entry(title=TITLE, data=data)

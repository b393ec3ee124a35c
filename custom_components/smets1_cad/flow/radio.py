"""The steps about the CAD itself: its radio, its certificate, its install code."""

from collections.abc import Callable, Sequence
from typing import Any, Final, override
from urllib.parse import urlsplit

import probatio
from zigpy.types import EUI64

from homeassistant.components.file_upload import process_uploaded_file
from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult
from homeassistant.const import CONF_DEVICE
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.selector import (
    BooleanSelector,
    FileSelector,
    FileSelectorConfig,
    SerialPortSelector,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN, LOGGER
from ..ports import async_port_users
from ..radio.probe import StickError, StickInfo, probe
from ..smart_energy.certificate import Credentials, load_credentials
from ..smart_energy.errors import CertificateError, Eui64Error, InstallCodeError
from ..smart_energy.install_code import InstallCode, parse_install_code
from ..store import StoreError, async_get_store
from ..zigbee_cad import async_load_network
from .base import PairingSteps
from .draft import Draft

CONF_CERTIFICATE: Final = "certificate"
CONF_CONFIRM: Final = "confirm"
CONF_INSTALL_CODE: Final = "install_code"

JOINING: HassKey[set[str]] = HassKey(f"{DOMAIN}_joining")
"""The ports at which a dialog joins, until it has let go of the stick."""

NETWORK_ADDRESS: Final = "socket://192.168.1.20:6638"
"""How a stick on the network is named, as an example."""

LARGEST_FILE: Final = 64 * 1024
"""Octets; a text with both suites has some two thousand."""

RADIO_SCHEMA: Final = probatio.Schema(
    {probatio.Required(CONF_DEVICE): SerialPortSelector()}
)
FILE_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(CONF_CERTIFICATE): FileSelector(
            FileSelectorConfig(accept=".txt,.cert,.pem,text/plain")
        )
    }
)
TEXT_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(CONF_CERTIFICATE): TextSelector(
            TextSelectorConfig(multiline=True)
        )
    }
)
CODE_FIELDS: Final = {
    probatio.Optional(CONF_INSTALL_CODE): TextSelector(
        TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
    )
}
CODE_SCHEMA: Final = probatio.Schema(CODE_FIELDS)
DOUBTFUL_CODE_SCHEMA: Final = probatio.Schema(
    {**CODE_FIELDS, probatio.Required(CONF_CONFIRM, default=False): BooleanSelector()}
)


class RadioSteps(PairingSteps):
    """Your CAD: which radio, which certificate, which install code."""

    _stick: StickInfo
    _is_resumable: bool = False

    async def _is_paired(self) -> bool:
        """Whether the supplier has done what was asked; the class that knows the request says so."""
        raise NotImplementedError

    async def _next_after_cad(self) -> ConfigFlowResult:
        """Go on when the CAD is known; the class that puts the steps together says where."""
        raise NotImplementedError

    async def _open(
        self, path: str, *, entry_id: str | None = None
    ) -> tuple[dict[str, str], str]:
        """Recognise the stick at a port; return errors, and who owns the port.

        Args:
            path: the port.
            entry_id: the entry that is being changed, which may own it.

        Raises:
            AbortFlow: the port belongs to an entry of this integration that has it open.
        """
        if _is_address_unfinished(path):
            return {CONF_DEVICE: "network_address"}, ""
        for user in await async_port_users(self.hass, path):
            if user.domain != DOMAIN:
                return {CONF_DEVICE: "in_use"}, user.title
            if user.active and user.config_entry_id != entry_id:
                # Opening it once more would reset the stick under the running pairing.
                raise AbortFlow("already_configured")
        if path in self.hass.data.get(JOINING, ()):
            # It would be reset under the running join.
            return {CONF_DEVICE: "joining_elsewhere"}, ""
        try:
            self._stick = await probe(path)
        except StickError as err:
            LOGGER.debug("The radio was not accepted: %s", err)
            return {CONF_DEVICE: err.reason}, ""
        except Exception:  # noqa: BLE001
            # Whatever a strange device does, the form stays.
            LOGGER.exception("The radio could not be recognised")
            return {"base": "unknown"}, ""
        return {}, ""

    @callback
    def _take_over(self) -> None:
        """End a dialog for the same stick that was left open elsewhere; what was typed there is kept."""
        for flow in self._async_in_progress(
            include_uninitialized=True,
            match_context={"unique_id": str(self._stick.eui64)},
        ):
            if flow["context"]["source"] == SOURCE_USER:
                self.hass.config_entries.flow.async_abort(flow["flow_id"])

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose the radio, open it and recognise it."""
        errors: dict[str, str] = {}
        owner = ""
        if user_input is not None:
            path: str = user_input[CONF_DEVICE]
            errors, owner = await self._open(path)
            if not errors:
                self._take_over()
                await self.async_set_unique_id(str(self._stick.eui64))
                self._abort_if_unique_id_configured(updates={CONF_DEVICE: path})
                errors = await self._begin(path)
                if errors and (shown := await self._on_a_network()) is not None:
                    return shown
            if not errors:
                return await self._go_on()
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(RADIO_SCHEMA, user_input),
            errors=errors,
            description_placeholders={"owner": owner, "example": NETWORK_ADDRESS},
        )

    async def _begin(self, path: str) -> dict[str, str]:
        """Take up what was entered earlier for this stick, or begin; return errors.

        Raises:
            AbortFlow: what was entered earlier cannot be read.
        """
        eui64 = self._stick.eui64
        try:
            store = await async_get_store(self.hass, str(eui64))
            record = await async_load_network(store)
            self._draft = Draft(eui64=eui64, store=store, path=path)
            self._is_resumable = await self._draft.load()
        except StoreError as err:
            raise AbortFlow(err.reason) from err
        network = self._stick.extended_pan_id
        if network is not None and not record.may_be_on(network):
            return {CONF_DEVICE: "on_a_network"}
        return {}

    async def _on_a_network(self) -> ConfigFlowResult | None:
        """Show what can be done about a stick that is on a network; the class that knows more says what, None for nothing."""
        raise NotImplementedError

    async def _go_on(self) -> ConfigFlowResult:
        """Go on with a stick that is free, or on this CAD's network."""
        if self._is_resumable:
            return await self.async_step_resume()
        return await self.async_step_cad()

    async def async_step_resume(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Offer to go on with what was entered earlier for this stick."""
        return self.async_show_menu(
            step_id="resume", menu_options=["cad", "start_over", "give_up"]
        )

    async def async_step_start_over(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Forget what was entered earlier."""
        try:
            await self._draft.clear()
        except StoreError as err:
            raise AbortFlow(err.reason) from err
        return await self.async_step_cad()

    async def async_step_cad(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show what was found, and ask for the device certificate."""
        options = ["certificate_file", "certificate_text", "certificate_none"]
        if self._draft.credentials:
            options.insert(0, "certificate_kept")
        if self._stick.cbke_suites:
            options.insert(0, "certificate_stick")
        return self.async_show_menu(
            step_id="cad",
            menu_options=options,
            description_placeholders={
                "eui64": self._stick.eui64.with_hyphens,
                "firmware": self._stick.firmware or "?",
                "ezsp": str(self._stick.ezsp_version or "?"),
                "board": self._stick.board or self._stick.manufacturer or "EmberZNet",
            },
        )

    async def async_step_certificate_stick(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Use the certificate in the stick; its private key never leaves it."""
        self._draft.credentials = ""
        return await self.async_step_install_code()

    async def async_step_certificate_kept(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Use the certificate that was loaded on an earlier day."""
        return await self.async_step_install_code()

    async def async_step_certificate_file(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Load the certificate from a file."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = await self._take_certificate(
                self._read_upload, user_input[CONF_CERTIFICATE]
            )
            if not errors:
                return await self.async_step_install_code()
        return self.async_show_form(
            step_id="certificate_file", data_schema=FILE_SCHEMA, errors=errors
        )

    def _read_upload(self, file_id: str) -> str:
        """Return the text of a file.

        Raises:
            CertificateError: ``certificate_too_large``; ``certificate_upload``: it is gone.
        """
        try:
            with process_uploaded_file(self.hass, file_id) as path:
                if path.stat().st_size <= LARGEST_FILE:
                    return path.read_text(encoding="utf-8", errors="replace")
        except (OSError, ValueError) as err:
            # A file can be read once; the form that shows an error still names it.
            raise CertificateError(
                "The file is not here any more. Choose it again.",
                reason="certificate_upload",
            ) from err
        raise CertificateError(
            "This file is too large for a certificate. Choose the text file that came with the device.",
            reason="certificate_too_large",
        )

    async def async_step_certificate_text(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Load the certificate from text that was pasted."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = await self._take_certificate(str, user_input[CONF_CERTIFICATE])
            if not errors:
                return await self.async_step_install_code()
        return self.async_show_form(
            step_id="certificate_text",
            # What was pasted stays, so that one wrong character can be mended.
            data_schema=self.add_suggested_values_to_schema(TEXT_SCHEMA, user_input),
            errors=errors,
        )

    async def _take_certificate(
        self, read: Callable[[str], str], source: str
    ) -> dict[str, str]:
        """Check a certificate against the stick, and keep it; return errors."""

        def checked() -> str:
            text = read(source)
            self._check_certificate(text)
            return text

        try:
            self._draft.credentials = await self.hass.async_add_executor_job(checked)
        except CertificateError as err:
            return {CONF_CERTIFICATE: err.reason}
        return await self._save()

    def _check_certificate(self, text: str) -> Sequence[Credentials]:
        # zigpy holds an address back to front, as it goes over the air.
        eui64, _ = EUI64.deserialize(self._draft.eui64.octets[::-1])
        return load_credentials(text, eui64=eui64, now=dt_util.utcnow())

    async def async_step_certificate_none(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say plainly what works without a certificate, and go on if that is wanted."""
        if user_input is not None:
            self._draft.credentials = ""
            return await self.async_step_install_code()
        return self.async_show_form(
            step_id="certificate_none", data_schema=probatio.Schema({})
        )

    async def async_step_install_code(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take the install code from the stick, from a label, or make one."""
        if self._stick.install_code is not None:
            return await self._take_code(self._stick.install_code)
        errors: dict[str, str] = {}
        schema = CODE_SCHEMA
        position = ""
        if user_input is not None:
            typed = user_input.get(CONF_INSTALL_CODE, "").strip()
            if not typed:
                return await self._take_code(
                    self._draft.install_code or InstallCode.generate()
                )
            try:
                parsed = parse_install_code(typed, cad_eui64=self._draft.eui64)
            except (InstallCodeError, Eui64Error) as err:
                errors[CONF_INSTALL_CODE] = err.reason
                position = str(err.position or "")
            else:
                if not parsed.needs_confirmation or user_input.get(CONF_CONFIRM):
                    return await self._take_code(parsed.code)
                errors[CONF_INSTALL_CODE] = parsed.doubts[0].value
                schema = DOUBTFUL_CODE_SCHEMA
        return self.async_show_form(
            step_id="install_code",
            data_schema=self.add_suggested_values_to_schema(schema, user_input),
            errors=errors,
            description_placeholders={"position": position},
        )

    async def _take_code(self, code: InstallCode) -> ConfigFlowResult:
        """Keep it; one that the supplier has paired the CAD with stays, since with no other one it could join again."""
        kept, self._draft.install_code = self._draft.install_code, code
        if kept is not None and self._draft.code_changed and await self._is_paired():
            self._draft.install_code = kept
            return self.async_show_form(
                step_id="install_code",
                data_schema=CODE_SCHEMA,
                errors={CONF_INSTALL_CODE: "install_code_paired"},
                description_placeholders={"position": ""},
            )
        await self._save_or_abort()
        return await self._next_after_cad()


def _is_address_unfinished(path: str) -> bool:
    """Whether this is to be a stick's address on the network, of which a part is missing: no serial port is called so."""
    try:
        url = urlsplit(path)
        if url.scheme == "socket":
            return not url.hostname or url.port is None
    except ValueError:
        return True
    return (
        not path.startswith("/")
        and "://" not in path
        and not {".", ":"}.isdisjoint(path)
    )

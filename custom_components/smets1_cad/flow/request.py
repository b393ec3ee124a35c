"""The steps of the request to the supplier, by the route that fits (R6, R7)."""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, override

import probatio

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.selector import (
    BooleanSelector,
    TextSelector,
    TextSelectorConfig,
)
from homeassistant.util import dt as dt_util

from ..cad.errors import CadError
from ..error_words import async_error_words
from ..pairing.life import Pairing, PairingKeeper, async_stored_pairing
from ..pairing.recipients import Recipient, recipients
from ..pairing.request import CadDetails, PairingRequest
from ..pairing.request_text import Purpose, RequestTexts, load_request_texts
from ..pairing.states import MAYBE_LISTED, CadKind, PairingState
from ..pairing.working_days import london_date
from ..store import StoreError
from ..supplier.directory import OWN_FILE, Directory, Route, load_directory
from ..supplier.texts import SupplierText, async_supplier_texts
from .correction import held_by_service, rewritten
from .details import CONF_AVAILABLE, CONF_CERTIFICATION, CONF_HARDWARE, DetailsSteps

CONF_SENT: Final = "sent"
CONF_TEXT: Final = "text"

SENT_SCHEMA: Final = probatio.Schema(
    {
        probatio.Optional(CONF_TEXT): TextSelector(TextSelectorConfig(multiline=True)),
        probatio.Required(CONF_SENT, default=False): BooleanSelector(),
    }
)
SAID_SCHEMA: Final = probatio.Schema(
    {probatio.Required(CONF_SENT, default=False): BooleanSelector()}
)


class RequestSteps(DetailsSteps):
    """Tell the supplier: what to send, by which way, and that it was sent."""

    _directory: Directory | None = None
    _to_show: list[SupplierText]
    _is_sent: bool
    """Whether one of the texts that are shown now has been sent."""
    _goes_on_to: Callable[[], Awaitable[ConfigFlowResult]] | None = None
    """What follows once a request is withdrawn; None to go on with the one that is written down."""

    async def _known(self) -> Directory:
        """Return the directory of suppliers, the user's own file included."""
        if self._directory is None:
            self._directory = await self.hass.async_add_executor_job(
                load_directory, Path(self.hass.config.path(OWN_FILE))
            )
        return self._directory

    @override
    async def _suppliers(self) -> list[str]:
        return [supplier.name for supplier in (await self._known()).suppliers]

    async def _recipients(self) -> tuple[Recipient, ...]:
        """Return who is asked, first who looks after the hub."""
        return recipients(self._identity(), await self._known())

    async def _texts(self) -> RequestTexts:
        return await self.hass.async_add_executor_job(
            load_request_texts, self.hass.config.language
        )

    async def _keeper(self) -> PairingKeeper | None:
        """Return what keeps the request as it is now; None if none was written down.

        Raises:
            AbortFlow: what is stored cannot be read.
        """
        section = self._draft.pairing
        try:
            pairing = await async_stored_pairing(section)
        except StoreError as err:
            raise AbortFlow(err.reason) from err
        return None if pairing is None else PairingKeeper(pairing, section.save)

    async def _pairing(self) -> Pairing:
        """Return the request as it is now, once it was written down."""
        keeper = await self._keeper()
        assert keeper is not None
        return keeper.pairing

    async def _update(self, change: Callable[[Pairing], Pairing]) -> None:
        """Change the request.

        Raises:
            AbortFlow: it has moved on meanwhile, or cannot be kept.
        """
        keeper = await self._keeper()
        assert keeper is not None
        try:
            await keeper.update(change)
        except CadError as err:
            raise AbortFlow(err.reason) from err

    @override
    async def _next_after_consent(self) -> ConfigFlowResult:
        keeper = await self._keeper()
        if keeper is not None and self._undoes(keeper.pairing):
            return await self.async_step_withdraw()
        await self._write_request()
        return await self._next_after_request()

    @override
    async def _next_after_details(self) -> ConfigFlowResult:
        await self._require_consent()
        pairing = await self._pairing()
        if self._undoes(pairing):
            return await self.async_step_withdraw()
        if not pairing.request.asks_the_same(self._wanted()):
            await self._write_request()
        return await self.async_step_request()

    def _undoes(self, pairing: Pairing) -> bool:
        """Whether a pairing service holds a request that asks for something else."""
        wanted = self._wanted()
        same = pairing.request.asks_the_same(wanted) and not self._draft.code_changed
        return held_by_service(pairing) and not same

    async def _next_after_request(self) -> ConfigFlowResult:
        """Go on with the request written down."""
        return await self.async_step_pairing_details()

    async def async_step_withdraw(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Have the request withdrawn that a pairing service holds; the class that talks to it does."""
        raise NotImplementedError

    def _wanted(self) -> PairingRequest:
        """Return what is asked for, on the consent that stands."""
        grant = self._consents.grant
        assert grant is not None
        wording = grant.record.wording
        return PairingRequest(
            identity=self._identity(),
            cad=CadDetails(
                kind=CadKind.ZIGBEE,
                eui64=str(self._draft.eui64),
                manufacturer=self._stick.manufacturer or "",
                model=self._stick.board or "",
                hardware=self._detail(CONF_HARDWARE),
                firmware=self._stick.firmware or "",
                certification=self._detail(CONF_CERTIFICATION),
            ),
            supplier=self._supplier_names(),
            consent_id=grant.record.record_id,
            consent_at=grant.record.given_at,
            consent_version=wording.version,
            consent_sha256=wording.shown_sha256,
            available=self._detail(CONF_AVAILABLE),
        )

    async def _write_request(
        self, *, anew: bool = False, withdrawn: bool = False
    ) -> None:
        """Write down what is asked for; what was asked before becomes it.

        Args:
            anew: it is another request even if it reads the same.
            withdrawn: the pairing service that had the one before has it no more.

        Raises:
            AbortFlow: the CAD is being unpaired, or it could not be kept.
        """
        request, now = self._wanted(), dt_util.utcnow()
        new_code = self._draft.code_changed or anew
        try:
            self._draft.require_kept()
            if (keeper := await self._keeper()) is None:
                await self._draft.pairing.save(Pairing.record(request, now).as_dict())
            else:
                await keeper.update(
                    lambda pairing: rewritten(
                        pairing, request, now, new_code=new_code, withdrawn=withdrawn
                    )
                )
            await self._draft.note_request()
        except CadError as err:
            raise AbortFlow(err.reason) from err

    @override
    async def _joined(self) -> None:
        now = dt_util.utcnow()

        def joined(pairing: Pairing) -> Pairing:
            for state in (
                PairingState.HAN_OPEN,
                PairingState.JOINING,
                PairingState.PAIRED,
            ):
                if pairing.can(state):
                    pairing = pairing.advance(state, now)
            return pairing

        keeper = await self._keeper()
        assert keeper is not None
        await keeper.update(joined)

    async def async_step_request(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose the route; say what is known of how to reach whom."""
        await self._require_consent()
        texts = await self._texts()
        problems = await self._problems()
        return self.async_show_menu(
            step_id="request",
            menu_options=["service", "email", "letter", "phone", *self._ways_out()],
            description_placeholders={
                "supplier": self._supplier_names(),
                "contacts": texts.contacts(
                    await self._recipients(), london_date(dt_util.utcnow())
                ),
                "problems": texts.own_file(OWN_FILE, problems) if problems else "",
            },
        )

    async def _problems(self) -> list[str]:
        """Return what is wrong in the user's own directory, in words."""
        return [
            await async_error_words(self.hass, problem)
            for problem in (await self._known()).problems
        ]

    async def async_step_email(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show an email that is complete, to send from the person's own mail program."""
        return await self._show_texts(Route.EMAIL, user_input)

    async def async_step_letter(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show a letter that is complete, to print and sign."""
        return await self._show_texts(Route.LETTER, user_input)

    async def async_step_phone(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show what to say on the telephone."""
        return await self._show_texts(Route.PHONE, user_input)

    async def _show_texts(
        self, route: Route, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Show what to send or to say to each supplier, one after the other; note that it was done."""
        await self._require_consent()
        if user_input is None:
            if held_by_service(await self._pairing()):
                # So that the supplier does not have it twice.
                self._goes_on_to = partial(self._show_texts, route, None)
                return await self.async_step_withdraw()
            self._is_sent = False
            self._to_show = [
                *await async_supplier_texts(
                    self.hass,
                    Purpose.PAIR,
                    await self._pairing(),
                    route,
                    self._draft.install_code,
                )
            ]
        else:
            if user_input[CONF_SENT] and not self._is_sent:
                await self._sent(route)
                self._is_sent = True
            self._to_show.pop(0)
        if not self._to_show:
            if (await self._pairing()).state not in MAYBE_LISTED:
                return await self.async_step_unsent()
            return await self.async_step_wait()
        text = self._to_show[0]
        return self.async_show_form(
            step_id=route.value,
            data_schema=SAID_SCHEMA
            if route is Route.PHONE
            else self.add_suggested_values_to_schema(
                SENT_SCHEMA, {CONF_TEXT: text.text}
            ),
            description_placeholders=text.placeholders,
        )

    async def _sent(self, route: Route) -> None:
        """Note that the request is on its way.

        Raises:
            AbortFlow: it has moved on meanwhile, or cannot be kept.
        """
        now = dt_util.utcnow()

        def sent(pairing: Pairing) -> Pairing:
            if pairing.state is not PairingState.RECORDED:
                pairing = pairing.resend(now)
            return pairing.advance(PairingState.SENT, now, route=route)

        await self._update(sent)

    async def async_step_unsent(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say that nothing is waited for yet; send it after all, or finish and send it later."""
        return self.async_show_menu(
            step_id="unsent", menu_options=["request", *self._ways_out()]
        )

    async def async_step_wait(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say what happens next; join now if the supplier has opened the HAN already."""
        return self.async_show_menu(step_id="wait", menu_options=self._ways_out())

    def _may_join_here(self) -> bool:
        """Whether the flow itself may open the stick; the class that knows the entry says so."""
        raise NotImplementedError

    def _ways_out(self) -> list[str]:
        return ["join", "finish"] if self._may_join_here() else ["finish"]

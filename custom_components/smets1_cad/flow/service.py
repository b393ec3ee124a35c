"""The steps of the pairing service: what it takes first, agreed to, then sent, once (R7)."""

from asyncio import timeout
from functools import partial
from typing import Any, Final, override

import probatio

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import (
    BooleanSelector,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from homeassistant.util import dt as dt_util

from ..cad.errors import CadError
from ..pairing.identity import Ihd
from ..pairing.life import Pairing
from ..pairing.request import Quote
from ..pairing.states import MAYBE_LISTED, PairingState
from ..store import StoreError
from ..supplier.api import PairingService
from ..supplier.directory import ChannelKind, Route
from ..supplier.link import CONF_TOKEN, CONF_URL, ServiceLink
from ..supplier.said import async_service_said
from ..supplier.status import ServiceError, ServiceState
from ..supplier.submit import async_ask_after, async_submit
from ..supplier.texts import inert, quoted
from .correction import held_by_service
from .home import CONF_FUELS, CONF_IHD
from .request import RequestSteps

CONF_ACCEPT: Final = "accept"
CONF_TOLD: Final = "told"

PATIENCE: Final = 30.0
"""Seconds that a person waits for a service; what was sent by then is followed by the entry."""

SERVICE_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(CONF_URL): TextSelector(
            TextSelectorConfig(type=TextSelectorType.URL)
        ),
        probatio.Required(CONF_TOKEN): TextSelector(
            TextSelectorConfig(type=TextSelectorType.PASSWORD)
        ),
    }
)
QUOTE_SCHEMA: Final = probatio.Schema(
    {probatio.Required(CONF_ACCEPT, default=False): BooleanSelector()}
)
TOLD_SCHEMA: Final = probatio.Schema(
    {probatio.Required(CONF_TOLD, default=False): BooleanSelector()}
)

_FIELDS: Final = {
    "service_token": CONF_TOKEN,
    "service_unauthorised": CONF_TOKEN,
    "service_url": CONF_URL,
    "service_url_insecure": CONF_URL,
}
"""The field that each error is about; the others are about none."""

_ANOTHER_QUOTE: Final = frozenset(
    {"quote_expired", "service_quote_expired", "service_price_not_accepted"}
)
"""Errors after which only another quote helps."""


type Refusal = CadError | TimeoutError
"""Why a service did not take something, or is not known to have."""


class ServiceSteps(RequestSteps):
    """Ask a pairing service what it takes, and send the request to it."""

    _service: PairingService
    _link: ServiceLink
    """Where the quote is from.

    Where another service has the request, it is kept once the quote is agreed to; where another one may have it, once
    this one has answered.
    """
    _quote: Quote
    _is_first: bool = False
    """Whether what is about to be sent was never sent before."""
    _goes_on_to_quote: bool = False
    """Whether consent was asked for once more on the way to the quote."""

    async def async_step_service(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the address of the service, and the service for a quote."""
        await self._require_consent()
        if user_input is not None:
            link = ServiceLink(
                url=user_input[CONF_URL].strip(), token=user_input[CONF_TOKEN].strip()
            )
            try:
                self._service = PairingService(
                    async_get_clientsession(self.hass), link.url, link.token
                )
                self._link = link
                if not await self._is_there():
                    return await self._to_quote()
            except (CadError, TimeoutError) as err:
                return await self._show_service(user_input, err)
            return await self.async_step_wait()
        return await self._show_service()

    async def _is_there(self) -> bool:
        """Whether the service has the request by now; one that is on its way is sent on, one that it has is asked after.

        Raises:
            CadError, TimeoutError: as `_submit`.
        """
        pairing, kept = await self._pairing(), await self._kept_link()
        is_same = kept is not None and kept.url == self._link.url
        # It may have arrived, at the price agreed to then: only the answer is missing.
        if pairing.state is PairingState.SENDING:
            if is_same:
                await self._link.save(self._draft.store)
            await self._submit()
            return True
        if not is_same or not held_by_service(pairing):
            return False
        await self._submit()
        return (await self._pairing()).state in MAYBE_LISTED

    async def _to_quote(self) -> ConfigFlowResult:
        """Show what the request takes.

        Raises:
            CadError, TimeoutError: there is no quote.
        """
        await self._ask_quote()
        if not (await self._pairing()).service_id:
            await self._link.save(self._draft.store)
        return await self.async_step_service_quote()

    async def _show_service(
        self, user_input: dict[str, Any] | None = None, err: Refusal | None = None
    ) -> ConfigFlowResult:
        """Ask for the address of the service, and say why there is no quote yet."""
        reason = None if err is None else _reason(err)
        kept = await self._kept_link()
        known = {
            CONF_URL: kept.url
            if kept
            else (await self._recipients())[0].contact(ChannelKind.PAIRING_SERVICE)
        }
        return self.async_show_form(
            step_id="service",
            data_schema=self.add_suggested_values_to_schema(
                SERVICE_SCHEMA, user_input or known
            ),
            errors={} if reason is None else {_FIELDS.get(reason, "base"): reason},
            description_placeholders={"said": await async_service_said(self.hass, err)},
        )

    async def _kept_link(self) -> ServiceLink | None:
        """Return where the service is that the request went to, None if it went to none.

        Raises:
            AbortFlow: what is stored cannot be read.
        """
        try:
            return await ServiceLink.load(self._draft.store)
        except StoreError as err:
            raise AbortFlow(err.reason) from err

    async def async_step_service_quote(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show time and cost, and who is paid; send only what was agreed to."""
        await self._require_consent()
        if self._takes_ihd():
            return await self.async_step_service_ihd()
        errors: dict[str, str] = {}
        said = ""
        if user_input is not None:
            if not user_input[CONF_ACCEPT]:
                return await self.async_step_request()
            if held_by_service(await self._pairing()):
                # Another one, as what this one has is followed.
                self._goes_on_to = partial(self.async_step_service_quote, user_input)
                return await self.async_step_withdraw()
            try:
                await self._send()
            except (CadError, TimeoutError) as err:
                last = await self._after_refusal(err)
                errors["base"] = _reason(last)
                said = await async_service_said(self.hass, last)
            else:
                return await self.async_step_wait()
        return self.async_show_form(
            step_id="service_quote",
            data_schema=QUOTE_SCHEMA,
            errors=errors,
            description_placeholders=await self._terms() | {"said": said},
        )

    async def _terms(self) -> dict[str, str]:
        """Return what the quote says, for people."""
        quote, texts = self._quote, await self._texts()
        remarks = [texts.remark("ihd_must_go")] if quote.ihd_must_go else []
        if quote.notes:
            remarks += [texts.remark("notes"), quoted(quote.notes)]
        return {
            "amount": f"{quote.amount:.2f} {quote.currency}",
            "payee": inert(quote.payee) or "–",
            "days": str(quote.working_days),
            "remarks": "\n\n".join(remarks),
        }

    def _takes_ihd(self) -> bool:
        """Whether the service wants a display to go of which the person has not said that it may."""
        return (
            self._quote.ihd_must_go and self._identity().ihd is not Ihd.MAY_BE_UNPAIRED
        )

    async def async_step_service_ihd(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say that a display has to make room; that takes consent, or another way."""
        return self.async_show_menu(
            step_id="service_ihd",
            menu_options=["ihd_may_go", "request"],
            description_placeholders=await self._terms(),
        )

    async def async_step_ihd_may_go(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Declare that the display may be unpaired, and ask for consent to that."""
        self._draft.inputs[CONF_FUELS] |= {CONF_IHD: Ihd.MAY_BE_UNPAIRED.value}
        await self._save_or_abort()
        self._goes_on_to_quote = True
        return await self.async_step_consent()

    @override
    async def _next_after_request(self) -> ConfigFlowResult:
        if not self._goes_on_to_quote:
            return await super()._next_after_request()
        self._goes_on_to_quote = False
        try:
            await self._ask_quote()
        except (CadError, TimeoutError) as err:
            return await self._show_service(err=err)
        return await self.async_step_service_quote()

    async def _ask_quote(self) -> None:
        """Ask what the request takes.

        Raises:
            ServiceError: there is no quote.
            StoreError: what it is for was erased meanwhile.
            TimeoutError: there is none yet.
        """
        request = (await self._pairing()).request
        async with timeout(PATIENCE):
            self._quote = await self._service.quote(request)
        self._draft.require_kept()

    async def _after_refusal(self, refusal: Refusal) -> Refusal:
        """Get another quote where this one is of no use any more; return what there is to tell."""
        if _reason(refusal) in _ANOTHER_QUOTE:
            try:
                await self._ask_quote()
            except (CadError, TimeoutError) as err:
                return err
        return refusal

    async def _send(self) -> None:
        """Send the request once: what is on disk says that it is on its way before it leaves.

        Raises:
            CadError: it was not taken, or it is not known whether it was.
            TimeoutError: there is no answer yet; the entry goes on asking.
        """
        now = dt_util.utcnow()

        def sending(pairing: Pairing) -> Pairing:
            if pairing.state is PairingState.SENDING:
                return pairing
            if pairing.state is not PairingState.RECORDED:
                pairing = pairing.resend(now)
            return pairing.accept(self._quote, now).begin_sending(
                Route.PAIRING_SERVICE, now
            )

        keeper = await self._keeper()
        assert keeper is not None
        self._is_first = keeper.pairing.state is not PairingState.SENDING
        sending(keeper.pairing)  # What cannot be sent leaves the earlier service known.
        await self._link.save(self._draft.store)
        await keeper.update(sending)
        await self._submit()

    async def _submit(self) -> None:
        """Send what is written down as being sent, as `_send` does; ask after what the service has."""
        code, keeper = self._draft.install_code, await self._keeper()
        assert code is not None
        assert keeper is not None
        is_first, self._is_first = self._is_first, False
        if keeper.pairing.state is PairingState.SENDING:
            await async_submit(
                self.hass,
                self._service,
                keeper,
                code,
                is_first=is_first,
                patience=PATIENCE,
            )
        else:
            await async_ask_after(self._service, keeper, patience=PATIENCE)
        if await self._kept_link() != self._link:
            await self._link.save(self._draft.store)

    @override
    async def async_step_withdraw(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Have the request withdrawn that the service holds, before another one is written down, or goes elsewhere."""
        await self._require_consent()
        errors: dict[str, str] = {}
        said = ""
        pairing = await self._pairing()
        if user_input is not None:
            try:
                is_gone = user_input[CONF_TOLD] or await self._withdraw(pairing)
            except (CadError, TimeoutError) as err:
                errors["base"] = _reason(err)
                said = await async_service_said(self.hass, err)
            else:
                await self._write_request(anew=True, withdrawn=is_gone)
                following, self._goes_on_to = self._goes_on_to, None
                return await (following or self._next_after_request)()
        return self.async_show_form(
            step_id="withdraw",
            data_schema=TOLD_SCHEMA,
            errors=errors,
            description_placeholders={
                "reference": inert(pairing.reference) or "–",
                "said": said,
            },
        )

    async def _withdraw(self, pairing: Pairing) -> bool:
        """Have a request withdrawn; return whether the service has it no more.

        Raises:
            CadError, TimeoutError: it was not taken, or it is not known whether it was.
        """
        link = await self._kept_link()
        assert link is not None
        service = PairingService(
            async_get_clientsession(self.hass), link.url, link.token
        )
        try:
            async with timeout(PATIENCE):
                status = await service.withdraw(pairing)
        except ServiceError as err:
            # What a service knows nothing of need not be withdrawn.
            if err.reason != "service_not_found":
                raise
            return True
        return status.state is ServiceState.WITHDRAWN


def _reason(err: Refusal) -> str:
    return err.reason if isinstance(err, CadError) else "service_timeout"

"""The steps of the pairing service: what it takes first, agreed to, then sent, once (R7)."""

from typing import Any, Final

import probatio

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import (
    BooleanSelector,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from homeassistant.util import dt as dt_util

from ..cad.errors import CadError
from ..pairing import Pairing
from ..pairing_request import Quote
from ..pairing_states import PairingState
from ..service_link import CONF_TOKEN, CONF_URL, ServiceLink
from ..supplier_api import PairingService
from ..supplier_status import apply_status
from ..suppliers import ChannelKind, Route
from .request import RequestSteps, channel_value

CONF_ACCEPT: Final = "accept"

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


class ServiceSteps(RequestSteps):
    """Ask a pairing service what it takes, and send the request to it."""

    _service: PairingService
    _quote: Quote
    _service_error: CadError | None = None

    async def async_step_service(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the address of the service, and the service for a quote."""
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                self._service = PairingService(
                    async_get_clientsession(self.hass),
                    user_input[CONF_URL],
                    user_input[CONF_TOKEN],
                )
                self._quote = await self._service.quote(self._keeper.pairing.request)
            except CadError as err:
                errors[CONF_TOKEN if err.reason == "service_token" else "base"] = (
                    err.reason
                )
            else:
                link = ServiceLink(
                    url=user_input[CONF_URL], token=user_input[CONF_TOKEN]
                )
                await link.save(self._draft.store)
                return await self.async_step_service_quote()
        kept = await ServiceLink.load(self._draft.store)
        known = {
            CONF_URL: kept.url
            if kept
            else channel_value(await self._supplier(), ChannelKind.PAIRING_SERVICE)
        }
        return self.async_show_form(
            step_id="service",
            data_schema=self.add_suggested_values_to_schema(
                SERVICE_SCHEMA, user_input or known
            ),
            errors=errors,
        )

    async def async_step_service_quote(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show time and cost, and who is paid; send only what was agreed to."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if not user_input[CONF_ACCEPT]:
                return await self.async_step_request()
            try:
                await self._send()
            except CadError as err:
                errors["base"] = err.reason
            else:
                return await self.async_step_wait()
        quote = self._quote
        days = "?" if quote.working_days is None else str(quote.working_days)
        return self.async_show_form(
            step_id="service_quote",
            data_schema=QUOTE_SCHEMA,
            errors=errors,
            description_placeholders={
                "amount": f"{quote.amount:.2f} {quote.currency}",
                "payee": quote.payee or "–",
                "days": days,
            },
        )

    async def _send(self) -> None:
        """Send the request once: what is on disk says that it is on its way before it leaves.

        Raises:
            CadError: it was not taken, or it is not known whether it was.
        """
        now = dt_util.utcnow()
        code = self._draft.install_code
        assert code is not None

        def sending(pairing: Pairing) -> Pairing:
            if pairing.state is not PairingState.RECORDED:
                pairing = pairing.resend(now)
            return pairing.accept(self._quote, now).advance(
                PairingState.SENDING, now, route=Route.PAIRING_SERVICE
            )

        pairing = await self._keeper.update(sending)
        try:
            status = await self._service.submit(pairing, code)
        except CadError as err:
            reason = err.reason
            # What surely did not arrive may be sent by another route.
            if not getattr(err, "may_pass", False):
                await self._keeper.update(
                    lambda pairing: pairing.advance(
                        PairingState.RECORDED, dt_util.utcnow(), reason=reason
                    )
                )
            raise
        await self._keeper.update(
            lambda pairing: apply_status(pairing, status, dt_util.utcnow())
        )

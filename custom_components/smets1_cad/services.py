"""Actions: what a person, or an automation of theirs, can ask of a CAD."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

import probatio

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import (
    async_get_config_entry,
    async_register_admin_service,
)

from .cad.models import Fuel
from .const import DOMAIN
from .coordinator import Smets1CadConfigEntry
from .error_words import cad_errors_translated
from .evidence.pack import async_export_consent, async_export_evidence
from .leaving.leaving import (
    async_request_unpairing,
    async_unpair_texts,
    async_withdraw_consent,
    unpairing_of,
)
from .pairing.states import UnpairWhy
from .supplier.directory import Route
from .tenancy.end import async_end_tenancy
from .tenancy.record import TenancyEnd

ATTR_FUEL: Final = "fuel"
ATTR_REASON: Final = "reason"
ATTR_ROUTE: Final = "route"
ATTR_SENT: Final = "sent"
ATTR_STORED: Final = "stored"

KEEP: Final = "keep"
ERASE: Final = "erase"
"""What becomes of what is stored when consent is withdrawn."""

SERVICE_CHANGE_OF_TENANCY: Final = "change_of_tenancy"
SERVICE_CONFIRM_UNPAIRING: Final = "confirm_unpairing"
SERVICE_EXPORT_CONSENT: Final = "export_consent"
SERVICE_EXPORT_EVIDENCE: Final = "export_evidence"
SERVICE_READ_NOW: Final = "read_now"
SERVICE_REQUEST_UNPAIRING: Final = "request_unpairing"
SERVICE_WITHDRAW_CONSENT: Final = "withdraw_consent"

_ENTRY: Final = {probatio.Optional(ATTR_CONFIG_ENTRY_ID): cv.string}

type Handler = Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]


def _entry(call: ServiceCall) -> Smets1CadConfigEntry:
    """Return the loaded entry that a call is about; the only one, if it names none.

    Raises:
        ServiceValidationError: there is no such entry, or it is not loaded.
    """
    return async_get_config_entry(
        call.hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID)
    )


@cad_errors_translated
async def _withdraw_consent(call: ServiceCall) -> ServiceResponse:
    """Withdraw consent; return what was erased."""
    report = await async_withdraw_consent(
        call.hass, _entry(call), erase=call.data[ATTR_STORED] == ERASE
    )
    return {"erased": None if report is None else report.as_dict()}


@cad_errors_translated
async def _change_of_tenancy(call: ServiceCall) -> ServiceResponse:
    """End the tenancy, and return what was erased."""
    report = await async_end_tenancy(call.hass, _entry(call), TenancyEnd.USER)
    return {"erased": report.as_dict()}


@cad_errors_translated
async def _export_consent(call: ServiceCall) -> ServiceResponse:
    """Return the consent log, and write it to a file."""
    return await async_export_consent(call.hass, _entry(call))


@cad_errors_translated
async def _export_evidence(call: ServiceCall) -> ServiceResponse:
    """Return the evidence pack, and write it to files."""
    return await async_export_evidence(call.hass, _entry(call))


@cad_errors_translated
async def _request_unpairing(call: ServiceCall) -> ServiceResponse:
    """Ask for the CAD to be unpaired, and return what the person has to send."""
    unpairing = unpairing_of(_entry(call).runtime_data)
    route = Route(call.data[ATTR_ROUTE]) if ATTR_ROUTE in call.data else None
    sends_self = route in (None, Route.PAIRING_SERVICE)
    if call.data[ATTR_SENT] and sends_self:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="sent_by_which_route"
        )
    pairing = await async_request_unpairing(
        unpairing, UnpairWhy(call.data[ATTR_REASON]), route
    )
    if call.data[ATTR_SENT] and route is not None:
        pairing = await unpairing.sent(route)
    return {
        "state": pairing.state.value,
        "texts": {
            each.value: [
                text.as_dict()
                for text in await async_unpair_texts(call.hass, pairing, each)
            ]
            for each in Route
            if each is not Route.PAIRING_SERVICE and route in (None, each)
        },
    }


@cad_errors_translated
async def _confirm_unpairing(call: ServiceCall) -> ServiceResponse:
    """Take the person's word that the CAD is unpaired."""
    await unpairing_of(_entry(call).runtime_data).confirm()
    return None


async def _read_now(call: ServiceCall) -> ServiceResponse:
    """Read a meter out of turn, if pacing allows."""
    coordinator = _entry(call).runtime_data.coordinator
    if not coordinator.has_consent:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="consent_missing"
        )
    await coordinator.async_ask(Fuel(call.data[ATTR_FUEL]))
    return None


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions; what ends something, or tells who lives there, is for administrators."""

    def register(
        name: str,
        handler: Handler,
        fields: dict[Any, Any],
        response: SupportsResponse = SupportsResponse.NONE,
    ) -> None:
        async_register_admin_service(
            hass,
            DOMAIN,
            name,
            handler,
            probatio.Schema(_ENTRY | fields),
            supports_response=response,
        )

    register(
        SERVICE_WITHDRAW_CONSENT,
        _withdraw_consent,
        {probatio.Optional(ATTR_STORED, default=KEEP): probatio.In([KEEP, ERASE])},
        response=SupportsResponse.OPTIONAL,
    )
    register(
        SERVICE_CHANGE_OF_TENANCY,
        _change_of_tenancy,
        {},
        response=SupportsResponse.OPTIONAL,
    )
    register(
        SERVICE_EXPORT_CONSENT, _export_consent, {}, response=SupportsResponse.OPTIONAL
    )
    register(
        SERVICE_EXPORT_EVIDENCE,
        _export_evidence,
        {},
        response=SupportsResponse.OPTIONAL,
    )
    register(
        SERVICE_REQUEST_UNPAIRING,
        _request_unpairing,
        {
            probatio.Optional(ATTR_ROUTE): probatio.In([each.value for each in Route]),
            probatio.Optional(
                ATTR_REASON, default=UnpairWhy.CONSENT_WITHDRAWN.value
            ): probatio.In([why.value for why in UnpairWhy]),
            probatio.Optional(ATTR_SENT, default=False): cv.boolean,
        },
        response=SupportsResponse.OPTIONAL,
    )
    register(SERVICE_CONFIRM_UNPAIRING, _confirm_unpairing, {})
    hass.services.async_register(
        DOMAIN,
        SERVICE_READ_NOW,
        _read_now,
        probatio.Schema(
            _ENTRY
            | {probatio.Required(ATTR_FUEL): probatio.In([fuel.value for fuel in Fuel])}
        ),
    )

"""Send a request to its pairing service: one way for whoever does it, and one at a time (R7)."""

from asyncio import timeout
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..pairing.life import Pairing, PairingKeeper
from ..pairing.states import PairingState
from ..smart_energy.install_code import InstallCode
from .api import PairingService
from .directory import Route
from .status import (
    OVER,
    ServiceError,
    ServiceState,
    ServiceStatus,
    apply_answer,
    apply_status,
)

_UNDER_WAY: HassKey[set[str]] = HassKey(f"{DOMAIN}_submitting")

_AT_REST: Final = frozenset({PairingState.RECORDED, PairingState.REMOVED})
"""States in which nothing is expected of a service, whatever it has."""


@callback
def is_submitting(hass: HomeAssistant, pairing: Pairing) -> bool:
    """Whether a request, or the one to unpair, is on its way to its service at this moment."""
    under_way = hass.data.get(_UNDER_WAY, set())
    return pairing.key in under_way or pairing.unpair_key in under_way


@contextmanager
def on_its_way(hass: HomeAssistant, key: str) -> Generator[None]:
    """Have nobody else send what goes under a key, meanwhile."""
    under_way = hass.data.setdefault(_UNDER_WAY, set())
    under_way.add(key)
    try:
        yield
    finally:
        under_way.discard(key)


async def async_submit(
    hass: HomeAssistant,
    service: PairingService,
    keeper: PairingKeeper,
    code: InstallCode,
    *,
    is_first: bool,
    patience: float | None = None,
) -> ServiceStatus:
    """Send a request that is written down as being sent, and note what becomes of it.

    A service that already has a request for the CAD names it; that one is followed.
    A request that surely did not arrive may be sent again, by whichever route; one
    that may have arrived stays on its way, and is only ever sent again under its key.

    Args:
        hass: Home Assistant.
        service: where it goes.
        keeper: the request.
        code: the CAD's install code.
        is_first: whether it was never sent before, so that it has not arrived if it is turned away now.
        patience: seconds for which there is an answer waited for, None for as long as it takes.

    Raises:
        ServiceError: it was not taken, or it is not known whether it was.
        TimeoutError: there is no answer yet.
        StoreError: what became of it could not be kept.
    """
    asked = keeper.pairing
    with on_its_way(hass, asked.key):
        try:
            async with timeout(patience):
                status = await _submitted(service, asked, code)
        except ServiceError as err:
            err.is_repeat |= not is_first
            if not err.may_have_arrived:
                reason = err.reason
                await keeper.update(lambda pairing: _not_sent(pairing, asked, reason))
            raise
        await keeper.update(
            lambda pairing: apply_answer(pairing, asked, status, dt_util.utcnow())
        )
    return status


async def async_ask_after(
    service: PairingService, keeper: PairingKeeper, *, patience: float
) -> None:
    """Follow a request that a service has, and not send it another time; what is over there can be asked for anew.

    Args:
        service: which has it.
        keeper: the request.
        patience: seconds for which there is an answer waited for.

    Raises:
        TimeoutError: there is none yet.
        ServiceError: there is no answer; ``service_not_found``: it has lost the request, which is another one from now on.
        StoreError: what became of it could not be kept.
    """
    try:
        async with timeout(patience):
            status = await service.status(keeper.pairing.service_id)
    except ServiceError as err:
        if err.reason == "service_not_found":
            await keeper.update(
                lambda pairing: pairing.correct(
                    pairing.request, dt_util.utcnow(), renew=True
                )
            )
        raise
    await keeper.update(lambda pairing: _followed(pairing, status, dt_util.utcnow()))


def _followed(pairing: Pairing, status: ServiceStatus, at: datetime) -> Pairing:
    """Return a pairing as it is with a service that was asked after it on a person's word."""
    if status.state in OVER:
        return pairing.correct(
            pairing.request,
            at,
            renew=True,
            withdrawn=status.state is ServiceState.WITHDRAWN,
        )
    if pairing.route is not Route.PAIRING_SERVICE or pairing.state in _AT_REST:
        pairing = pairing.resend(at).advance(
            PairingState.SENT, at, route=Route.PAIRING_SERVICE
        )
    return apply_status(pairing, status, at)


async def _submitted(
    service: PairingService, pairing: Pairing, code: InstallCode
) -> ServiceStatus:
    try:
        return await service.submit(pairing, code)
    except ServiceError as err:
        if err.reason != "service_already_requested" or err.request_id is None:
            raise
        return await service.status(err.request_id)


def _not_sent(pairing: Pairing, asked: Pairing, reason: str) -> Pairing:
    """Return a pairing whose request did not arrive; a key that is taken is given up, what it may stand for is not."""
    if pairing.state is not PairingState.SENDING or pairing.key != asked.key:
        return pairing
    now = dt_util.utcnow()
    pairing = pairing.advance(PairingState.RECORDED, now, reason=reason)
    if reason == "service_conflict":
        return replace(
            pairing.correct(pairing.request, now, renew=True),
            reference=pairing.reference,
            service_id=pairing.service_id,
        )
    return pairing

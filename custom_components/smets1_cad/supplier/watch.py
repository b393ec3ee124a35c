"""Follow a request at its pairing service, for the days it takes (R8)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from ..cad.errors import CadError
from ..const import LOGGER
from ..error_words import async_error_words
from ..faults import UNANSWERED_FOR, async_clear_service, async_report_service
from ..pairing.life import Pairing, PairingKeeper
from ..pairing.states import PairingState
from ..smart_energy.install_code import InstallCode
from .api import PairingService
from .directory import Route
from .link import ServiceLink
from .status import (
    ServiceError,
    ServiceState,
    ServiceStatus,
    apply_answer,
    is_about,
    is_contradicted,
)
from .submit import async_submit, is_submitting
from .unpair import async_send_unpairing

AFTER_ERROR: Final = timedelta(minutes=15)
"""Until a service that did not answer is asked again; it may want more."""

SOON: Final = timedelta(seconds=1)
"""Until a service is asked what has not been asked yet."""

_SETTLED: Final = frozenset(
    {
        PairingState.RECORDED,
        PairingState.CANCELLED,
        PairingState.REFUSED,
        PairingState.REMOVED,
        PairingState.UNPAIR_RECORDED,
        PairingState.UNPAIR_REFUSED,
        PairingState.UNPAIRED,
    }
)
"""States in which there is nothing to ask a service."""

_UNPAIRING: Final = frozenset(
    {
        PairingState.UNPAIR_SENDING,
        PairingState.UNPAIR_SENT,
        PairingState.UNPAIR_ACKNOWLEDGED,
    }
)


class ServiceWatch:
    """Asks a service where a request is, as often as it wants to be asked."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        keeper: PairingKeeper,
        link: ServiceLink,
        code: InstallCode | None,
        *,
        may_send: Callable[[], bool],
        on_open: CALLBACK_TYPE,
        on_tenancy_change: Callable[[datetime | None], None],
    ) -> None:
        """Prepare to follow.

        Args:
            hass: Home Assistant.
            entry: the CAD's.
            keeper: the request.
            link: where the service is.
            code: the CAD's install code, for a request that may not have arrived.
            may_send: whether consent is in force, without which nothing personal is sent again.
            on_open: called when the service says that the hub is open.
            on_tenancy_change: called with what it says: from when on the tenant is another, or None.

        Raises:
            SupplierError, ServiceError: address or token cannot be used.
        """
        self._hass = hass
        self._entry = entry
        self._keeper = keeper
        self._code = code
        self._may_send = may_send
        self._on_open = on_open
        self._on_tenancy_change = on_tenancy_change
        self._service = PairingService(
            async_get_clientsession(hass), link.url, link.token
        )
        self._cancel: CALLBACK_TYPE | None = None
        self._asking = False
        self._stopped = False
        self._failing_since: datetime | None = None
        self._lost = False

    @callback
    def start(self) -> CALLBACK_TYPE:
        """Follow until the returned function is called."""
        self._ask_soon()
        forget = self._keeper.on_change(self._changed)

        @callback
        def stop() -> None:
            self._stopped = True
            forget()
            self._forget_timer()
            async_clear_service(self._hass, self._entry)

        return stop

    @callback
    def _changed(self, pairing: Pairing) -> None:
        if not _is_with_service(pairing):
            self._nothing_is_wrong()
        self._ask_soon()

    @callback
    def _ask_soon(self) -> None:
        if self._cancel is None:
            self._ask_in(SOON)

    @callback
    def _ask_in(self, wait: timedelta) -> None:
        self._forget_timer()
        if self._stopped:
            return

        @callback
        def ask(_now: datetime) -> None:
            self._cancel = None
            self._entry.async_create_background_task(
                self._hass, self._ask(), "ask the pairing service"
            )

        self._cancel = async_call_later(self._hass, wait, ask)

    async def _ask(self) -> None:
        """Ask, unless an answer is waited for already."""
        pairing = self._keeper.pairing
        if self._asking or not _is_with_service(pairing):
            return
        if self._is_unsent(pairing) and not self._may_send():
            # It stays under its key, for when consent is given again.
            self._ask_in(AFTER_ERROR)
            return
        if is_submitting(self._hass, pairing):
            # What comes of it is heard; where nothing does, it is asked for here.
            self._ask_in(AFTER_ERROR)
            return
        self._asking = True
        wait = AFTER_ERROR
        try:
            wait = await self._ask_once()
        except Exception:  # noqa: BLE001 - no answer may end the following
            LOGGER.exception("An answer of the pairing service led to a mistake here")
        finally:
            self._asking = False
            self._ask_in(wait)

    async def _ask_once(self) -> timedelta:
        """Ask, and act on the answer; return how long to wait before asking again."""
        asked = self._keeper.pairing
        is_unpairing = asked.state in _UNPAIRING
        try:
            status = await self._status()
            await self._keeper.update(
                lambda pairing: apply_answer(pairing, asked, status, dt_util.utcnow())
            )
        except CadError as err:
            await self._failed(err)
            await self._give_up_if_lost(err)
            after = getattr(err, "retry_after", None) or 0.0
            return max(AFTER_ERROR, timedelta(seconds=after))
        if is_contradicted(self._keeper.pairing, status):
            self._lost = False
            await self._failed(_contradiction())
        else:
            if self._failing_since is not None:
                LOGGER.info("The pairing service answers again")
            self._nothing_is_wrong()
        if status.state is ServiceState.HAN_OPEN:
            self._on_open()
        # A change that is no longer announced will not happen; the status of an unpairing announces none.
        if status.tenancy_change is not None or not is_unpairing:
            self._on_tenancy_change(status.tenancy_change)
        return status.poll_after if is_about(asked, self._keeper.pairing) else SOON

    async def _failed(self, err: CadError) -> None:
        """Say once in the log that there is no answer, and tell a person if that lasts."""
        now = dt_util.utcnow()
        if self._failing_since is None:
            LOGGER.info("The pairing service gave no answer that can be used: %s", err)
            self._failing_since = now
        elif now - self._failing_since >= UNANSWERED_FOR:
            words = await async_error_words(self._hass, err)
            pairing = self._keeper.pairing
            if self._stopped or not _is_with_service(pairing):
                return
            async_report_service(
                self._hass,
                self._entry,
                err,
                words=words,
                supplier=pairing.request.supplier,
            )

    @callback
    def _nothing_is_wrong(self) -> None:
        self._failing_since, self._lost = None, False
        async_clear_service(self._hass, self._entry)

    async def _status(self) -> ServiceStatus:
        """Ask where the request is; send it again, under its key, if it may not have arrived."""
        pairing = self._keeper.pairing
        if pairing.state in _UNPAIRING:
            if pairing.service_unpair_id:
                return await self._service.unpair_status(pairing.service_unpair_id)
            if pairing.state is PairingState.UNPAIR_SENDING:
                return await async_send_unpairing(self._service, pairing)
            # A request that was withdrawn before it came to anything keeps its name.
            return await self._service.status(pairing.service_id)
        if self._is_unsent(pairing):
            assert self._code is not None
            return await async_submit(
                self._hass, self._service, self._keeper, self._code, is_first=False
            )
        if not pairing.service_id:
            raise ServiceError(
                "The service never named the request. Send it again.",
                reason="service_not_found",
            )
        return await self._service.status(pairing.service_id)

    def _is_unsent(self, pairing: Pairing) -> bool:
        """Whether a request may not have arrived, and can be sent again."""
        return pairing.state is PairingState.SENDING and self._code is not None

    async def _give_up_if_lost(self, err: CadError) -> None:
        """Stop waiting for a request that the service has lost; told once, it may be a slip of the service."""
        lost, self._lost = self._lost, err.reason == "service_not_found"
        if not (lost and self._lost):
            return

        def recorded(pairing: Pairing) -> Pairing:
            if not pairing.can(PairingState.RECORDED):
                return pairing
            recorded = pairing.advance(
                PairingState.RECORDED, dt_util.utcnow(), reason=err.reason
            )
            return replace(recorded, service_id="")

        try:
            await self._keeper.update(recorded)
        except CadError as failed:
            LOGGER.warning("The state of the pairing was not kept: %s", failed)

    @callback
    def _forget_timer(self) -> None:
        if self._cancel is not None:
            self._cancel()
            self._cancel = None


def _contradiction() -> ServiceError:
    """Return what there is to say of a service to which a CAD is not paired that the radio knows to be."""
    return ServiceError(
        "The pairing service says that the CAD is no longer paired, which nobody here asked for and the radio has not "
        "seen. Ask your supplier; if it is so, have the CAD unpaired here too.",
        reason="service_contradicts",
    )


def _is_with_service(pairing: Pairing) -> bool:
    """Whether there is anything to ask a service about."""
    return pairing.route is Route.PAIRING_SERVICE and pairing.state not in _SETTLED

"""The end of a pairing: asked for, followed until it is confirmed, then carried out (R19).

What confirms it is the pairing service, the hub's order to leave, or the person.
After a withdrawal the hub's order cannot: whoever hears it acknowledges it and
polls for it, and nothing may be sent then, so that the stick is silent (see
`HanRadio.disconnect`).

A supplier that takes the CAD off the network on its own is noticed here too.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final
from uuid import uuid4

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..cad.errors import CadError
from ..cad.link import CadLink, LinkState, LinkStatus
from ..consent.consents import Consents, Withdrawal, WithdrawalNotStored
from ..const import LOGGER
from ..pairing.life import Pairing, PairingError, PairingKeeper
from ..pairing.states import UNDER_WAY, PairingState as S, UnpairWhy
from ..pairing.watch import REMOVED
from ..smart_energy.network import ForeignNetwork
from ..store import CadStore
from ..supplier.api import PairingService
from ..supplier.directory import Route
from ..supplier.status import ServiceError, apply_answer
from ..supplier.submit import on_its_way
from ..supplier.unpair import async_tell_unpairing
from .issues import (
    async_clear_leaving,
    async_clear_wanted,
    async_report_leaving,
    async_report_wanted,
)

SAID_BY_USER: Final = "said_by_user"
LEFT_BY_HUB: Final = "left_by_hub"
"""Reasons of the last step: who confirmed that the CAD is unpaired."""

ENDING: Final = UNDER_WAY | {S.UNPAIR_REFUSED, S.UNPAIRED}
"""States of a pairing that is ending, or has ended."""


class Unpairing:
    """Asks for a CAD to be unpaired, follows it, and leaves the network when that is confirmed."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        store: CadStore,
        *,
        keeper: PairingKeeper,
        link: CadLink,
        consents: Consents,
        service: PairingService | None,
    ) -> None:
        """Prepare; nothing happens before `start`.

        Args:
            hass: Home Assistant.
            entry: the CAD's.
            store: the CAD's own.
            keeper: the request.
            link: the way out of the network.
            consents: ends with the pairing.
            service: where the request went, or what it would take was asked; None if there is none.
        """
        self._hass = hass
        self._entry = entry
        self._store = store
        self._keeper = keeper
        self._link = link
        self._consents = consents
        self._service = service
        self._leaving = False
        self._has_left = False

    @property
    def pairing(self) -> Pairing:
        """The pairing as it is now."""
        return self._keeper.pairing

    @property
    def has_service(self) -> bool:
        """Whether a pairing service can be told; one that never had the request is told nothing."""
        return self._service is not None and self.pairing.service_may_have_it

    @callback
    def start(self) -> CALLBACK_TYPE:
        """Follow until the returned function is called."""
        forget: list[Callable[[], None]] = [
            self._keeper.on_change(lambda _pairing: self.async_look()),
            self._link.on_status(self._link_moved),
        ]
        self.async_look()

        @callback
        def stop() -> None:
            for each in forget:
                each()
            async_clear_leaving(self._hass, self._entry)
            async_clear_wanted(self._hass, self._entry)

        return stop

    @callback
    def async_want(self) -> None:
        """Lead a person who has said no more than that the CAD is to be unpaired to where the rest is asked.

        Nothing has been done then: the reason decides whether consent ends and reading stops.
        """
        async_report_wanted(self._hass, self._entry, self.pairing)

    async def ask(self, why: UnpairWhy) -> Pairing:
        """Write down that the CAD is to be unpaired; a request that nobody has is given up.

        Consent that is withdrawn ends at once; asked for another reason, it ends with the removal.

        Raises:
            PairingError: ``nothing_to_unpair``: the CAD is not paired.
            WithdrawalNotStored, StoreError: it could not be written down. Consent that was withdrawn has ended all the same.
        """
        if why is UnpairWhy.CONSENT_WITHDRAWN:
            await self._consents.withdraw(Withdrawal.REQUESTED)
        now = dt_util.utcnow()

        def change(pairing: Pairing) -> Pairing:
            if pairing.state in UNDER_WAY:
                return pairing
            if pairing.can(S.CANCELLED):
                return pairing.advance(S.CANCELLED, now)
            if not pairing.can(S.UNPAIR_RECORDED):
                raise PairingError(
                    "The CAD is not paired, and nobody has been asked to pair it: there is nothing to undo.",
                    reason="nothing_to_unpair",
                )
            # A key that was refused would only be answered by the same refusal.
            return replace(
                pairing, unpair_key=str(uuid4()), service_unpair_id=""
            ).advance(S.UNPAIR_RECORDED, now, reason=why.value)

        return await self._keeper.update(change)

    async def send(self) -> Pairing:
        """Tell the pairing service, once: it is on disk that the request leaves before it does.

        Raises:
            PairingError: ``no_service``, ``already_sent``.
            CadError: it was not taken, or it is not known whether it was; then it is sent again by itself.
        """
        if self._service is None or not self.has_service:
            raise PairingError(
                "No pairing service is known for this CAD. Choose email, letter or telephone.",
                reason="no_service",
            )
        pairing = await self._keeper.update(
            lambda pairing: pairing.begin_sending(
                Route.PAIRING_SERVICE, dt_util.utcnow()
            )
        )
        with on_its_way(self._hass, pairing.unpair_key):
            return await self._tell(self._service, pairing)

    async def _tell(self, service: PairingService, asked: Pairing) -> Pairing:
        """Tell the pairing service, and note what it says."""
        try:
            status = await async_tell_unpairing(service, asked)
        except CadError as err:
            reason = err.reason
            # What surely did not arrive may be sent by another route.
            if not (isinstance(err, ServiceError) and err.may_have_arrived):
                await self._keeper.update(
                    lambda pairing: (
                        pairing.advance(
                            S.UNPAIR_RECORDED, dt_util.utcnow(), reason=reason
                        )
                        if pairing.can(S.UNPAIR_RECORDED)
                        else pairing
                    )
                )
            raise
        return await self._keeper.update(
            lambda pairing: apply_answer(pairing, asked, status, dt_util.utcnow())
        )

    async def async_update(self, change: Callable[[Pairing], Pairing]) -> Pairing:
        """Change the pairing in another way than by a step, such as for another consent.

        Raises:
            StoreError: it could not be written down.
        """
        return await self._keeper.update(change)

    async def sent(self, route: Route) -> Pairing:
        """Note that the person has sent the request, or has telephoned.

        Raises:
            PairingError: no request to unpair is waiting to be sent.
            StoreError: it could not be written down.
        """
        return await self._keeper.update(
            lambda pairing: pairing.advance(
                S.UNPAIR_SENT, dt_util.utcnow(), route=route
            )
        )

    async def confirm(self) -> Pairing:
        """Take a person's word that the supplier has unpaired the CAD.

        Raises:
            PairingError: it never was paired.
            StoreError: it could not be written down.
        """
        return await self._confirm(SAID_BY_USER)

    async def _confirm(self, reason: str) -> Pairing:
        return await self._keeper.update(
            lambda pairing: pairing.advance(S.UNPAIRED, dt_util.utcnow(), reason=reason)
        )

    @callback
    def _link_moved(self, status: LinkStatus) -> None:
        """Take a hub's order to leave for the confirmation that is waited for."""
        if (
            status.state is LinkState.FAILED
            and status.error is not None
            and status.error.reason == REMOVED
            and self.pairing.state in ENDING - {S.UNPAIRED}
        ):
            self._entry.async_create_task(
                self._hass, self._left_by_hub(), "unpaired by the hub"
            )
        self.async_look()

    async def _left_by_hub(self) -> None:
        try:
            await self._confirm(LEFT_BY_HUB)
        except CadError as err:
            LOGGER.warning("That the CAD is unpaired was not kept: %s", err)

    @callback
    def async_look(self) -> None:
        """Say what there is to say of the pairing's end, and carry it out where it has come."""
        pairing = self.pairing
        if not pairing.can_end:
            async_clear_wanted(self._hass, self._entry)
        if pairing.state is not S.UNPAIRED or self._has_left:
            self._has_left = pairing.state is S.UNPAIRED
            async_report_leaving(self._hass, self._entry, pairing, self._consents)
        elif not self._leaving:
            # That the stick has left is said once it has.
            self._leaving = True
            async_clear_leaving(self._hass, self._entry)
            self._entry.async_create_task(
                self._hass, self._leave(), "leave the smart meter's network"
            )

    async def _leave(self) -> None:
        """Leave the network for good: consent ends, the stick forgets network and keys."""
        try:
            with suppress(WithdrawalNotStored):
                # It has ended, and storing that is tried again; the stick leaves now.
                await self._consents.withdraw(Withdrawal.CAD_REMOVED)
            await async_leave_network(self._link, self._store)
            self._has_left = True
        except CadError as err:
            LOGGER.warning("The stick has not left the network yet: %s", err)
            async_report_leaving(
                self._hass, self._entry, self.pairing, self._consents, error=err
            )
        finally:
            self._leaving = False
        if self._has_left:
            self.async_look()


async def async_leave_network(link: CadLink, store: CadStore) -> None:
    """Have the stick leave the network for good, if it is on one, or was told to join one.

    What says that it is on one is kept until it is not, so that a stick that is not
    plugged in now leaves another time.

    Raises:
        CadError: it has not left.
    """
    session = store.session
    kept = await session.load()
    if kept is None:
        return
    joined = kept.get("extended_pan_id") is not None
    if not joined and not kept.get("tried"):
        return
    try:
        await link.unpair()
    except CadError as err:
        await session.save(kept)
        if not joined and isinstance(err, ForeignNetwork):
            # It joined none of those that it was told to.
            return
        raise

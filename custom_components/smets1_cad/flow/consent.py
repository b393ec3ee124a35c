"""The step of consent, which comes before anything leaves the house (R1, R2)."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.data_entry_flow import AbortFlow

from ..cad.clock import SYSTEM_CLOCK
from ..consent.consents import Consents, Declaration, Scope
from ..consent.text import CURRENT_VERSION, ShownText
from ..options import CadOptions
from ..pairing.identity import Identity, Ihd
from ..store import StoreError, async_load_consents
from .home import HomeSteps
from .wording import (
    REWORDED,
    async_give,
    async_wording,
    is_reworded,
    show_wording,
    ticked,
)


class ConsentSteps(HomeSteps):
    """Consent, which comes before anything leaves the house."""

    _consents: Consents
    _shown: ShownText

    async def _next_after_consent(self) -> ConfigFlowResult:
        """Go on with consent on record; the class that puts the steps together says where."""
        raise NotImplementedError

    def _supplier_names(self) -> str:
        """Return to whom the request goes, for people."""
        return " / ".join(dict.fromkeys(self._identity().suppliers.values()))

    async def async_step_consent(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the wording in full and take each box as a step of will of its own."""
        await self._load_consents()
        identity = self._identity()
        if self._is_covered(identity):
            # Given on an earlier day, by the same person for the same home and meters.
            return await self._next_after_consent()
        shown = await async_wording(
            self.hass,
            identity,
            supplier=self._supplier_names(),
            options=self._options(),
        )
        if user_input is None:
            self._shown = shown
        if is_reworded(self._shown, shown):
            # Nobody agrees to what another dialog has changed since this was read.
            self._shown = shown
            return show_wording(self, shown, None, REWORDED)
        errors: dict[str, str] = {}
        if user_input is not None:
            declaration = Declaration(
                identity=identity,
                cad=str(self._draft.eui64),
                supplier=self._supplier_names(),
                text=shown,
                ticked=ticked(user_input),
                period=self._options().consent_period,
            )
            errors = await self._give(declaration)
            if not errors:
                return await self._next_after_consent()
        return show_wording(self, shown, user_input, errors)

    def _options(self) -> CadOptions:
        """Return what is decided of the CAD beyond its set-up; nothing, before there is an entry."""
        return CadOptions()

    async def _load_consents(self) -> None:
        """Read the log as it is now.

        Raises:
            AbortFlow: it cannot be read.
        """
        try:
            self._consents = await async_load_consents(
                self.hass,
                self._draft.store,
                SYSTEM_CLOCK,
                period=self._options().consent_period,
            )
        except StoreError as err:
            raise AbortFlow(err.reason) from err

    async def _require_consent(self) -> None:
        """Do nothing if consent is in force now, however long ago it was asked for in this dialog.

        Raises:
            AbortFlow: it is not, or what is on record cannot be read.
        """
        await self._load_consents()
        grant = self._consents.grant
        if grant is None or not grant.is_valid:
            raise AbortFlow("consent_missing")

    def _is_covered(self, identity: Identity) -> bool:
        """Whether the consent that stands was given for just this, by this person, to this supplier."""
        scope = Scope(
            identity=identity,
            cad=str(self._draft.eui64),
            wording_version=CURRENT_VERSION,
        )
        record = self._consents.current
        return (
            self._consents.renewal_needed(scope) is None
            and record is not None
            and record.identity is not None
            and record.identity.name == identity.name
            and record.supplier == self._supplier_names()
            # The box speaks of a display that stays in other words than of one that may go.
            and identity.ihd in {Ihd.NONE, record.identity.ihd}
        )

    async def _give(self, declaration: Declaration) -> dict[str, str]:
        """Put consent on record; return errors.

        Raises:
            AbortFlow: what was typed is erased, so nobody consents to anything with it.
        """
        try:
            self._draft.require_kept()
        except StoreError as err:
            raise AbortFlow(err.reason) from err
        return await async_give(self._consents, declaration)

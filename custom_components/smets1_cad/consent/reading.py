"""Whether the meters may be read now: reading stops at once where consent ends, and resumes by a clock set right (R2)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..cad.link import Grant
from ..cad.models import Fuel
from ..const import LOGGER
from .consents import Renewal
from .watch import async_resume_when_valid


class RevocableGrant(Grant, Protocol):
    """Consent that can be withdrawn while it is read under."""

    def on_revoked(self, listener: Callable[[Any], None]) -> CALLBACK_TYPE:
        """Hear of its end until the returned function is called."""
        ...

    @property
    def given_at(self) -> datetime:
        """When it was given, UTC."""
        ...


class ReadingConsent:
    """Holds the grant that is read under, and ends the reading with it."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry[Any], stop_reading: CALLBACK_TYPE
    ) -> None:
        """Say what stops the flow of data; nothing may be read before `begin`."""
        self._hass = hass
        self._entry = entry
        self._stop_reading = stop_reading
        self._grant: RevocableGrant | None = None
        self._is_read = False
        self._unsubscribe: CALLBACK_TYPE | None = None
        self._forget_resuming: CALLBACK_TYPE | None = None
        """While consent has run out by the clock: forgets to look whether it has after all."""

    @property
    def is_in_force(self) -> bool:
        """Whether consent is."""
        return self._grant is not None and self._grant.is_valid

    @property
    def given_at(self) -> datetime | None:
        """When it was given, UTC; None before `begin`, and once it was withdrawn."""
        return None if self._grant is None else self._grant.given_at

    @callback
    def begin(self, grant: RevocableGrant) -> None:
        """Read under a grant from now on."""
        self._grant = grant
        self._unsubscribe = grant.on_revoked(self._revoked)
        self._is_read = True

    @callback
    def end(self) -> None:
        """Care no more: reading was stopped. Doing it again changes nothing."""
        self._is_read = False
        self._give_up_resuming()
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def covers(self, fuel: Fuel) -> bool:
        """Whether a meter may be read. Where consent has run out, reading stops."""
        if self._grant is None or self._forget_resuming is not None:
            return False
        if not self._grant.is_valid:
            self.ran_out()
            return False
        return fuel in self._grant.fuels

    @callback
    def ran_out(self) -> None:
        """Stop reading until the clock says that consent has not run out after all, if it was wrong."""
        if (
            not self._is_read
            or self._grant is None
            or self._forget_resuming is not None
        ):
            return
        self._forget_resuming = async_resume_when_valid(
            self._hass, self._entry, self._grant
        )
        LOGGER.info("Consent has run out; reading has stopped")
        self._stop_reading()

    @callback
    def _revoked(self, why: Any) -> None:
        """Stop reading: consent was withdrawn, or has run out."""
        if why is Renewal.EXPIRED:
            self.ran_out()
            return
        self._give_up_resuming()
        if not self._is_read or self._grant is None:
            return
        self._grant = None
        LOGGER.info("Consent is no longer in force; reading has stopped")
        self._stop_reading()

    @callback
    def _give_up_resuming(self) -> None:
        if self._forget_resuming is not None:
            self._forget_resuming()
            self._forget_resuming = None

"""What a consent is: what is declared, the record of it, and the grant that everything else needs (R1, R2)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
import logging
from typing import Final

from ..cad.clock import Clock
from ..cad.errors import CadError, Responsible
from ..cad.models import Fuel
from ..pairing.identity import Identity, Ihd
from .text import Box, ShownText, Wording, boxes_required

LOGGER: Final = logging.getLogger(__package__)

DEFAULT_PERIOD: Final = timedelta(days=365)
"""After which consent is asked for again, unless the user sets another."""


class ConsentError(CadError):
    """Raised when something needs consent that is not there, or not complete."""

    reason = "consent"
    responsible = Responsible.HOUSEHOLDER


class WithdrawalNotStored(ConsentError):
    """Raised when a consent has ended, and that could not be written down."""

    reason = "withdrawal_not_stored"


class Withdrawal(StrEnum):
    """Why a consent ended."""

    REQUESTED = "requested"
    CHANGE_OF_TENANCY = "change_of_tenancy"
    REPLACED = "replaced"
    """A newer consent took its place."""
    CAD_REMOVED = "cad_removed"


class Renewal(StrEnum):
    """Why consent has to be given (again)."""

    NEVER_GIVEN = "never_given"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    WORDING_CHANGED = "wording_changed"
    PREMISES_CHANGED = "premises_changed"
    FUELS_CHANGED = "fuels_changed"
    CAD_CHANGED = "cad_changed"
    LOG_DAMAGED = "log_damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What a person declares by ticking boxes under a text.

    Attributes:
        cad: the CAD's EUI-64, or whatever else names it for good.
        supplier: to whom the request may go.
        text: the text as it was shown.
        ticked: the boxes that were ticked.
        period: how long it is meant to hold.
    """

    identity: Identity
    cad: str = field(repr=False)
    supplier: str
    text: ShownText
    ticked: frozenset[Box]
    period: timedelta = DEFAULT_PERIOD

    def missing(self) -> tuple[Box, ...]:
        """Return the boxes that have to be ticked and are not, in order."""
        required = boxes_required(has_ihd=self.identity.ihd is not Ihd.NONE)
        return tuple(box for box in Box if box in required - self.ticked)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRecord:
    """One consent as the log has it. Personal details are None once erased.

    Attributes:
        record_id: twelve hexadecimal digits, the beginning of the entry's digest; suppliers are told it.
        expires_at: when it has to be asked for again, UTC.
        withdrawal: why it ended; None while it stands.
    """

    record_id: str
    given_at: datetime
    expires_at: datetime
    wording: Wording
    fuels: frozenset[Fuel]
    boxes: frozenset[Box]
    identity: Identity | None
    cad: str | None = field(repr=False)
    supplier: str | None
    withdrawn_at: datetime | None = None
    withdrawal: Withdrawal | None = None

    @property
    def history_allowed(self) -> bool:
        """Whether a history of readings may be kept."""
        return Box.HISTORY in self.boxes


type RevokedListener = Callable[[Withdrawal | Renewal], None]


class ConsentGrant:
    """Consent in force, to hold while reading a meter. Satisfies `cad.link.Grant`."""

    def __init__(self, record: ConsentRecord, clock: Clock, period: timedelta) -> None:
        """Start in force, unless it has expired."""
        self.record: Final = record
        self._clock = clock
        self.limit(period)
        self._revoked: Withdrawal | Renewal | None = None
        self._listeners: list[RevokedListener] = []

    def limit(self, period: timedelta) -> None:
        """Let it hold for another period from when it was given, never longer than the record promises."""
        self.expires_at = min(self.record.expires_at, self.record.given_at + period)
        """When it runs out: as the record promises, or earlier if the user wants."""

    @property
    def given_at(self) -> datetime:
        """When it was given, UTC."""
        return self.record.given_at

    @property
    def fuels(self) -> frozenset[Fuel]:
        """The fuels that may be read."""
        return self.record.fuels

    @property
    def revoked(self) -> Withdrawal | Renewal | None:
        """Why it was revoked for good, None if it was not. That it has run out is up to the clock."""
        return self._revoked

    @property
    def is_valid(self) -> bool:
        """Whether it is in force now: neither revoked nor expired."""
        return self._revoked is None and self._clock.now_utc() < self.expires_at

    def require(self) -> None:
        """Do nothing if it is in force.

        Raises:
            ConsentError: it is not.
        """
        if self._revoked is not None:
            raise ConsentError(
                "Consent was withdrawn. Give it again to go on.",
                reason="consent_withdrawn",
            )
        if not self.is_valid:
            raise ConsentError(
                "Consent has run out. Give it again to go on.", reason="consent_expired"
            )

    def on_revoked(self, listener: RevokedListener) -> Callable[[], None]:
        """Call a listener when the grant is revoked, at once if it is already; before that, whenever it is found run out.

        Returns:
            what forgets the listener.
        """
        if self._revoked is not None:
            listener(self._revoked)
            return lambda: None
        self._listeners.append(listener)

        def forget() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return forget

    def revoke(self, why: Withdrawal | Renewal) -> None:
        """End it, and tell every listener before returning; one that fails does not keep it from the others.

        That it has run out is told, and not kept: a clock that was wrong may take it
        back, and `is_valid` asks the clock each time. All else is for good.
        """
        if self._revoked is not None:
            return
        listeners = tuple(self._listeners)
        if why is not Renewal.EXPIRED:
            self._revoked = why
            self._listeners.clear()
        for listener in listeners:
            try:
                listener(why)
            except Exception:
                # Whoever comes after has to be told too.
                LOGGER.exception("Stopping after the end of consent failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What consent is wanted for now, to be compared with what it was given for."""

    identity: Identity
    cad: str = field(repr=False)
    wording_version: int

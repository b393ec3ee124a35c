"""The pairing request and its life, for every kind of CAD (R7, R8, R19).

A `Pairing` is a value: each step returns another one, and only the steps that
`states.successors` lists exist. `PairingKeeper` holds the one of a CAD and puts each
step on disk before anybody sees it, so that after a restart nothing is sent
again, and nothing is forgotten.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final, Self
from uuid import uuid4

from ..cad.errors import CadError, Responsible
from ..document import Section, StoreError
from ..supplier.directory import Route
from .request import JsonObject, PairingRequest, Quote, moment
from .states import (
    AWAITED,
    MAYBE_LISTED,
    NEXT,
    ON_THE_AIR,
    OVERDUE,
    UNDER_WAY,
    NextStep,
    PairingState as S,
    Reminder,
    UnpairWhy,
    successors,
)
from .working_days import add_working_days, london_date, london_moment

REMINDER_HOUR: Final = 9
"""Hour of the day, in Great Britain, from which a reminder is shown."""

UNSENT_FOR: Final = 2
"""Working days after which a request that was prepared and not sent is reminded of: time to print a letter and post it."""

_LAST_YEAR: Final = 2999
"""Last year in which a promised day is no slip; no working day can be reckoned at the end of the calendar."""

WITHDRAWN: Final = "withdrawn"
"""Reason of the step back from a request that a pairing service had, and has no more."""

TURNED_AWAY: Final = frozenset(
    {
        "service_forbidden",
        "service_invalid_request",
        "service_not_json",
        "service_price_not_accepted",
        "service_quote_expired",
        "service_redirect",
        "service_refused",
        "service_tls",
        "service_unauthorised",
    }
)
"""Reasons of the step back from a request that was being sent and that nobody has taken in."""

_WITHOUT_SERVICE: Final = TURNED_AWAY | {WITHDRAWN}
"""Reasons after which only those may have a request who got it by another way, or earlier."""

WINDOW_CLOSED: Final = "window_closed"
"""Reason of the step back from an open HAN to an accepted request: the window is over, unused."""


class PairingError(CadError):
    """Raised when a step is asked for that the pairing cannot take now."""

    reason = "pairing_step"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the way, for the history.

    Attributes:
        reason: a slug, such as why it was refused; "" if there is none.
        detail: the supplier's own words.
    """

    state: S
    at: datetime
    route: Route | None = None
    reason: str = ""
    detail: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """A request and where it is.

    Attributes:
        key: idempotency key of the request; the same for as long as what is asked is the same.
        unpair_key: idempotency key of the request to unpair.
        history: every step, oldest first; the last one is the state.
        reference: the supplier's, to quote to its staff.
        service_id: a pairing service's own name for the request, "" before it has one.
        service_unpair_id: the same for the request to unpair.
        promised_for: the day on which the supplier said that it would act.
        sent_at: when the request that is waited for went out.
        reminded: reminders already shown since.
    """

    request: PairingRequest
    key: str
    unpair_key: str
    history: tuple[Step, ...]
    reference: str = field(default="", repr=False)
    service_id: str = field(default="", repr=False)
    service_unpair_id: str = field(default="", repr=False)
    promised_for: date | None = None
    quote: Quote | None = None
    sent_at: datetime | None = None
    reminded: frozenset[Reminder] = frozenset()

    @classmethod
    def record(cls, request: PairingRequest, at: datetime) -> Self:
        """Write a request down."""
        return cls(
            request=request,
            key=str(uuid4()),
            unpair_key=str(uuid4()),
            history=(Step(state=S.RECORDED, at=at),),
        )

    @property
    def state(self) -> S:
        """Where it is."""
        return self.history[-1].state

    @property
    def route(self) -> Route | None:
        """By which way it went last."""
        return next((step.route for step in reversed(self.history) if step.route), None)

    @property
    def reason(self) -> str:
        """Why it is in this state, as a slug; "" if there is nothing to say."""
        return self.history[-1].reason

    @property
    def unpair_why(self) -> UnpairWhy:
        """Why the person asked for the CAD to be removed, as it was written down then."""
        whys = {why.value: why for why in UnpairWhy}
        return next(
            (
                whys[step.reason]
                for step in reversed(self.history)
                if step.state is S.UNPAIR_RECORDED and step.reason in whys
            ),
            UnpairWhy.CONSENT_WITHDRAWN,
        )

    @property
    def supplier_may_list_cad(self) -> bool:
        """Whether the supplier may have the CAD on its list, so that it has to be told to take it off."""
        listed = elsewhere = False
        for step in self.history:
            if step.state is S.SENDING:
                elsewhere = listed
            elif step.route is not None and step.route is not Route.PAIRING_SERVICE:
                elsewhere = True
            if step.state in MAYBE_LISTED:
                listed = True
            elif step.state in {S.REFUSED, S.UNPAIRED}:
                listed = elsewhere = False
            elif step.state is S.RECORDED and step.reason in _WITHOUT_SERVICE:
                listed = elsewhere
        return listed

    @property
    def service_may_have_it(self) -> bool:
        """Whether a pairing service may have the request, which one that was only asked for its price has not."""
        there = before = False
        for step in self.history:
            if step.route is Route.PAIRING_SERVICE:
                before, there = there, True
            elif step.state is S.RECORDED and step.reason in _WITHOUT_SERVICE:
                there = before and step.reason != WITHDRAWN
        return there or bool(self.service_id)

    @property
    def can_end(self) -> bool:
        """Whether there is something to undo that nobody has been asked to undo yet."""
        return self.state not in UNDER_WAY and self.can(S.UNPAIR_RECORDED)

    def can(self, state: S) -> bool:
        """Whether a state may follow. A request that the supplier may still have is not given up: it is asked to undo it."""
        if self.state is S.RECORDED:
            listed = self.supplier_may_list_cad
            if state is (S.CANCELLED if listed else S.UNPAIR_RECORDED):
                return False
        return state in successors(self.state, self.request.cad.kind)

    def advance(
        self,
        state: S,
        at: datetime,
        *,
        route: Route | None = None,
        reason: str = "",
        detail: str = "",
        reference: str = "",
        promised_for: date | None = None,
    ) -> Self:
        """Take a step. Being told again what is known already changes nothing but what is new about it.

        Raises:
            PairingError: ``pairing_step``: the state cannot follow.
        """
        known = replace(
            self,
            reference=reference or self.reference,
            promised_for=promised_for or self.promised_for,
        )
        if state is self.state:
            return known
        if not self.can(state):
            raise PairingError(
                f"The pairing is {self.state.value}, from where it cannot become {state.value}. "
                "Look at its present state, and choose a step that is offered there."
            )
        step = Step(state=state, at=at, route=route, reason=reason, detail=detail)
        after = replace(known, history=(*self.history, step))
        if state in AWAITED and self.state not in AWAITED | ON_THE_AIR:
            after = replace(
                after, sent_at=at, reminded=frozenset(), promised_for=promised_for
            )
        return after

    def begin_sending(self, route: Route, at: datetime) -> Self:
        """Note that the request, or the one to unpair, is about to leave; whoever comes second is told so.

        Raises:
            PairingError: ``already_sent``.
        """
        if self.state not in {S.RECORDED, S.UNPAIR_RECORDED}:
            raise PairingError(
                "This request has been sent already. Wait for the answer, or choose to send it again.",
                reason="already_sent",
            )
        return self.advance(
            S.SENDING if self.state is S.RECORDED else S.UNPAIR_SENDING, at, route=route
        )

    def accept(self, quote: Quote, at: datetime) -> Self:
        """Note that the user agreed to what it takes.

        Raises:
            PairingError: ``quote_expired``; or ``pairing_step``: the request is not waiting to be sent.
        """
        if self.state is not S.RECORDED:
            raise PairingError(
                "The request has been sent already; its cost cannot be agreed to any more."
            )
        if quote.expires_at is not None and quote.expires_at <= at:
            raise PairingError(
                "The quote has run out. Ask for another.", reason="quote_expired"
            )
        return replace(self, quote=replace(quote, accepted_at=at))

    def correct(
        self,
        request: PairingRequest,
        at: datetime,
        *,
        renew: bool = False,
        withdrawn: bool = False,
    ) -> Self:
        """Ask for something else, or of somebody else: the request becomes another one, with another key.

        Args:
            request: what is asked for from now on.
            at: now.
            renew: it is another one even if it reads the same: the install code, which
                is kept elsewhere, has changed.
            withdrawn: the pairing service that had it has it no more.

        Raises:
            PairingError: ``pairing_step``: it is too late, or too early, for that.
        """
        same = request == self.request and not renew and not withdrawn
        after = self
        if self.state is not S.RECORDED:
            reason, detail = ("", "") if same else ("corrected", self.reference)
            after = self.advance(
                S.RECORDED, at, reason=WITHDRAWN if withdrawn else reason, detail=detail
            )
        if same and self.state not in {S.REFUSED, S.REMOVED, S.UNPAIRED, S.CANCELLED}:
            return after
        return replace(
            after,
            request=request,
            key=str(uuid4()),
            unpair_key=str(uuid4()),
            reference="",
            service_id="",
            service_unpair_id="",
            promised_for=None,
            quote=None,
            sent_at=None,
            reminded=frozenset(),
        )

    def resend(self, at: datetime) -> Self:
        """Get ready to send again. The key stays, so that a service that has the request knows it.

        After a refusal the key changes, since the same key would only be answered by the same refusal.

        Raises:
            PairingError: ``pairing_step``: it is not waiting for an answer.
        """
        return self.correct(self.request, at)

    def reminder_at(self, reminder: Reminder) -> datetime | None:
        """Return when a reminder is due, None if nothing is waited for."""
        if self.sent_at is None or self.state not in AWAITED:
            return None
        due = add_working_days(london_date(self.sent_at), reminder)
        if self.promised_for is not None:
            due = max(due, add_working_days(self.promised_for, 1))
        return london_moment(due, REMINDER_HOUR)

    def reminder_due(self, now: datetime) -> Reminder | None:
        """Return the latest reminder that is due and was not shown; earlier ones it makes needless are left out."""
        reached = [
            reminder
            for reminder in Reminder
            if (at := self.reminder_at(reminder)) is not None and at <= now
        ]
        return reached[-1] if reached and reached[-1] not in self.reminded else None

    def next_reminder_at(self, now: datetime) -> datetime | None:
        """Return when to look again."""
        return min(
            (
                at
                for reminder in Reminder
                if (at := self.reminder_at(reminder)) is not None and at > now
            ),
            default=None,
        )

    @property
    def unsent_reminder_at(self) -> datetime | None:
        """When to remind of a request that waits to be sent; None if it does not."""
        if self.state is not S.RECORDED:
            return None
        prepared = london_date(self.history[-1].at)
        return london_moment(add_working_days(prepared, UNSENT_FOR), REMINDER_HOUR)

    def with_reminded(self, reminder: Reminder) -> Self:
        """Note that a reminder was shown, and with it those before."""
        return replace(
            self,
            reminded=self.reminded | {each for each in Reminder if each <= reminder},
        )

    def next_step(self, now: datetime) -> NextStep:
        """Return what happens next, and who must act."""
        if self.state is S.ACCEPTED and self.reason == WINDOW_CLOSED:
            return NextStep(Responsible.HOUSEHOLDER, "ask_for_window")
        reached = [
            (reminder, at)
            for reminder in Reminder
            if (at := self.reminder_at(reminder)) is not None and at <= now
        ]
        if reached:
            reminder, at = reached[-1]
            return NextStep(Responsible.HOUSEHOLDER, OVERDUE[reminder], at)
        actor, step = NEXT[self.state]
        return NextStep(actor, step, self.reminder_at(Reminder.ASK))

    def as_dict(self) -> JsonObject:
        """Return it as JSON."""
        return {
            "request": self.request.as_dict(),
            "key": self.key,
            "unpair_key": self.unpair_key,
            "history": [
                {
                    "state": step.state.value,
                    "at": step.at.isoformat(),
                    "route": step.route and step.route.value,
                    "reason": step.reason,
                    "detail": step.detail,
                }
                for step in self.history
            ],
            "reference": self.reference,
            "service_id": self.service_id,
            "service_unpair_id": self.service_unpair_id,
            "promised_for": self.promised_for and self.promised_for.isoformat(),
            "quote": self.quote and self.quote.as_dict(),
            "sent_at": self.sent_at and self.sent_at.isoformat(),
            "reminded": sorted(reminder.value for reminder in self.reminded),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `as_dict` wrote.

        Raises:
            StoreError: ``store_unreadable``: it was not written by `as_dict`.
        """
        try:
            return cls._from_dict(data)
        except ArithmeticError, AttributeError, KeyError, TypeError, ValueError:
            # Its own message could quote whose meter it is.
            raise StoreError(
                "The request to your supplier is stored, and damaged. Restore a backup, or delete this CAD and set it up "
                "again.",
                reason="store_unreadable",
            ) from None

    @classmethod
    def _from_dict(cls, data: Mapping[str, Any]) -> Self:
        if not data["history"]:
            raise ValueError("A pairing has at least one step")
        return cls(
            request=PairingRequest.from_dict(data["request"]),
            key=data["key"],
            unpair_key=data["unpair_key"],
            history=tuple(
                Step(
                    state=S(step["state"]),
                    at=datetime.fromisoformat(step["at"]),
                    route=Route(step["route"]) if step["route"] else None,
                    reason=step["reason"],
                    detail=step["detail"],
                )
                for step in data["history"]
            ),
            reference=data["reference"],
            service_id=data["service_id"],
            service_unpair_id=data["service_unpair_id"],
            promised_for=_promised(data["promised_for"]),
            quote=Quote.from_dict(data["quote"]) if data["quote"] else None,
            sent_at=moment(data["sent_at"]),
            reminded=frozenset(Reminder(reminder) for reminder in data["reminded"]),
        )


def _promised(text: str | None) -> date | None:
    """Return a promised day that was stored, None if there was none, or one that nobody can wait for."""
    day = date.fromisoformat(text) if text else None
    return None if day is None or day.year > _LAST_YEAR else day


type PairingListener = Callable[[Pairing], None]


class PairingKeeper:
    """Holds a pairing; each change is on disk before it counts."""

    def __init__(
        self, pairing: Pairing, save: Callable[[JsonObject], Awaitable[None]]
    ) -> None:
        """Start with one.

        Args:
            pairing: as loaded, or new and not yet saved.
            save: returns once it is on disk for sure, or raises.
        """
        self._pairing = pairing
        self._save = save
        self._lock = asyncio.Lock()
        self._listeners: list[PairingListener] = []

    @property
    def pairing(self) -> Pairing:
        """The pairing as it is now."""
        return self._pairing

    async def update(self, change: Callable[[Pairing], Pairing]) -> Pairing:
        """Change it. One change at a time; listeners hear of it if there is anything new.

        Raises:
            PairingError: the change is not possible.
            CadError: it could not be stored; nothing has changed.
        """
        async with self._lock:
            before, after = self._pairing, change(self._pairing)
            if after == before:
                return before
            await self._save(after.as_dict())
            self._pairing = after
        for listener in tuple(self._listeners):
            listener(after)
        return after

    def on_change(self, listener: PairingListener) -> Callable[[], None]:
        """Hear of every change until the returned function is called."""
        self._listeners.append(listener)

        def forget() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return forget


async def async_stored_pairing(section: Section[JsonObject]) -> Pairing | None:
    """Return the pairing that is kept in a section of the store; None if none was ever written down.

    Raises:
        StoreError: ``store_unreadable``.
    """
    data = await section.load()
    return None if data is None else Pairing.from_dict(data)

"""The pairing request and its life."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.smets1_cad.cad.errors import CadError, Responsible
from custom_components.smets1_cad.document import StoreError
from custom_components.smets1_cad.pairing.identity import (
    Identity,
    IdentityForm,
    check_identity,
)
from custom_components.smets1_cad.pairing.life import (
    WINDOW_CLOSED,
    Pairing,
    PairingError,
    PairingKeeper,
)
from custom_components.smets1_cad.pairing.request import (
    CadDetails,
    PairingRequest,
    Quote,
)
from custom_components.smets1_cad.pairing.states import (
    CadKind,
    NextStep,
    PairingState,
    Reminder,
    successors,
)
from custom_components.smets1_cad.supplier.directory import Route

S = PairingState
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""A Friday."""
LATER = NOW + timedelta(hours=1)
WAITING = [S.SENT, S.ACKNOWLEDGED, S.ACCEPTED]


def identity(**changes: Any) -> Identity:
    values: dict[str, Any] = {
        "name": "Gwen Evans",
        "address": "1 Stryd Fawr",
        "postcode": "SY23 1AA",
        "mpan": "2000024512368",
        "mprn": "3938424403",
    }
    checked = check_identity(IdentityForm(**values | changes)).identity
    assert checked is not None
    return checked


def request(kind: CadKind = CadKind.ZIGBEE, **changes: Any) -> PairingRequest:
    values: dict[str, Any] = {
        "identity": identity(),
        "cad": CadDetails(
            kind=kind,
            eui64="000D6F000A9069E7",
            manufacturer="Maker",
            model="Stick",
            hardware="1",
            firmware="7.4.5",
            certification="ZIG0001",
        ),
        "supplier": "EDF",
        "consent_id": "0123456789ab",
        "consent_at": NOW,
        "consent_version": 1,
        "consent_sha256": "ab" * 32,
        "available": "any evening",
    }
    return PairingRequest(**values | changes)


def pairing(*states: PairingState, kind: CadKind = CadKind.ZIGBEE) -> Pairing:
    after = Pairing.record(request(kind), NOW)
    for state in states:
        after = after.advance(state, NOW)
    return after


# --- the way


def test_r8_the_whole_way_there_and_back() -> None:
    way = [
        S.SENDING,
        S.SENT,
        S.ACKNOWLEDGED,
        S.ACCEPTED,
        S.HAN_OPEN,
        S.JOINING,
        S.PAIRED,
        S.UNPAIR_RECORDED,
        S.UNPAIR_SENDING,
        S.UNPAIR_SENT,
        S.UNPAIR_ACKNOWLEDGED,
        S.UNPAIRED,
    ]
    done = pairing(*way)
    assert [step.state for step in done.history] == [S.RECORDED, *way]
    assert done.state is S.UNPAIRED


@pytest.mark.parametrize("kind", CadKind)
def test_every_state_can_be_reached_and_left_towards_an_end(kind: CadKind) -> None:
    reached, todo = {S.RECORDED}, deque([S.RECORDED])
    while todo:
        for state in successors(todo.popleft(), kind) - reached:
            reached.add(state)
            todo.append(state)
    unseen = {S.HAN_OPEN, S.JOINING} if kind is CadKind.GLOW else set()
    assert reached == set(S) - unseen
    for state in reached:
        ends, todo = {state}, deque([state])
        while todo:
            for following in successors(todo.popleft(), kind) - ends:
                ends.add(following)
                todo.append(following)
        assert ends & {S.UNPAIRED, S.CANCELLED}


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("kind", CadKind)
def test_no_request_is_forgotten_that_the_supplier_may_have(
    state: PairingState, kind: CadKind
) -> None:
    """Nothing that has left the house is cancelled: the supplier is asked to undo it."""
    if state in {
        S.SENDING,
        S.SENT,
        S.ACKNOWLEDGED,
        S.ACCEPTED,
        S.HAN_OPEN,
        S.JOINING,
        S.PAIRED,
        S.REMOVED,
    }:
        assert S.CANCELLED not in successors(state, kind)
        assert state in {S.HAN_OPEN, S.JOINING} or S.UNPAIR_RECORDED in successors(
            state, kind
        )


def test_paired_only_after_joining() -> None:
    for state in S:
        if S.PAIRED in successors(state, CadKind.ZIGBEE):
            assert state in {S.JOINING, S.REMOVED}


def test_illegal_steps_are_refused_and_change_nothing() -> None:
    start = pairing(S.SENT)
    for state in set(S) - successors(S.SENT, CadKind.ZIGBEE) - {S.SENT}:
        assert not start.can(state)
        with pytest.raises(PairingError) as caught:
            start.advance(state, LATER)
        assert caught.value.reason == "pairing_step"
    assert start.history[-1].state is S.SENT


def test_glow_joins_unseen() -> None:
    assert pairing(S.SENT, S.PAIRED, kind=CadKind.GLOW).state is S.PAIRED
    with pytest.raises(PairingError):
        pairing(S.SENT, S.HAN_OPEN, kind=CadKind.GLOW)


def test_being_told_again_adds_only_what_is_new() -> None:
    start = pairing(S.SENDING, S.SENT)
    again = start.advance(
        S.SENT, LATER, reference="R-1", promised_for=date(2026, 12, 1)
    )
    assert again.history == start.history
    assert (again.reference, again.promised_for) == ("R-1", date(2026, 12, 1))
    assert again.advance(S.SENT, LATER).reference == "R-1"


def test_history_keeps_route_reason_and_the_suppliers_words() -> None:
    refused = (
        pairing()
        .advance(S.SENDING, NOW, route=Route.PAIRING_SERVICE)
        .advance(
            S.REFUSED,
            LATER,
            reason="meter_unsupported",
            detail="No such meter, Ms Evans",
            reference="R-1",
        )
    )
    assert (refused.route, refused.reason, refused.reference) == (
        Route.PAIRING_SERVICE,
        "meter_unsupported",
        "R-1",
    )
    assert refused.history[-1].detail == "No such meter, Ms Evans"
    assert pairing().route is None


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], False),
        ([S.CANCELLED], False),
        ([S.SENDING], True),
        ([S.SENDING, S.RECORDED], True),
        ([S.SENT, S.REFUSED], False),
        ([S.SENT, S.REFUSED, S.RECORDED, S.SENT], True),
        ([S.SENT, S.HAN_OPEN, S.JOINING, S.PAIRED], True),
        ([S.HAN_OPEN], True),
        ([S.SENT, S.UNPAIR_RECORDED, S.UNPAIR_SENT, S.UNPAIR_REFUSED], True),
        ([S.SENT, S.UNPAIR_RECORDED, S.UNPAIRED], False),
        ([S.SENT, S.UNPAIR_RECORDED, S.UNPAIRED, S.RECORDED], False),
    ],
)
def test_r19_whether_the_supplier_may_list_the_cad(
    states: list[PairingState], expected: bool
) -> None:
    assert pairing(*states).supplier_may_list_cad is expected


@pytest.mark.parametrize(
    ("way", "reason", "expected"),
    [
        ([S.SENDING], "service_unauthorised", False),
        ([S.SENDING], "service_conflict", True),
        ([S.SENDING], "service_not_found", True),
        ([S.SENDING], "corrected", True),
        ([S.SENT, S.RECORDED, S.SENDING], "service_unauthorised", True),
        ([S.SENT, S.REFUSED, S.RECORDED, S.SENDING], "service_unauthorised", False),
    ],
)
def test_r19_what_was_turned_away_at_the_door_changes_nothing(
    way: list[PairingState], reason: str, expected: bool
) -> None:
    """Nobody has taken that request in; one that was sent before is still with whom it was sent to."""
    back = pairing(*way).advance(S.RECORDED, NOW, reason=reason)
    assert back.supplier_may_list_cad is expected


def test_r19_an_unpairing_that_was_turned_away_leaves_the_cad_listed() -> None:
    asked = (
        pairing()
        .begin_sending(Route.PAIRING_SERVICE, NOW)
        .advance(S.SENT, NOW)
        .advance(S.UNPAIR_RECORDED, NOW)
        .begin_sending(Route.PAIRING_SERVICE, NOW)
        .advance(S.UNPAIR_RECORDED, NOW, reason="service_unauthorised")
    )
    assert asked.supplier_may_list_cad
    assert asked.service_may_have_it


@pytest.mark.parametrize(
    ("ways", "expected"),
    [
        ([Route.PAIRING_SERVICE], False),
        ([Route.LETTER, Route.PAIRING_SERVICE], True),
        ([Route.PAIRING_SERVICE, Route.LETTER], True),
    ],
)
def test_r19_what_a_service_has_no_more_others_may_have(
    ways: list[Route], expected: bool
) -> None:
    there = pairing()
    for route in ways:
        there = there.resend(NOW)
        if route is Route.PAIRING_SERVICE:
            there = there.begin_sending(route, NOW)
        there = there.advance(S.SENT, NOW, route=route)
    assert there.supplier_may_list_cad
    gone = there.correct(there.request, NOW, withdrawn=True)
    assert (gone.state, gone.key != there.key) == (S.RECORDED, True)
    assert gone.supplier_may_list_cad is expected


def test_r23_whether_a_pairing_service_may_have_it() -> None:
    """One that may is told of the end; one that was only asked for its price hears nothing of it."""
    by_letter = pairing().advance(S.SENT, NOW, route=Route.LETTER)
    assert not by_letter.service_may_have_it
    sending = by_letter.resend(NOW).begin_sending(Route.PAIRING_SERVICE, NOW)
    assert sending.service_may_have_it
    for reason, expected in (
        ("service_unauthorised", False),
        ("service_not_found", True),
        ("corrected", True),
    ):
        back = sending.advance(S.RECORDED, NOW, reason=reason)
        assert back.service_may_have_it is expected
        again = back.begin_sending(Route.PAIRING_SERVICE, NOW)
        turned_away = again.advance(S.RECORDED, NOW, reason="service_unauthorised")
        assert turned_away.service_may_have_it is expected
    sent = replace(sending.advance(S.SENT, NOW), service_id="P00001")
    assert not sent.correct(sent.request, NOW, withdrawn=True).service_may_have_it
    assert replace(by_letter, service_id="P00001").service_may_have_it


@pytest.mark.parametrize(
    ("states", "ends"),
    [
        ([], S.CANCELLED),
        ([S.SENT, S.REFUSED, S.RECORDED], S.CANCELLED),
        ([S.SENT, S.RECORDED], S.UNPAIR_RECORDED),
        ([S.HAN_OPEN, S.JOINING, S.PAIRED, S.REMOVED, S.RECORDED], S.UNPAIR_RECORDED),
    ],
)
def test_r19_a_recorded_request_ends_as_the_supplier_has_one_or_not(
    states: list[PairingState], ends: PairingState
) -> None:
    recorded = pairing(*states)
    for end in (S.CANCELLED, S.UNPAIR_RECORDED):
        assert recorded.can(end) is (end is ends)
    assert recorded.can_end is (ends is S.UNPAIR_RECORDED)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([S.SENT], True),
        ([S.SENT, S.REFUSED], False),
        ([S.HAN_OPEN, S.JOINING, S.PAIRED], True),
        ([S.HAN_OPEN, S.JOINING, S.PAIRED, S.REMOVED], True),
        ([S.SENT, S.UNPAIR_RECORDED], False),
        ([S.SENT, S.UNPAIR_RECORDED, S.UNPAIR_SENDING], False),
        ([S.SENT, S.UNPAIR_RECORDED, S.UNPAIR_SENT, S.UNPAIR_REFUSED], True),
        ([S.SENT, S.UNPAIR_RECORDED, S.UNPAIRED], False),
    ],
)
def test_r19_what_nobody_was_asked_to_undo_yet(
    states: list[PairingState], expected: bool
) -> None:
    assert pairing(*states).can_end is expected


# --- nothing twice


def test_r7_sending_the_same_again_keeps_its_key() -> None:
    sent = pairing(S.SENDING, S.SENT)
    again = sent.resend(LATER)
    assert (again.state, again.key, again.unpair_key) == (
        S.RECORDED,
        sent.key,
        sent.unpair_key,
    )
    assert again.resend(LATER) == again
    assert sent.correct(request(), LATER).key == sent.key


def test_something_else_is_another_request() -> None:
    sent = pairing(S.SENT).advance(
        S.ACKNOWLEDGED, LATER, reference="R-1", promised_for=date(2026, 12, 1)
    )
    other = sent.correct(request(supplier="Octopus Energy"), LATER)
    assert other.state is S.RECORDED
    assert other.key != sent.key
    assert other.unpair_key != sent.unpair_key
    assert (other.reference, other.promised_for, other.sent_at) == ("", None, None)
    assert (other.reason, other.history[-1].detail) == ("corrected", "R-1")
    early = pairing()
    corrected = early.correct(request(available="mornings"), LATER)
    assert corrected.key != early.key
    assert corrected.history == early.history


@pytest.mark.parametrize(
    "states",
    [
        [S.SENT, S.REFUSED],
        [S.CANCELLED],
        [S.HAN_OPEN, S.JOINING, S.PAIRED, S.REMOVED],
        [S.SENT, S.UNPAIR_RECORDED, S.UNPAIRED],
    ],
)
def test_after_an_end_the_same_is_asked_anew(states: list[PairingState]) -> None:
    ended = pairing(*states)
    assert ended.resend(LATER).key != ended.key


def test_a_paired_cad_has_nothing_to_correct() -> None:
    with pytest.raises(PairingError):
        pairing(S.HAN_OPEN, S.JOINING, S.PAIRED).correct(request(supplier="x"), LATER)


def test_keys_are_unlike() -> None:
    first, second = pairing(), pairing()
    assert len({first.key, first.unpair_key, second.key, second.unpair_key}) == 4


# --- cost


def test_r7_cost_is_agreed_to_before_sending() -> None:
    quote = Quote(
        quote_id="q1",
        amount=Decimal("5.00"),
        payee="EDF",
        working_days=5,
        expires_at=LATER,
    )
    agreed = pairing().accept(quote, NOW)
    assert agreed.quote is not None
    assert agreed.quote.accepted_at == NOW
    with pytest.raises(PairingError) as caught:
        pairing().accept(quote, LATER)
    assert caught.value.reason == "quote_expired"
    with pytest.raises(PairingError):
        pairing(S.SENT).accept(quote, NOW)
    assert pairing().accept(replace(quote, expires_at=None), LATER).quote is not None


# --- reminders


@pytest.mark.parametrize(
    ("reminder", "day"),
    [(Reminder.ASK, 27), (Reminder.COMPLAIN, 34), (Reminder.ESCALATE, 48)],
)
def test_r8_reminders_come_after_working_days_at_nine(
    reminder: Reminder, day: int
) -> None:
    """Sent on Friday 20 November; 5, 10 and 20 working days end on 27 November, 4 and 18 December."""
    due = datetime(2026, 11, 1, 9, tzinfo=UTC) + timedelta(days=day - 1)
    sent = pairing(S.SENDING)
    earlier = [each for each in Reminder if each < reminder]
    if earlier:
        sent = sent.with_reminded(earlier[-1])
    assert sent.reminder_at(reminder) == due
    assert sent.reminder_due(due - timedelta(seconds=1)) is None
    assert sent.next_reminder_at(due - timedelta(seconds=1)) == due
    assert sent.reminder_due(due) is reminder
    assert sent.with_reminded(reminder).reminder_due(due + timedelta(days=1)) is None


def test_reminders_that_came_too_late_are_not_made_up_for() -> None:
    sent = pairing(S.SENT)
    long_after = NOW + timedelta(days=100)
    assert sent.reminder_due(long_after) is Reminder.ESCALATE
    assert sent.with_reminded(Reminder.ESCALATE).reminder_due(long_after) is None
    assert sent.with_reminded(Reminder.ESCALATE).reminded == frozenset(Reminder)
    assert sent.next_reminder_at(long_after) is None


def test_progress_does_not_start_the_clock_again() -> None:
    sent = pairing(S.SENDING)
    for state in WAITING:
        sent = sent.advance(state, NOW + timedelta(days=3))
        assert sent.sent_at == NOW


def test_a_promised_day_puts_reminders_off() -> None:
    sent = pairing(S.SENT).advance(S.ACKNOWLEDGED, NOW, promised_for=date(2026, 12, 24))
    assert sent.reminder_at(Reminder.ASK) == datetime(2026, 12, 29, 9, tzinfo=UTC)
    assert sent.reminder_at(Reminder.ESCALATE) == datetime(2026, 12, 29, 9, tzinfo=UTC)
    assert sent.reminder_due(datetime(2026, 12, 29, 9, tzinfo=UTC)) is Reminder.ESCALATE


@pytest.mark.parametrize(
    "states",
    [
        [],
        [S.SENT, S.REFUSED],
        [S.SENT, S.HAN_OPEN],
        [S.HAN_OPEN, S.JOINING, S.PAIRED],
        [S.SENT, S.RECORDED],
        [S.HAN_OPEN, S.ACCEPTED],
    ],
)
def test_no_reminder_where_nothing_is_waited_for(states: list[PairingState]) -> None:
    there = pairing(*states)
    assert there.reminder_due(NOW + timedelta(days=100)) is None
    assert there.next_reminder_at(NOW) is None


def test_sending_again_and_unpairing_start_the_clock_again() -> None:
    sent = pairing(S.SENT).with_reminded(Reminder.ASK)
    again = sent.resend(LATER).advance(S.SENT, LATER)
    assert (again.sent_at, again.reminded) == (LATER, frozenset())
    unpair = again.advance(S.UNPAIR_RECORDED, LATER)
    assert unpair.reminder_at(Reminder.ASK) is None
    unpair = unpair.advance(S.UNPAIR_SENT, LATER + timedelta(days=7))
    assert unpair.sent_at == LATER + timedelta(days=7)
    assert unpair.reminder_at(Reminder.ASK) == datetime(2026, 12, 4, 9, tzinfo=UTC)


# --- who must act


@pytest.mark.parametrize("state", S)
def test_r21_every_state_says_what_comes_next(state: PairingState) -> None:
    there = replace(pairing(), history=(replace(pairing().history[0], state=state),))
    step = there.next_step(NOW)
    assert step.step
    if state in {S.SENT, S.ACKNOWLEDGED, S.UNPAIR_SENT}:
        assert step.actor is Responsible.SUPPLIER
    if state in {S.RECORDED, S.REFUSED, S.REMOVED, S.UNPAIR_RECORDED, S.UNPAIR_REFUSED}:
        assert step.actor is Responsible.HOUSEHOLDER


def test_waiting_too_long_makes_it_the_householders_turn() -> None:
    sent = pairing(S.SENT)
    due = sent.reminder_at(Reminder.ASK)
    assert sent.next_step(NOW) == NextStep(
        Responsible.SUPPLIER, "await_acknowledgement", due
    )
    assert due is not None
    assert sent.next_step(due) == NextStep(Responsible.HOUSEHOLDER, "ask_supplier", due)
    assert sent.next_step(NOW + timedelta(days=15)).step == "complain"
    assert sent.next_step(NOW + timedelta(days=60)).step == "escalate"


def test_a_window_that_closed_has_to_be_asked_for_again() -> None:
    closed = pairing(S.SENT, S.ACCEPTED, S.HAN_OPEN).advance(
        S.ACCEPTED, LATER, reason=WINDOW_CLOSED
    )
    assert closed.next_step(NOW + timedelta(days=60)) == NextStep(
        Responsible.HOUSEHOLDER, "ask_for_window"
    )


# --- storage


def test_it_survives_storage() -> None:
    quote = Quote(
        quote_id="q",
        amount=Decimal("12.50"),
        payee="DCC",
        working_days=3,
        expires_at=LATER,
    )
    whole = (
        pairing()
        .accept(quote, NOW)
        .advance(S.SENDING, NOW, route=Route.PAIRING_SERVICE)
        .advance(
            S.ACKNOWLEDGED,
            LATER,
            reference="R",
            promised_for=date(2026, 12, 1),
            detail="soon",
        )
        .with_reminded(Reminder.COMPLAIN)
    )
    for each in (whole, pairing(), pairing(kind=CadKind.GLOW)):
        assert Pairing.from_dict(json.loads(json.dumps(each.as_dict()))) == each


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data | {"history": []},
        lambda data: {"history": [1]},
        lambda data: data | {"history": "sent"},
        lambda data: data | {"history": [{"state": "on holiday"}]},
        lambda data: data | {"request": []},
        lambda data: data | {"request": data["request"] | {"consent_at": "noon"}},
        lambda data: data | {"request": data["request"] | {"identity": {"mpan": 1}}},
        lambda data: data | {"quote": {"amount": "much"}},
        lambda data: data | {"reminded": None},
        lambda data: [data],
        lambda data: "sent",
    ],
)
def test_what_is_damaged_is_said_without_quoting_it(
    damage: Callable[[dict[str, Any]], Any],
) -> None:
    with pytest.raises(StoreError) as caught:
        Pairing.from_dict(damage(pairing().as_dict()))
    assert caught.value.reason == "store_unreadable"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@given(st.lists(st.sampled_from(list(S)), max_size=30))
def test_any_order_of_news_keeps_the_history_legal(news: list[PairingState]) -> None:
    there = pairing()
    for state in news:
        if there.can(state):
            there = there.advance(state, NOW)
    states = [step.state for step in there.history]
    for before, after in pairwise(states):
        assert after in successors(before, CadKind.ZIGBEE)
    assert Pairing.from_dict(json.loads(json.dumps(there.as_dict()))) == there


def test_r23_nothing_personal_is_shown() -> None:
    shown = repr(
        pairing().advance(
            S.SENT, NOW, reference="ACCOUNT-77", detail="Ms Evans of Stryd Fawr"
        )
    )
    for secret in (
        "Evans",
        "Stryd",
        "2000024512368",
        "3938424403",
        "0A9069E7",
        "ACCOUNT-77",
    ):
        assert secret not in shown


# --- the keeper


class Disk:
    def __init__(self) -> None:
        self.saved: list[Any] = []
        self.fails = False

    async def save(self, data: Any) -> None:
        await asyncio.sleep(0)
        if self.fails:
            raise CadError("no space", reason="store_not_written")
        self.saved.append(json.loads(json.dumps(data)))


async def test_a_step_counts_once_it_is_on_disk() -> None:
    disk = Disk()
    keeper = PairingKeeper(pairing(), disk.save)
    heard: list[PairingState] = []
    forget = keeper.on_change(lambda after: heard.append(after.state))
    disk.fails = True
    with pytest.raises(CadError):
        await keeper.update(lambda before: before.advance(S.SENDING, NOW))
    assert (keeper.pairing.state, heard) == (S.RECORDED, [])
    disk.fails = False
    after = await keeper.update(lambda before: before.advance(S.SENDING, NOW))
    assert after is keeper.pairing
    assert (Pairing.from_dict(disk.saved[-1]), heard) == (after, [S.SENDING])
    await keeper.update(lambda before: before.advance(S.SENDING, LATER))
    assert (len(disk.saved), heard) == (1, [S.SENDING])
    with pytest.raises(PairingError):
        await keeper.update(lambda before: before.advance(S.PAIRED, NOW))
    forget()
    forget()
    await keeper.update(lambda before: before.advance(S.SENT, NOW))
    assert heard == [S.SENDING]


async def test_r7_two_at_once_do_not_both_send() -> None:
    """Whoever comes second finds that it is being sent."""
    keeper = PairingKeeper(pairing(), Disk().save)
    sends = 0

    async def send() -> None:
        nonlocal sends

        try:
            await keeper.update(lambda before: before.begin_sending(Route.EMAIL, NOW))
        except PairingError as err:
            assert err.reason == "already_sent"  # noqa: PT017
            return
        sends += 1

    await asyncio.gather(send(), send(), send())
    assert (sends, keeper.pairing.state, keeper.pairing.route) == (
        1,
        S.SENDING,
        Route.EMAIL,
    )
    await keeper.update(lambda before: before.advance(S.UNPAIR_RECORDED, NOW))
    await send()
    assert (sends, keeper.pairing.state) == (2, S.UNPAIR_SENDING)

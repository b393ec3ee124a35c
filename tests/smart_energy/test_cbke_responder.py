"""The responder, step by step: copies, newcomers, disorder, and what it leaves behind."""

import pytest
from zigpy.types import EUI64

from custom_components.smets1_cad.smart_energy.cbke import (
    Compute,
    Computed,
    ConfirmKey,
    Elapsed,
    EphemeralData,
    FailureReason,
    GenerateTimes,
    InitiateKeyEstablishment,
    Initiator,
    Message,
    Received,
    Responder,
    ResponderState,
    Send,
    SendFailed,
    SetTimer,
    Start,
    TerminateKeyEstablishment,
    TerminateStatus,
)
from custom_components.smets1_cad.smart_energy.certificate import CryptoSuite, Secret

from .authority import CAD, HUB, OTHER, Authority
from .exchange import Side, both, run
from .reachable import reachable

SUITE = CryptoSuite.SUITE_1
BUSY = TerminateKeyEstablishment(TerminateStatus.NO_RESOURCES, 20, 1)
BAD = TerminateKeyEstablishment(TerminateStatus.BAD_MESSAGE, 10, 1)


class Stage:
    """A responder at some step; the CAD's requests have the sequence numbers 10, 11 and 12."""

    def __init__(self, steps: int) -> None:
        """Go through some steps: after 1 the hub has answered the offer, after 2 its key."""
        cad, hub = both(SUITE)
        self.side = Side(Responder([hub]), HUB)
        self.cad = Side(Initiator(cad, HUB, times=GenerateTimes(3, 6)), CAD)
        self.machine = self.side.machine
        self.requests: list[Send] = self.cad.feed(Start())
        for _ in range(steps):
            self.step()

    def step(self, now: float = 0.0) -> list[Send]:
        """Answer the CAD's next request, let it go on, and return the answers."""
        answers = self.again(len(self.requests) - 1, now=now)
        for answer in answers:
            received = Received(HUB, answer.command_id, answer.payload, 0)
            self.requests += self.cad.feed(received)
        return answers

    def again(
        self, number: int, tsn: int | None = None, now: float = 0.0
    ) -> list[Send]:
        """Send one of the CAD's requests."""
        request = self.requests[number]
        return self.say(
            request.message, tsn=10 + number if tsn is None else tsn, now=now
        )

    def say(
        self, message: Message, sender: EUI64 = CAD, tsn: int = 99, now: float = 0.0
    ) -> list[Send]:
        """Send anything."""
        return self.side.feed(
            Received(sender, message.command, message.to_bytes(), tsn), now
        )

    @property
    def reason(self) -> FailureReason:
        """Return why the exchange failed."""
        (failed,) = self.side.failed
        assert failed.partner == CAD
        return failed.failure.reason


STEPS = pytest.mark.parametrize("step", [1, 2])


def test_answers_carry_the_sequence_numbers_of_the_requests() -> None:
    stage = Stage(3)
    assert [send.tsn for send in stage.side.sent] == [10, 11, 12]
    assert {send.destination for send in stage.side.sent} == {CAD}
    assert stage.side.established
    assert stage.machine.state is ResponderState.IDLE


def test_timers_follow_the_times_that_the_partner_asked_for() -> None:
    stage = Stage(0)
    stage.step(now=100.0)
    assert stage.side.timer == 100 + 3 + 10
    stage.step(now=200.0)
    assert stage.side.timer == 200 + 6 + 10
    stage.step(now=300.0)
    assert stage.side.timer is None


@STEPS
def test_partner_goes_silent(step: int) -> None:
    stage = Stage(step)
    assert stage.side.run_out() == []
    assert stage.reason is FailureReason.TIMEOUT
    assert stage.machine.state is ResponderState.IDLE
    assert stage.side.feed(Elapsed(), 1e9) == []


def test_timer_that_runs_out_early_is_set_again() -> None:
    stage = Stage(1)
    stage.side.feed(Elapsed(), 1.0)
    assert stage.side.timer == 13
    assert not stage.side.failed


def test_copies_of_every_request_are_answered_the_same() -> None:
    """Before the next step, after it, and after the end; with the old number or a new one."""
    stage = Stage(0)
    answers: list[Send] = []
    for number in range(3):
        answers += stage.step()
        for earlier in range(number + 1):
            assert stage.again(earlier) == [answers[earlier]]
        if number:
            assert stage.again(number, tsn=77) == [
                Send(CAD, answers[number].message, 77)
            ]
    assert len(stage.side.established) == 1
    assert not stage.side.failed


def test_copy_during_the_computation_moves_the_answer() -> None:
    cad, hub = both(SUITE)
    machine = Responder([hub])
    (offer,) = Side(Initiator(cad, HUB), CAD).feed(Start())
    event = Received(CAD, 0, offer.payload, 10)
    _, compute = machine.feed(event, 0.0)
    assert machine.feed(event, 0.1) == []
    assert machine.feed(Received(CAD, 0, offer.payload, 55), 0.2) == []
    assert isinstance(compute, Compute)
    answer, _ = machine.feed(compute.run(), 0.3)
    assert isinstance(answer, Send)
    assert answer.tsn == 55


def test_offer_with_a_new_number_starts_anew() -> None:
    """A partner that was restarted sends the same offer and then another ephemeral key."""
    stage = Stage(2)
    cad, _ = both(SUITE)
    restarted = Side(Initiator(cad, HUB, times=GenerateTimes(3, 6)), CAD)
    (offer,) = restarted.feed(Start())
    assert offer.payload == stage.requests[0].payload
    (answer,) = stage.say(offer.message, tsn=20)
    assert answer.message == stage.side.sent[0].message
    (ephemeral,) = restarted.feed(Received(HUB, answer.command_id, answer.payload, 0))
    (answer,) = stage.say(ephemeral.message, tsn=21)
    assert answer.command_id == 1
    (mac,) = restarted.feed(Received(HUB, answer.command_id, answer.payload, 0))
    stage.say(mac.message, tsn=22)
    assert stage.side.established
    assert not stage.side.failed


def test_partner_restarts_while_computing() -> None:
    cad, hub = both(SUITE)
    machine = Responder([hub])
    first = InitiateKeyEstablishment(1, 3, 6, cad.certificate.raw)
    second = InitiateKeyEstablishment(1, 4, 6, cad.certificate.raw)
    _, old = machine.feed(Received(CAD, 0, first.to_bytes(), 1), 0.0)
    _, new = machine.feed(Received(CAD, 0, second.to_bytes(), 2), 0.0)
    assert isinstance(old, Compute)
    assert isinstance(new, Compute)
    assert machine.feed(old.run(), 0.0) == []
    answer, timer = machine.feed(new.run(), 0.0)
    assert isinstance(answer, Send)
    assert (answer.tsn, timer) == (2, SetTimer(14.0))


def test_copies_are_forgotten_after_a_while() -> None:
    stage = Stage(3)
    assert stage.again(2, now=30.0) == [stage.side.sent[2]]
    assert [send.message for send in stage.again(2, now=30.1)] == [BAD]


def test_offer_that_timed_out_unanswered_is_taken_again() -> None:
    cad, hub = both(SUITE)
    machine = Responder([hub])
    event = Received(
        CAD, 0, InitiateKeyEstablishment(1, 3, 6, cad.certificate.raw).to_bytes(), 1
    )
    machine.feed(event, 0.0)
    machine.feed(Elapsed(), 20.0)
    timer, compute = machine.feed(event, 21.0)
    assert isinstance(timer, SetTimer)
    assert isinstance(compute, Compute)


@STEPS
def test_others_find_it_busy(step: int) -> None:
    stage = Stage(step)
    offer = InitiateKeyEstablishment(1, 3, 6, Authority(SUITE).issue(OTHER).certificate)
    assert stage.say(offer, sender=OTHER) == [Send(OTHER, BUSY, 99)]
    assert stage.say(EphemeralData(bytes(22)), sender=OTHER) == [Send(OTHER, BAD, 99)]
    assert stage.side.feed(Received(OTHER, 2, b"", 98)) == [Send(OTHER, BAD, 98)]
    assert stage.say(TerminateKeyEstablishment(1, 0, 1), sender=OTHER) == []
    assert stage.side.feed(Received(OTHER, 3, b"", 98)) == []
    while len(stage.side.established) == 0:
        assert stage.step()


def test_only_admitted_partners() -> None:
    cad, hub = both(SUITE)
    allowed = {OTHER}
    side = Side(Responder([hub], admits=allowed.__contains__), HUB)
    initiator = Side(Initiator(cad, HUB), CAD)
    run(initiator, side)
    assert initiator.failed[0].failure.reason is FailureReason.NO_RESOURCES
    assert initiator.failed[0].failure.wait == 20
    assert not side.failed
    allowed.add(CAD)
    again = Side(Initiator(cad, HUB), CAD)
    run(again, side)
    assert again.established


@pytest.mark.parametrize("message", [EphemeralData(bytes(22)), ConfirmKey(bytes(16))])
def test_nothing_without_an_offer(message: Message) -> None:
    stage = Stage(0)
    assert stage.say(message) == [Send(CAD, BAD, 99)]
    assert not stage.side.failed
    ended = Stage(3)
    assert ended.say(message) == [Send(CAD, BAD, 99)]
    assert ended.say(message) == [Send(CAD, BAD, 99)]
    assert not ended.side.failed


def test_terminate_without_an_exchange_is_nothing() -> None:
    for steps in (0, 3):
        stage = Stage(steps)
        assert stage.say(TerminateKeyEstablishment(1, 0, 1)) == []
        assert stage.side.feed(Received(CAD, 3, b"", 1)) == []
        assert not stage.side.failed
    assert Stage(0).side.feed(Start()) == []


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (1, ConfirmKey(bytes(16))),
        (2, EphemeralData(bytes(22))),
    ],
)
def test_out_of_sequence(step: int, message: Message) -> None:
    stage = Stage(step)
    assert stage.say(message) == [Send(CAD, BAD, 99)]
    assert stage.reason is FailureReason.BAD_MESSAGE
    # A copy hears the same again.
    assert stage.say(message) == [Send(CAD, BAD, 99)]


@STEPS
@pytest.mark.parametrize(
    ("command", "payload"), [(0, "0100"), (1, ""), (2, "00"), (9, "00")]
)
def test_malformed_message(step: int, command: int, payload: str) -> None:
    stage = Stage(step)
    assert stage.side.feed(Received(CAD, command, bytes.fromhex(payload), 5)) == [
        Send(CAD, BAD, 5)
    ]
    assert stage.reason is FailureReason.BAD_MESSAGE


@STEPS
def test_partner_terminates(step: int) -> None:
    stage = Stage(step)
    assert (
        stage.say(TerminateKeyEstablishment(TerminateStatus.BAD_KEY_CONFIRM, 0, 1))
        == []
    )
    assert stage.reason is FailureReason.BAD_KEY_CONFIRM
    assert stage.side.timer is None


def test_malformed_terminate_is_not_answered() -> None:
    stage = Stage(1)
    assert stage.side.feed(Received(CAD, 3, b"\x01", 0)) == []
    assert stage.reason is FailureReason.BAD_MESSAGE


@pytest.mark.parametrize(
    ("suite", "times", "status"),
    [
        (0x0000, "0306", TerminateStatus.BAD_MESSAGE),
        (0x0003, "0306", TerminateStatus.BAD_MESSAGE),
        (0x0002, "0306", TerminateStatus.UNSUPPORTED_SUITE),
        (0x0001, "ff06", TerminateStatus.BAD_MESSAGE),
        (0x0001, "03ff", TerminateStatus.BAD_MESSAGE),
    ],
)
def test_offer_is_judged(suite: int, times: str, status: TerminateStatus) -> None:
    stage = Stage(0)
    certificate = both(SUITE)[0].certificate.raw
    offer = InitiateKeyEstablishment(suite, *bytes.fromhex(times), certificate)
    for _ in range(2):
        (send,) = stage.say(offer)
        assert isinstance(send.message, TerminateKeyEstablishment)
        assert (send.message.status, send.message.suites) == (status, 1)
    assert stage.reason == status.name.lower()


def test_ephemeral_key_of_a_wrong_length() -> None:
    stage = Stage(1)
    assert stage.say(EphemeralData(bytes(37))) == [Send(CAD, BAD, 99)]
    assert stage.reason is FailureReason.BAD_MESSAGE


def test_wrong_mac() -> None:
    stage = Stage(2)
    (send,) = stage.say(ConfirmKey(bytes(16)))
    assert send.message == TerminateKeyEstablishment(
        TerminateStatus.BAD_KEY_CONFIRM, 0, 1
    )
    assert stage.reason is FailureReason.BAD_KEY_CONFIRM


@STEPS
def test_answer_that_was_not_delivered(step: int) -> None:
    stage = Stage(step)
    stage.side.feed(SendFailed(Send(OTHER, BUSY, 99)))
    assert not stage.side.failed
    assert stage.side.feed(SendFailed(stage.side.sent[-1])) == []
    assert stage.reason is FailureReason.NOT_SENT


def test_both_suites_are_answered() -> None:
    authorities = [Authority(suite) for suite in CryptoSuite]
    responder = Side(
        Responder([one.issue(HUB).credentials() for one in authorities]), HUB
    )
    for authority in authorities:
        initiator = Side(Initiator(authority.issue(CAD).credentials(), HUB), CAD)
        run(initiator, responder)
        assert initiator.established[0].suite is authority.suite
    assert [done.suite for done in responder.established] == list(CryptoSuite)


def test_result_of_another_computation_is_a_fault_of_the_driver() -> None:
    cad, hub = both(SUITE)
    machine = Responder([hub])
    offer = InitiateKeyEstablishment(1, 3, 6, cad.certificate.raw)
    _, compute = machine.feed(Received(CAD, 0, offer.to_bytes(), 1), 0.0)
    assert isinstance(compute, Compute)
    ephemeral = Initiator(cad, HUB).feed(Start(), 0.0)[1]
    assert isinstance(ephemeral, Compute)
    with pytest.raises(TypeError, match="while checking"):
        machine.feed(Computed(compute.task, ephemeral.run().result), 0.0)


def test_nothing_of_an_exchange_is_left_behind() -> None:
    """The static private key is all that remains."""
    secrets = [item for item in reachable(Stage(0).machine) if isinstance(item, Secret)]
    for stage in (Stage(3), Stage(2)):
        if stage.side.timer is not None:
            stage.side.run_out()
        left = [item for item in reachable(stage.machine) if isinstance(item, Secret)]
        assert left == secrets

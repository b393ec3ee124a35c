"""The initiator, step by step: timers, copies, disorder, and what it leaves behind."""

from typing import Any

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
    InitiatorState,
    Message,
    Received,
    Remedy,
    Responder,
    Send,
    SendFailed,
    SetTimer,
    Start,
    TerminateKeyEstablishment,
    TerminateStatus,
)
from custom_components.smets1_cad.smart_energy.certificate import CryptoSuite, Secret

from .authority import CAD, HUB, OTHER
from .exchange import Side, both
from .reachable import reachable

SUITE = CryptoSuite.SUITE_1


class Stage:
    """An initiator at some step, and the hub's answers so far."""

    def __init__(self, steps: int, **arguments: Any) -> None:
        """Go through some steps: after 1 the offer is sent, after 3 the MAC."""
        cad, hub = both(SUITE)
        self.side = Side(Initiator(cad, HUB, **arguments), CAD)
        self.hub = Side(Responder([hub], times=GenerateTimes(3, 6)), HUB)
        self.answers: list[Send] = []
        self.machine = self.side.machine
        sent = self.side.feed(Start()) if steps else []
        for _ in range(steps - 1):
            sent = self.receive(self.answer(sent[0]))

    def answer(self, send: Send) -> Send:
        """Return the hub's answer."""
        event = Received(CAD, send.command_id, send.payload, len(self.answers))
        (answer,) = self.hub.feed(event)
        self.answers.append(answer)
        return answer

    def next_answer(self) -> Send:
        """Return the hub's answer to what was sent last."""
        return self.answer(self.side.sent[-1])

    def receive(self, send: Send, sender: EUI64 = HUB, now: float = 0.0) -> list[Send]:
        """Let the initiator receive a message of the hub's."""
        return self.side.feed(Received(sender, send.command_id, send.payload, 0), now)

    def say(self, message: Message, now: float = 0.0) -> list[Send]:
        """Let the initiator receive any message."""
        return self.receive(Send(CAD, message), now=now)

    @property
    def reason(self) -> FailureReason:
        """Return why the exchange failed."""
        (failed,) = self.side.failed
        assert failed.partner == HUB
        return failed.failure.reason


STEPS = pytest.mark.parametrize("step", [1, 2, 3])


def test_offer_asks_for_the_given_times() -> None:
    stage = Stage(1, times=GenerateTimes(11, 16))
    (send,) = stage.side.sent
    assert send.destination == HUB
    assert send.tsn is None
    assert send.payload == bytes.fromhex("01000b10") + both(SUITE)[0].certificate.raw


def test_start_twice_starts_once() -> None:
    stage = Stage(1)
    assert stage.side.feed(Start()) == []


def test_timers_follow_the_times_that_the_partner_asked_for() -> None:
    stage = Stage(0)
    stage.side.feed(Start(), 100.0)
    assert stage.side.timer == 110
    stage.receive(stage.next_answer(), now=200.0)
    assert stage.side.timer == 200 + 3 + 10
    stage.receive(stage.next_answer(), now=300.0)
    assert stage.side.timer == 300 + 6 + 10


def test_timer_runs_while_computing_too() -> None:
    cad, _ = both(SUITE)
    machine = Initiator(cad, HUB, times=GenerateTimes(20, 25))
    timer, compute = machine.feed(Start(), 5.0)
    assert timer == SetTimer(5 + 20 + 10)
    assert isinstance(compute, Compute)
    late = compute.run()
    assert machine.feed(Elapsed(), 35.0)
    assert machine.feed(late, 36.0) == []


@STEPS
def test_no_answer(step: int) -> None:
    """A timeout sends nothing: the partner has a timer of its own."""
    stage = Stage(step)
    assert stage.side.run_out() == []
    assert stage.reason is FailureReason.TIMEOUT
    assert stage.side.failed[0].failure.remedy is Remedy.RETRY
    assert stage.side.timer is None


def test_timer_that_runs_out_early_is_set_again() -> None:
    stage = Stage(1)
    stage.side.feed(Elapsed(), 9.9)
    assert stage.side.timer == 10
    assert not stage.side.failed
    assert Initiator(both(SUITE)[0], HUB).feed(Elapsed(), 9.9) == []


@STEPS
def test_message_that_was_not_delivered(step: int) -> None:
    stage = Stage(step)
    assert stage.side.feed(SendFailed(stage.side.sent[-1])) == []
    assert stage.reason is FailureReason.NOT_SENT


def test_lost_acknowledgement_of_a_message_that_was_answered() -> None:
    stage = Stage(2)
    stage.side.feed(SendFailed(stage.side.sent[0]))
    assert not stage.side.failed
    stage.receive(stage.next_answer())
    stage.receive(stage.next_answer())
    assert stage.side.established


def test_copies_of_every_answer_are_taken_once() -> None:
    stage = Stage(1)
    for _ in range(3):
        answer = stage.next_answer()
        stage.receive(answer)
        for earlier in stage.answers:
            assert stage.receive(earlier) == []
    assert stage.side.established
    assert not stage.side.failed
    assert len(stage.side.sent) == 3


def test_strangers_are_not_heard() -> None:
    stage = Stage(1)
    answer = stage.next_answer()
    terminate = Send(CAD, TerminateKeyEstablishment(TerminateStatus.BAD_MESSAGE, 0, 1))
    assert stage.receive(answer, sender=OTHER) == []
    assert stage.receive(terminate, sender=OTHER) == []
    stage.receive(answer)
    assert len(stage.side.sent) == 2


def test_nothing_is_heard_before_the_start() -> None:
    stage = Stage(0)
    assert stage.say(TerminateKeyEstablishment(TerminateStatus.BAD_MESSAGE, 0, 1)) == []
    assert stage.machine.state is InitiatorState.IDLE


OUT_OF_SEQUENCE: list[tuple[int, Message]] = [
    (1, EphemeralData(bytes(22))),
    (1, ConfirmKey(bytes(16))),
    (2, InitiateKeyEstablishment(1, 3, 6, bytes(48))),
    (2, ConfirmKey(bytes(16))),
    (3, InitiateKeyEstablishment(1, 3, 6, bytes(48))),
    (3, EphemeralData(bytes(22))),
]


@pytest.mark.parametrize(("step", "message"), OUT_OF_SEQUENCE)
def test_out_of_sequence(step: int, message: Message) -> None:
    stage = Stage(step)
    (send,) = stage.say(message)
    assert send.message == TerminateKeyEstablishment(TerminateStatus.BAD_MESSAGE, 10, 1)
    assert stage.reason is FailureReason.BAD_MESSAGE
    assert message.command.name in stage.side.failed[0].failure.detail


@STEPS
@pytest.mark.parametrize("status", TerminateStatus)
def test_partner_terminates(step: int, status: TerminateStatus) -> None:
    stage = Stage(step)
    assert stage.say(TerminateKeyEstablishment(status, 20, 3)) == []
    assert stage.reason == status.name.lower()
    failure = stage.side.failed[0].failure
    assert (failure.by_partner, failure.wait, failure.partner_suites) == (True, 20, 3)
    assert stage.side.timer is None


@STEPS
def test_malformed_terminate_is_not_answered(step: int) -> None:
    stage = Stage(step)
    assert stage.side.feed(Received(HUB, 3, b"\x01", 0)) == []
    assert stage.reason is FailureReason.BAD_MESSAGE


@STEPS
@pytest.mark.parametrize(
    ("command", "payload"), [(0, "0100"), (1, ""), (2, "00"), (9, "00")]
)
def test_malformed_message(step: int, command: int, payload: str) -> None:
    stage = Stage(step)
    (send,) = stage.side.feed(Received(HUB, command, bytes.fromhex(payload), 0))
    assert send.message == TerminateKeyEstablishment(TerminateStatus.BAD_MESSAGE, 10, 1)
    assert stage.reason is FailureReason.BAD_MESSAGE


@pytest.mark.parametrize(
    ("suite", "times", "status"),
    [
        (0x0000, "0306", TerminateStatus.BAD_MESSAGE),
        (0x0003, "0306", TerminateStatus.BAD_MESSAGE),
        (0x0002, "0306", TerminateStatus.UNSUPPORTED_SUITE),
        (0x8000, "0306", TerminateStatus.UNSUPPORTED_SUITE),
        (0x0001, "ff06", TerminateStatus.BAD_MESSAGE),
        (0x0001, "03ff", TerminateStatus.BAD_MESSAGE),
    ],
)
def test_offer_of_the_partner_is_judged(
    suite: int, times: str, status: TerminateStatus
) -> None:
    stage = Stage(1, suites=3)
    certificate = both(SUITE)[1].certificate.raw
    offer = InitiateKeyEstablishment(suite, *bytes.fromhex(times), certificate)
    (send,) = stage.say(offer)
    assert isinstance(send.message, TerminateKeyEstablishment)
    assert (send.message.status, send.message.suites) == (status, 3)
    assert stage.reason == status.name.lower()


def test_longest_times_are_taken() -> None:
    stage = Stage(1)
    stage.say(InitiateKeyEstablishment(1, 254, 254, both(SUITE)[1].certificate.raw))
    assert stage.side.timer == 264


@pytest.mark.parametrize("size", [0, 21, 23, 37])
def test_ephemeral_key_of_a_wrong_length(size: int) -> None:
    stage = Stage(2)
    (send,) = stage.side.feed(Received(HUB, 1, bytes(size), 0))
    assert isinstance(send.message, TerminateKeyEstablishment)
    assert stage.reason is FailureReason.BAD_MESSAGE


def test_wrong_mac_means_never_again() -> None:
    stage = Stage(3)
    (send,) = stage.say(ConfirmKey(bytes(16)))
    assert send.message == TerminateKeyEstablishment(
        TerminateStatus.BAD_KEY_CONFIRM, 0, 1
    )
    assert stage.side.failed[0].failure.remedy is Remedy.ABANDON_PARTNER


def test_result_that_comes_twice_counts_once() -> None:
    machine = Initiator(both(SUITE)[0], HUB)
    _, compute = machine.feed(Start(), 0.0)
    assert isinstance(compute, Compute)
    computed = compute.run()
    assert len(machine.feed(computed, 0.0)) == 2
    assert machine.feed(computed, 0.0) == []


def test_result_of_another_computation_is_a_fault_of_the_driver() -> None:
    machine = Initiator(both(SUITE)[0], HUB)
    _, compute = machine.feed(Start(), 0.0)
    assert isinstance(compute, Compute)
    with pytest.raises(TypeError, match="while generating"):
        machine.feed(Computed(compute.task, both(SUITE)[0].ca_key), 0.0)


def test_no_secret_is_left_behind() -> None:
    stage = Stage(3)
    held = [item for item in reachable(stage.machine) if isinstance(item, Secret)]
    # The static key, the link key and the two MACs; the ephemeral key has done its work.
    assert len(held) == 4
    answer = stage.next_answer()
    stage.receive(answer)
    assert stage.side.established
    assert stage.machine.state is InitiatorState.ENDED
    assert not any(isinstance(item, Secret) for item in reachable(stage.machine))
    assert stage.receive(answer) == []
    failing = Stage(3)
    failing.side.run_out()
    assert not any(isinstance(item, Secret) for item in reachable(failing.machine))


def test_actions_show_no_secret() -> None:
    stage = Stage(3)
    stage.receive(stage.next_answer())
    (established,) = stage.side.established
    key = established.link_key.reveal()
    assert key.hex() not in repr(established)
    assert repr(key) not in repr(established)
    machine = Initiator(both(SUITE)[0], HUB)
    _, compute = machine.feed(Start(), 0.0)
    assert isinstance(compute, Compute)
    assert repr(compute) == "Compute(task=0)"
    assert repr(compute.run()) == "Computed(task=0)"

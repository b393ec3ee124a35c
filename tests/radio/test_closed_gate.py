"""What zigpy and bellows make of it that nothing may leave any more, or can."""

from asyncio import create_task, sleep
from collections.abc import AsyncGenerator
import logging

from bellows.exception import ControllerError
import pytest
import zigpy.types as t

from custom_components.smets1_cad.cad.link import ConsentMissing
from custom_components.smets1_cad.radio.application import JoiningApplication
from custom_components.smets1_cad.radio.stick import EzspRadio
from tests.patience import until
from virtual_han.han import VirtualHan

from .test_guards import packet
from .virtual import connected, link_key, virtual_han

PUSH = bytes.fromhex("08010a 0000 25 cc644d000000")
"""A report to which the hub wants a Default Response."""


@pytest.fixture
async def han() -> AsyncGenerator[VirtualHan]:
    """A network that has taken the CAD in."""
    async with virtual_han() as network:
        network.admit()
        yield network


@pytest.fixture
async def radio(han: VirtualHan) -> AsyncGenerator[EzspRadio]:
    """A radio on it."""
    async with connected(han) as stick:
        stick.set_gate(lambda _packet: None)
        await stick.resume()
        (beacon,) = await stick.scan([15])
        await stick.join(beacon, link_key(han))
        yield stick


def application_of(radio: EzspRadio) -> JoiningApplication:
    """Return the bellows application inside."""
    assert radio._application is not None
    return radio._application


def outgoing(payload: str) -> t.ZigbeePacket:
    """Return a packet to the hub."""
    incoming = packet(0, 0x0702, bytes.fromhex(payload), profile=0x0109)
    assert incoming.src is not None
    return incoming.replace(
        dst=incoming.src, tx_options=t.TransmitOptions.APS_Encryption
    )


async def test_r1_a_push_after_the_withdrawal_is_not_answered_and_costs_no_alarm(
    radio: EzspRadio, caplog: pytest.LogCaptureFixture
) -> None:
    refused: list[t.ZigbeePacket] = []

    def closed(packet: t.ZigbeePacket) -> None:
        refused.append(packet)
        raise ConsentMissing("Consent has ended.")

    radio.set_gate(closed)
    hub = radio.hub
    hub.add_endpoint(1).add_input_cluster(0x0702)
    pushed = packet(0, 0x0702, PUSH, profile=0x0109)
    application_of(radio).packet_received(
        pushed.replace(tx_options=t.TransmitOptions.APS_Encryption)
    )
    await until(lambda: bool(refused))
    await until(lambda: not hub.endpoints[1].in_clusters[0x0702]._tasks)
    assert {answer.data.serialize()[2] for answer in refused} == {0x0B}
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


async def test_a_packet_whose_turn_comes_when_the_stick_is_closed_fails_as_for_a_broken_stick(
    radio: EzspRadio,
) -> None:
    application = application_of(radio)
    async with application._req_lock:
        sending = create_task(application.send_packet(outgoing("0001000000")))
        for _ in range(5):
            await sleep(0)
        await radio.disconnect()
        assert not sending.done()
    with pytest.raises(ControllerError):
        await sending


async def test_a_command_on_a_line_that_is_closed_says_so(
    radio: EzspRadio,
) -> None:
    """Its protocol outlives the connection where somebody still waits to send."""
    ezsp = application_of(radio).ezsp
    protocol = ezsp._protocol
    await radio.disconnect()
    with pytest.raises(ConnectionResetError):
        await protocol.nop()


async def test_a_fault_of_the_program_is_not_taken_for_a_closed_stick(
    radio: EzspRadio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> int:
        raise AttributeError("A fault")

    application = application_of(radio)
    monkeypatch.setattr(application, "get_sequence", broken)
    with pytest.raises(AttributeError):
        await application.send_packet(outgoing("0001000000"))

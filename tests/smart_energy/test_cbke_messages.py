"""The payloads of the Key Establishment cluster, octet for octet."""

import pytest

from custom_components.smets1_cad.smart_energy.cbke import (
    Command,
    ConfirmKey,
    EphemeralData,
    InitiateKeyEstablishment,
    Message,
    TerminateKeyEstablishment,
    TerminateStatus,
    parse_message,
)
from custom_components.smets1_cad.smart_energy.errors import FrameError

CERTIFICATE = bytes.fromhex(
    "020615E07D30ECA2DAD58002E667D94BC1B4223983070000000000000002544553545345434101090006000000000000"
)

EXAMPLES: list[tuple[int, str, Message]] = [
    # The example of Annex C.5.2.1: suite 1, 3 s and 6 s.
    (0, "01000306" + CERTIFICATE.hex(), InitiateKeyEstablishment(1, 3, 6, CERTIFICATE)),
    (0, "02000afe" + "00" * 74, InitiateKeyEstablishment(2, 10, 254, bytes(74))),
    (1, "0300e1", EphemeralData(bytes.fromhex("0300e1"))),
    (
        2,
        "b82f1f9774740c32f80fcfc3921b6420",
        ConfirmKey(bytes.fromhex("b82f1f9774740c32f80fcfc3921b6420")),
    ),
    (3, "04140300", TerminateKeyEstablishment(TerminateStatus.NO_RESOURCES, 20, 3)),
    (3, "ff000001", TerminateKeyEstablishment(0xFF, 0, 0x0100)),
]


@pytest.mark.parametrize(("command", "payload", "message"), EXAMPLES)
def test_octets_to_message_and_back(
    command: int, payload: str, message: Message
) -> None:
    assert parse_message(command, bytes.fromhex(payload)) == message
    assert message.to_bytes().hex() == payload
    assert message.command == command


def test_further_octets_of_a_terminate_are_ignored() -> None:
    message = TerminateKeyEstablishment(TerminateStatus.BAD_MESSAGE, 10, 1)
    assert parse_message(3, bytes.fromhex("030a010099")) == message


@pytest.mark.parametrize(
    ("command", "payload", "offset"),
    [
        (0, "", 0),
        (0, "01000306", 4),
        (1, "", 0),
        (2, "00" * 15, 15),
        (2, "00" * 17, 16),
        (3, "030a01", 3),
        (4, "00", 0),
        (255, "", 0),
    ],
)
def test_malformed(command: int, payload: str, offset: int) -> None:
    with pytest.raises(FrameError) as caught:
        parse_message(command, bytes.fromhex(payload))
    assert caught.value.offset == offset
    assert f"octet {offset}: " in str(caught.value)


def test_command_ids() -> None:
    assert [(command.name, command.value) for command in Command] == [
        ("INITIATE", 0),
        ("EPHEMERAL_DATA", 1),
        ("CONFIRM_KEY", 2),
        ("TERMINATE", 3),
    ]

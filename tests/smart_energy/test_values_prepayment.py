"""Prepayment and messages."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from custom_components.smets1_cad.cad.models import (
    Debt,
    Fuel,
    Importance,
    PaymentMode,
    Prepayment,
)
from custom_components.smets1_cad.smart_energy.values.message import display_message
from custom_components.smets1_cad.smart_energy.values.prepayment import prepayment

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def read(attributes: dict[int, object], **options: int) -> Prepayment:
    return prepayment(attributes, fuel=Fuel.ELECTRICITY, received_at=NOW, **options)


def test_live_credit_meter() -> None:
    """A Glow capture: credit mode; the balance is a negative int32, here as bare octets."""
    reading = read({0x0000: 0x0C94, 0x0001: 0xFFE69AD4})
    assert reading.mode is PaymentMode.CREDIT
    assert reading.credit == Decimal("-16.64300")


@pytest.mark.parametrize("raw", [0x0497, 0x0097, 0x0C97, 0x0897])
def test_prepayment_modes(raw: int) -> None:
    assert read({0x0000: raw}).mode is PaymentMode.PREPAYMENT


def test_amounts() -> None:
    """GBCS: 0x002625A0 is £25.00."""
    reading = read(
        {
            0x0001: 0x002625A0,
            0x0002: -500000,
            0x0003: 0x0A,
            0x0005: 0,
            0x0010: 500000,
            0x0031: 200000,
        }
    )
    assert reading == Prepayment(
        fuel=Fuel.ELECTRICITY,
        received_at=NOW,
        credit=Decimal(25),
        emergency_credit=Decimal(-5),
        emergency_credit_limit=Decimal(5),
        accumulated_debt=Decimal(0),
        low_credit_warning_level=Decimal(2),
        status=frozenset({"low_credit", "emergency_credit_available"}),
    )
    assert read({0x0001: 2500}, digits=2).credit == Decimal(25)


def test_nothing_read_is_no_zero() -> None:
    empty = Prepayment(fuel=Fuel.ELECTRICITY, received_at=NOW)
    assert read({}) == empty
    assert (
        read(
            {
                0x0001: -(1 << 31),
                0x0002: 0x80000000,
                0x0010: 0xFFFFFFFF,
                0x0211: 0xFFFFFFFF,
            }
        )
        == empty
    )


def test_status_without_a_flag_is_empty() -> None:
    assert read({0x0003: 0}).status == frozenset()


def test_debts() -> None:
    reading = read(
        {
            0x0210: b"Heating\0",
            0x0211: 10_000_000,
            0x0216: 2,
            0x0217: 300_000,
            0x0219: 0x2710,
            0x0221: 100_000,
            0x0226: 9,
            0x0230: b"No amount",
        }
    )
    assert reading.debts == (
        Debt(
            number=1,
            label="Heating",
            amount=Decimal(100),
            recovery_amount=Decimal(3),
            recovery_every="week",
            recovery_percent=Decimal(100),
        ),
        Debt(number=2, amount=Decimal(1)),
    )


@pytest.mark.parametrize(
    ("control", "importance", "confirm"),
    [
        (0x00, Importance.LOW, False),
        (0x04, Importance.MEDIUM, False),
        (0x88, Importance.HIGH, True),
        (0x8F, Importance.CRITICAL, True),
        (0x2D, Importance.CRITICAL, False),
    ],
)
def test_message_control(control: int, importance: Importance, confirm: bool) -> None:
    message = display_message(
        message_id=7,
        control=control,
        start_time=0,
        duration=0xFFFF,
        text=b"Hello",
        now=NOW,
    )
    assert message.importance is importance
    assert message.confirmation_required is confirm
    assert message.starts_at == NOW
    assert message.duration is None


def test_message_text_and_time() -> None:
    message = display_message(
        message_id=7,
        control=0x80,
        start_time=0x1C374A80,
        duration=60,
        text="Price £0.10 ".encode() + b"\xff\0",
        extended_control=0x01,
        now=NOW,
    )
    assert message.text == "Price £0.10 \ufffd"
    assert message.starts_at == datetime(2015, 1, 1, tzinfo=UTC)
    assert message.duration == timedelta(hours=1)
    assert not message.confirmation_required

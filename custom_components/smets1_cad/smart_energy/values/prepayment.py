"""Prepayment: mode, credit and debt from raw attributes of cluster 0x0705 (SE D.7).

Amounts are in 10^-5 of the currency's unit at British meters (GBCS); elsewhere the
tariff's trailing digits hold.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import IntFlag
from typing import Final

from ...cad.models import Debt, Fuel, PaymentMode, Prepayment
from .metering import raw_integer
from .price import label_text
from .sentinels import signed, unsigned
from .units import EXACT

GB_DIGITS: Final = 5
"""Digits right of the point of British amounts: 0x002625A0 is £25.00."""
_FIRST_DEBT: Final = 0x0210
_FREQUENCIES: Final = {0: "hour", 1: "day", 2: "week", 3: "month", 4: "quarter"}


class PaymentControl(IntFlag):
    """PaymentControlConfiguration, attribute 0x0000."""

    DISCONNECTION_ENABLED = 0x0001
    PREPAYMENT_ENABLED = 0x0002
    CREDIT_MANAGEMENT_ENABLED = 0x0004
    CREDIT_DISPLAY_ENABLED = 0x0010
    ACCOUNT_BASE = 0x0040
    CONTACTOR_FITTED = 0x0080
    STANDING_CHARGE_CONFIGURATION = 0x0100
    EMERGENCY_STANDING_CHARGE_CONFIGURATION = 0x0200
    DEBT_CONFIGURATION = 0x0400
    EMERGENCY_DEBT_CONFIGURATION = 0x0800

    @property
    def mode(self) -> PaymentMode:
        """Prepayment where that bit is set (0x0497), else credit (0x0C94)."""
        return (
            PaymentMode.PREPAYMENT
            if self & PaymentControl.PREPAYMENT_ENABLED
            else PaymentMode.CREDIT
        )


class CreditStatus(IntFlag):
    """CreditStatus, attribute 0x0003; its names in small letters are a reading's status."""

    CREDIT_OK = 0x01
    LOW_CREDIT = 0x02
    EMERGENCY_CREDIT_ENABLED = 0x04
    EMERGENCY_CREDIT_AVAILABLE = 0x08
    EMERGENCY_CREDIT_SELECTED = 0x10
    EMERGENCY_CREDIT_IN_USE = 0x20
    CREDIT_EXHAUSTED = 0x40


def prepayment(
    attributes: Mapping[int, object],
    *,
    fuel: Fuel,
    received_at: datetime,
    digits: int = GB_DIGITS,
) -> Prepayment:
    """Make a typed reading of raw Prepayment attributes; what is missing is None.

    Args:
        attributes: raw values by attribute id.
        fuel: of the meter that they belong to.
        received_at: when they came, aware.
        digits: digits right of the point of every amount.
    """

    def money(attribute_id: int, *, is_signed: bool = False) -> Decimal | None:
        raw = raw_integer(attributes, attribute_id)
        value = signed(raw, 32) if is_signed else unsigned(raw, 32)
        return None if value is None else Decimal(value).scaleb(-digits, context=EXACT)

    control = raw_integer(attributes, 0x0000)
    status = raw_integer(attributes, 0x0003)
    return Prepayment(
        fuel=fuel,
        received_at=received_at,
        mode=None if control is None else PaymentControl(control).mode,
        credit=money(0x0001, is_signed=True),
        emergency_credit=money(0x0002, is_signed=True),
        emergency_credit_limit=money(0x0010),
        accumulated_debt=money(0x0005, is_signed=True),
        low_credit_warning_level=money(0x0031),
        status=None
        if status is None
        else frozenset(
            flag.name.lower()
            for flag in CreditStatus
            if status & flag and flag.name is not None
        ),
        debts=tuple(
            debt
            for number in (1, 2, 3)
            if (debt := _debt(attributes, number, digits)) is not None
        ),
    )


def _debt(attributes: Mapping[int, object], number: int, digits: int) -> Debt | None:
    """Give a debt of which at least the amount is known."""
    first = _FIRST_DEBT + 0x10 * (number - 1)
    amount = unsigned(raw_integer(attributes, first + 1), 32)
    if amount is None:
        return None
    recovery = unsigned(raw_integer(attributes, first + 7), 32)
    share = unsigned(raw_integer(attributes, first + 9), 16)
    frequency = raw_integer(attributes, first + 6)
    return Debt(
        number=number,
        label=label_text(attributes.get(first)),
        amount=Decimal(amount).scaleb(-digits, context=EXACT),
        recovery_amount=None
        if recovery is None
        else Decimal(recovery).scaleb(-digits, context=EXACT),
        recovery_every=None if frequency is None else _FREQUENCIES.get(frequency),
        # Hundredths of a per cent: 10000 is the whole top-up.
        recovery_percent=None
        if share is None
        else Decimal(share).scaleb(-2, context=EXACT),
    )

"""Prepayment: balance, credit and debt (R18)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from .common import Fuel


class PaymentMode(StrEnum):
    """How the home pays."""

    CREDIT = "credit"
    PREPAYMENT = "prepayment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """One debt that a prepayment meter collects.

    Attributes:
        number: 1, 2 or 3.
        label: the supplier's name for it, "" where none.
        amount: what is still owed.
        recovery_amount: what is collected each time.
        recovery_every: how often; None where it is not by time.
        recovery_percent: share of each top-up that goes to it.
    """

    number: int
    label: str = ""
    amount: Decimal | None = None
    recovery_amount: Decimal | None = None
    recovery_every: str | None = None
    recovery_percent: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepayment:
    """Prepayment as a meter reports it (R18). Amounts in the currency's base unit.

    Attributes:
        fuel: of which meter.
        received_at: when the CAD got it.
        mode: whether the home prepays.
        credit: what is left; negative is owed.
        emergency_credit: emergency credit left.
        emergency_credit_limit: what the supplier allows.
        accumulated_debt: what has built up while out of credit.
        low_credit_warning_level: credit below which the meter warns.
        status: credit states that hold, such as "low_credit"; None not said.
        debts: debts that the meter collects.
    """

    fuel: Fuel
    received_at: datetime
    mode: PaymentMode | None = None
    credit: Decimal | None = None
    emergency_credit: Decimal | None = None
    emergency_credit_limit: Decimal | None = None
    accumulated_debt: Decimal | None = None
    low_credit_warning_level: Decimal | None = None
    status: frozenset[str] | None = None
    debts: tuple[Debt, ...] = ()

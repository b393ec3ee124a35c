"""The Prepayment cluster: what is left on the meter, and what is owed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Final

from ..clock import Instant, local_midnight, local_week, utc
from ..tariffs.frames import KWH, POUND_STERLING, TRAILING_DIGITS
from ..zcl import TYPES, FieldValue, Status, encode
from .cluster import (
    Answer,
    ClusterServer,
    Reader,
    Readers,
    Result,
    constant,
    number,
    text,
)
from .meter import Meter

PREPAYMENT: Final = 0x0705

CREDIT_MODE: Final = 0x0C94
PREPAYMENT_MODE: Final = 0x0497
"""As British meters report them."""

_POUND: Final = 100_000
_TOP_UPS_KEPT: Final = 5
_FROM_METER: Final = 1
_PER_WEEK: Final = 2
_TIME_BASED: Final = 0
_LOG_OVERHEAD: Final = 5
_LOG_ENTRY: Final = 9
_LOW_CREDIT_ALARM: Final = 0x0001
_DISCONNECTED_ALARM: Final = 0x0100


class CreditStatus(IntFlag):
    """The credit status attribute."""

    OK = 0x01
    LOW = 0x02
    EMERGENCY_ENABLED = 0x04
    EMERGENCY_AVAILABLE = 0x08
    EMERGENCY_SELECTED = 0x10
    EMERGENCY_IN_USE = 0x20
    EXHAUSTED = 0x40


@dataclass(frozen=True, slots=True)
class TopUp:
    """A payment: when, and how many hundred-thousandths of a pound."""

    at: Instant
    amount: int

    def fields(self) -> Mapping[str, FieldValue]:
        """Return its entry of PublishTopUpLog."""
        return {"topUpCode": b"", "topUpAmount": self.amount, "topUpTime": self.at}


@dataclass(slots=True)
class Account:
    """What a prepaying householder has on the meter, in hundred-thousandths of a pound.

    Attributes:
        meter: what it pays for.
        opened: since when.
        opening: the credit then.
        prepaying: False on a credit meter, which shows neither credit nor debt.
        emergency_limit: what may be borrowed.
        threshold: the credit at which a warning is given and borrowing is offered.
        debt: what was owed when the account was opened.
        weekly: what is taken off the debt each Monday.
        emergency_selected: whether the householder has accepted to borrow.
        top_ups: payments, oldest first.
    """

    meter: Meter
    opened: Instant
    opening: int = 25 * _POUND
    prepaying: bool = False
    emergency_limit: int = 10 * _POUND
    threshold: int = 2 * _POUND
    debt: int = 40 * _POUND
    weekly: int = 3 * _POUND
    emergency_selected: bool = False
    top_ups: list[TopUp] = field(default_factory=list)

    def credit(self, at: Instant) -> int:
        """Return what is left: payments less use, standing charges and debt taken."""
        used = (self.meter.books(at).cost - self.meter.books(self.opened).cost) // 1000
        paid = sum(top_up.amount for top_up in self.top_ups)
        return self.opening + paid - used - self._standing(at) - self._recovered(at)

    def _standing(self, at: Instant) -> int:
        total, days = 0, 1
        while (midnight := local_midnight(self.opened, days)) <= at:
            total += self.meter.schedule.at(midnight).tariff.standing_charge
            days += 1
        return total

    def _recovered(self, at: Instant) -> int:
        days = (utc(local_week(at)) - utc(local_week(self.opened))).days
        # A week in which the clocks go forward is an hour short of seven days.
        return min(self.debt, (days + 1) // 7 * self.weekly)

    def debt_left(self, at: Instant) -> int:
        """Return what is still owed."""
        return self.debt - self._recovered(at)

    def emergency_left(self, at: Instant) -> int:
        """Return what may still be borrowed."""
        return self.emergency_limit + min(0, self.credit(at))

    def exhausted(self, at: Instant) -> bool:
        """Say whether the supply is to be cut for want of credit."""
        floor = -self.emergency_limit if self.emergency_selected else 0
        return self.prepaying and self.credit(at) <= floor

    def status(self, at: Instant) -> CreditStatus:
        """Return the credit status."""
        credit, status = self.credit(at), CreditStatus.EMERGENCY_ENABLED
        status |= CreditStatus.OK if credit > self.threshold else CreditStatus.LOW
        if credit <= self.threshold and not self.emergency_selected:
            status |= CreditStatus.EMERGENCY_AVAILABLE
        if self.emergency_selected:
            status |= CreditStatus.EMERGENCY_SELECTED
            if credit < 0:
                status |= CreditStatus.EMERGENCY_IN_USE
        if self.exhausted(at):
            status |= CreditStatus.EXHAUSTED
        return status

    def top_up(self, amount: int, at: Instant) -> None:
        """Pay in.

        Raises:
            ValueError: the amount is not positive.
        """
        if amount <= 0:
            raise ValueError("A top-up adds credit; give a positive amount")
        self.top_ups.append(TopUp(at, amount))
        if self.credit(at) >= 0:
            self.emergency_selected = False

    def forget_top_ups(self) -> None:
        """Clear the log of payments; the credit stays."""
        self.opening += sum(top_up.amount for top_up in self.top_ups)
        self.top_ups.clear()


class PrepaymentServer(ClusterServer):
    """Serves one account. Nothing can be bought or borrowed from the network."""

    cluster_id = PREPAYMENT

    def __init__(self, account: Account, room: int) -> None:
        """Serve an account, in frames of so many octets."""
        self.account = account
        self._room = room

    def attributes(self, at: Instant) -> Readers:
        """Return the mode and, for a prepaying householder, credit and debt."""
        account = self.account
        if not account.prepaying:
            return {0x0000: constant(CREDIT_MODE), 0x0001: constant(0)}
        readers: dict[int, Reader] = {
            0x0000: constant(PREPAYMENT_MODE),
            0x0001: account.credit,
            0x0002: account.emergency_left,
            0x0003: lambda at: int(account.status(at)),
            0x0004: lambda at: at,
            0x0005: account.debt_left,
            0x0010: constant(account.emergency_limit),
            0x0011: constant(account.threshold),
            0x0020: constant(sum(top_up.amount for top_up in account.top_ups)),
            0x0031: constant(account.threshold),
            0x0040: constant(0),
            0x0210: text("Debt 1"),
            0x0211: account.debt_left,
            0x0212: constant(_TIME_BASED),
            0x0216: constant(_PER_WEEK),
            0x0217: constant(account.weekly),
            0x0400: self._alarms,
            0x0501: constant(KWH),
            0x0502: constant(TRAILING_DIGITS),
            0x0503: constant(POUND_STERLING),
        }
        for index, top_up in enumerate(reversed(account.top_ups[-_TOP_UPS_KEPT:])):
            readers[0x0100 + 0x10 * index] = constant(top_up.at)
            readers[0x0101 + 0x10 * index] = constant(top_up.amount)
            readers[0x0102 + 0x10 * index] = constant(_FROM_METER)
        return readers

    def _alarms(self, at: Instant) -> int:
        low = self.account.credit(at) <= self.account.threshold
        return _LOW_CREDIT_ALARM * low | _DISCONNECTED_ALARM * self.account.exhausted(
            at
        )

    def commands(self) -> frozenset[str]:
        """Return what a display may ask."""
        return frozenset({"GetTopUpLog", "GetPrepaySnapshot"})

    def command(
        self, name: str, fields: Mapping[str, FieldValue], at: Instant
    ) -> Result:
        """Give payments, newest first, or the state of the account."""
        if not self.account.prepaying:
            return Status.NOT_FOUND
        if name == "GetPrepaySnapshot":
            return [self._snapshot(at)]
        latest = number(fields, "latestEndTime", at) or at
        wanted = number(fields, "numberOfRecords") or 0xFF
        entries: list[FieldValue] = [
            top_up.fields()
            for top_up in reversed(self.account.top_ups)
            if top_up.at <= latest
        ]
        del entries[min(wanted, (self._room - _LOG_OVERHEAD) // _LOG_ENTRY) :]
        if not entries:
            return Status.NOT_FOUND
        return [
            Answer(
                "PublishTopUpLog",
                {
                    "commandIndex": 0,
                    "totalNumberOfCommands": 1,
                    "topUpPayload": entries,
                },
            )
        ]

    def _snapshot(self, at: Instant) -> Answer:
        account = self.account
        i32, u32 = TYPES["int32"], TYPES["uint32"]
        payload = encode(i32, account.debt_left(at)) + encode(
            u32, account.debt_left(at)
        )
        payload += encode(u32, 0) + encode(u32, 0)
        payload += encode(i32, account.emergency_left(at)) + encode(
            i32, account.credit(at)
        )
        return Answer(
            "PublishPrepaySnapshot",
            {
                "snapshotId": at,
                "snapshotTime": at,
                "totalSnapshotsFound": 1,
                "commandIndex": 0,
                "totalNumberOfCommands": 1,
                "snapshotCause": 1,
                "snapshotPayloadType": 0,
                "snapshotPayload": payload,
            },
        )

"""What is asked for now and then, beside the registers: prices, tariff, messages, tenancy.

Each chore is one frame in a burst of its fuel, when it is due and the burst has room.
"""

from collections.abc import Container
from dataclasses import dataclass
from typing import Any, Final

from ...cad.models import Fuel
from ..const import ClusterId
from .const import Interest
from .deviations import quirk_of
from .record import HanRecord

_MINUTES: Final = 60.0
_HOURS: Final = 3600.0

GET_CURRENT_PRICE: Final = 0x00
GET_SCHEDULED_PRICES: Final = 0x01
_PUBLISH_PRICE: Final = 0x00


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """One request that is repeated at a distance.

    Attributes:
        cluster_id: of whom.
        every: seconds.
        command_id: a command of the cluster's own, or None for a read.
        arguments: the command's fields, in order.
        answers: the commands that answer it.
        attributes: what is read, where it is a read.
        fuels: of which fuels.
        interest: who else may want it more often, or at all.
        every_otherwise: seconds, where nobody has that interest; None for never.
    """

    cluster_id: int
    every: float
    command_id: int | None = None
    arguments: tuple[Any, ...] = ()
    answers: tuple[int, ...] = ()
    attributes: tuple[int, ...] = ()
    fuels: frozenset[Fuel] = frozenset(Fuel)
    interest: Interest | None = None
    every_otherwise: float | None = None

    def period(self, interests: Container[Interest]) -> float | None:
        """Return the seconds between two requests; None where it is not asked for."""
        if self.interest is None or self.interest in interests:
            return self.every
        return self.every_otherwise


CONVERSION: Final = Chore(
    cluster_id=ClusterId.PRICE,
    every=6 * _HOURS,
    attributes=(0x0302, 0x0303, 0x0304, 0x0305, 0x0306, 0x0301, 0x0616, 0x0617),
    fuels=frozenset({Fuel.GAS}),
)
"""What turns a gas register into kWh and money, in one frame: conversion factor and calorific
value with their digits and unit, standing charge, currency and trailing digit."""

CHORES: Final[tuple[Chore, ...]] = (
    CONVERSION,
    # The rate in force. Hubs publish changes by themselves; this is for those that do not.
    Chore(
        cluster_id=ClusterId.PRICE,
        every=30 * _MINUTES,
        command_id=GET_CURRENT_PRICE,
        arguments=(0x01,),
        answers=(_PUBLISH_PRICE,),
    ),
    # Rates to come, from now, as many as the hub gives.
    Chore(
        cluster_id=ClusterId.PRICE,
        every=2 * _HOURS,
        command_id=GET_SCHEDULED_PRICES,
        arguments=(0, 0),
        answers=(_PUBLISH_PRICE,),
    ),
    # Standing charge, tariff label, tiers, blocks, unit, currency, trailing digit.
    Chore(
        cluster_id=ClusterId.PRICE,
        every=12 * _HOURS,
        attributes=(0x0301, 0x0610, 0x0611, 0x0612, 0x0613, 0x0616, 0x0617),
    ),
    # Prices of tiers 1 to 4, and of blocks without a tier.
    Chore(
        cluster_id=ClusterId.PRICE,
        every=12 * _HOURS,
        attributes=(0x0400, 0x0401, 0x0402, 0x0410, 0x0420, 0x0430, 0x0440),
    ),
    # Block thresholds, block period and their scale.
    Chore(
        cluster_id=ClusterId.PRICE,
        every=12 * _HOURS,
        attributes=(0x0100, 0x0101, 0x0102, 0x0200, 0x0201, 0x0202, 0x0203),
    ),
    # Credit, emergency credit, status and debt.
    Chore(
        cluster_id=ClusterId.PREPAYMENT,
        every=5 * _MINUTES,
        attributes=(0x0000, 0x0001, 0x0002, 0x0003, 0x0005, 0x0010),
        interest=Interest.BALANCE,
        every_otherwise=12 * _HOURS,
    ),
    Chore(
        cluster_id=ClusterId.MESSAGING,
        every=12 * _HOURS,
        command_id=0x00,
        answers=(0x00,),
        fuels=frozenset({Fuel.ELECTRICITY}),
        interest=Interest.MESSAGES,
    ),
    # Change of tenancy, change of supplier.
    Chore(
        cluster_id=ClusterId.DEVICE_MANAGEMENT,
        every=12 * _HOURS,
        command_id=0x00,
        answers=(0x00,),
        fuels=frozenset({Fuel.ELECTRICITY}),
    ),
    Chore(
        cluster_id=ClusterId.DEVICE_MANAGEMENT,
        every=12 * _HOURS,
        command_id=0x01,
        answers=(0x01,),
        fuels=frozenset({Fuel.ELECTRICITY}),
    ),
)
"""Every chore, the most urgent first."""


class ChoreList:
    """The chores of one hub, and when each was done."""

    def __init__(
        self, record: HanRecord, interests: Container[Interest] = frozenset(Interest)
    ) -> None:
        """Start with none done; only those that somebody has a use for."""
        self._record = record
        self._periods = [
            (chore, period)
            for chore in CHORES
            if (period := chore.period(interests)) is not None
        ]
        self._done: dict[tuple[int, Chore], float] = {}

    def due(self, fuel: Fuel, now: float) -> list[tuple[int, Chore]]:
        """Return what is due of a fuel: endpoint and chore, what was never done first.

        Attributes and commands that the hub has been found not to have are left out.
        """
        due: list[tuple[float, int, Chore]] = []
        for number, place in self._record.endpoints.items():
            for chore, period in self._periods:
                known = place.clusters.get(chore.cluster_id)
                if (
                    known is None
                    or fuel not in chore.fuels
                    or (place.fuel or Fuel.ELECTRICITY) is not fuel
                    or chore.command_id in known.refused
                ):
                    continue
                done = self._done.get((number, chore))
                if done is not None and now - done < period:
                    continue
                if chore.command_id is None and not self.attributes(number, chore):
                    continue
                due.append((-1.0 if done is None else done, number, chore))
        due.sort(key=lambda item: item[0])
        return [(number, chore) for _, number, chore in due]

    def attributes(self, endpoint: int, chore: Chore) -> list[int]:
        """Return what a chore reads at an endpoint, less what the hub has not and quirks leave out."""
        missing = self._record.endpoints[endpoint].clusters[chore.cluster_id].missing
        quirk = quirk_of(self._record, endpoint)
        return [
            one
            for one in chore.attributes
            if one not in missing and quirk.may_ask(chore.cluster_id, one)
        ]

    def done(self, endpoint: int, chore: Chore, now: float) -> None:
        """Note that a chore was asked for, whatever came of it."""
        self._done[endpoint, chore] = now

    def hurry(self, cluster_id: int) -> None:
        """Make the chores of a cluster due: the hub has told of a change."""
        for key in [key for key in self._done if key[1].cluster_id == cluster_id]:
            del self._done[key]

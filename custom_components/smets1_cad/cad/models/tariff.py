"""Prices: what holds now, what comes, tiers, blocks and the standing charge (R13)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from .common import ANY_TIER_BLOCK, Direction, EnergyUnit, Fuel, TierBlock


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A price over a time.

    Attributes:
        starts_at: when it begins.
        ends_at: when it ends; None until changed.
        price: currency per `unit`.
        unit: what it buys.
        tier_block: the tier and block that it belongs to.
        label: the supplier's name for it, "" where none.
    """

    starts_at: datetime
    ends_at: datetime | None
    price: Decimal
    unit: EnergyUnit
    tier_block: TierBlock = ANY_TIER_BLOCK
    label: str = ""

    def holds_at(self, when: datetime) -> bool:
        """Whether the price is in force at `when`."""
        return self.starts_at <= when and (self.ends_at is None or when < self.ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """A fuel's tariff as the meter or the hub publishes it (R13).

    Prices are as programmed; whether they include VAT is not said on the network.

    Attributes:
        fuel: whose tariff.
        received_at: when the CAD got the latest part.
        direction: import, or export where the tariff pays for what goes out.
        currency: ISO 4217 letters, or None where unknown.
        label: the tariff's name, "" where none.
        standing_charge_per_day: currency per day.
        rates: in order of their start: in force, then coming ones.
        prices: price of each tier and block, per `unit`.
        unit: what a price buys.
        tier_labels: names of tiers.
        block_thresholds: by tier (0 for all): upper limits, in `threshold_unit`,
            of blocks 1, 2, ... of a block period.
        threshold_unit: the unit of the thresholds.
        active: the tier and block in force, or None.
        block_period_start: when the present block period began.
        block_period_end: when it ends.
    """

    fuel: Fuel
    received_at: datetime
    direction: Direction = Direction.IMPORT
    currency: str | None = None
    label: str = ""
    standing_charge_per_day: Decimal | None = None
    rates: tuple[Rate, ...] = ()
    prices: Mapping[TierBlock, Decimal] = field(default_factory=dict)
    unit: EnergyUnit | None = None
    tier_labels: Mapping[int, str] = field(default_factory=dict)
    block_thresholds: Mapping[int, tuple[Decimal, ...]] = field(default_factory=dict)
    threshold_unit: EnergyUnit | None = None
    active: TierBlock | None = None
    block_period_start: datetime | None = None
    block_period_end: datetime | None = None

    def rate_at(self, when: datetime) -> Rate | None:
        """Give the rate in force at `when`: the latest start among those that hold."""
        holding = [rate for rate in self.rates if rate.holds_at(when)]
        return max(holding, key=lambda rate: rate.starts_at, default=None)

    def next_after(self, when: datetime) -> Rate | None:
        """Give the first rate that starts after `when`."""
        coming = [rate for rate in self.rates if rate.starts_at > when]
        return min(coming, key=lambda rate: rate.starts_at, default=None)

"""Tariffs: what a unit costs, at which time of day, after how much use."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from ..clock import HALF_HOUR, LONDON, Instant, local_month, utc

NO_TIER: Final = 0
"""The tier of a tariff that has none."""

DAY_MINUTES: Final = 24 * 60

type BlockPrice = tuple[int, int]
"""Tier (0 for none) and block (1 is the first)."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What a unit costs from a moment on.

    Attributes:
        start: when it began or begins.
        end: when another begins; None while nobody knows of one.
        tier: the price tier, 0 for none.
        block: 1 is the first.
        price: hundred-thousandths of a pound per kWh.
        label: what the supplier calls it.
    """

    start: Instant
    end: Instant | None
    tier: int
    block: int
    price: int
    label: str


@dataclass(frozen=True, slots=True)
class Tariff:
    """One tariff; prices are in hundred-thousandths of a pound (£0.00001).

    Attributes:
        tariff_id: the issuer's number.
        label: the supplier's name for it, at most 24 octets.
        standing_charge: per day.
        prices: per kWh, by tier and block; tier 0 where there are no tiers.
        tier_labels: names of the tiers, at most 12 octets each.
        switches: minutes after midnight at which a tier begins, ascending, the first at 0.
        switches_in_utc: the switching table keeps UTC, as many meters do, and so
            moves by an hour against the householder's clock in summer.
        thresholds: use in a block period (a month), in Wh or litres, above which the next
            block begins.
        generation_price: what a unit of export earns; None where nothing is paid.
    """

    tariff_id: int
    label: str
    standing_charge: int
    prices: dict[BlockPrice, int]
    tier_labels: dict[int, str] = field(default_factory=dict)
    switches: tuple[tuple[int, int], ...] = ()
    switches_in_utc: bool = False
    thresholds: tuple[int, ...] = ()
    generation_price: int | None = None

    def __post_init__(self) -> None:
        """Check that the parts fit each other.

        Raises:
            ValueError: a tier or block without a price, or switches out of order.
        """
        if self.switches and self.switches[0][0] != 0:
            raise ValueError("The first switch of a tariff is at midnight")
        if any(minute % 30 or minute >= DAY_MINUTES for minute, _ in self.switches):
            raise ValueError("A tariff switches on a half hour of the day")
        if any(left[0] >= right[0] for left, right in pairwise(self.switches)):
            raise ValueError("The switches of a tariff ascend")
        wanted = {
            (tier, block) for tier in self.tiers or (NO_TIER,) for block in self.blocks
        }
        if wanted != set(self.prices):
            raise ValueError(
                "A tariff prices each of its tiers and blocks, and no other"
            )

    @property
    def tiers(self) -> tuple[int, ...]:
        """The tiers in use, ascending; none for a tariff without."""
        return tuple(sorted({tier for _, tier in self.switches}))

    @property
    def blocks(self) -> tuple[int, ...]:
        """The blocks in use: one more than there are thresholds."""
        return tuple(range(1, len(self.thresholds) + 2))

    @property
    def has_blocks(self) -> bool:
        """Whether the price depends on use."""
        return bool(self.thresholds)

    @property
    def charging_scheme(self) -> int:
        """0 time of use, 1 block, 2 both with thresholds in common."""
        if not self.has_blocks:
            return 0
        return 2 if self.switches else 1

    def tier_at(self, at: Instant) -> int:
        """Return the tier in force at an instant, 0 where there are none."""
        if not self.switches:
            return NO_TIER
        moment = utc(at) if self.switches_in_utc else utc(at).astimezone(LONDON)
        minute = moment.hour * 60 + moment.minute
        return next(tier for start, tier in reversed(self.switches) if start <= minute)

    def next_switch(self, at: Instant) -> Instant | None:
        """Return when another tier begins; None where there is only one."""
        if len(self.tiers) < 2:
            return None
        tier = self.tier_at(at)
        half_hour = at - at % HALF_HOUR
        while self.tier_at(half_hour) == tier:
            half_hour += HALF_HOUR
        return half_hour

    def last_switch(self, at: Instant) -> Instant | None:
        """Return when the tier in force began; None where there is only one."""
        if len(self.tiers) < 2:
            return None
        tier = self.tier_at(at)
        half_hour = at - at % HALF_HOUR
        while self.tier_at(half_hour - HALF_HOUR) == tier:
            half_hour -= HALF_HOUR
        return half_hour

    def block_at(self, used: int) -> int:
        """Return the block that the next unit falls in, after so much use in the period."""
        return 1 + sum(used >= threshold for threshold in self.thresholds)

    def price(self, tier: int, block: int) -> int:
        """Return what a unit costs."""
        return self.prices[tier, block]

    def rate_label(self, tier: int, block: int) -> str:
        """Return the name of a rate: the tier's, the block's, or the tariff's."""
        if tier:
            name = self.tier_labels.get(tier, f"Tier {tier}")
            return f"{name} B{block}" if self.has_blocks else name
        return f"Block {block}" if self.has_blocks else self.label[:12]


def block_period(at: Instant) -> tuple[Instant, Instant]:
    """Return the block period that holds an instant: a local calendar month."""
    return local_month(at), local_month(at, 1)

"""How a meter books its register to tiers and blocks, and what that cost."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from ..clock import HALF_HOUR, Instant
from ..tariffs import NO_TIER, TariffSchedule, block_period
from .register import Register


@dataclass(slots=True)
class Books:
    """What has been booked since the meter was installed, in thousandths of a unit.

    Attributes:
        until: up to when.
        tiers: by register tier; tier 0 for use under a tariff without tiers.
        blocks: by tier and block, under tariffs that have blocks.
        period_start: when the block period began.
        period_end: when the next one begins.
        period_use: use since then.
        previous_period_use: use in the whole period before; None in the first.
        block: the block that the next unit falls in.
        block_start: since when.
        cost: hundred-thousandths of a pound, times 1000.
    """

    until: Instant
    period_start: Instant
    period_end: Instant
    tiers: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    blocks: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    period_use: int = 0
    previous_period_use: int | None = None
    block: int = 1
    block_start: Instant = 0
    cost: int = 0

    def copy(self) -> Books:
        """Return books that can be written in without touching these."""
        return Books(
            self.until,
            self.period_start,
            self.period_end,
            self.tiers.copy(),
            self.blocks.copy(),
            self.period_use,
            self.previous_period_use,
            self.block,
            self.block_start,
            self.cost,
        )


class Ledger:
    """Books a register half hour by half hour, as its tariff says."""

    def __init__(
        self,
        register: Register,
        schedule: TariffSchedule,
        start: Instant,
        *,
        kwh_per_unit: Callable[[], float] = lambda: 1.0,
    ) -> None:
        """Open the books: all that the register holds was used under the first tariff.

        Args:
            register: what is booked.
            schedule: the tariffs.
            start: from when on the tariff decides.
            kwh_per_unit: gives the kWh in one unit of the register (1 for electricity).
        """
        self._register = register
        self._schedule = schedule
        self._kwh_per_unit = kwh_per_unit
        period_start, period_end = block_period(start)
        opening = Books(start, period_start, period_end, block_start=start)
        reading = register.reading(start)
        tiers = schedule.at(start).tariff.tiers or (NO_TIER,)
        for tier in tiers:
            opening.tiers[tier] = reading // len(tiers)
        opening.tiers[tiers[0]] += reading % len(tiers)
        self._opening = opening
        self._books = opening.copy()
        self._revision = schedule.revision

    def at(self, at: Instant) -> Books:
        """Return the books as of an instant, the current half hour included.

        The sum of the tiers is the register, always. Whole half hours are booked
        once, and anew after a tariff was issued or the flow was cut: what was asked
        for a time to come may have been booked already. So is an instant before the
        last one.
        """
        if self._revision != self._schedule.revision:
            self._revision = self._schedule.revision
            self.reopen()
        half_hour = at - at % HALF_HOUR
        if half_hour < self._books.until:
            books = self._opening.copy()
        else:
            self._book(self._books, half_hour)
            books = self._books.copy()
        self._book(books, at)
        return books

    def reopen(self) -> None:
        """Forget what was booked, to book it anew."""
        self._books = self._opening.copy()

    def _book(self, books: Books, until: Instant) -> None:
        """Book everything up to an instant, span by span of one tariff and one tier."""
        while books.until < until:
            start = books.until
            end = min(until, start - start % HALF_HOUR + HALF_HOUR)
            change = self._schedule.after(start)
            if change and change[0].start < end:
                end = change[0].start
            self._book_span(books, start, end)
            books.until = end

    def _book_span(self, books: Books, start: Instant, end: Instant) -> None:
        if start >= books.period_end:
            books.previous_period_use, books.period_use = books.period_use, 0
            books.period_start, books.period_end = block_period(start)
            books.block_start = books.period_start
        tariff = self._schedule.at(start).tariff
        tier = tariff.tier_at(start)
        reading = self._register.reading(start)
        left = self._register.reading(end) - reading
        books.block = tariff.block_at(books.period_use)
        books.tiers[tier] += left
        while left:
            room = left
            if books.block <= len(tariff.thresholds):
                room = tariff.thresholds[books.block - 1] - books.period_use
            part = min(left, room)
            if tariff.has_blocks:
                books.blocks[tier, books.block] += part
            books.cost += round(
                part * self._kwh_per_unit() * tariff.price(tier, books.block)
            )
            books.period_use += part
            reading += part
            left -= part
            if tariff.block_at(books.period_use) != books.block:
                books.block += 1
                books.block_start = self._register.when(reading, start, end)

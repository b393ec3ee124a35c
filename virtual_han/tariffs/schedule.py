"""Which tariff is in force when, and the rates that follow from it."""

from bisect import bisect_right
from dataclasses import dataclass

from ..clock import Instant
from .model import Rate, Tariff


@dataclass(frozen=True, slots=True)
class Issue:
    """A tariff as issued.

    Attributes:
        start: from when it is in force.
        issued: when the supplier sent it; newer issues replace older ones, and British
            suppliers use this instant as the issuer event id.
        tariff: what it says.
    """

    start: Instant
    issued: Instant
    tariff: Tariff


class TariffSchedule:
    """The tariffs of one fuel, past, present and coming."""

    def __init__(self, tariff: Tariff, start: Instant) -> None:
        """Begin with a tariff in force since an instant."""
        self._issues = [Issue(start, start, tariff)]
        self.revision = 0
        """Counts the issues that were added."""

    def add(self, tariff: Tariff, start: Instant, issued: Instant) -> None:
        """Put a tariff in force from an instant; what was planned for later is dropped."""
        self._issues = [issue for issue in self._issues if issue.start < start]
        self._issues.append(Issue(start, issued, tariff))
        self.revision += 1

    def at(self, at: Instant) -> Issue:
        """Return the issue in force; the first one also for every time before it."""
        index = bisect_right(self._issues, at, key=lambda issue: issue.start)
        return self._issues[max(0, index - 1)]

    def after(self, at: Instant) -> list[Issue]:
        """Return the issues that are to come, soonest first."""
        return [issue for issue in self._issues if issue.start > at]

    def next_change(self, at: Instant) -> Instant | None:
        """Return when the tier or the tariff changes next; None where nothing is planned."""
        coming = [issue.start for issue in self.after(at)[:1]]
        switch = self.at(at).tariff.next_switch(at)
        if switch is not None:
            coming.append(switch)
        return min(coming, default=None)

    def rate(self, at: Instant, block: int) -> Rate:
        """Return the rate in force at an instant, given the block that use has reached."""
        issue = self.at(at)
        tier = issue.tariff.tier_at(at)
        switched = issue.tariff.last_switch(at)
        return Rate(
            start=issue.start if switched is None else max(issue.start, switched),
            end=self.next_change(at),
            tier=tier,
            block=block,
            price=issue.tariff.price(tier, block),
            label=issue.tariff.rate_label(tier, block),
        )

    def rates(self, at: Instant, block: int, count: int) -> list[Rate]:
        """Return the rate in force and those that follow, as far as they are planned.

        How use will move between blocks nobody can know: a coming rate of the same
        tariff is that of the block now reached, one of a coming tariff its first.
        """
        rates = [self.rate(at, block)]
        tariff = self.at(at).tariff
        while len(rates) < count:
            start = rates[-1].end
            if start is None:
                break
            rates.append(
                self.rate(start, block if self.at(start).tariff is tariff else 1)
            )
        return rates

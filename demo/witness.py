"""What the virtual network holds, as far as a CAD can know of it at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple

from virtual_han import truth
from virtual_han.aps import Fuel
from virtual_han.clock import instant, local_midnight, utc
from virtual_han.han import VirtualHan
from virtual_han.referee import METERING, PRICE

type Source = Callable[[Any], list[Any]]
"""Of a witness (an entity of a meter's: a meter's witness), returns what an entity may show now; None among it
where nobody has told it yet."""

SUMMATION: Final = 0x0000
RECEIVED: Final = 0x0001
SUPPLY: Final = 0x0014
FIRST_TIER: Final = 0x0100
STATUS: Final = 0x0200
DEMAND: Final = 0x0400

REPLY: Final = timedelta(seconds=5)
"""For how long an answer may be under way, or a clock late."""

OFTEN: Final = timedelta(seconds=25)
"""How old registers and power may be: electricity is read every 10 s, and one reading may be missed."""

IN_TURN: Final = timedelta(seconds=60)
"""How old all else of electricity may be: it does not fit one answer, so it takes turns."""

HALF_HOURLY: Final = timedelta(minutes=32)
"""How old gas may be: half an hour, with the delay that keeps homes from asking all at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Knows what the CAD can know now.

    Attributes:
        han: the virtual network.
        now: the network's time.
        since: when the tenancy began, as what was read before is not shown in it.
    """

    han: VirtualHan
    now: datetime
    since: datetime

    def of(self, fuel: Fuel) -> MeterWitness:
        """Return the one that knows a meter."""
        return MeterWitness(han=self.han, now=self.now, since=self.since, fuel=fuel)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterWitness(Witness):
    """Knows what the CAD can know of one fuel's meter now.

    Attributes:
        fuel: whose.
    """

    fuel: Fuel

    def asked(self, cluster: int, attribute: int | None = None) -> list[datetime]:
        """Return when it was asked for in this tenancy, the latest last."""
        times = self.han.referee.asked(self.fuel, cluster, attribute)
        return [at for at in times if at >= self.since]

    def read_at(self, attribute: int) -> list[datetime | None]:
        """Return when what is shown was read: the last time, or, before its answer is there, the one before.

        None alone where it was never read; nothing where that is too long ago.
        """
        if not (times := self.asked(METERING, attribute)):
            return [None]
        if self.fuel is Fuel.GAS:
            limit = HALF_HOURLY
        else:
            limit = OFTEN if attribute in (SUMMATION, RECEIVED, DEMAND) else IN_TURN
        return [at for at in times[:-3:-1] if self.now - at <= limit]

    def meter(
        self, path: str, at: datetime | None = None, read_at: datetime | None = None
    ) -> Any:
        """Return what stands at a path of the meter's truth; None where nothing does."""
        part = truth.registers(self.han.servers, at or self.now, read_at)[self.fuel]
        for key in path.split("."):
            part = None if part is None else part.get(key)
        return part


class Use(NamedTuple):
    """What a day has counted, in kWh, and between which moments it can have begun to."""

    kwh: float
    earliest: datetime
    latest: datetime


def held(path: str) -> Source:
    """Return what does not change."""
    return lambda witness: [witness.meter(path)]


def read(
    path: str, attribute: int, made: Callable[[Any], Any] = lambda value: value
) -> Source:
    """Return what is made of what the meter held when it was read."""

    def values(witness: MeterWitness) -> list[Any]:
        if witness.meter(path) is None:
            # Asking for what a meter does not have teaches nobody anything.
            return [None]
        return [
            at and made(witness.meter(path, read_at=at))
            for at in witness.read_at(attribute)
        ]

    return values


def published(path: str) -> Source:
    """Return what the tariff says now; just after another rate began, also what it said before."""
    return lambda witness: (
        [witness.meter(path, at) for at in (witness.now, witness.now - REPLY)]
        if witness.asked(PRICE)
        else [None]
    )


def today(witness: MeterWitness) -> list[Any]:
    """Return the kWh since midnight of Europe/London.

    Nobody reads at midnight itself: a day that begins while the CAD reads begins with
    what it read last. Consent was given today, so a CAD's first day begins with its first
    reading: what the meter counted before is not for it to show.
    """
    midnight = utc(local_midnight(instant(witness.now)))
    # Each: from which reading is counted, and between which moments the day can have begun.
    begins = [(midnight, midnight, midnight)]
    times = witness.asked(METERING, SUMMATION)
    if before := [at for at in times if at < midnight]:
        begins.append((before[-1], midnight, midnight))
    elif times:
        begins = [(times[0], times[0], times[0] + REPLY)]
    used = partial(truth.energy_since, witness.han.servers, witness.fuel)
    return [
        at and Use(used(start, at), earliest, latest)
        for at in witness.read_at(SUMMATION)
        for start, earliest, latest in begins
    ]


def last_gas_read(witness: Witness) -> list[Any]:
    """Return when the gas meter was read last, to the minute in which its answer came."""
    return [
        at and (at + late).replace(second=0, microsecond=0).isoformat()
        for at in witness.of(Fuel.GAS).read_at(SUMMATION)
        for late in (timedelta(), REPLY)
    ]


def of_stick(key: str) -> Source:
    """Return what the stick is now."""
    return lambda witness: [truth.stick(witness.han)[key]]


def pairing(witness: Witness) -> list[Any]:
    """Return what the hub has made of the CAD, in the words of a request that was granted, or undone."""
    standing = truth.stick(witness.han)["standing"]
    return [{"member": "paired", "left": "unpaired"}.get(standing, standing)]

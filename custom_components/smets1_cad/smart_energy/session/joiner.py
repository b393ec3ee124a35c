"""Find the hub and join it, once; and when to try again."""

from asyncio import FIRST_COMPLETED, ensure_future, wait
from collections.abc import Awaitable, Sequence

from zigpy.types import KeyData

from ..network import (
    OTHER_CHANNELS,
    PREFERRED_CHANNELS,
    Beacon,
    HanRadio,
    JoinError,
    JoinRefused,
    Network,
    NoHubHeard,
    NotPermitted,
    NotSmartEnergy,
    WrongInstallCode,
)
from .const import LOGGER, Timings

MOST_JOINS: int = 10
"""Joins to try in one round (SE 1.4, 5.5.5.1)."""


async def scan(radio: HanRadio) -> list[Beacon]:
    """Return the networks that let devices join: on the channels of Smart Energy, else on the rest.

    Raises:
        NoHubHeard: nothing was heard at all.
        NotPermitted: networks were heard, none of which lets devices join.
    """
    heard: list[Beacon] = []
    for channels in (PREFERRED_CHANNELS, OTHER_CHANNELS):
        found = await radio.scan(channels)
        heard += found
        if open_ones := [beacon for beacon in found if beacon.permits_joining]:
            return open_ones
    if heard:
        raise NotPermitted(
            "Networks were heard, but none lets devices join now. The supplier has to add the CAD to the hub; it opens "
            "for an hour at most."
        )
    raise NoHubHeard(
        "No network was heard. Move the stick nearer to the hub, on an extension cable, away from USB 3 ports."
    )


async def join_any(
    radio: HanRadio, beacons: Sequence[Beacon], link_key: KeyData
) -> Network:
    """Try the networks in turn, each once, until one takes the CAD in.

    A neighbour's hub may be open at the same time: only the right one has the key.

    Raises:
        JoinError: what the most telling of the refusals was.
    """
    refusals: list[JoinError] = []
    for beacon in beacons[:MOST_JOINS]:
        try:
            return await radio.join(beacon, link_key)
        except JoinError as err:
            LOGGER.debug("A hub did not take the CAD in: %s", err)
            refusals.append(err)
    raise max(refusals, key=_telling)


def _telling(error: JoinError) -> int:
    """How much a refusal says, for the one to show where hubs refuse differently."""
    order: list[type[JoinError]] = [
        JoinError,
        NoHubHeard,
        NotSmartEnergy,
        JoinRefused,
        WrongInstallCode,
    ]
    return order.index(type(error)) if type(error) in order else 0


class JoinPace:
    """When to try to join: at once, each minute for a quarter of an hour, then hourly.

    On a person's or the supplier's word it begins anew, and so it does with a new session;
    the distance of a minute is kept all the same, however often that happens in one process.
    """

    def __init__(self, timings: Timings, now: float) -> None:
        """Begin at a monotonic time."""
        self._timings = timings
        self._began = self._failed = now

    def begin_anew(self, now: float) -> float:
        """Return the seconds until the next try, which is the first of another quarter of an hour."""
        wait = max(self._failed + self._timings.join_often - now, 0.0)
        self._began = now + wait
        return wait

    def wait(self, now: float, error: JoinError) -> float:
        """Return the seconds until the next try, after one that has just failed.

        A hub that is open but refuses may take the CAD in later in its window: hubs
        want a device that they knew before to use its old key in the first half.
        """
        self._failed = now
        if now - self._began < self._timings.join_often_for:
            return self._timings.join_often
        if isinstance(error, JoinRefused | WrongInstallCode):
            return self._timings.join_refused
        return self._timings.join_rarely


async def first_of(*waits: Awaitable[object]) -> None:
    """Return when the first of some waits ends; cancel the others."""
    tasks = [ensure_future(one) for one in waits]
    try:
        await wait(tasks, return_when=FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()

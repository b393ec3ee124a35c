"""Read the hub in its time: each fuel at its pace, keep-alive, and what to do about silence."""

from asyncio import Future, Lock, get_running_loop
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ...cad.errors import CadError, NotKept
from ...cad.link import LinkState
from ...cad.models import Fuel
from ...cad.pacing import Burst, TooSoon, jittered
from ..errors import EgressDenied
from .const import LOGGER
from .context import Context
from .discovery import discover, find_endpoints
from .errors import (
    HubRefused,
    HubSilent,
    KeyRefused,
    NoHubServices,
    NotRunning,
    no_consent_for,
)
from .link import HubLink

_SILENT_BURSTS: Final = 3
"""Bursts in a row without an answer before it is found out what is wrong."""


_PATIENCE: Final = timedelta(minutes=1)
"""How far away the next burst may be for somebody to wait for it."""

_STORE_REST: Final = timedelta(minutes=5)
"""How long a store that did not take something is left alone."""


@dataclass(slots=True, eq=False)
class _Errand:
    """A profile that somebody waits for."""

    fuel: Fuel
    channel: int
    end_time: int
    periods: int
    done: Future[None]

    def end(self, error: CadError | None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)


def _interrupted() -> NotRunning:
    return NotRunning(
        "The connection to the meters was lost meanwhile. Ask again later."
    )


class Poller:
    """Reads one link until it is cancelled, or something ends it."""

    def __init__(
        self,
        context: Context,
        link: HubLink,
        fuels: Callable[[], frozenset[Fuel]],
        found: Callable[[], None],
    ) -> None:
        """Prepare to read.

        Args:
            context: the session's parts.
            link: the connection to the hub.
            fuels: the fuels that may be read, by consent.
            found: called when a meter was found that was not there before.
        """
        self._context = context
        self._link = link
        self._fuels = fuels
        self._found = found
        self._lock = Lock()
        self._silent = 0
        self._is_closed = False
        self._unkept: set[Fuel] = set()
        self._keep_from = 0.0
        self._errands: list[_Errand] = []

    async def run(self) -> None:
        """Read for ever.

        Raises:
            HubSilent: the hub is gone.
            KeyRefused: the hub does not take the link key any more.
            ConsentMissing: consent ended.
            RadioLost: the stick stopped answering.
        """
        clock, keep_alive = self._context.clock, self._link.keep_alive
        due: dict[Fuel | None, float] = dict.fromkeys(Fuel, clock.monotonic())
        due[None] = clock.monotonic() + keep_alive.every
        look = clock.monotonic() + self._context.timings.rediscover
        while True:
            now = clock.monotonic()
            for fuel in Fuel:
                if not self._is_read(fuel):
                    due[fuel] = max(due[fuel], now + self._context.timings.rediscover)
            what = min(due, key=lambda one: due[one])
            await clock.sleep(due[what] - now)
            self._context.require_consent()
            if what is None:
                await keep_alive.beat()
                due[what] = clock.monotonic() + keep_alive.every
            else:
                wait = await self._cycle(what)
                due[what] = clock.monotonic() + wait.total_seconds()
            if clock.monotonic() >= look:
                due |= dict.fromkeys(await self._look_again(), clock.monotonic())
                look = clock.monotonic() + self._context.timings.rediscover

    async def _look_again(self) -> set[Fuel]:
        """Look for meters that joined after the CAD; return the fuels that have one now.

        Asks nothing where every fuel that consent covers has its meter. What the hub
        no longer shows stays in the record: a meter may be off for a while.

        Raises: as `run`, but for silence, which reading notices.
        """
        context, link = self._context, self._link
        lacking = {fuel for fuel in self._fuels() if not self._is_read(fuel)}
        if not lacking or self._rest:
            return set()
        async with self._lock:
            try:
                found = await find_endpoints(context.radio.hub, context.timings.reply)
                for number, place in found.items():
                    known = context.record.endpoints.setdefault(number, place)
                    known.clusters = place.clusters | known.clusters
                    link.exchange.hear(number, place.clusters)
                await discover(
                    link.exchange, context.record, context.gate, self._fuels()
                )
            except (HubSilent, NoHubServices, EgressDenied) as err:
                LOGGER.debug("No further meter was found: %s", err)
            finally:
                await self._keep()
        come = {fuel for fuel in lacking if self._is_read(fuel)}
        if come:
            self._found()
        return come

    def _is_read(self, fuel: Fuel) -> bool:
        return fuel in self._fuels() and bool(self._link.reader.meters(fuel))

    async def _cycle(self, fuel: Fuel) -> timedelta:
        """Read a fuel if it may be read now; return how long to wait for the next time."""
        try:
            await self.read(fuel)
        except TooSoon as err:
            return err.wait
        except HubSilent:
            await self._diagnose()
        except NotKept as err:
            self._tell_unkept(fuel, err)
            return _STORE_REST
        except (HubRefused, EgressDenied) as err:
            LOGGER.debug("The %s meter was not read: %s", fuel, err)
        interval = jittered(self._context.config.interval(fuel))
        return max(interval, self._rest)

    @property
    def _rest(self) -> timedelta:
        """How long the hub is left alone after failures; zero while it answers."""
        return timedelta(seconds=self._context.breaker.remaining)

    async def read(self, fuel: Fuel) -> None:
        """Ask one fuel's meter, as one burst.

        Raises:
            TooSoon: pacing does not allow it yet, or the hub is left alone after failures.
            ConsentMissing: consent ended, perhaps while others were read.
            NotRunning: the connection ended while others were read.
            NotKept: that it is asked now could not be stored; it was not asked.
            HubSilent: no answer came.
            HubRefused: the hub answered with a failure.
            KeyRefused: the hub does not know the link key.
            RadioLost: the stick stopped answering.
        """
        context = self._context
        if rest := self._rest:
            raise TooSoon(fuel, wait=rest, now=context.clock.now_utc())
        async with self._lock:
            self._require_open(fuel)
            try:
                await self._read(fuel)
                await self._renew()
            finally:
                await self._keep_what_was_learnt()
        self._silent = 0
        self._link.keep_alive.missed = 0
        context.breaker.success()
        self._tell_kept(fuel)

    def _require_open(self, fuel: Fuel) -> None:
        """Make sure that a fuel may still be read, by whoever waited for his turn."""
        if self._is_closed:
            raise _interrupted()
        self._context.require_running()
        if fuel not in self._fuels():
            raise no_consent_for(fuel)

    async def _read(self, fuel: Fuel) -> None:
        context = self._context
        async with context.pacer.burst(context.han, fuel) as burst:
            with context.gate.during(burst):
                try:
                    await self._link.reader.read_meters(fuel, burst)
                    await self._link.reader.identify(fuel, burst)
                    await self._run_errands(fuel, burst)
                    await self._link.reader.do_chores(fuel, burst)
                except HubSilent:
                    self._silent += 1
                    context.counters["replies_missed"] += 1
                    context.breaker.failure()
                    raise
                except HubRefused:
                    context.counters["requests_refused"] += 1
                    context.breaker.failure()
                    raise
                finally:
                    context.counters["frames_for_readings"] += burst.frames

    async def _renew(self) -> None:
        """Read anew the scaling of a meter that is another, or runs other software, and tell of it."""
        context, link = self._context, self._link
        if not link.reader.renewed:
            return
        try:
            await discover(link.exchange, context.record, context.gate, self._fuels())
        except (HubSilent, EgressDenied) as err:
            LOGGER.debug("It is tried again in the next cycle: %s", err)
            return
        link.reader.renewed = False
        await self._keep()
        self._found()

    async def _keep_what_was_learnt(self) -> None:
        """Store what the hub has and has not, also when the session is being stopped."""
        if (
            self._link.reader.learnt
            and self._context.clock.monotonic() >= self._keep_from
        ):
            await self._keep()

    async def _keep(self) -> None:
        """Store the record. It can be learnt anew, so that a store that does not take it ends nothing."""
        reader, clock = self._link.reader, self._context.clock
        reader.learnt = False
        try:
            await self._context.save()
        except NotKept as err:
            LOGGER.debug("What was learnt of the hub was not stored: %s", err)
            reader.learnt = True
            self._keep_from = clock.monotonic() + _STORE_REST.total_seconds()

    def _tell_unkept(self, fuel: Fuel, error: NotKept) -> None:
        """Say that a fuel is not read because that cannot be stored, also to who waits for it."""
        if not self._unkept:
            LOGGER.warning("The %s meter is not asked: %s", fuel, error)
        self._unkept.add(fuel)
        self._context.status(LinkState.RUNNING, error, _STORE_REST.total_seconds())
        for errand in [one for one in self._errands if one.fuel is fuel]:
            self._errands.remove(errand)
            errand.end(error)

    def _tell_kept(self, fuel: Fuel) -> None:
        """Take that back."""
        if fuel not in self._unkept:
            return
        self._unkept.remove(fuel)
        if not self._unkept:
            LOGGER.info("The meters are asked again")
            self._context.status(LinkState.RUNNING)

    async def fetch_profile(
        self, fuel: Fuel, channel: int, end_time: int, periods: int
    ) -> None:
        """Ask a meter for its half-hourly log, in the fuel's next burst if that is soon.

        Raises:
            TooSoon: the next burst is more than `_PATIENCE` away.
            CadError: as `read`.
        """
        context = self._context
        wait = max(context.pacer.wait(context.han, fuel), self._rest)
        if wait > _PATIENCE:
            raise TooSoon(fuel, wait=wait, now=context.clock.now_utc())
        errand = _Errand(
            fuel, channel, end_time, periods, get_running_loop().create_future()
        )
        self._errands.append(errand)
        try:
            if not wait:
                with suppress(TooSoon):
                    await self.read(fuel)
            await errand.done
        finally:
            if errand in self._errands:
                self._errands.remove(errand)

    async def _run_errands(self, fuel: Fuel, burst: Burst) -> None:
        """Do what people asked for of this fuel, as far as the burst has room."""
        for errand in [one for one in self._errands if one.fuel is fuel]:
            if not burst.frames_left:
                break
            self._errands.remove(errand)
            try:
                await self._link.reader.fetch_profile(
                    fuel, errand.channel, errand.end_time, errand.periods
                )
            except HubRefused as err:
                errand.end(err)
            except BaseException:
                errand.end(_interrupted())
                raise
            else:
                errand.end(None)

    def close(self) -> None:
        """End what people are waiting for; whoever waits for his turn finds out when it comes."""
        self._is_closed = True
        while self._errands:
            self._errands.pop().end(_interrupted())

    async def _diagnose(self) -> None:
        """After some silence: is the hub gone, or does it only not take the key?

        Raises:
            HubSilent: it is gone.
            KeyRefused: it is there, so it must have retired the key.
        """
        context = self._context
        if self._silent % _SILENT_BURSTS:
            return
        await find_endpoints(context.radio.hub, context.timings.reply)
        try:
            await self._link.keep_alive.prove()
        except HubSilent as err:
            raise KeyRefused(
                "The hub is there, but does not answer under the link key. Key establishment is run again."
            ) from err

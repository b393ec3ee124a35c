"""The stages of a session on its way to readings: each does its work and names the next."""

from asyncio import Event
from collections.abc import Awaitable, Callable, Sequence
from math import inf

from ...cad.errors import CadError
from ...cad.link import LinkState
from ...cad.models import Fuel
from ..cbke import Remedy, RetryPlan
from ..const import ClusterId
from ..errors import KeyEstablishmentError
from ..network import (
    OTHER_CHANNELS,
    PREFERRED_CHANNELS,
    Beacon,
    ForeignNetwork,
    JoinError,
    Network,
    RejoinFailed,
)
from . import joiner
from .const import LOGGER
from .context import Context
from .discovery import discover, endpoints_with, find_endpoints
from .errors import HubSilent, KeyRefused, NoCredentials, NoHubServices, RemovedFromHan
from .keying import KeyExchange, KeyExchangeFailed
from .link import HubLink, LinkListener
from .record import HanRecord

type Stage = Callable[[], Awaitable[Stage]]

_SILENCES: int = 4
"""Unanswered attempts of one stage before the way back to the hub is looked for."""


class Stages:
    """Connect, join, authorise, discover; and rejoin. `serve` is whoever polls."""

    def __init__(
        self,
        context: Context,
        listener: LinkListener,
        serve: Callable[[HubLink], Awaitable[None]],
        fuels: Callable[[], frozenset[Fuel]],
    ) -> None:
        """Prepare.

        Args:
            context: the session's parts.
            listener: takes every frame of the hub.
            serve: reads the hub until it is cancelled or raises.
            fuels: the fuels that consent covers.
        """
        self._context = context
        self._listener = listener
        self._serve = serve
        self._fuels = fuels
        self._link: HubLink | None = None
        self._join_now = Event()

    def close(self) -> None:
        """Stop listening to the hub."""
        if self._link is not None:
            self._link.close()
            self._link = None

    async def finish(self) -> None:
        """Take the answer that is on its way, so that it need not be asked for again; ask nothing more."""
        if self._link is not None:
            await self._link.exchange.finish(self._context.timings.last_reply)

    def hurry(self) -> None:
        """Try to join now instead of when it is due, and often again from now on."""
        self._join_now.set()

    async def connect(self) -> Stage:
        """Open the stick; take up its network if it is this session's."""
        context = self._context
        context.status(LinkState.DISCONNECTED)
        self.close()
        await context.open_stick()
        context.radio.set_gate(context.gate.check)
        network = await context.radio.resume()
        if network is None:
            if context.record.extended_pan_id is not None:
                await context.forget_join()
                raise RemovedFromHan(
                    "The CAD is no longer on the HAN: the hub told it to leave, or the stick's memory was erased. Ask the "
                    "supplier to pair it anew."
                )
            return self.join
        await self._recognise(network)
        return self.authorise

    async def _recognise(self, network: Network) -> None:
        """Go on only with the network that this pairing joined.

        That may be without its record: Home Assistant was killed, or the session stopped, while the stick joined.
        """
        record = self._context.record
        known = str(network.extended_pan_id), str(network.trust_centre)
        if record.is_for(*known):
            return
        if record.extended_pan_id is not None or not record.may_be_on(known[0]):
            raise _foreign_network()
        await self._begin_record(network)

    async def leave(self) -> None:
        """Open the stick, and leave the network that this pairing joined, or may have joined.

        Raises:
            WrongStick: another stick is at the port. It is as it was.
            ForeignNetwork: the stick is on another network, and stays there.
            RadioLost: it cannot be opened, or stopped answering.
        """
        context = self._context
        await context.open_stick()
        record = context.record
        if record.extended_pan_id is None and not record.tried:
            return
        if (network := await context.radio.resume()) is None:
            return
        if not record.may_be_on(str(network.extended_pan_id)):
            raise _foreign_network()
        await context.radio.leave()

    async def _begin_record(self, network: Network) -> None:
        context = self._context
        context.record = HanRecord(
            extended_pan_id=str(network.extended_pan_id),
            trust_centre=str(network.trust_centre),
        )
        context.gate.joined()
        await context.save()

    async def join(self) -> Stage:
        """Look for a hub that takes the CAD in, for as long as it takes."""
        context = self._context
        await self._check_credentials()
        await self._rest_after_a_join()
        pace = joiner.JoinPace(context.timings, context.clock.monotonic())
        # The first try is at once anyway.
        self._join_now.clear()
        while True:
            context.require_consent()
            try:
                context.status(LinkState.SCANNING)
                beacons = await joiner.scan(context.radio)
                context.status(LinkState.JOINING)
                context.counters["joins_tried"] += 1
                await self._note_tried(beacons)
                self._note_join()
                network = await joiner.join_any(
                    context.radio, beacons, context.config.link_key
                )
            except JoinError as err:
                await self._wait_to_join(pace, err)
                continue
            context.pacer.join_failed.pop(self._cad, None)
            await self._begin_record(network)
            return self.authorise

    @property
    def _cad(self) -> str:
        """What names the CAD to the pacer."""
        return str(self._context.radio.eui64)

    def _note_join(self) -> None:
        """Take a try to join for one in vain, until it was not: it may be broken off."""
        context = self._context
        context.pacer.join_failed[self._cad] = context.clock.monotonic()

    async def _rest_after_a_join(self) -> None:
        """Keep the distance to the last try of an earlier session: nobody's reload is a reason to press a hub."""
        context = self._context
        now = context.clock.monotonic()
        failed = context.pacer.join_failed.get(self._cad, -inf)
        if (wait := failed + context.timings.join_often - now) > 0:
            context.status(LinkState.NOT_JOINED, wait=wait)
            await context.clock.sleep(wait)

    async def _note_tried(self, beacons: Sequence[Beacon]) -> None:
        """Put on record which networks may take the CAD in from now on.

        Raises:
            NotKept: it could not be stored; none of them may.
        """
        record = self._context.record
        tried = {str(one.extended_pan_id) for one in beacons[: joiner.MOST_JOINS]}
        if tried <= (before := record.tried):
            return
        record.tried = before | tried
        try:
            await self._context.save()
        except BaseException:
            record.tried = before
            raise

    async def _wait_to_join(self, pace: joiner.JoinPace, error: JoinError) -> None:
        """Wait for the next try after one that failed, or until somebody wants it tried now."""
        context = self._context
        self._note_join()
        wait = pace.wait(context.clock.monotonic(), error)
        context.status(LinkState.NOT_JOINED, error, wait)
        await joiner.first_of(context.clock.sleep(wait), self._join_now.wait())
        if not self._join_now.is_set():
            return
        self._join_now.clear()
        if (wait := pace.begin_anew(context.clock.monotonic())) > 0:
            context.status(LinkState.NOT_JOINED, error, wait)
            await context.clock.sleep(wait)

    async def _check_credentials(self) -> None:
        """Do not take up a place on the hub's list that could never be used."""
        context = self._context
        if (
            not context.config.credentials
            and await context.radio.stick_cbke(0b11) is None
        ):
            raise NoCredentials(
                "There is no device certificate, neither in the stick nor given here. Without one the hub gives no data. "
                "Load the certificate that belongs to the CAD's EUI-64."
            )

    async def authorise(self) -> Stage:
        """Make sure of the link key: the stored one if the hub takes it, else a new one."""
        context = self._context
        context.status(LinkState.JOINED)
        link = await self._patiently(self._make_link)
        if context.record.authorised and not await self._key_works(link):
            context.counters["keys_refused"] += 1
            context.record.authorised = False
        if not context.record.authorised:
            context.status(LinkState.KEY_ESTABLISHMENT)
            await self._establish_key()
            context.record.authorised = True
            context.record.doubt()
            await context.save()
        return self.discover

    async def _make_link(self) -> HubLink:
        """Listen to every server of the hub; find them first, once per join."""
        context = self._context
        self.close()
        if not context.record.endpoints:
            context.record.endpoints = await find_endpoints(
                context.radio.hub, context.timings.reply
            )
            await context.save()
        self._link = HubLink(context, self._listener)
        return self._link

    async def _key_works(self, link: HubLink) -> bool:
        """Whether the hub answers under the stored key; raises if it does not answer at all."""
        try:
            await link.keep_alive.prove()
        except KeyRefused:
            return False
        except HubSilent:
            # A hub that has retired the key drops what comes under it; is it there?
            await find_endpoints(self._context.radio.hub, self._context.timings.reply)
        else:
            return True
        try:
            await link.keep_alive.prove()
        except HubSilent, KeyRefused:
            return False
        return True

    async def _establish_key(self) -> None:
        """Run key establishment until there is a key that the hub takes.

        Raises:
            KeyEstablishmentError: for a reason that waiting does not mend.
        """
        context, plan = self._context, RetryPlan()
        while True:
            context.counters["key_establishments"] += 1
            try:
                await self._establish_key_once()
            except KeyExchangeFailed as err:
                LOGGER.debug("Key establishment ended: %s", err.failure)
                wait = plan.failed(err.failure)
                if err.failure.remedy is Remedy.LEAVE_NETWORK:
                    await context.radio.leave()
                    await context.forget_join()
                if wait is None:
                    raise
                error: CadError = err
            except KeyRefused as err:
                error, wait = err, context.timings.key_pause
            else:
                context.counters["keys_established"] += 1
                return
            context.status(LinkState.KEY_ESTABLISHMENT, error, wait)
            await context.clock.sleep(wait)

    async def _establish_key_once(self) -> None:
        context = self._context
        assert self._link is not None
        places = endpoints_with(context.record, ClusterId.KEY_ESTABLISHMENT)
        if not places:
            raise NoHubServices(
                "The hub offers no key establishment. Ask the supplier whether it is a Smart Energy hub."
            )
        cluster = self._link.exchange.cluster(places[0], ClusterId.KEY_ESTABLISHMENT)
        keys = KeyExchange(self._link.exchange, cluster, self._link.exchange.hub.ieee)
        with self._link.handing_keys_to(keys):
            offered = await keys.offered_suites()
            stick = await context.radio.stick_cbke(offered)
            if stick is not None:
                await keys.in_stick(stick)
                return await self._prove_key()
            if not context.config.credentials:
                raise KeyEstablishmentError(
                    f"The hub offers suites 0x{offered:04X}, for which the stick has no certificate. Load one here.",
                    reason="key_establishment_unsupported_suite",
                )
            key = await keys.on_host(
                context.config.credentials, offered, context.clock.now_utc
            )
        await context.radio.install_link_key(key)
        return await self._prove_key()

    async def _prove_key(self) -> None:
        """Read once under the new key; a stick that does not use it yet is opened anew."""
        link = await self._current_link()
        try:
            await link.keep_alive.prove()
        except HubSilent, KeyRefused:
            LOGGER.debug("The stick does not use the new link key yet; opening it anew")
            await self._context.radio.restart()
            link = await self._current_link()
            try:
                await link.keep_alive.prove()
            except HubSilent as err:
                raise KeyRefused(
                    "The hub does not answer under the new link key. Key establishment is run again."
                ) from err

    async def _current_link(self) -> HubLink:
        """Return the link to the hub as the stick knows it now; it may have been opened anew."""
        if self._link is None or self._link.exchange.hub is not self._context.radio.hub:
            return await self._make_link()
        return self._link

    async def discover(self) -> Stage:
        """Find out what there is to read."""
        context = self._context
        context.status(LinkState.DISCOVERING)

        async def look() -> None:
            assert self._link is not None
            await discover(
                self._link.exchange, context.record, context.gate, self._fuels()
            )

        try:
            await self._patiently(look)
        finally:
            await context.save()
        return self.serve

    async def serve(self) -> Stage:
        """Read, until something ends it."""
        assert self._link is not None
        self._context.status(LinkState.RUNNING)
        await self._serve(self._link)
        return self.serve

    async def rejoin(self) -> Stage:
        """Find the way back to the hub, for as long as it takes.

        Raises:
            RemovedFromHan: the stick has no network any more; the hub told it to leave.
        """
        context, timings = self._context, self._context.timings
        self.close()
        context.counters["rejoins"] += 1
        tries, wait = 0, timings.rejoin_first
        while True:
            context.require_consent()
            context.status(LinkState.REJOINING)
            # Under the network key, then by the trust centre; here, then everywhere.
            secured, everywhere = tries % 2 == 0, tries % 4 >= 2
            try:
                await context.radio.rejoin(secured=secured, all_channels=everywhere)
            except RejoinFailed as err:
                if not await context.radio.holds_network():
                    await context.forget_join()
                    raise RemovedFromHan(
                        "The hub told the CAD to leave. Ask the supplier why, and to pair it anew if that was a mistake."
                    ) from err
                tries += 1
                if tries % 4:
                    continue
                context.status(LinkState.REJOINING, await self._why_not_back(err), wait)
                await context.clock.sleep(wait)
                rounds = tries // 4
                wait = (
                    min(wait * 2, timings.rejoin_longest)
                    if rounds < timings.rejoins_often
                    else timings.rejoin_rarely
                )
            else:
                # A hub restarts with other firmware, too.
                context.record.doubt()
                return self.authorise

    async def _why_not_back(self, error: RejoinFailed) -> CadError:
        """Tell a hub that is out of reach from one that is there and does not take the CAD back."""
        context = self._context
        for channels in (PREFERRED_CHANNELS, OTHER_CHANNELS):
            for beacon in await context.radio.scan(channels):
                if str(beacon.extended_pan_id) == context.record.extended_pan_id:
                    return RemovedFromHan(
                        "The hub is there, but does not take the CAD back: it was probably removed from the hub's list. "
                        "Ask the supplier; it is tried again meanwhile."
                    )
        return error

    async def _patiently[ResultT](
        self, work: Callable[[], Awaitable[ResultT]]
    ) -> ResultT:
        """Do something that the hub may leave unanswered, a few times, further and further apart."""
        context, wait = self._context, self._context.timings.settle * 20
        for _ in range(_SILENCES - 1):
            try:
                return await work()
            except HubSilent as err:
                LOGGER.debug("Asking again in %.0f s: %s", wait, err)
                await context.clock.sleep(wait)
                wait *= 2
        return await work()


def _foreign_network() -> ForeignNetwork:
    return ForeignNetwork(
        "The stick is on a network that this pairing did not join. It was left untouched. Use a separate stick for your "
        "meter."
    )

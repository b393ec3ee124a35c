"""The HAN session: from an unopened stick to readings, and back again after every mishap."""

from asyncio import (
    FIRST_COMPLETED,
    CancelledError,
    Event,
    Lock,
    Task,
    create_task,
    wait,
)
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, override

from ...cad.clock import SYSTEM_CLOCK, Clock
from ...cad.errors import CadError, NotKept
from ...cad.link import (
    NO_CAPABILITIES,
    CadLink,
    Capabilities,
    ConsentMissing,
    Grant,
    LinkState,
    LinkStatistics,
    LinkStatus,
    StatusListener,
    UpdateListener,
)
from ...cad.models import CadUpdate, Fuel
from ...cad.pacing import Pacer
from ..const import ClusterId
from ..device import HanFrame
from ..network import HanRadio, RadioEvent, RadioLost
from ..quirks import Capability
from ..values.profile import Channel
from ..values.time import utc_to_raw
from .const import LOGGER
from .context import Context, SessionConfig
from .deviations import quirk_of
from .errors import NOT_CONNECTED, HubSilent, KeyRefused, NotRunning, no_consent_for
from .link import HubLink
from .polling import Poller
from .record import HanStore
from .stages import Stage, Stages
from .telling import Teller

_ON_THE_HAN: Final = frozenset(
    {
        LinkState.JOINED,
        LinkState.KEY_ESTABLISHMENT,
        LinkState.DISCOVERING,
        LinkState.RUNNING,
    }
)
"""States in which the loss of the network is news."""


class _ConnectionLost(Exception):
    """The stick is gone."""


class _NetworkLost(Exception):
    """The stick lost the network."""


class HanSession(CadLink):
    """A Zigbee radio as a CAD.

    One session per stick. It keeps going until it is stopped, or until it meets
    something that waiting does not mend (state FAILED, with the reason).
    """

    def __init__(
        self,
        radio: HanRadio,
        config: SessionConfig,
        *,
        pacer: Pacer,
        store: HanStore,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Prepare; nothing is opened before `start`.

        Args:
            radio: the stick.
            config: the install code's key, certificates and intervals.
            pacer: the process's one pacer, loaded.
            store: keeps the join across restarts.
            clock: for everything but the waiting for replies.
        """
        self._clock = clock
        self._context = Context(
            radio=radio,
            pacer=pacer,
            store=store,
            clock=clock,
            config=config,
            set_status=self._set_status,
            has_consent=self._has_consent,
        )
        self._stages = Stages(self._context, self._take_frame, self._serve, self._fuels)
        self._status = LinkStatus(state=LinkState.DISCONNECTED, since=clock.now_utc())
        self._grant: Grant | None = None
        self._task: Task[None] | None = None
        self._teller: Teller | None = None
        self._poller: Poller | None = None
        self._stopping = Lock()
        self._lost: Event = Event()
        self._loss: type[Exception] = _ConnectionLost
        self._update_listeners: list[UpdateListener] = []
        self._status_listeners: list[StatusListener] = []

    # What people see.

    @property
    @override
    def status(self) -> LinkStatus:
        return self._status

    @property
    @override
    def capabilities(self) -> Capabilities:
        record = self._context.record
        endpoints = record.endpoints
        if not record.authorised:
            return NO_CAPABILITIES

        def has(number: int, capability: Capability) -> bool:
            return capability not in quirk_of(record, number).lacking

        def fuels_with(cluster_id: int, capability: Capability) -> frozenset[Fuel]:
            return frozenset(
                place.fuel or Fuel.ELECTRICITY
                for number, place in endpoints.items()
                if cluster_id in place.clusters and has(number, capability)
            )

        meters = frozenset(
            place.fuel
            for place in endpoints.values()
            if place.fuel is not None and ClusterId.METERING in place.clusters
        )
        return Capabilities(
            fuels=meters,
            tariff=fuels_with(ClusterId.PRICE, Capability.PRICE) & meters,
            profile=frozenset(
                place.fuel
                for number, place in endpoints.items()
                if place.fuel is not None
                and has(number, Capability.PROFILE)
                and (known := place.clusters.get(ClusterId.METERING)) is not None
                and 0x00 not in known.refused
            ),
            prepayment=fuels_with(ClusterId.PREPAYMENT, Capability.PREPAYMENT) & meters,
            messages=bool(fuels_with(ClusterId.MESSAGING, Capability.MESSAGES)),
        )

    @property
    @override
    def statistics(self) -> LinkStatistics:
        context = self._context
        counters = dict(context.counters)
        counters["pacing_refused"] = sum(context.pacer.refused.values())
        counters["egress_denied"] = sum(context.gate.guard.denied.values())
        counters["breaker_openings"] = context.breaker.openings
        lqi = rssi = None
        with suppress(RadioLost):
            lqi, rssi = context.radio.hub.lqi, context.radio.hub.rssi
            counters["frames_unencrypted"] = context.radio.hub.dropped_unencrypted
        return LinkStatistics(counters=counters, signal_lqi=lqi, signal_rssi=rssi)

    @property
    @override
    def firmware(self) -> str:
        return self._context.firmware

    @override
    def findings(self) -> dict[str, Any]:
        context = self._context
        return {
            "endpoints": {
                str(number): {
                    "device_id": f"0x{place.device_id:04X}",
                    "fuel": place.fuel,
                    "clusters": {
                        f"0x{cluster_id:04X}": {
                            "answered": sorted(known.supported | known.static.keys()),
                            "missing": sorted(known.missing),
                            "refused": sorted(known.refused),
                        }
                        for cluster_id, known in sorted(place.clusters.items())
                    },
                }
                for number, place in sorted(context.record.endpoints.items())
            },
            "next_allowed": {
                fuel.value: context.pacer.next_allowed(context.han, fuel).isoformat()
                for fuel in Fuel
            },
        }

    @override
    def on_update(self, listener: UpdateListener) -> Callable[[], None]:
        return _subscribe(self._update_listeners, listener)

    @override
    def on_status(self, listener: StatusListener) -> Callable[[], None]:
        return _subscribe(self._status_listeners, listener)

    # What people do.

    @override
    async def start(self, grant: Grant) -> None:
        if not grant.is_valid:
            raise ConsentMissing(
                "There is no consent in force. Give it in the integration's settings first."
            )
        await self.stop()
        self._grant = grant
        await self._context.load()
        if self._grant is not grant:
            # Stopped meanwhile, such as by a withdrawal.
            return
        self._context.require_consent()
        self._context.is_running = True
        self._task = create_task(self._run(), name="smets1_cad HAN session")

    @override
    async def stop(self) -> None:
        async with self._stopping:
            task, self._task = self._task, None
            if task is not None:
                if self._has_consent():
                    await self._stages.finish()
                self._context.is_running = False
                task.cancel()
                with suppress(CancelledError):
                    await task
            await self._disconnect()
            self._grant = self._poller = None
            if self._status.state is not LinkState.FAILED:
                self._set_status(LinkState.DISCONNECTED, None, None)

    @override
    async def unpair(self) -> None:
        radio = self._context.radio
        was_running = self._task is not None
        await self.stop()
        if not was_running:
            await self._context.load()
        try:
            await self._stages.leave()
        finally:
            await radio.disconnect(silence=True)
        # Where it was not left, what says of which network is kept, so that it can be another time.
        await self._context.forget_join()

    @override
    async def refresh(self, fuel: Fuel) -> None:
        await self._running(fuel).read(fuel)

    @override
    async def fetch_profile(self, fuel: Fuel, until: datetime, periods: int) -> None:
        poller = self._running(fuel)
        if fuel not in self.capabilities.profile:
            raise NotRunning(
                "The meter keeps no log that can be read.", reason="no_profile"
            )
        assert self._teller is not None
        self._teller.channel = Channel.DELIVERED
        await poller.fetch_profile(fuel, Channel.DELIVERED, utc_to_raw(until), periods)

    @override
    def doubt(self, fuel: Fuel) -> None:
        self._context.record.doubt(fuel)

    @override
    def join_now(self) -> None:
        self._stages.hurry()

    def _running(self, fuel: Fuel) -> Poller:
        if self._poller is None or not self._has_consent():
            raise NotRunning(NOT_CONNECTED)
        if fuel not in self._fuels():
            raise no_consent_for(fuel)
        return self._poller

    def _has_consent(self) -> bool:
        return self._grant is not None and self._grant.is_valid

    def _fuels(self) -> frozenset[Fuel]:
        if self._grant is None or not self._grant.is_valid:
            return frozenset()
        return self._grant.fuels

    # What goes on.

    async def _run(self) -> None:
        """Go from stage to stage; every mishap has a stage that mends it."""
        timings = self._context.timings
        stage: Stage = self._stages.connect
        pause = timings.reconnect
        stop_listening = self._context.radio.listen(self._radio_event)
        try:
            while True:
                self._context.require_consent()
                try:
                    stage = await self._until_lost(stage)
                    pause = timings.reconnect
                except KeyRefused as err:
                    LOGGER.debug("Back to key establishment: %s", err)
                    self._context.record.authorised = False
                    stage = self._stages.authorise
                except (_NetworkLost, HubSilent) as err:
                    LOGGER.debug("Looking for the way back to the hub: %r", err)
                    stage = self._stages.rejoin
                except (RadioLost, _ConnectionLost) as err:
                    error = err if isinstance(err, CadError) else _radio_gone()
                    stage = await self._reopen(error, pause)
                    pause = min(pause * 2, timings.reconnect_longest)
                except NotKept as err:
                    # Such as which network takes the CAD in: what comes next must not happen without.
                    stage = await self._reopen(err, pause)
                    pause = min(pause * 2, timings.reconnect_longest)
                except CadError:
                    raise
                except Exception:  # noqa: BLE001 - nothing may end the session unseen
                    LOGGER.exception(
                        "Something unforeseen happened; the stick is opened again"
                    )
                    stage = await self._reopen(_radio_gone(), pause)
                    pause = min(pause * 2, timings.reconnect_longest)
        except CadError as err:
            LOGGER.debug("The session ends: %s", err)
            await self._disconnect()
            self._set_status(LinkState.FAILED, err, None)
        finally:
            stop_listening()

    async def _reopen(self, error: CadError, pause: float) -> Stage:
        """Close the stick, wait, and begin anew."""
        self._context.counters["reconnects"] += 1
        await self._disconnect()
        self._set_status(LinkState.DISCONNECTED, error, pause)
        await self._clock.sleep(pause)
        return self._stages.connect

    async def _disconnect(self) -> None:
        """Close the stick. With consent it stays on the network, where it hears that it is to leave; else it is silent."""
        self._stages.close()
        await self._context.radio.disconnect(silence=not self._has_consent())

    async def _until_lost(self, stage: Stage) -> Stage:
        """Run a stage; end it when the stick or the network is lost meanwhile."""
        self._lost.clear()
        work = create_task(_awaited(stage()))
        lost = create_task(self._lost.wait())
        try:
            await wait((work, lost), return_when=FIRST_COMPLETED)
            if not work.done():
                raise self._loss
            return await work
        finally:
            self._poller = None
            for task in (work, lost):
                task.cancel()
                with suppress(CancelledError, Exception):
                    await task

    def _radio_event(self, event: RadioEvent) -> None:
        match event:
            case RadioEvent.CONNECTION_LOST:
                self._loss = _ConnectionLost
                self._lost.set()
            case RadioEvent.NETWORK_DOWN if self._status.state in _ON_THE_HAN:
                self._loss = _NetworkLost
                self._lost.set()
            case RadioEvent.NETWORK_KEY_CHANGED:
                self._context.counters["network_keys"] += 1

    async def _serve(self, link: HubLink) -> None:
        """Read the hub until something ends it."""
        self._tell_identities()
        self._poller = poller = Poller(
            self._context, link, self._fuels, self._tell_identities
        )
        try:
            await poller.run()
        finally:
            poller.close()

    def _tell_identities(self) -> None:
        """Take up what discovery found, and tell whose meters they are."""
        teller = self._tell_of()
        teller.rescale()
        for update in teller.identities():
            self._publish(update)

    def _tell_of(self) -> Teller:
        record = self._context.record
        if self._teller is None or self._teller.record is not record:
            self._teller = Teller(record, self._clock)
        return self._teller

    def _take_frame(self, frame: HanFrame) -> None:
        for update in self._tell_of().tell(frame):
            self._publish(update)

    def _publish(self, update: CadUpdate) -> None:
        """Hand an update on, unless consent does not cover it or the session is being stopped."""
        fuel, fuels = getattr(update, "fuel", None), self._fuels()
        if self._task is None or not fuels or not (fuel is None or fuel in fuels):
            return
        for listener in tuple(self._update_listeners):
            listener(update)

    def _set_status(
        self, state: LinkState, error: CadError | None, seconds: float | None
    ) -> None:
        now = self._clock.now_utc()
        status = LinkStatus(
            state=state,
            since=now if state is not self._status.state else self._status.since,
            error=error,
            next_attempt=None if seconds is None else now + timedelta(seconds=seconds),
        )
        if status == self._status:
            return
        self._status = status
        for listener in tuple(self._status_listeners):
            listener(status)


async def _awaited[ResultT](awaitable: Awaitable[ResultT]) -> ResultT:
    return await awaitable


def _radio_gone() -> RadioLost:
    return RadioLost(
        "The stick stopped answering. It is opened again; check that it is plugged in."
    )


def _subscribe[ListenerT](
    listeners: list[ListenerT], listener: ListenerT
) -> Callable[[], None]:
    listeners.append(listener)

    def stop() -> None:
        with suppress(ValueError):
            listeners.remove(listener)

    return stop

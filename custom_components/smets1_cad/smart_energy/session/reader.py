"""Read a fuel: one burst, the registers first, then what else is due."""

from collections.abc import Container
from functools import partial
from typing import Final

from ...cad.clock import Clock
from ...cad.models import Fuel
from ...cad.pacing import Burst
from ..const import ClusterId
from ..device import HanFrame
from ..numbers import READ_RESPONSE, Attributes
from .chores import CONVERSION, Chore, ChoreList
from .const import LOGGER, Interest
from .deviations import quirk_of
from .discovery import endpoints_with, keep_static
from .errors import HubRefused, HubSilent
from .exchange import Exchange
from .gate import Gate, StaticKey
from .identifying import Identities, is_news
from .plan import METERING, Plan
from .record import ClusterRecord, HanRecord
from .static import is_static

_UNSUPPORTED_ATTRIBUTE: Final = 0x86
_UNSUPPORTED_COMMANDS: Final = frozenset({0x81, 0x82, 0xC3})
"""UNSUP_CLUSTER_COMMAND, UNSUP_GENERAL_COMMAND, UNSUPPORTED_CLUSTER."""

GET_PROFILE: Final = 0x00
GET_PROFILE_RESPONSE: Final = 0x00


class Reader:
    """Reads what one hub has, a burst at a time, and learns what it has not."""

    def __init__(
        self,
        exchange: Exchange,
        record: HanRecord,
        gate: Gate,
        clock: Clock,
        interests: Container[Interest] = frozenset(Interest),
    ) -> None:
        """Read over one connection; what is learnt goes into the record."""
        self._exchange = exchange
        self._record = record
        self._gate = gate
        self._clock = clock
        self._interests = interests
        self.chores = ChoreList(record, interests)
        self._identities = Identities(record, gate, clock)
        self._plans: dict[int, Plan] = {}
        self._read_in_burst: set[StaticKey] = set()
        self.learnt = False
        """Whether the record has changed since this was last set to False."""
        self.renewed = False
        """Whether somebody has said something else of himself since this was last set to False."""

    def meters(self, fuel: Fuel) -> list[int]:
        """Return the endpoints that meter a fuel."""
        return [
            endpoint
            for endpoint in endpoints_with(self._record, ClusterId.METERING)
            if self._record.endpoints[endpoint].fuel is fuel
        ]

    async def read_meters(self, fuel: Fuel, burst: Burst) -> None:
        """Read the fuel's meters: one frame, more while they are not known.

        Keeps a frame free for what else is due. What turns gas into kWh comes first, so
        that no register is ever reckoned with an assumed calorific value and then again
        with the right one.

        Raises: as `Exchange.read`.
        """
        self._read_in_burst.clear()
        for endpoint, chore in self.chores.due(fuel, self._clock.monotonic()):
            if chore is CONVERSION:
                await self._do(endpoint, chore)
                break
        for endpoint in self.meters(fuel):
            plan = self._plan(endpoint, fuel)
            plan.begin_burst()
            await self._read_meter(endpoint, plan)
            while burst.frames_left > 1 and (
                plan.untried or self._wants_more(fuel, plan)
            ):
                await self._read_meter(endpoint, plan)

    async def identify(self, fuel: Fuel, burst: Burst) -> None:
        """Ask again who is who, where that is due and the burst has room.

        Raises: as `Exchange.read`, but for a refusal.
        """
        for place, wanted in self._identities.due(fuel):
            if not burst.frames_left:
                break
            known = self._record.endpoints[place[0]].clusters[place[1]]
            before = dict(known.static)
            self._identities.begin(place, wanted)
            self.learnt = True
            try:
                await self._exchange.read(self._exchange.cluster(*place), wanted)
            except HubRefused as err:
                LOGGER.debug("Endpoint %d does not say who it is: %s", place[0], err)
            except HubSilent:
                self._record.doubted.add(place)
                raise
            if known.static != before:
                self._identities.changed(place)
                self._plans.pop(place[0], None)
                self.renewed = True

    async def do_chores(self, fuel: Fuel, burst: Burst) -> None:
        """Spend what is left of a burst on what is due.

        Raises: as `Exchange.read`, but for a refusal.
        """
        for endpoint, chore in self.chores.due(fuel, self._clock.monotonic()):
            if not burst.frames_left:
                break
            await self._do(endpoint, chore)

    def _wants_more(self, fuel: Fuel, plan: Plan) -> bool:
        """Gas is read so rarely that all of it is read at once; of electricity the start is."""
        return fuel is Fuel.GAS and plan.unread

    def _plan(self, endpoint: int, fuel: Fuel) -> Plan:
        if endpoint not in self._plans:
            known = self._record.endpoints[endpoint].clusters[ClusterId.METERING]
            quirk = quirk_of(self._record, endpoint)
            self._plans[endpoint] = Plan(
                METERING[fuel],
                known,
                partial(quirk.may_ask, ClusterId.METERING),
                self._interests,
            )
        return self._plans[endpoint]

    async def _read_meter(self, endpoint: int, plan: Plan) -> None:
        if attributes := plan.next_request():
            await self._exchange.read(
                self._exchange.cluster(endpoint, ClusterId.METERING), attributes
            )

    async def _do(self, endpoint: int, chore: Chore) -> None:
        known = self._record.endpoints[endpoint].clusters[chore.cluster_id]
        cluster = self._exchange.cluster(endpoint, chore.cluster_id)
        self.chores.done(endpoint, chore, self._clock.monotonic())
        try:
            if chore.command_id is None:
                # Two chores may want the same; one answer serves both.
                wanted = {
                    (endpoint, chore.cluster_id, one): one
                    for one in self.chores.attributes(endpoint, chore)
                }
                unread = [
                    one for key, one in wanted.items() if key not in self._read_in_burst
                ]
                self._read_in_burst.update(wanted)
                if unread:
                    await self._exchange.read(cluster, unread)
            else:
                await self._exchange.command(
                    cluster, chore.command_id, *chore.arguments, answers=chore.answers
                )
        except HubRefused as err:
            LOGGER.debug("The hub has no answer to a request: %s", err)
            if err.status in _UNSUPPORTED_COMMANDS and chore.command_id is not None:
                known.refused.add(chore.command_id)
                self.learnt = True

    async def fetch_profile(
        self, fuel: Fuel, channel: int, end_time: int, periods: int
    ) -> None:
        """Ask the first meter of a fuel for its log: GetProfile.

        Args:
            fuel: of which meter.
            channel: 0 delivered, 1 received.
            end_time: UTCTime of the end of the newest interval; 0 for the latest.
            periods: how many at most.

        Raises: as `Exchange.command`.
        """
        endpoint = self.meters(fuel)[0]
        await self._exchange.command(
            self._exchange.cluster(endpoint, ClusterId.METERING),
            GET_PROFILE,
            channel,
            end_time,
            periods,
            answers=(GET_PROFILE_RESPONSE,),
        )

    def frame_received(self, frame: HanFrame) -> None:
        """Learn from a reply or a report which attributes the hub has, and those that do not change."""
        if (said := frame.attributes) is None:
            if is_news(frame):
                self._record.doubt()
            return
        place = self._record.endpoints.get(frame.endpoint_id)
        known = place and place.clusters.get(frame.cluster_id)
        if not known:
            return
        self.learnt |= _learn(known, said, frame.cluster_id)
        if frame.command_id == READ_RESPONSE:
            answered = keep_static(known, said, frame.cluster_id)
            self._gate.restore(
                {(frame.endpoint_id, frame.cluster_id, one) for one in answered}
            )


def _learn(known: ClusterRecord, said: Attributes, cluster_id: int) -> bool:
    before = len(known.supported), len(known.missing)
    if new := said.values.keys() - known.supported:
        known.supported |= {one for one in new if not is_static(cluster_id, one)}
    known.missing -= known.supported
    for attribute, status in said.refused.items():
        if status == _UNSUPPORTED_ATTRIBUTE:
            known.missing.add(attribute)
    return (len(known.supported), len(known.missing)) != before

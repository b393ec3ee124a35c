"""Show the trust centre that the CAD is there, and notice when it is not (SE 1.4, A.3)."""

import random

from ..const import ClusterId
from .const import KEEP_ALIVES_LOST, LOGGER, Timings
from .discovery import endpoints_with
from .errors import HubRefused, HubSilent
from .exchange import Exchange
from .record import HanRecord

_BASE = 0x0000
_JITTER = 0x0001


class KeepAlive:
    """Reads the Keep-Alive server as often as it wants to be read.

    A hub without one, as before Smart Energy 1.2, sees the CAD by its requests;
    then the Time server is read once in a while.
    """

    def __init__(self, exchange: Exchange, record: HanRecord, timings: Timings) -> None:
        """Find which server proves that the hub is there."""
        self._exchange = exchange
        self._timings = timings
        self._place: tuple[int, int] | None = None
        for cluster_id in (ClusterId.KEEP_ALIVE, ClusterId.TIME):
            if places := endpoints_with(record, cluster_id):
                self._place = places[0], cluster_id
                break
        self.missed = 0
        """Times in a row that the hub did not answer."""
        self.every = timings.keep_alive
        """Seconds to the next read."""

    async def beat(self) -> None:
        """Read once; take over how often the hub wants to be read.

        Raises:
            HubSilent: it did not answer, for the third time in a row.
            KeyRefused: the hub does not know the link key.
            RadioLost: the stick stopped answering.
        """
        try:
            await self.prove()
        except HubSilent:
            self.missed += 1
            if self.missed >= KEEP_ALIVES_LOST:
                raise
            LOGGER.debug("The hub missed a keep-alive (%d in a row)", self.missed)

    async def prove(self) -> bool:
        """Read once under the link key; return whether the hub has anything to read this way.

        Raises:
            HubSilent: it did not answer.
            KeyRefused: the hub does not know the link key.
            RadioLost: the stick stopped answering.
        """
        if self._place is None:
            return False
        endpoint, cluster_id = self._place
        wanted = [_BASE, _JITTER] if cluster_id == ClusterId.KEEP_ALIVE else [_BASE]
        try:
            frame = await self._exchange.read(
                self._exchange.cluster(endpoint, cluster_id), wanted
            )
        except HubRefused as err:
            LOGGER.debug("The hub answers a keep-alive with a failure: %s", err)
            self.missed = 0
            return True
        self.missed = 0
        if cluster_id == ClusterId.KEEP_ALIVE:
            said = frame.attributes.values if frame.attributes else {}
            base, jitter = said.get(_BASE), said.get(_JITTER)
            if isinstance(base, int) and 0 < base < 0xFF:
                spread = jitter if isinstance(jitter, int) and jitter < 0xFFFF else 0
                self.every = base * 60 + random.uniform(0, spread)
        return True

"""Who the meters, the hub and the supplier are: read at the join, and again when that may have changed.

A firmware change or an exchanged meter shows in nothing else (R3, R22). Whatever
happens, an identity is asked for at most once an hour; unless something calls it in
question, once a day. A note that it was asked for at a time to come does: either the
clock is wrong now, or it was then.
"""

from collections.abc import Mapping
from typing import Final

from ...cad.clock import Clock
from ...cad.models import Fuel
from ..clusters.types.events import EventId
from ..const import ClusterId
from ..device import HanFrame
from .discovery import BASIC_STATICS, IDENTITY_STATICS, METER_STATICS, SUPPLIER_STATICS
from .gate import Gate
from .record import HanRecord, Place

UNDOUBTED: Final = 86400.0
"""Seconds between two readings of an identity that nothing calls in question."""

DOUBTED: Final = 3600.0
"""Seconds between two readings of an identity, whatever happens."""

_IDENTITIES: Final[Mapping[int, tuple[int, ...]]] = {
    ClusterId.BASIC: BASIC_STATICS,
    ClusterId.METERING: IDENTITY_STATICS,
    ClusterId.DEVICE_MANAGEMENT: SUPPLIER_STATICS,
}
"""What tells who somebody is, by cluster; one frame each."""

_PUBLISH_EVENT: Final = 0x00
_NEWS: Final = frozenset(
    {
        int(EventId.MEASURMENT_SOFTWARE_CHANGED),
        int(EventId.FIRMWARE_ACTIVATED),
        0x0274,  # the same two in the numbering of Device Management's event configurations
        0x0801,
    }
)
"""Events after which a device may say something else of itself."""


def is_news(frame: HanFrame) -> bool:
    """Whether a frame is the hub's word that a device runs other software."""
    return (
        not frame.is_general
        and frame.cluster_id == ClusterId.EVENTS
        and frame.command_id == _PUBLISH_EVENT
        and int(frame.command.event_id) in _NEWS
    )


class Identities:
    """When to ask again, and what to forget when the answer is another."""

    def __init__(self, record: HanRecord, gate: Gate, clock: Clock) -> None:
        """Work on the record of one join."""
        self._record = record
        self._gate = gate
        self._clock = clock
        self._ahead: dict[Place, float] = {}
        """Since when notes are of a time to come, by the monotonic clock."""

    def due(self, fuel: Fuel) -> list[tuple[Place, list[int]]]:
        """Return what to ask in a burst of a fuel: endpoint and cluster, and attributes.

        What has not been asked since the join is left to discovery.
        """
        now = self._clock.now_utc().timestamp()
        due: list[tuple[Place, list[int]]] = []
        for number, endpoint in self._record.endpoints.items():
            if endpoint.fuel not in (None, fuel):
                continue
            for cluster_id, wanted in _IDENTITIES.items():
                place = number, int(cluster_id)
                known = endpoint.clusters.get(cluster_id)
                ask = [
                    one
                    for one in wanted
                    if known is not None
                    and one not in known.missing
                    and self._gate.was_read((*place, one))
                ]
                if not ask:
                    continue
                if self._elapsed(place, now) >= self._distance(place):
                    due.append((place, ask))
        return due

    def _elapsed(self, place: Place, now: float) -> float:
        """Return for how many seconds at least an identity has not been asked for."""
        elapsed = now - self._record.identified.setdefault(place, now)
        if elapsed >= 0:
            self._ahead.pop(place, None)
            return elapsed
        # A clock that was set back must not put it off for years, nor let it be asked at once.
        uptime = self._clock.monotonic()
        return uptime - self._ahead.setdefault(place, uptime)

    def _distance(self, place: Place) -> float:
        is_doubted = place in self._record.doubted or place in self._ahead
        return DOUBTED if is_doubted else UNDOUBTED

    def begin(self, place: Place, attributes: list[int]) -> None:
        """Note that an identity is asked for now, whatever comes of it, and let the request out."""
        self._record.identified[place] = self._clock.now_utc().timestamp()
        self._record.doubted.discard(place)
        self._ahead.pop(place, None)
        self._gate.forget({(*place, one) for one in attributes})

    def changed(self, place: Place) -> None:
        """Forget what was learnt of a device that is another, or runs other software.

        Its scaling stays in the record until it has been read anew.
        """
        number, cluster_id = place
        if cluster_id == ClusterId.DEVICE_MANAGEMENT:
            return
        for known in self._record.endpoints[number].clusters.values():
            known.supported.clear()
            known.missing.clear()
            known.refused.clear()
        self._gate.forget({(number, ClusterId.METERING, one) for one in METER_STATICS})

"""The clusters that say what the hub is and what time it has: Basic and Time."""

from typing import Final

from ..clock import LONDON, Clock, Instant, clock_changes, utc
from .cluster import ClusterServer, Readers, constant, text
from .meter import Firmware

BASIC: Final = 0x0000
TIME: Final = 0x000A

_ZCL_VERSION: Final = 1
_MAINS: Final = 1
_MASTER_SYNCHRONISED_ZONE: Final = 0b0111
_HOUR: Final = 3600


class BasicServer(ClusterServer):
    """Says who made a device and what runs on it."""

    cluster_id = BASIC

    def __init__(self, firmware: Firmware) -> None:
        """Serve a device's own description."""
        self.firmware = firmware

    def attributes(self, at: Instant) -> Readers:
        """Return maker, model and versions."""
        return {
            0x0000: constant(_ZCL_VERSION),
            0x0001: constant(self.firmware.application),
            0x0004: text(self.firmware.manufacturer),
            0x0005: text(self.firmware.model),
            0x0007: constant(_MAINS),
            0x4000: text(self.firmware.version),
        }


class TimeServer(ClusterServer):
    """Tells the time, and when the clocks change in Britain."""

    cluster_id = TIME

    def __init__(self, clock: Clock) -> None:
        """Serve a clock."""
        self._clock = clock
        self.offset = 0
        """Seconds by which the hub's clock is wrong; for a fault."""
        self.last_set = clock.instant()

    def attributes(self, at: Instant) -> Readers:
        """Return UTC, the zone and local time."""
        shown = at + self.offset
        begins, ends = clock_changes(shown)
        local = utc(shown).astimezone(LONDON).utcoffset()
        return {
            0x0000: constant(shown),
            0x0001: constant(_MASTER_SYNCHRONISED_ZONE),
            0x0002: constant(0),
            0x0003: constant(begins),
            0x0004: constant(ends),
            0x0005: constant(_HOUR),
            0x0006: constant(shown),
            0x0007: constant(
                shown + int(local.total_seconds()) if local is not None else None
            ),
            0x0008: constant(self.last_set),
            0x0009: constant(self.last_set + 24 * _HOUR),
        }

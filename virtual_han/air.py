"""The air between stations: beacons, association, and frames that reach whoever listens."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from .frames import is_broadcast

MAC_SUCCESS: Final = 0x00
MAC_PAN_AT_CAPACITY: Final = 0x01
MAC_ACCESS_DENIED: Final = 0x02


@dataclass(frozen=True, slots=True)
class Beacon:
    """What a coordinator answers to a scan.

    Attributes:
        channel: 11 to 26.
        pan_id: the 16-bit PAN identifier.
        extended_pan_id: 8 octets, big-endian.
        permit_joining: whether it takes associations now.
        stack_profile: 1 on older hubs, 2 for Zigbee PRO.
        update_id: the network update identifier.
        lqi: link quality, 0 to 255.
        rssi: dBm.
    """

    channel: int
    pan_id: int
    extended_pan_id: bytes
    permit_joining: bool
    stack_profile: int = 2
    update_id: int = 0
    lqi: int = 220
    rssi: int = -48


@dataclass(frozen=True, slots=True)
class AirFrame:
    """One 802.15.4 data frame: its addresses and the Zigbee network frame in it."""

    channel: int
    pan_id: int
    source: int
    destination: int
    network: bytes


class Station(Protocol):
    """Something with an antenna."""

    def beacon(self) -> Beacon | None:
        """Return the beacon that answers a scan, or None."""
        ...

    def associate(
        self, eui64: bytes, pan_id: int, *, router: bool
    ) -> tuple[int, int] | None:
        """Answer a MAC association: status and short address; None if it is for another PAN."""
        ...

    def hears(self, frame: AirFrame) -> bool:
        """Tell whether a frame is meant for this station."""
        ...

    def receive(self, frame: AirFrame) -> None:
        """Take a frame."""
        ...


type Tap = Callable[[AirFrame], None]
"""Sees every frame that is sent, whether or not anybody hears it."""


class Air:
    """Carries frames between stations, at once; lateness is a fault."""

    def __init__(self) -> None:
        """Start with nobody listening."""
        self._stations: list[Station] = []
        self.taps: list[Tap] = []
        self.damage: Callable[[AirFrame], AirFrame] | None = None

    def attach(self, station: Station) -> None:
        """Let a station hear."""
        if station not in self._stations:
            self._stations.append(station)

    def detach(self, station: Station) -> None:
        """Let a station no longer hear."""
        if station in self._stations:
            self._stations.remove(station)

    def scan(self, channel: int) -> list[Beacon]:
        """Return the beacons heard on a channel."""
        beacons = [station.beacon() for station in self._stations]
        return [
            beacon
            for beacon in beacons
            if beacon is not None and beacon.channel == channel
        ]

    def associate(
        self, eui64: bytes, pan_id: int, *, router: bool
    ) -> tuple[int, int] | None:
        """Ask the coordinator of a PAN for membership: status and short address; None if unheard."""
        for station in self._stations:
            if (answer := station.associate(eui64, pan_id, router=router)) is not None:
                return answer
        return None

    def transmit(self, sender: Station, frame: AirFrame) -> bool:
        """Send a frame; tell whether somebody acknowledged it (MAC), or it was a broadcast."""
        if self.damage is not None:
            frame = self.damage(frame)
        for tap in self.taps:
            tap(frame)
        listeners = [
            other
            for other in self._stations
            if other is not sender and other.hears(frame)
        ]
        loop = asyncio.get_running_loop()
        for station in listeners:
            loop.call_soon(station.receive, frame)
        return bool(listeners) or is_broadcast(frame.destination)

"""What can go wrong on a home area network, each by its name.

Some faults happen once, at the moment they are injected. Others stand until
they have struck a number of times, or a time has passed, or they are cleared;
several can stand at once. Chance comes from one seeded source, so that a run
repeats.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from typing import Final, Protocol

from .air import AirFrame
from .errors import UnknownFaultError
from .frames import COORDINATOR, MIC_SIZE, ApsFrame
from .hub import NETWORK_KEY_CLUSTERS, CommunicationsHub
from .stick import StickServer
from .stick.ash import RESET_WATCHDOG
from .zcl import (
    FrameType,
    General,
    Record,
    Status,
    ZclFrame,
    default_response,
    read_records,
    report,
)

LATE_SECONDS: Final = 0.3
SLOW_SECONDS: Final = 1.0
REORDER_SECONDS: Final = 0.2
REBOOT_SECONDS: Final = 0.5
CLOCK_ERROR: Final = 3600
METERING: Final = 0x0702
_REGISTERS: Final = "uint48"


class Fault(StrEnum):
    """The faults."""

    LOST = "lost"
    """A frame never arrives."""
    LATE = "late"
    """A frame arrives after a while."""
    DUPLICATED = "duplicated"
    """A frame arrives twice."""
    REORDERED = "reordered"
    """A frame arrives after the one behind it."""
    CORRUPTED = "corrupted"
    """A frame is damaged on the air; its receiver finds that out and drops it."""
    TRUNCATED = "truncated"
    """A frame was cut short before it was sealed: its receiver gets the first half."""
    COLLIDING_PUSH = "colliding_push"
    """A push carries the sequence number of a request that waits for its answer, and comes first."""
    SENTINEL = "sentinel"
    """Readings say "no value"."""
    REGISTER_DIP = "register_dip"
    """Registers read 0."""
    CLOCK_HOUR_OFF = "clock_hour_off"
    """The hub's clock is an hour fast."""
    HUB_FAILURE = "hub_failure"
    """The hub answers FAILURE."""
    SLOW_HUB = "slow_hub"
    """Every answer takes a second more."""
    SERIAL_CORRUPTED = "serial_corrupted"
    """Octets between stick and host are damaged."""
    SERIAL_LOST = "serial_lost"
    """A frame between stick and host is missing."""
    NETWORK_DOWN = "network_down"
    """The stick loses its network."""
    STICK_RESET = "stick_reset"
    """The stick restarts."""
    SOCKET_CUT = "socket_cut"
    """The connection to the stick breaks in the middle of a frame."""
    HUB_REBOOT = "hub_reboot"
    """The hub is silent for a while, and comes back."""


class Direction(StrEnum):
    """Which way the frames go that a fault strikes."""

    TO_HUB = "to_hub"
    TO_DEVICE = "to_device"


ONE_TIME: Final = frozenset(
    {Fault.NETWORK_DOWN, Fault.STICK_RESET, Fault.SOCKET_CUT, Fault.HUB_REBOOT}
)
_SERIAL: Final = frozenset({Fault.SERIAL_CORRUPTED, Fault.SERIAL_LOST})


class TimeServer(Protocol):
    """The clock that the hub shows, in as much as a fault touches it."""

    offset: int


@dataclass(slots=True)
class Standing:
    """A fault that stands.

    Attributes:
        fault: which.
        remaining: how often it may still strike; None for any number.
        probability: of striking, 0 to 1.
        direction: which frames; None for both ways.
        seconds: how long late frames, slow answers and reboots take.
    """

    fault: Fault
    remaining: int | None
    probability: float
    direction: Direction | None
    seconds: float


_SECONDS: Final[Mapping[Fault, float]] = {
    Fault.LATE: LATE_SECONDS,
    Fault.SLOW_HUB: SLOW_SECONDS,
    Fault.REORDERED: REORDER_SECONDS,
    Fault.HUB_REBOOT: REBOOT_SECONDS,
}


class Faults:
    """Injects faults into one network."""

    def __init__(
        self,
        hub: CommunicationsHub,
        stick: StickServer,
        time: TimeServer,
        random: Random,
    ) -> None:
        """Step in between hub, stick and host; until something is injected nothing changes."""
        self._hub = hub
        self._stick = stick
        self._time = time
        self._random = random
        self._standing: dict[Fault, Standing] = {}
        self._held: dict[Direction, list[Callable[[], None]]] = {
            way: [] for way in Direction
        }
        self._timers: set[asyncio.TimerHandle] = set()
        self.struck: dict[Fault, int] = dict.fromkeys(Fault, 0)
        hub.hooks.carry = self._carrier(Direction.TO_HUB)
        hub.hooks.rewrite = self._rewrite
        stick.ncp.stack.carry_with(self._carrier(Direction.TO_DEVICE))
        stick.wire_filter = self._wire
        hub.air.damage = self._damage

    # What a test or a person does.

    def inject(
        self,
        fault: Fault | str,
        *,
        count: int | None = 1,
        probability: float = 1.0,
        direction: Direction | str | None = None,
        seconds: float | None = None,
    ) -> None:
        """Let something go wrong.

        Args:
            fault: its name.
            count: how often it strikes; None until it is cleared. A slow hub and
                a wrong clock stand until they are cleared, whatever the count.
            probability: of striking each time.
            direction: "to_hub" or "to_device"; both ways by default.
            seconds: how long late frames, slow answers or a reboot take, in real time.

        Raises:
            UnknownFaultError: there is no fault or direction of this name.
        """
        try:
            fault = Fault(fault)
            way = None if direction is None else Direction(direction)
        except ValueError as err:
            names = ", ".join((*Fault, *Direction))
            raise UnknownFaultError(
                f"no such fault or direction; there are: {names}"
            ) from err
        pause = _SECONDS.get(fault, 0.0) if seconds is None else seconds
        if fault in ONE_TIME:
            self._strike_once(fault, pause)
            return
        if fault in (Fault.SLOW_HUB, Fault.CLOCK_HOUR_OFF):
            count = None
        if fault is Fault.CLOCK_HOUR_OFF:
            self._time.offset = CLOCK_ERROR
            self.struck[fault] += 1
        self._standing[fault] = Standing(fault, count, probability, way, pause)

    def clear(self, fault: Fault | str | None = None) -> None:
        """End a standing fault, or all of them; frames held back are let go."""
        ended = [*self._standing] if fault is None else [Fault(fault)]
        for one in ended:
            self._standing.pop(one, None)
            if one is Fault.CLOCK_HOUR_OFF:
                self._time.offset = 0
        for way in Direction:
            self._release(way)

    def stop(self) -> None:
        """Clear everything and drop what is late, at the end of a run."""
        self.clear()
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if not self._hub.powered:
            self._hub.power_on()

    @property
    def standing(self) -> list[Standing]:
        """The faults that stand."""
        return [*self._standing.values()]

    # Faults of a moment.

    def _strike_once(self, fault: Fault, seconds: float) -> None:
        self.struck[fault] += 1
        match fault:
            case Fault.NETWORK_DOWN:
                self._stick.ncp.stack.lose_network()
            case Fault.STICK_RESET:
                self._stick.ncp.reset(RESET_WATCHDOG)
            case Fault.SOCKET_CUT:
                self._stick.ncp.unplug(in_mid_frame=True)
            case _:
                self._hub.power_off()
                self._later(seconds, self._hub.power_on)

    # Faults that stand.

    def _strikes(self, fault: Fault, way: Direction | None = None) -> Standing | None:
        """Return a standing fault if it strikes now."""
        standing = self._standing.get(fault)
        if standing is None or (
            way and standing.direction and standing.direction is not way
        ):
            return None
        if standing.probability < 1 and self._random.random() >= standing.probability:
            return None
        if standing.remaining is not None:
            standing.remaining -= 1
            if standing.remaining <= 0:
                del self._standing[fault]
        self.struck[fault] += 1
        return standing

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        def run() -> None:
            self._timers.discard(timer)
            call()

        timer = asyncio.get_running_loop().call_later(seconds, run)
        self._timers.add(timer)

    def _carrier(
        self, way: Direction
    ) -> Callable[[Callable[[ApsFrame], None], ApsFrame], None]:
        def carry(deliver: Callable[[ApsFrame], None], frame: ApsFrame) -> None:
            if self._standing or self._held[way]:
                self._carry(way, deliver, frame)
            else:
                deliver(frame)

        return carry

    def _carry(
        self, way: Direction, deliver: Callable[[ApsFrame], None], frame: ApsFrame
    ) -> None:
        if self._strikes(Fault.LOST, way):
            return
        if self._strikes(Fault.TRUNCATED, way):
            frame = replace(frame, payload=frame.payload[: len(frame.payload) // 2])
        if standing := self._strikes(Fault.LATE, way):
            self._later(standing.seconds, lambda: deliver(frame))
            return
        if standing := self._strikes(Fault.REORDERED, way):
            self._held[way].append(lambda: deliver(frame))
            self._later(standing.seconds, lambda: self._release(way))
            return
        if way is Direction.TO_DEVICE and (standing := self._strikes(Fault.SLOW_HUB)):
            self._later(standing.seconds, lambda: deliver(frame))
            return
        deliver(frame)
        if self._strikes(Fault.DUPLICATED, way):
            deliver(frame)
        self._release(way)

    def _release(self, way: Direction) -> None:
        held, self._held[way] = self._held[way], []
        for deliver in held:
            deliver()

    def _damage(self, frame: AirFrame) -> AirFrame:
        """Change one octet of a sealed frame's content or tag."""
        way = Direction.TO_DEVICE if frame.source == COORDINATOR else Direction.TO_HUB
        if Fault.CORRUPTED not in self._standing or not self._strikes(
            Fault.CORRUPTED, way
        ):
            return frame
        octets = bytearray(frame.network)
        octets[-self._random.randrange(1, MIC_SIZE + 1)] ^= self._random.randrange(
            1, 256
        )
        return replace(frame, network=bytes(octets))

    def _rewrite(self, request: ApsFrame, reply: bytes) -> list[bytes]:
        """Change what the servers answer."""
        if not self._standing or request.cluster_id in NETWORK_KEY_CLUSTERS:
            return [reply]
        zcl = ZclFrame.from_bytes(request.payload)
        if self._strikes(Fault.HUB_FAILURE):
            return [default_response(zcl, Status.FAILURE).to_bytes()]
        answer = ZclFrame.from_bytes(reply)
        if (
            answer.frame_type is FrameType.CLUSTER
            or answer.command != General.READ_ATTRIBUTES_RESPONSE
        ):
            return [reply, reply] if self._strikes(Fault.COLLIDING_PUSH) else [reply]
        records = read_records(answer.payload)
        if self._strikes(Fault.SENTINEL):
            records = [replace(record, value=None) for record in records]
        if request.cluster_id == METERING and any(map(_is_register, records)):
            if self._strikes(Fault.REGISTER_DIP):
                records = [
                    replace(item, value=0) if _is_register(item) else item
                    for item in records
                ]
        changed = replace(
            answer, payload=b"".join(record.to_bytes() for record in records)
        ).to_bytes()
        if not self._strikes(Fault.COLLIDING_PUSH):
            return [changed]
        push = replace(
            answer,
            command=General.REPORT_ATTRIBUTES,
            payload=report([record for record in records if record.type]),
        )
        return [push.to_bytes(), changed]

    def _wire(self, octets: bytes) -> list[bytes]:
        """Damage what the stick writes to its host."""
        if self._standing.keys() & _SERIAL:
            if self._strikes(Fault.SERIAL_LOST):
                return []
            if self._strikes(Fault.SERIAL_CORRUPTED):
                middle = len(octets) // 2
                return [
                    octets[:middle]
                    + bytes([octets[middle] ^ 0x04])
                    + octets[middle + 1 :]
                ]
        return [octets]


def _is_register(record: Record) -> bool:
    return record.type is not None and record.type.name == _REGISTERS

"""Cost of one electricity reading, from the stick's bytes to the states written, beside ZHA.

Both run in one Home Assistant, in this process, in turns. Each is fed the bytes that a
stick writes to its serial line for one attribute report of a meter (register and demand, other
values each time), through its own bellows. Two figures, both of processor's time: of the event
loop's thread from the first byte to the last state; and of the whole process until all is done
that follows from it by default, which for ZHA is that zigpy writes the values to its database.
"""

# Home Assistant puts its own in the place of voluptuous, before zigpy imports that.
import homeassistant  # noqa: F401

# isort: split

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
import gc
from statistics import fmean, median
from time import process_time, thread_time
from typing import Any, Final
from unittest.mock import patch

import zigpy.serial

from custom_components.smets1_cad.smart_energy.const import PROFILE_ID, ClusterId
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from virtual_han.aps import Fuel
from virtual_han.clock import Clock
from virtual_han.frames import ApsFrame, ApsKind, KeyId
from virtual_han.han import HanConfig, VirtualHan
from virtual_han.stick.message_commands import incoming_message

from ._home import Sleeper, home_assistant, pair
from ._zha import METER, PROFILE, zha_on

BOUND: Final = 0.5
"""Of ZHA's cost, what a reading may cost at most."""

_READINGS: Final = 100
_ROUNDS: Final = 9
_SETTLE: Final = 0.01
"""Seconds after which all is done that a reading brings about."""
_WARM_UP: Final = 50
_NOON: Final = datetime(2026, 11, 2, 12, tzinfo=UTC)
_FIRST: Final = 12_350_000
"""Wh: a little above what the virtual meter's register says."""


@dataclass(kw_only=True)
class Side:
    """One integration on its stick.

    Attributes:
        name: for the table.
        hass: Home Assistant.
        entry: the integration's.
        register: how the unique id of the register's entity ends.
        demand: how that of the demand's entity ends.
        han: whose stick it is.
        hears: takes the stick's bytes.
        sender: the meter's network address.
        frame: the APS frame of a report, without its payload.
        costs: seconds from byte to state, of one reading, by round.
        whole: seconds with all that follows, likewise.
        states: how many states one reading writes.
    """

    name: str
    hass: HomeAssistant
    entry: ConfigEntry[Any]
    register: str
    demand: str
    han: VirtualHan
    hears: asyncio.Protocol
    sender: int
    frame: Callable[[bytes], ApsFrame]
    costs: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    states: int = 0

    def __post_init__(self) -> None:
        """Find the entities."""
        ids = {
            entity.unique_id: entity.entity_id
            for entity in er.async_entries_for_config_entry(
                er.async_get(self.hass), self.entry.entry_id
            )
        }
        self._shown = [
            next(name for unique_id, name in ids.items() if unique_id.endswith(end))
            for end in (self.register, self.demand)
        ]

    async def read(self, number: int) -> tuple[float, float]:
        """Hear one report; return the seconds to the states, and those with all that follows.

        Raises:
            SystemExit: the states do not show it, or not at once.
        """
        register, watts = _FIRST + number, 500 + number % 100
        octets = await self._octets(_report(number, register, watts))
        begun, start = process_time(), thread_time()
        self.hears.data_received(octets)
        seconds = thread_time() - start
        shown = [self.hass.states.get(entity_id) for entity_id in self._shown]
        if [state and float(state.state) for state in shown] != [
            register / 1000,
            watts,
        ]:
            raise SystemExit(f"{self.name}: reading {number} is not shown: {shown}")
        await asyncio.sleep(_SETTLE)
        return seconds, process_time() - begun

    async def _octets(self, report: bytes) -> bytes:
        """Return what the stick writes to its serial line when a report arrives."""
        ncp, written = self.han.ncp, bytearray()

        def keep(octets: bytes) -> list[bytes]:
            written.extend(octets)
            return []

        self.han.stick.wire_filter = keep
        values = incoming_message(ncp, self.frame(report), self.sender, 0)
        ncp.callback("incomingMessageHandler", values)
        while not written:
            await asyncio.sleep(0.0005)
        self.han.stick.wire_filter = None
        return bytes(written)

    async def count_states(self, number: int) -> None:
        """Count the states that one reading writes."""
        written: list[Any] = []
        stop = self.hass.bus.async_listen("state_changed", written.append)
        await self.read(number)
        await self.hass.async_block_till_done()
        stop()
        self.states = len(written)


def _report(number: int, register: int, watts: int) -> bytes:
    """Return Report Attributes with CurrentSummationDelivered and InstantaneousDemand."""
    return (
        bytes([0x18, number % 256, 0x0A])
        + b"\x00\x00\x25"
        + register.to_bytes(6, "little")
        + b"\x00\x04\x2a"
        + watts.to_bytes(3, "little")
    )


def _frame(
    profile: int, endpoint: int, key: KeyId | None
) -> Callable[[bytes], ApsFrame]:
    counter = 0

    def frame(payload: bytes) -> ApsFrame:
        nonlocal counter
        counter = (counter + 1) % 256
        return ApsFrame(
            ApsKind.DATA,
            counter,
            payload,
            destination_endpoint=1,
            source_endpoint=endpoint,
            cluster_id=ClusterId.METERING,
            profile_id=profile,
            key=key,
        )

    return frame


async def measure() -> list[Side]:
    """Return both sides with what their readings cost."""
    protocols: list[asyncio.Protocol] = []
    connect = zigpy.serial.create_serial_connection

    async def remember(*arguments: Any, **options: Any) -> Any:
        transport, protocol = await connect(*arguments, **options)
        protocols.append(protocol)
        return transport, protocol

    sleeper = Sleeper()
    ours = VirtualHan(HanConfig(), Clock(_NOON, speed=0))
    theirs = VirtualHan(HanConfig(), Clock(_NOON, speed=0))
    async with ours, theirs, home_assistant() as hass:
        with (
            patch("zigpy.serial.create_serial_connection", remember),
            patch(
                "custom_components.smets1_cad.cad.clock.SystemClock.sleep",
                sleeper.sleep,
            ),
        ):

            async def admit() -> None:
                ours.admit()

            entry = await pair(hass, ours.url, ours.credentials().as_text(), admit)
            # Nothing is polled from now on: what is heard is what is measured.
            sleeper.hold()
            await hass.async_block_till_done()
            cad = Side(
                name="smets1_cad",
                hass=hass,
                entry=entry,
                register="_electricity_import",
                demand="_electricity_power",
                han=ours,
                hears=protocols[-1],
                sender=0,
                frame=_frame(
                    PROFILE_ID,
                    ours.servers.metering_endpoint(Fuel.ELECTRICITY),
                    KeyId.LINK,
                ),
            )
            async with zha_on(hass, theirs.url) as zha_entry:
                zha = Side(
                    name="ZHA",
                    hass=hass,
                    entry=zha_entry,
                    register="summation_delivered",
                    demand="-1794",
                    han=theirs,
                    hears=protocols[-1],
                    sender=METER,
                    frame=_frame(PROFILE, 1, None),
                )
                await _take_turns(cad, zha)
    return [cad, zha]


async def _take_turns(*sides: Side) -> None:
    number = 0
    for number in range(_WARM_UP):
        for side in sides:
            await side.read(number)
    for side in sides:
        await side.count_states(number := number + 1)
    gc.collect()
    gc.freeze()
    for _ in range(_ROUNDS):
        spent: dict[str, list[tuple[float, float]]] = {side.name: [] for side in sides}
        nothing = 0.0
        for _ in range(_READINGS):
            number += 1
            for side in sides:
                spent[side.name].append(await side.read(number))
            begun = process_time()
            await asyncio.sleep(_SETTLE)
            nothing += process_time() - begun
        for side in sides:
            costs, whole = zip(*spent[side.name], strict=True)
            side.costs.append(fmean(costs))
            side.whole.append(fmean(whole) - nothing / _READINGS)


def main() -> None:
    """Print the table.

    Raises:
        SystemExit: a reading costs more than its bound.
    """
    cad, zha = asyncio.run(measure())
    print(
        f"One electricity reading (median of {_ROUNDS} x {_READINGS}, microseconds of processor's time)"
    )
    print(f"{'':27}{cad.name:>12}{zha.name:>8}   share")
    shares = []
    for what, ours, theirs in (
        ("stick's bytes to states", cad.costs, zha.costs),
        ("with all that follows", cad.whole, zha.whole),
    ):
        share = median(a / b for a, b in zip(ours, theirs, strict=True))
        shares.append(share)
        print(
            f"  {what:<25}{median(ours) * 1e6:12.0f}{median(theirs) * 1e6:8.0f}{share:8.2f}"
        )
    print(f"  {'states written':<25}{cad.states:12}{zha.states:8}")
    print(f"  At most {BOUND} of ZHA's is wanted.")
    if max(shares) > BOUND:
        raise SystemExit(1)


if __name__ == "__main__":
    main()

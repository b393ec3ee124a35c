"""R3, R22: who the meters, the hub and the supplier are is asked again when that may have changed."""

from datetime import timedelta
import json
from typing import Any, override

import pytest

from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import (
    ElectricityReading,
    Fuel,
    GasReading,
    MeterIdentity,
    SupplierIdentity,
)
from virtual_han.aps import Fuel as HanFuel
from virtual_han.faults import Fault
from virtual_han.flavours import SmartEnergy
from virtual_han.han import STICK_EUI64, VirtualHan
from virtual_han.meters import HomeConfig

from .han_session import Memory, Watched, session_on
from .virtual import JumpingClock, virtual_han

BASIC, METERING = 0x0000, 0x0702
SLOWLY = {Fuel.ELECTRICITY: timedelta(minutes=20)}


def join(han: VirtualHan) -> None:
    """Let the CAD in, and be asked for a sign of life rarely, so that days pass quickly."""
    han.admit()
    han.hub.keep_alive.base_minutes = 120


async def running(watched: Watched) -> None:
    """Wait until both meters have been read."""
    await watched.until_state(LinkState.RUNNING)
    await watched.until(
        lambda: bool(watched.told(ElectricityReading) and watched.told(GasReading))
    )


def identity(watched: Watched, fuel: Fuel) -> MeterIdentity:
    """Return what a meter said of itself last."""
    return [one for one in watched.told(MeterIdentity) if one.fuel is fuel][-1]


def count(watched: Watched, counter: str) -> int:
    """Return how often something has happened in a session."""
    return watched.session.statistics.counters.get(counter, 0)


class LeapingClock(JumpingClock):
    """Leaps hours ahead between two bursts, where it is told to."""

    leap = 0.0

    @override
    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        if seconds > 1:
            self.leap, hours = 0.0, self.leap
            self._clock.advance(hours * 3600)

    async def pass_hours(self, watched: Watched, hours: float) -> None:
        """Let time pass, and have it noticed."""
        self.leap = hours
        await watched.until(lambda: not self.leap)
        before = len(watched.told(GasReading))
        await watched.until(lambda: len(watched.told(GasReading)) > before)


def asked(han: VirtualHan, cluster: int, attribute: int) -> list[float]:
    """Return when an attribute was asked for, at any endpoint."""
    return [
        one.at
        for one in han.referee.requests
        if one.cluster == cluster and attribute in one.attributes
    ]


def kept_build(record: Memory, endpoint: int) -> str:
    """Return the software build in a record, as text."""
    assert record.text is not None
    known = json.loads(record.text)["endpoints"][str(endpoint)]["clusters"]["0"]
    return bytes.fromhex(known["static"][str(0x4000)][2:]).decode()


@pytest.mark.parametrize("fuel", [Fuel.ELECTRICITY, Fuel.GAS])
async def test_r22_an_event_of_other_firmware_makes_a_meter_say_who_it_is(
    fuel: Fuel,
) -> None:
    async with virtual_han() as han:
        join(han)
        async with session_on(han, intervals=SLOWLY) as watched:
            await running(watched)
            before, start = identity(watched, fuel), han.clock.now()
            han.events.firmware_change("9.9.9", fuel=HanFuel(fuel))
            await watched.until(
                lambda: identity(watched, fuel).firmware_version == "9.9.9"
            )
            assert before.firmware_version != "9.9.9"
            assert before.serial_number == identity(watched, fuel).serial_number
            assert han.clock.now() - start < timedelta(hours=3)
        assert han.referee.findings == []


async def test_r22_an_event_of_other_firmware_makes_the_hub_say_who_it_is() -> None:
    async with virtual_han() as han:
        join(han)
        record = Memory()
        async with session_on(han, record=record, intervals=SLOWLY) as watched:
            await running(watched)
            start = han.clock.now()
            han.events.firmware_change("9.9.9")
            await watched.until(lambda: kept_build(record, 1) == "9.9.9")
            assert han.clock.now() - start < timedelta(hours=3)
        assert han.referee.findings == []


@pytest.mark.parametrize("fuel", [None, HanFuel.GAS])
async def test_r22_without_events_it_is_asked_once_a_day(fuel: HanFuel | None) -> None:
    """Smart Energy 1.1 has no events, and its electricity meter is the hub's own endpoint."""
    home = HomeConfig(smart_energy=SmartEnergy.SE_1_1)
    whose = Fuel.ELECTRICITY if fuel is None else Fuel.GAS
    async with virtual_han(home=home) as han:
        join(han)
        clock = LeapingClock(han)
        async with session_on(han, clock=clock, intervals=SLOWLY) as watched:
            await running(watched)
            start = han.clock.now()
            han.events.firmware_change("9.9.9", fuel=fuel)
            await clock.pass_hours(watched, 21)
            assert len(asked(han, BASIC, 0x4000)) == 2
            await watched.until(
                lambda: identity(watched, whose).firmware_version == "9.9.9"
            )
            assert han.clock.now() - start < timedelta(hours=25)
            await watched.until(lambda: len(asked(han, BASIC, 0x4000)) == 4)
            await clock.pass_hours(watched, 20)
        # At each of the two endpoints: at the join, and a day later.
        assert len(asked(han, BASIC, 0x4000)) == 4
        assert han.referee.findings == []


async def test_r15_an_identity_is_read_once_a_day_and_not_sooner_after_restarts() -> (
    None
):
    async with virtual_han() as han:
        join(han)
        stores: dict[str, Any] = {"record": Memory(), "pace": Memory()}
        for _ in range(6):
            clock = LeapingClock(han)
            async with session_on(
                han, **stores, clock=clock, intervals=SLOWLY
            ) as watched:
                await running(watched)
                await clock.pass_hours(watched, 5)
        # Of two meters at the join, and of each a day later.
        assert len(asked(han, METERING, 0x0308)) == 4
        assert han.referee.findings == []


async def test_r15_events_one_after_the_other_are_one_cause() -> None:
    async with virtual_han() as han:
        join(han)
        async with session_on(han, intervals=SLOWLY) as watched:
            await running(watched)
            start = han.clock.now()
            number = 0

            def told_again() -> bool:
                nonlocal number
                number += 1
                han.events.firmware_change(f"9.0.{number}")
                return han.clock.now() - start > timedelta(hours=6)

            await watched.until(told_again)
        # Per endpoint once at the join, and then at most once an hour.
        assert 3 * 3 <= len(asked(han, BASIC, 0x4000)) <= 3 * 8
        assert han.referee.findings == []


@pytest.mark.parametrize("counter", ["keys_established", "rejoins"])
async def test_r22_who_comes_back_makes_everybody_say_who_he_is(counter: str) -> None:
    """A hub that has been restarted with other firmware may have lost its keys."""
    async with virtual_han() as han:
        join(han)
        clock = LeapingClock(han)
        async with session_on(han, clock=clock) as watched:
            await running(watched)
            start, before = han.clock.now(), count(watched, counter)
            han.servers.home.meters[HanFuel.ELECTRICITY].firmware.version = "9.9.9"
            if counter == "rejoins":
                han.faults.inject(Fault.NETWORK_DOWN)
            else:
                han.hub.refresh_link_key(STICK_EUI64)
            await watched.until(lambda: count(watched, counter) > before)
            await watched.until_state(LinkState.RUNNING)
            clock.leap = 1
            await watched.until(
                lambda: identity(watched, Fuel.ELECTRICITY).firmware_version == "9.9.9"
            )
            assert han.clock.now() - start < timedelta(hours=3)
        assert [one for one in han.referee.findings if "0x0800" not in one.detail] == []


async def test_r3_an_exchanged_meter_is_asked_who_it_is_when_its_register_fell() -> (
    None
):
    async with virtual_han() as han:
        join(han)
        async with session_on(han, intervals=SLOWLY) as watched:
            await running(watched)
            start = han.clock.now()
            han.events.meter_exchange(serial="E7X00055500011")
            han.servers.home.meters[HanFuel.ELECTRICITY].divisor = 10_000
            told = len(watched.told(ElectricityReading))
            await watched.until(lambda: len(watched.told(ElectricityReading)) > told)
            watched.session.doubt(Fuel.ELECTRICITY)
            await watched.until(
                lambda: (
                    identity(watched, Fuel.ELECTRICITY).serial_number
                    == "E7X00055500011"
                )
            )
            assert han.clock.now() - start < timedelta(hours=3)
            # The new meter counts in other units than the old one.
            told = len(watched.told(ElectricityReading))
            await watched.until(
                lambda: len(watched.told(ElectricityReading)) > told + 1
            )
            assert identity(watched, Fuel.GAS).serial_number == "G4K00098765432"
        assert asked(han, METERING, 0x0302)[2:] != []
        assert han.referee.findings == []


async def test_another_supplier_is_noticed_within_a_day() -> None:
    async with virtual_han() as han:
        join(han)
        clock = LeapingClock(han)
        async with session_on(han, clock=clock, intervals=SLOWLY) as watched:
            await running(watched)
            han.servers.home.supplier.name = "Other Energy"
            start = han.clock.now()
            await clock.pass_hours(watched, 21)
            await watched.until(
                lambda: watched.told(SupplierIdentity)[-1].name == "Other Energy"
            )
            assert han.clock.now() - start < timedelta(hours=25)
        assert han.referee.findings == []

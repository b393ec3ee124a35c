"""The wall clock is wrong for a while, as that of a machine without a battery is; uptime goes on (R2, R8, R20)."""

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import override
from unittest.mock import Mock

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.smets1_cad.cad.clock import SystemClock
from custom_components.smets1_cad.cad.link import ConsentMissing, LinkState
from custom_components.smets1_cad.cad.models import Fuel, TenancyChange
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.pairing.states import PairingState as S, Reminder
from custom_components.smets1_cad.smart_energy.session.identifying import Identities
from custom_components.smets1_cad.smart_energy.session.record import (
    ClusterRecord,
    EndpointRecord,
    HanRecord,
)
from custom_components.smets1_cad.tenancy.clock import (
    JUMP,
    STEADY_CLOCK,
    STEADY_FOR,
    SteadyClock,
)
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .cad.clocks import SteppedClock
from .fake_link import NOW, electricity
from .leaving_home import LeavingHome, LeavingLink, leaving_home

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")

POWER = "sensor.electricity_meter_power"
AHEAD = timedelta(days=730)


class Machine:
    """Wall clock and uptime of one machine; setting the clock leaves uptime alone."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
        self._hass = hass
        self._freezer = freezer
        self._set_by = timedelta()
        freezer.move_to(NOW)
        started = dt_util.utcnow()
        loop_time = hass.loop.time()

        def uptime() -> float:
            passed = dt_util.utcnow() - self._set_by - started
            return loop_time + passed.total_seconds()

        class Clock(SystemClock):
            @override
            def monotonic(self) -> float:
                return uptime()

        hass.loop.time = uptime
        hass.data[STEADY_CLOCK] = SteadyClock(Clock())

    def set_clock(self, to: datetime) -> None:
        """Set the wall clock."""
        self._set_by += to - dt_util.utcnow()
        self._freezer.move_to(to)

    async def run(self, **duration: float) -> None:
        """Let time pass, at most an hour at once so that nothing that is due is missed."""
        left = timedelta(**duration)
        while left > timedelta():
            step = min(left, timedelta(hours=1))
            left -= step
            self._freezer.tick(step)
            async_fire_time_changed(self._hass, dt_util.utcnow())
            await self._hass.async_block_till_done(wait_background_tasks=True)


@pytest.fixture
def machine(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Machine:
    return Machine(hass, freezer)


@pytest.fixture
async def home(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, machine: Machine
) -> AsyncGenerator[LeavingHome]:
    """A home with consent given today, whose entry is not set up yet."""
    async with leaving_home(hass, freezer) as home:
        await home.prepare()
        yield home


@pytest.fixture
async def reading(home: LeavingHome) -> LeavingHome:
    """A home whose meter is read."""
    await home.start()
    home.link.move(LinkState.RUNNING)
    home.link.hand_up(electricity())
    await home.hass.async_block_till_done()
    assert home.state(POWER) == "512"
    return home


def reauth_flows(home: LeavingHome) -> int:
    return len(home.hass.config_entries.flow.async_progress_by_handler(DOMAIN))


async def hear(home: LeavingHome, power_kw: str) -> None:
    """Let the link hand up a reading, if it has been started."""
    if home.link.calls[-1] == "start":
        home.link.hand_up(electricity(power_kw=power_kw))
    await home.hass.async_block_till_done()


# --- consent


@pytest.mark.parametrize("finder", ["reading", "link", "watch"])
async def test_r2_a_clock_that_was_ahead_does_not_end_consent(
    reading: LeavingHome, machine: Machine, finder: str
) -> None:
    """While it is ahead nothing is read, whoever finds out; once it is right, reading resumes by itself."""
    machine.set_clock(NOW + AHEAD)
    if finder == "reading":
        reading.link.hand_up(electricity(power_kw="0.600"))
    elif finder == "link":
        reading.link.move(LinkState.FAILED, ConsentMissing("It has run out."))
    else:
        await machine.run(hours=1)
    await reading.hass.async_block_till_done()
    assert reading.state(POWER) == "unavailable"
    assert reading.link.calls == ["start", "stop"]
    await machine.run(hours=3)
    assert reading.link.calls == ["start", "stop"]
    assert reauth_flows(reading) == 1

    reading.link = LeavingLink()
    machine.set_clock(NOW + timedelta(hours=4))
    await machine.run(minutes=2)
    assert reading.link.calls == ["start"]
    assert reauth_flows(reading) == 0
    await hear(reading, "0.700")
    assert reading.state(POWER) == "700"


async def test_r2_ten_seconds_of_a_wrong_clock_cost_a_minute(
    reading: LeavingHome, machine: Machine
) -> None:
    machine.set_clock(NOW + AHEAD)
    reading.link.hand_up(electricity(power_kw="0.600"))
    await machine.run(seconds=10)
    machine.set_clock(NOW + timedelta(seconds=10))
    reading.link.hand_up(electricity(power_kw="0.600"))
    await reading.hass.async_block_till_done()
    assert reading.state(POWER) == "unavailable"
    await machine.run(minutes=1)
    await hear(reading, "0.700")
    assert reading.state(POWER) == "700"
    assert reauth_flows(reading) == 0


async def test_r2_a_withdrawal_is_not_taken_back_by_a_clock(
    reading: LeavingHome, machine: Machine
) -> None:
    """Not even one that was made while the clock said that consent had run out."""
    machine.set_clock(NOW + AHEAD)
    reading.link.hand_up(electricity(power_kw="0.600"))
    await reading.hass.async_block_till_done()
    await reading.act("withdraw_consent")
    machine.set_clock(NOW + timedelta(minutes=1))
    await machine.run(hours=3)
    assert "start" not in reading.link.calls[1:]
    await reading.restart()
    assert "start" not in reading.link.calls
    assert (await reading.stored_consents()).current is None


async def test_r2_started_with_a_clock_ahead_it_reads_after_a_reload(
    home: LeavingHome, machine: Machine
) -> None:
    """Consent stands on disk; what an earlier look at a wrong clock found is not kept."""
    machine.set_clock(NOW + AHEAD)
    await home.start()
    assert home.link.calls == []
    assert reauth_flows(home) == 1
    machine.set_clock(NOW + timedelta(minutes=1))
    await home.restart()
    assert home.link.calls == ["start"]
    assert reauth_flows(home) == 0


async def test_r2_started_with_a_clock_ahead_it_reads_once_that_is_set_right(
    home: LeavingHome, machine: Machine
) -> None:
    """Nobody has to know that a reload would help."""
    machine.set_clock(NOW + AHEAD)
    await home.start()
    await machine.run(hours=2)
    assert home.link.calls == []
    machine.set_clock(NOW + timedelta(hours=2))
    await machine.run(minutes=1)
    assert home.link.calls == ["start"]
    assert reauth_flows(home) == 0
    await hear(home, "0.700")
    assert home.state(POWER) == "700"


async def test_r2_started_with_a_clock_ahead_a_withdrawal_holds(
    home: LeavingHome, machine: Machine
) -> None:
    machine.set_clock(NOW + AHEAD)
    await home.start()
    await home.act("withdraw_consent")
    machine.set_clock(NOW + timedelta(minutes=1))
    await machine.run(hours=2)
    assert home.link.calls == []


# --- the meter's identity


def identities(clock: SteppedClock) -> tuple[Identities, HanRecord]:
    """Return what looks after the identity of one meter, which has been asked for before."""
    record = HanRecord(
        endpoints={
            2: EndpointRecord(
                device_id=0x0501,
                fuel=Fuel.ELECTRICITY,
                clusters={0x0702: ClusterRecord()},
            )
        }
    )
    gate = Mock(was_read=lambda key: True)
    return Identities(record, gate, clock), record


def asked(
    identities: Identities, clock: SteppedClock, *, hours: int, doubt: HanRecord | None
) -> list[int]:
    """Ask whenever it is due, a burst a minute, and return the minutes in which that was."""
    minutes = []
    for minute in range(hours * 60):
        if doubt is not None:
            doubt.doubt(Fuel.ELECTRICITY)
        for place, ask in identities.due(Fuel.ELECTRICITY):
            identities.begin(place, ask)
            minutes.append(minute)
        clock.advance(60)
    return minutes


@pytest.mark.parametrize("back", [5, 1800, 7200, 86400 * 3650])
@pytest.mark.parametrize("is_doubted", [False, True])
def test_an_identity_is_asked_for_again_after_a_clock_that_was_ahead(
    back: int, is_doubted: bool
) -> None:
    """Within the day and half an hour, and never twice within the hour."""
    clock = SteppedClock()
    subject, record = identities(clock)
    subject.due(Fuel.ELECTRICITY)
    subject.begin((2, 0x0702), [0x0308])
    clock.jump(-back)
    doubt = record if is_doubted else None
    first, second, *_ = asked(subject, clock, hours=50, doubt=doubt)
    assert 60 <= first <= 24 * 60 + 30
    assert second - first == (60 if is_doubted else 24 * 60)
    if is_doubted or back > 3600:
        assert first <= 90


def test_an_identity_is_not_asked_for_while_a_clock_that_is_behind_is_set_right() -> (
    None
):
    """As at each start of a machine without a battery."""
    clock = SteppedClock()
    subject, _ = identities(clock)
    subject.due(Fuel.ELECTRICITY)
    subject.begin((2, 0x0702), [0x0308])
    clock.jump(-86400 * 300)
    assert subject.due(Fuel.ELECTRICITY) == []
    clock.advance(60)
    assert subject.due(Fuel.ELECTRICITY) == []
    clock.jump(86400 * 300)
    assert asked(subject, clock, hours=25, doubt=None) == [24 * 60 - 1]


# --- what waits for a time


@pytest.fixture
async def sent(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, machine: Machine
) -> AsyncGenerator[LeavingHome]:
    """A home whose request was sent today, a Sunday; its entry is not set up yet."""
    async with leaving_home(hass, freezer) as home:
        await home.prepare(way=(S.SENT,))
        yield home


async def test_r8_a_reminder_comes_after_a_start_with_the_clock_behind(
    sent: LeavingHome, machine: Machine
) -> None:
    """Not only once the machine has been up for as long as its clock was behind."""
    machine.set_clock(NOW - timedelta(days=200))
    await sent.start()
    await machine.run(minutes=1)
    machine.set_clock(NOW + timedelta(minutes=1))
    await machine.run(days=4)
    assert sent.issue("pairing_overdue") is None
    await machine.run(days=1)
    issue = sent.issue("pairing_overdue")
    assert issue is not None
    assert issue.translation_key == "pairing_overdue_ask_supplier"


async def test_r8_a_reminder_of_a_clock_that_was_ahead_is_taken_back(
    sent: LeavingHome, machine: Machine
) -> None:
    """It comes again when it is due, though it was there before."""
    await sent.start()
    machine.set_clock(NOW + AHEAD)
    await machine.run(hours=1)
    assert sent.issue("pairing_overdue") is not None
    machine.set_clock(NOW + timedelta(hours=1))
    await machine.run(hours=1)
    assert sent.issue("pairing_overdue") is None
    await machine.run(days=5)
    assert sent.issue("pairing_overdue") is not None


async def test_r8_a_reminder_that_was_seen_makes_a_later_one_go_with_its_clock(
    sent: LeavingHome, machine: Machine
) -> None:
    """What is due now was seen already."""
    await sent.start()
    await machine.run(days=6)
    await sent.entry.runtime_data.unpairing.async_update(
        lambda pairing: pairing.with_reminded(Reminder.ASK)
    )
    await sent.hass.async_block_till_done()
    assert sent.issue("pairing_overdue") is None
    machine.set_clock(NOW + AHEAD)
    await machine.run(hours=1)
    assert sent.issue("pairing_overdue") is not None
    machine.set_clock(NOW + timedelta(days=6, hours=1))
    await machine.run(hours=1)
    assert sent.issue("pairing_overdue") is None


@pytest.fixture
async def unsent(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, machine: Machine
) -> AsyncGenerator[LeavingHome]:
    """A home whose request was prepared today, a Sunday, and not sent; its entry is not set up yet."""
    async with leaving_home(hass, freezer) as home:
        await home.prepare(way=())
        yield home


async def test_r8_a_request_to_send_is_reminded_of_after_a_start_with_the_clock_behind(
    unsent: LeavingHome, machine: Machine
) -> None:
    machine.set_clock(NOW - timedelta(days=200))
    await unsent.start()
    await machine.run(minutes=1)
    machine.set_clock(NOW + timedelta(minutes=1))
    await machine.run(days=1)
    assert unsent.issue("pairing_to_send") is None
    await machine.run(days=1)
    assert unsent.issue("pairing_to_send") is not None


async def test_r8_a_reminder_to_send_of_a_clock_that_was_ahead_is_taken_back(
    unsent: LeavingHome, machine: Machine
) -> None:
    """It comes again when it is due."""
    await unsent.start()
    machine.set_clock(NOW + timedelta(days=60))
    await machine.run(hours=1)
    assert unsent.issue("pairing_to_send") is not None
    machine.set_clock(NOW + timedelta(hours=1))
    await machine.run(hours=1)
    assert unsent.issue("pairing_to_send") is None
    await machine.run(days=2)
    assert unsent.issue("pairing_to_send") is not None


async def test_r2_the_end_of_consent_is_said_after_a_start_with_the_clock_behind(
    home: LeavingHome, machine: Machine
) -> None:
    machine.set_clock(NOW - timedelta(days=200))
    await home.start()
    machine.set_clock(NOW + timedelta(days=350, hours=23))
    assert home.issue("consent_lapses") is None
    await machine.run(hours=2)
    assert home.issue("consent_lapses") is not None
    machine.set_clock(NOW)
    await machine.run(hours=1)
    assert home.issue("consent_lapses") is None


async def test_a_silent_meter_is_noticed_after_a_start_with_the_clock_ahead(
    home: LeavingHome, machine: Machine
) -> None:
    """Its timer would else wait for the time that the clock once said."""
    machine.set_clock(NOW + timedelta(days=200))
    await home.start()
    home.link.move(LinkState.RUNNING)
    home.link.hand_up(electricity())
    await home.hass.async_block_till_done()
    machine.set_clock(NOW + timedelta(minutes=1))
    await machine.run(minutes=1)
    home.link.hand_up(electricity())
    await home.hass.async_block_till_done()
    assert home.state(POWER) == "512"
    await machine.run(hours=1)
    assert home.state(POWER) == "unavailable"


async def test_r20_a_notice_is_kept_to_after_a_start_with_the_clock_behind(
    home: LeavingHome, machine: Machine
) -> None:
    """Its date is a day of the clock that is right, not of uptime."""
    machine.set_clock(NOW - timedelta(days=200))
    await home.start()
    home.link.hand_up(
        TenancyChange(
            fuel=Fuel.ELECTRICITY, effective_at=NOW + timedelta(days=2), number=7
        )
    )
    await machine.run(minutes=1)
    machine.set_clock(NOW + timedelta(minutes=1))
    await machine.run(days=1)
    assert (await home.stored_consents()).current is not None
    await machine.run(days=1)
    assert (await home.stored_consents()).current is None


# --- what cannot be undone


def announced(days: int) -> TenancyChange:
    return TenancyChange(
        fuel=Fuel.ELECTRICITY, effective_at=NOW + timedelta(days=days), number=7
    )


async def has_ended(home: LeavingHome) -> bool:
    """Whether the tenancy has, with everything of it."""
    await home.hass.async_block_till_done(wait_background_tasks=True)
    return (await home.stored_consents()).current is None


async def test_r20_a_clock_that_is_ahead_for_hours_erases_nothing(
    reading: LeavingHome, machine: Machine
) -> None:
    """Nor is the notice forgotten: it is kept to once its day has really come, after days without a jump to the second."""
    reading.link.hand_up(announced(30))
    await machine.run(days=1)
    machine.set_clock(NOW + timedelta(days=60))
    await machine.run(hours=5)
    assert not await has_ended(reading)
    machine.set_clock(NOW + timedelta(days=1, hours=5))
    await machine.run(days=28, hours=18, minutes=59)
    assert not await has_ended(reading)
    await machine.run(minutes=1)
    assert await has_ended(reading)


async def test_r20_a_notice_that_is_heard_while_the_clock_is_ahead_erases_nothing(
    reading: LeavingHome, machine: Machine
) -> None:
    """Though its day seems long gone, and the hub repeats it."""
    await machine.run(hours=7)
    machine.set_clock(NOW + timedelta(days=60))
    for _ in range(5):
        reading.link.hand_up(announced(30))
        await machine.run(hours=1)
    assert not await has_ended(reading)
    machine.set_clock(NOW + timedelta(hours=12))
    await machine.run(hours=12)
    assert not await has_ended(reading)


async def test_r20_started_with_a_clock_ahead_nothing_is_erased(
    home: LeavingHome, machine: Machine
) -> None:
    """Neither by what was heard before the start nor by what is heard after it; nor is anybody asked of it."""
    await home.start()
    home.link.hand_up(announced(30))
    await machine.run(hours=7)
    await home.hass.config_entries.async_unload(home.entry.entry_id)
    machine.set_clock(NOW + timedelta(days=60))
    home.hass.data.pop(STEADY_CLOCK)
    await home.start()
    await machine.run(hours=2)
    assert home.issue("tenancy_suspected") is None
    home.link.hand_up(announced(30))
    await machine.run(hours=2)
    assert not await has_ended(home)
    machine.set_clock(NOW + timedelta(hours=12))
    await machine.run(hours=12)
    assert not await has_ended(home)
    assert home.issue("tenancy_announced") is not None


async def test_r20_a_day_that_has_come_is_acted_on_hours_after_the_start(
    home: LeavingHome, machine: Machine
) -> None:
    """A home that is restarted each night gets there; what is set up anew does not begin anew."""
    await machine.run(days=3)
    home.hass.data.pop(STEADY_CLOCK)
    await home.start()
    home.link.hand_up(announced(2))
    await machine.run(hours=3)
    assert not await has_ended(home)
    await home.restart()
    home.link.hand_up(announced(2))
    await machine.run(hours=2, minutes=59)
    assert not await has_ended(home)
    await machine.run(minutes=1)
    assert await has_ended(home)


def test_which_clock_is_believed() -> None:
    """One that goes evenly, be it put right a little; however often it is asked."""
    clock = SteppedClock()
    steady = SteadyClock(clock)
    hours = timedelta(hours=1).total_seconds()
    assert steady.believed_from() == clock.wall + STEADY_FOR
    clock.advance(4 * hours)
    clock.jump(JUMP.total_seconds() / 2)
    clock.advance(2 * hours)
    assert steady.believed_from() <= clock.wall
    # In steps, each a little.
    for _ in range(2):
        clock.jump(JUMP.total_seconds() / 2)
    assert steady.believed_from() == clock.wall + STEADY_FOR
    clock.advance(3 * hours)
    assert steady.believed_from() == clock.wall + STEADY_FOR / 2
    clock.jump(-hours)
    steady.look()
    clock.advance(3 * hours)
    assert steady.believed_from() == clock.wall + STEADY_FOR / 2

"""What can stand between a stick and a meter, each with its name; and how often it is tried."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any, override

import pytest
from zigpy.types import KeyData

from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import ElectricityReading, Fuel
from custom_components.smets1_cad.radio.stick import EzspRadio
from custom_components.smets1_cad.smart_energy.certificate import Credentials
from custom_components.smets1_cad.smart_energy.network import Network
from custom_components.smets1_cad.smart_energy.session import HanSession
from tests.patience import LONGEST, PATIENCE, until
from virtual_han.crypto.ecqv import CertificateAuthority
from virtual_han.crypto.suite import SUITE_1
from virtual_han.flavours import SmartEnergy
from virtual_han.han import STICK_EUI64, VirtualHan
from virtual_han.meters import HomeConfig

from .han_session import Memory, Watched, session_on
from .virtual import JumpingClock, connected, link_key, virtual_han


async def failed(watched: Watched) -> str:
    """Wait for the end, and return its reason."""
    await watched.until_state(LinkState.FAILED)
    error = watched.session.status.error
    assert error is not None
    assert len(str(error)) > 30
    return error.reason


async def test_without_a_certificate_no_place_is_taken() -> None:
    async with virtual_han() as han:
        han.admit()
        async with session_on(han, suites=()) as watched:
            assert await failed(watched) == "no_certificate"
        assert STICK_EUI64 not in han.hub.members


async def join_by_hand(han: VirtualHan) -> None:
    """Join the stick, without a session that remembers it."""
    async with connected(han) as radio:
        han.admit()
        await radio.resume()
        (beacon,) = await radio.scan([15])
        await radio.join(beacon, link_key(han))


async def test_a_network_that_this_pairing_did_not_join_is_left_untouched() -> None:
    async with virtual_han() as han:
        await join_by_hand(han)
        async with session_on(han) as watched:
            assert await failed(watched) == "foreign_network"
        assert STICK_EUI64 in han.hub.members
        assert han.referee.requests == [
            request for request in han.referee.requests if request.endpoint == 0
        ]


async def test_r9_joins_are_tried_each_minute_and_then_hourly() -> None:
    async with virtual_han() as han:
        clock = JumpingClock(han, real=0)
        began = clock.now_utc()
        async with session_on(han, clock=clock) as watched:
            await watched.until(lambda: clock.now_utc() - began > timedelta(hours=5))
            at = tries(watched, began)
            assert at[:17] == [*range(16), 75]
            assert {later - earlier for earlier, later in pairwise(at[16:])} == {60}
            status = next(
                one for one in watched.statuses if one.state is LinkState.NOT_JOINED
            )
            assert status.error is not None
            assert status.error.reason == "not_permitted"
            assert status.next_attempt == status.since + timedelta(minutes=1)


class SleepyClock(JumpingClock):
    """A clock on which what is an hour away never comes."""

    @override
    async def sleep(self, seconds: float) -> None:
        if seconds >= 3600:
            await asyncio.Event().wait()
        await super().sleep(seconds)


def tries(watched: Watched, began: datetime) -> list[float]:
    """Return when a try to join failed, in minutes."""
    return [
        round((status.since - began).total_seconds() / 60, 2)
        for status in watched.statuses
        if status.state is LinkState.NOT_JOINED
        and status.error is not None
        and status.next_attempt is not None
    ]


@asynccontextmanager
async def given_up_for_now() -> AsyncGenerator[tuple[VirtualHan, Watched, datetime]]:
    """Run a session whose frequent tries ended twenty minutes ago; with it comes when they began."""
    async with (
        virtual_han() as han,
        session_on(han, clock=SleepyClock(han, real=0)) as watched,
    ):
        began = han.clock.now()
        await watched.until(lambda: len(tries(watched, began)) == 16)
        han.clock.advance(1200)
        yield han, watched, began


async def test_a_hub_that_opens_later_is_joined_at_once_if_somebody_says_so() -> None:
    async with given_up_for_now() as (han, watched, began):
        han.admit()
        watched.session.join_now()
        await watched.until_state(LinkState.RUNNING)
        assert han.clock.now() - began < timedelta(minutes=37)


async def test_r9_joins_are_tried_each_minute_again_if_somebody_says_so() -> None:
    """For another quarter of an hour, which begins at once; then hourly, as before."""
    async with given_up_for_now() as (han, watched, began):
        watched.session.join_now()
        await watched.until(lambda: len(tries(watched, began)) == 32)
        assert tries(watched, began) == [*range(16), *range(35, 51)]
        wait = watched.session.status.next_attempt
        assert wait is not None
        assert wait - han.clock.now() == timedelta(hours=1)


async def test_r9_somebody_who_says_so_all_the_time_changes_nothing() -> None:
    """A try is never less than a minute after the one before."""
    async with (
        virtual_han() as han,
        session_on(han, clock=SleepyClock(han, real=0)) as watched,
    ):
        began = han.clock.now()
        watched.session.join_now()
        watched.session.on_status(lambda _status: watched.session.join_now())
        await watched.until(lambda: han.clock.now() - began > timedelta(hours=2))
        scans = [
            status.since
            for status in watched.statuses
            if status.state is LinkState.SCANNING
        ]
        assert len(scans) > 100
        assert min(later - earlier for earlier, later in pairwise(scans)) >= timedelta(
            minutes=1
        )


async def test_known_device_gets_in_in_the_second_half_of_its_window() -> None:
    """A hub wants a device that it knew before to use its old key first, which is gone."""
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            await watched.until_state(LinkState.RUNNING)
            await watched.session.unpair()
        han.admit()
        async with session_on(han) as watched:
            await watched.until_state(LinkState.RUNNING)
            assert any(
                status.error is not None and status.error.reason == "wrong_install_code"
                for status in watched.statuses
            )


def foreign_credentials() -> Credentials:
    """Return credentials of another authority, as a test certificate is to a production hub."""
    made = CertificateAuthority(SUITE_1, Random(99), issuer=b"OTHERCA!").issue(
        STICK_EUI64
    )
    return Credentials.verify(
        certificate=made.certificate,
        ca_public_key=made.ca_public_key,
        private_key=made.private_key,
    )


async def test_unknown_issuer_leaves_the_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As Smart Energy asks of a joiner; and the reason tells whose job it is."""
    monkeypatch.setattr(
        "tests.radio.han_session.credentials", lambda han, suite: foreign_credentials()
    )
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            assert await failed(watched) == "key_establishment_unknown_issuer"
            assert watched.session.status.error is not None
            assert watched.session.status.error.responsible == "cad_provider"
        assert STICK_EUI64 not in han.hub.members
        assert han.ncp.flash.network is None


async def test_no_common_suite() -> None:
    async with virtual_han(suites=(2,)) as han:
        han.admit()
        async with session_on(han, suites=(1,)) as watched:
            assert await failed(watched) == "key_establishment_unsupported_suite"


async def test_old_firmware_without_its_own_certificate() -> None:
    async with virtual_han(ezsp_version=8) as han:
        han.admit()
        async with session_on(han) as watched:
            assert await failed(watched) == "key_install_unsupported"


async def test_stick_that_takes_up_its_key_only_when_restarted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    late: list[KeyData] = []
    install, restart = EzspRadio.install_link_key, EzspRadio.restart

    async def remember(self: EzspRadio, key: KeyData) -> None:
        late.append(key)

    async def take_up(self: EzspRadio) -> Network:
        network = await restart(self)
        await install(self, late[-1])
        return network

    monkeypatch.setattr(EzspRadio, "install_link_key", remember)
    monkeypatch.setattr(EzspRadio, "restart", take_up)
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            await watched.until(lambda: bool(watched.told(ElectricityReading)))
        assert len(late) == 1


async def test_stick_that_never_takes_up_its_key_pauses_before_the_next_exchange(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def forget(self: EzspRadio, key: KeyData) -> None:
        pass

    monkeypatch.setattr(EzspRadio, "install_link_key", forget)
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            await watched.until(
                lambda: (
                    watched.session.status.error is not None
                    and watched.session.status.error.reason == "key_refused"
                ),
            )
            status = watched.session.status
            assert status.state is LinkState.KEY_ESTABLISHMENT
            assert status.next_attempt is not None


async def test_stick_that_comes_late() -> None:
    """Unplugged at first: tried again, further and further apart, and found."""
    async with virtual_han() as han:
        han.admit()
        await han.stick.stop()
        async with session_on(han) as watched:
            await watched.until(
                lambda: sum(one.error is not None for one in watched.statuses) >= 3
            )
            pauses = [
                one.next_attempt - one.since
                for one in watched.statuses
                if one.next_attempt is not None
            ]
            assert watched.session.status.state is LinkState.DISCONNECTED
            assert len(pauses) >= 3
            await han.stick.start()
            await watched.until_state(LinkState.RUNNING)


@pytest.mark.timeout(LONGEST + 2 * PATIENCE)
@pytest.mark.parametrize("version", SmartEnergy)
async def test_hubs_of_every_version(version: SmartEnergy) -> None:
    async with virtual_han(home=HomeConfig(smart_energy=version)) as han:
        han.admit()
        async with session_on(han, clock=JumpingClock(han, real=0)) as watched:
            await watched.until(
                lambda: (
                    {type(update).__name__ for update in watched.updates}
                    >= {"ElectricityReading", "GasReading", "Tariff", "MeterIdentity"}
                ),
            )
            clock = watched.session._clock
            began = clock.now_utc()
            await until(
                lambda: clock.now_utc() - began > timedelta(hours=1), seconds=LONGEST
            )
            capabilities = watched.session.capabilities
            assert capabilities.fuels == frozenset(Fuel)
            assert capabilities.tariff == frozenset(Fuel)
        assert han.referee.findings == []


async def test_keeps_what_json_can_hold_and_no_secret() -> None:
    async with virtual_han() as han:
        han.admit()
        record = Memory()
        async with session_on(han, record=record) as watched:
            await watched.until_state(LinkState.RUNNING)
        assert record.text is not None
        flash = han.ncp.flash
        assert flash.network is not None
        for secret in (
            flash.link_key,
            flash.network.key,
            han.config.install_code,
            link_key(han).serialize(),
        ):
            assert bytes(secret).hex() not in record.text.lower()


async def test_unforeseen_errors_do_not_end_the_session(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    strikes = iter([True])
    scan = EzspRadio.scan

    async def fail_once(self: EzspRadio, channels: Any) -> Any:
        if next(strikes, False):
            raise KeyError("a bug")
        return await scan(self, channels)

    monkeypatch.setattr(EzspRadio, "scan", fail_once)
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            await watched.until_state(LinkState.RUNNING)
        assert "unforeseen" in caplog.text


def test_session_is_a_cad_link() -> None:
    assert HanSession.__mro__[1].__name__ == "CadLink"

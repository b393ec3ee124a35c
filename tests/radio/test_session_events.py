"""What the supplier, the hub and the householder do while the session runs."""

from datetime import timedelta
from decimal import Decimal

import pytest

from custom_components.smets1_cad.cad.link import ConsentMissing, LinkState
from custom_components.smets1_cad.cad.models import (
    Alarm,
    ConsumptionProfile,
    ElectricityReading,
    Fuel,
    GasReading,
    SupplierMessage,
    Tariff,
    TenancyChange,
)
from custom_components.smets1_cad.cad.pacing import TooSoon
from custom_components.smets1_cad.smart_energy.network import RejoinFailed
from custom_components.smets1_cad.smart_energy.session.errors import (
    NotRunning,
    RemovedFromHan,
)
from custom_components.smets1_cad.tenancy.signs import Seen, Sign, SignFinder
from virtual_han.aps import Fuel as HanFuel
from virtual_han.flavours import SmartEnergy
from virtual_han.han import STICK_EUI64
from virtual_han.meters import HomeConfig

from .han_session import Consent, Memory, Watched, session_on
from .virtual import VERSIONS, firmware, virtual_han


async def running(watched: Watched) -> None:
    """Wait until electricity has been read."""
    await watched.until_state(LinkState.RUNNING)
    await watched.until(lambda: bool(watched.told(ElectricityReading)))


async def more_readings(watched: Watched, count: int = 5) -> None:
    """Wait for further readings."""
    before = len(watched.told(ElectricityReading))
    await watched.until(lambda: len(watched.told(ElectricityReading)) >= before + count)


@pytest.mark.parametrize("version", VERSIONS)
async def test_pushes_are_told(version: int) -> None:
    async with virtual_han(**firmware(version)) as han:
        han.admit()
        async with session_on(han) as watched:
            await running(watched)
            happen = han.events
            happen.supplier_message("Your meter reader calls on Monday")
            happen.price_change(factor=2)
            happen.change_of_tenancy(at=han.clock.instant() + 86400)
            happen.change_of_supplier("Other Energy", at=han.clock.instant() + 90000)
            happen.alarm(0x01)
            await watched.until(
                lambda: any(
                    reading.alarms == {Alarm.CHECK_METER}
                    for reading in watched.told(ElectricityReading)
                )
            )
            (message,) = watched.told(SupplierMessage)
            assert message.text == "Your meter reader calls on Monday"
            tenancy, supplier = watched.told(TenancyChange)
            assert (tenancy.of_supplier, supplier.of_supplier) == (False, True)
            happen.cancel_change_of_tenancy()
            await watched.until(lambda: watched.told(TenancyChange)[-1].cancelled)
            assert watched.told(TenancyChange)[-1].number == tenancy.number
            happen.cancel_message()
            await watched.until(lambda: watched.told(SupplierMessage)[-1].cancelled)
        assert han.referee.findings == []


async def test_tariff_grows_from_prices_in_force_and_to_come() -> None:
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            await running(watched)
            await watched.until(
                lambda: any(
                    tariff.fuel is Fuel.ELECTRICITY
                    and tariff.standing_charge_per_day is not None
                    and len(tariff.rates) > 2
                    for tariff in watched.told(Tariff)
                ),
            )
            tariff = [
                one for one in watched.told(Tariff) if one.fuel is Fuel.ELECTRICITY
            ][-1]
            now = han.clock.now()
            rate, coming = tariff.rate_at(now), tariff.next_after(now)
            assert rate is not None
            assert coming is not None
            assert tariff.currency == "GBP"
            assert rate.price == Decimal("0.26400")
            assert rate.label == "Day"
            assert coming.starts_at > now
            assert tariff.active is not None
            assert tariff.active.tier == rate.tier_block.tier
        assert han.referee.findings == []


async def test_r19_remote_unpairing_ends_the_session_with_its_reason() -> None:
    async with virtual_han() as han:
        han.admit()
        record = Memory()
        async with session_on(han, record=record) as watched:
            await running(watched)
            han.events.remote_unpairing()
            await watched.until_state(LinkState.FAILED)
            assert isinstance(watched.session.status.error, RemovedFromHan)
            assert record.text is not None
            assert '"trust_centre": null' in record.text


async def test_silent_unpairing_is_told_from_a_hub_out_of_reach() -> None:
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            await running(watched)
            han.hub.unpair(STICK_EUI64, silently=True)
            await watched.until(
                lambda: isinstance(watched.session.status.error, RemovedFromHan)
            )
            assert watched.session.status.state is LinkState.REJOINING


async def test_hub_exchange_is_looked_for_and_said() -> None:
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            await running(watched)
            han.events.hub_exchange()
            await watched.until(
                lambda: isinstance(watched.session.status.error, RejoinFailed)
            )
            assert "exchanged" in str(watched.session.status.error)


async def test_network_key_refresh_goes_unnoticed() -> None:
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            await running(watched)
            han.events.key_refresh()
            await more_readings(watched)
            assert watched.states[-1] is LinkState.RUNNING
            assert watched.session.statistics.counters["network_keys"] == 1
        assert han.referee.findings == []


async def test_retired_link_key_is_established_anew() -> None:
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            await running(watched)
            han.hub.refresh_link_key(STICK_EUI64)
            await watched.until(
                lambda: watched.states.count(LinkState.KEY_ESTABLISHMENT) == 2
            )
            await more_readings(watched)
        assert [one for one in han.referee.findings if "0x0800" not in one.detail] == []


async def test_hub_that_was_off_while_the_stick_was_away() -> None:
    """A stored key that the hub has retired meanwhile is found out on the way up."""
    async with virtual_han() as han:
        han.admit()
        record, pace = Memory(), Memory()
        async with session_on(han, record=record, pace=pace) as watched:
            await running(watched)
        han.hub.refresh_link_key(STICK_EUI64)
        async with session_on(han, record=record, pace=pace) as watched:
            await running(watched)
            assert LinkState.KEY_ESTABLISHMENT in watched.states
            assert watched.session.statistics.counters["keys_refused"] == 1


async def test_removal_while_away_is_noticed_at_the_next_start() -> None:
    async with virtual_han() as han:
        han.admit()
        record = Memory()
        async with session_on(han, record=record) as watched:
            await running(watched)
        han.unpair()
        async with session_on(han, record=record) as watched:
            await watched.until_state(LinkState.FAILED)
            assert watched.session.status.error is not None
            assert watched.session.status.error.reason == "removed"


async def test_r1_nothing_without_consent() -> None:
    async with virtual_han() as han, session_on(han, start=False) as watched:
        with pytest.raises(ConsentMissing):
            await watched.session.start(Consent(is_valid=False))
        with pytest.raises(NotRunning):
            await watched.session.refresh(Fuel.ELECTRICITY)
        assert han.referee.requests == []


async def test_withdrawn_consent_stops_the_data_at_once() -> None:
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            await running(watched)
            watched.grant.is_valid = False
            told = len(watched.updates)
            han.events.alarm(0x01)
            with pytest.raises(NotRunning):
                await watched.session.refresh(Fuel.GAS)
            await watched.session.stop()
            assert len(watched.updates) == told
            assert watched.session.status.state is LinkState.DISCONNECTED


async def test_a_fuel_without_consent_is_never_asked_nor_told() -> None:
    async with virtual_han() as han:
        han.admit()
        grant = Consent(fuels=frozenset({Fuel.ELECTRICITY}))
        async with session_on(han, grant=grant) as watched:
            await running(watched)
            await more_readings(watched)
            assert watched.told(GasReading) == []
            gas = han.servers.metering_endpoint(HanFuel.GAS)
            assert not [
                request
                for request in han.referee.requests
                if (request.endpoint, request.cluster) == (gas, 0x0702)
                and (
                    request.attributes[0] not in range(0x0300, 0x0400)
                    or 0x0307 in request.attributes
                )
            ]


async def test_refresh_is_held_to_the_pace() -> None:
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            await watched.until(lambda: bool(watched.told(GasReading)))
            with pytest.raises(TooSoon) as refused:
                await watched.session.refresh(Fuel.GAS)
            assert refused.value.wait <= timedelta(minutes=30)
        assert han.referee.findings == []


async def test_profile_arrives_as_an_update() -> None:
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            await running(watched)
            until = han.clock.now()
            await watched.session.fetch_profile(Fuel.ELECTRICITY, until, 12)
            (profile,) = watched.told(ConsumptionProfile)
            assert len(profile.intervals) == 12
            assert profile.fuel is Fuel.ELECTRICITY
        assert han.referee.findings == []


async def test_unpairing_leaves_and_forgets() -> None:
    async with virtual_han() as han:
        han.admit()
        record = Memory()
        async with session_on(han, record=record) as watched:
            await running(watched)
            assert watched.session.capabilities.fuels == frozenset(Fuel)
            await watched.session.unpair()
            assert STICK_EUI64 not in han.hub.members
            assert han.ncp.flash.network is None
            assert watched.session.capabilities.fuels == frozenset()


async def test_an_old_hub_that_announces_nothing_shows_signs() -> None:
    """What the session reads anyway tells of a change of tenancy: nothing more is asked for (R20)."""
    async with virtual_han(home=HomeConfig(smart_energy=SmartEnergy.SE_1_1)) as han:
        han.admit()
        async with session_on(han) as watched:
            await running(watched)
            await watched.until(lambda: bool(watched.told(Tariff)))
            await more_readings(watched)
            finder = SignFinder()
            assert not any(finder.take(update) for update in watched.updates)
            count = len(watched.updates)
            han.events.change_of_tenancy()
            seen: list[Seen] = []

            def is_seen() -> bool:
                nonlocal count
                new = watched.updates[count:]
                count += len(new)
                seen.extend(filter(None, map(finder.take, new)))
                return bool(seen)

            await watched.until(is_seen)
            assert seen[0].sign is Sign.TARIFF
            assert "Default" in seen[0].after
        assert watched.told(TenancyChange) == []
        assert han.referee.findings == []

"""Meters that join the network after the CAD."""

import json
from typing import Any

import pytest

from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import (
    ElectricityReading,
    Fuel,
    GasReading,
    MeterIdentity,
)
from custom_components.smets1_cad.smart_energy.session import polling
from custom_components.smets1_cad.smart_energy.session.discovery import find_endpoints
from custom_components.smets1_cad.smart_energy.session.errors import HubSilent
from custom_components.smets1_cad.smart_energy.session.record import EndpointRecord
from virtual_han.aps import Fuel as HanFuel
from virtual_han.han import VirtualHan
from virtual_han.referee import Breach

from .han_session import Consent, Memory, session_on
from .virtual import virtual_han


async def joined_before_the_gas_meter(han: VirtualHan) -> tuple[Memory, Memory]:
    """Return the stores of a CAD that joined when the hub had no gas meter yet."""
    han.admit()
    record, pace = Memory(), Memory()
    async with session_on(han, record=record, pace=pace) as watched:
        await watched.until_state(LinkState.RUNNING)
    assert record.text is not None
    data = json.loads(record.text)
    gas = [key for key, place in data["endpoints"].items() if place["fuel"] == "gas"]
    assert gas
    for key in gas:
        del data["endpoints"][key]
    data["read_once"] = [
        key for key in data["read_once"] if str(key[0]) in data["endpoints"]
    ]
    record.text = json.dumps(data)
    return record, pace


async def test_a_gas_meter_that_comes_later_is_found_and_read() -> None:
    async with virtual_han() as han:
        record, pace = await joined_before_the_gas_meter(han)
        async with session_on(han, record=record, pace=pace) as watched:
            await watched.until_state(LinkState.RUNNING)
            assert watched.session.capabilities.fuels == {Fuel.ELECTRICITY}
            assert watched.told(ElectricityReading) == []
            han.clock.advance(6 * 3600)
            await watched.until(lambda: bool(watched.told(GasReading)))
            assert watched.session.capabilities.fuels == frozenset(Fuel)
            assert Fuel.GAS in {one.fuel for one in watched.told(MeterIdentity)}
        assert record.text is not None
        assert '"fuel": "gas"' in record.text
        # The edited record has forgotten what was asked of the gas meter, and the first session
        # may have been stopped before an answer; nothing else is amiss.
        gas = f"endpoint {han.servers.metering_endpoint(HanFuel.GAS)} "
        assert [
            one
            for one in han.referee.findings
            if one.breach is not Breach.UNSUPPORTED_AGAIN
            and not (one.breach is Breach.STATIC_AGAIN and one.detail.startswith(gas))
        ] == []


async def test_a_hub_that_is_silent_when_looked_at_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = 0

    async def silent_at_first(*arguments: Any) -> dict[int, EndpointRecord]:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise HubSilent("No answer.")
        return await find_endpoints(*arguments)

    async with virtual_han() as han:
        record, pace = await joined_before_the_gas_meter(han)
        monkeypatch.setattr(polling, "find_endpoints", silent_at_first)
        async with session_on(han, record=record, pace=pace) as watched:
            await watched.until_state(LinkState.RUNNING)
            han.clock.advance(6 * 3600)
            await watched.until(lambda: looks == 1)
            assert watched.told(GasReading) == []
            han.clock.advance(6 * 3600)
            await watched.until(lambda: bool(watched.told(GasReading)))
            assert looks == 2
            assert LinkState.REJOINING not in watched.states


async def test_a_meter_without_consent_is_not_looked_for() -> None:
    async with virtual_han() as han:
        record, pace = await joined_before_the_gas_meter(han)
        grant = Consent(fuels=frozenset({Fuel.ELECTRICITY}))
        async with session_on(han, record=record, pace=pace, grant=grant) as watched:
            await watched.until_state(LinkState.RUNNING)
            asked = len(gas_requests(han))
            han.clock.advance(6 * 3600)
            before = len(watched.told(ElectricityReading))
            await watched.until(
                lambda: len(watched.told(ElectricityReading)) > before + 3
            )
            assert watched.session.capabilities.fuels == {Fuel.ELECTRICITY}
            assert len(gas_requests(han)) == asked


def gas_requests(han: VirtualHan) -> list[object]:
    """Return what was asked of the gas meter."""
    gas = han.servers.metering_endpoint(HanFuel.GAS)
    return [one for one in han.referee.requests if one.endpoint == gas]

"""A meter that deviates, on the air: it is read right, and not asked for what it should not be."""

from decimal import Decimal
import json

import pytest

from custom_components.smets1_cad.cad.models import ElectricityReading, Fuel
from custom_components.smets1_cad.smart_energy.quirks import (
    Capability,
    QuirkBuilder,
    QuirkRegistry,
)
from custom_components.smets1_cad.smart_energy.session import deviations

from .han_session import Memory, session_on
from .virtual import virtual_han

BASIC, METERING = 0x0000, 0x0702


@pytest.mark.parametrize("known", [True, False])
async def test_session_with_a_meter_that_deviates(
    known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The divisor is BCD, and a day's consumption upsets the meter."""
    registry = QuirkRegistry()
    monkeypatch.setattr(deviations, "QUIRKS", registry)
    if known:
        (
            QuirkBuilder("acme", registry)
            .applies_to("Acme*", "Meter 9")
            .scaling(bcd=True)
            .without_attributes(METERING, 0x0401)
            .without(Capability.PROFILE)
            .add_to_registry()
        )
    async with virtual_han() as han:
        han.admit()
        override = han.servers.overrides.set
        override(BASIC, 0x0004, b"Acme Ltd")
        override(BASIC, 0x0005, b"Meter 9")
        override(METERING, 0x0301, 1)
        override(METERING, 0x0302, 0x1000)
        override(METERING, 0x0000, 20000)
        record = Memory()
        async with session_on(han, record=record) as watched:
            await watched.until(
                lambda: any(
                    one.import_kwh is not None
                    for one in watched.told(ElectricityReading)
                )
            )
            await watched.until(lambda: len(watched.told(ElectricityReading)) > 3)
            reading = watched.told(ElectricityReading)[0]
            assert reading.import_kwh == (
                Decimal(20) if known else Decimal("4.8828125")
            )
            offered = watched.session.capabilities.profile
            assert (Fuel.ELECTRICITY in offered) is not known
        assert record.text is not None
        endpoints = json.loads(record.text)["endpoints"].values()
        (meter,) = [
            one["clusters"][str(METERING)]
            for one in endpoints
            if one["fuel"] == Fuel.ELECTRICITY and str(METERING) in one["clusters"]
        ]
        learnt = set(meter["supported"]) | set(meter["missing"])
        assert (0x0401 in learnt) is not known
        assert 0x0000 in learnt

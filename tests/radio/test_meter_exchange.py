"""R3, R11: a meter exchange on the virtual network, as far as what the householder sees."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import Fuel
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.pairing.identity import Identity, Premises, Relation
from custom_components.smets1_cad.pairing.meter_numbers import parse_mpan, parse_mprn
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from virtual_han.aps import Fuel as HanFuel
from virtual_han.han import VirtualHan
from virtual_han.meters.home import MPAN, MPRN

from ..fake_link import Home, new_entry
from .han_session import Watched, session_on
from .virtual import virtual_han

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")

IMPORT = "sensor.electricity_meter_import"
OLD, NEW = "E6S00012345678", "E7X00055500011"
PACE = {Fuel.ELECTRICITY: timedelta(minutes=5)}


def declared(**serials: str) -> Identity:
    """Return what the householder said, with the serial numbers that he knew."""
    return Identity(
        name="A. Householder",
        address="1 High Street",
        postcode="SW1A 1AA",
        premises=Premises.DOMESTIC,
        relation=Relation.OCCUPIER,
        fuels=frozenset(Fuel),
        mpan=parse_mpan(MPAN),
        mprn=parse_mprn(MPRN),
        serials={Fuel(fuel): serial for fuel, serial in serials.items()},
    )


@asynccontextmanager
async def read_home(
    hass: HomeAssistant,
    han: VirtualHan,
    identity: Identity,
) -> AsyncGenerator[tuple[Home, Watched]]:
    """Run an entry on the network until both meters are read."""
    entry = new_entry()
    entry.add_to_hass(hass)
    han.admit()
    async with session_on(han, start=False, intervals=PACE) as watched:
        clock: Any = None  # The network has its own.
        home = Home(hass, entry, clock, declared=identity)
        session: Any = watched.session
        home.link = session
        await home.start()
        meters = home.coordinator.data.meters
        await watched.until(
            lambda: len(meters) == 2 and all(one.reading for one in meters.values())
        )
        await hass.async_block_till_done()
        yield home, watched
        await home.stop()


def true_import(han: VirtualHan) -> Decimal:
    """Return what the electricity meter's own display shows."""
    meter = han.servers.home.meters[HanFuel.ELECTRICITY]
    reading = meter.delivered.reading(meter.as_of(han.clock.instant()))
    return Decimal(meter.raw(reading)) / meter.divisor


async def test_r3_an_exchanged_meter_counts_anew(
    hass: HomeAssistant,
) -> None:
    """Where no serial number was declared, the supply number says that it is still this home's."""
    async with (
        virtual_han() as han,
        read_home(hass, han, declared()) as (home, watched),
    ):
        shown = Decimal(home.state(IMPORT))
        assert shown > 12_000
        han.events.meter_exchange(serial=NEW)
        # Another kind of meter: it counts in tenths of a watt-hour.
        han.servers.home.meters[HanFuel.ELECTRICITY].divisor = 10_000
        meter = home.coordinator.data.meters[Fuel.ELECTRICITY]
        register = meter.registers["import_kwh"]
        await watched.until(lambda: 0 < (register.value or 0) < 1000)
        await hass.async_block_till_done()
        assert Decimal(home.state(IMPORT)) <= true_import(han)
        assert true_import(han) - Decimal(home.state(IMPORT)) < Decimal("0.2")
        assert meter.identity is not None
        assert meter.identity.serial_number == NEW
        assert home.coordinator.mismatch is None
        assert han.referee.findings == []


@pytest.mark.parametrize(
    ("site_id", "identity", "key"),
    [
        (MPAN, declared(electricity=OLD), "meter_exchanged_electricity"),
        ("1012345678908", declared(), "meter_exchanged_electricity"),
    ],
    ids=["another serial number", "another supply number"],
)
async def test_r3_reading_stops_until_the_new_number_is_checked(
    hass: HomeAssistant,
    issue_registry: ir.IssueRegistry,
    site_id: str,
    identity: Identity,
    key: str,
) -> None:
    async with (
        virtual_han() as han,
        read_home(hass, han, identity) as (home, watched),
    ):
        shown = home.state(IMPORT)
        han.events.meter_exchange(serial=NEW)
        meter = han.servers.home.meters[HanFuel.ELECTRICITY]
        meter.identity = type(meter.identity)(site_id, NEW)
        await watched.until(lambda: home.coordinator.mismatch is not None)
        await watched.until_state(LinkState.DISCONNECTED)
        await hass.async_block_till_done()
        assert home.state(IMPORT) == STATE_UNAVAILABLE
        issue = issue_registry.async_get_issue(
            DOMAIN, f"meter_mismatch_electricity_{home.entry.entry_id}"
        )
        assert issue is not None
        assert issue.translation_key == key
        assert NEW not in str(issue)
        # The person types the number of the new meter, and the entry is set up anew.
        await home.stop()
        assert issue_registry.async_get_issue(DOMAIN, issue.issue_id) is None
        if site_id != MPAN:
            return
        home.declared = declared(electricity=NEW)
        await home.start()
        register = home.coordinator.data.meters[Fuel.ELECTRICITY].registers
        await watched.until(
            lambda: (value := register["import_kwh"].value) is not None and value < 1000
        )
        await hass.async_block_till_done()
        assert Decimal(home.state(IMPORT)) < Decimal(shown)
        assert home.coordinator.mismatch is None
        assert han.referee.findings == []

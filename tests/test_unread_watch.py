"""A meter that the hub never gives is noticed, and whom to ask is said (R21)."""

from collections.abc import AsyncGenerator

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import Fuel
from homeassistant.core import HomeAssistant

from .fake_link import electricity, gas
from .leaving_home import LeavingHome, leaving_home

GAS, ELECTRICITY = "meter_unread_gas", "meter_unread_electricity"


@pytest.fixture
async def home(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    enable_custom_integrations: None,
) -> AsyncGenerator[LeavingHome]:
    """A home that was paired at noon."""
    async with leaving_home(hass, freezer) as home:
        await home.prepare()
        await home.start()
        home.link.move(LinkState.RUNNING)
        yield home


async def hours(home: LeavingHome, number: int, *fuels: Fuel) -> None:
    """Let hours go by, in which some meters are read."""
    for _ in range(number):
        await home.wait(hours=1)
        for fuel in fuels:
            home.link.hand_up(gas() if fuel is Fuel.GAS else electricity())
        await home.hass.async_block_till_done()


async def test_gas_that_never_appears(home: LeavingHome) -> None:
    """After a day, not before; it goes with the first reading."""
    await hours(home, 23, Fuel.ELECTRICITY)
    assert home.issue(GAS) is None
    await hours(home, 2, Fuel.ELECTRICITY)
    issue = home.issue(GAS)
    assert issue is not None
    assert issue.translation_key == GAS
    assert home.issue(ELECTRICITY) is None
    home.link.hand_up(gas())
    await home.hass.async_block_till_done()
    assert home.issue(GAS) is None


async def test_meter_that_goes_quiet(home: LeavingHome) -> None:
    await hours(home, 30, Fuel.ELECTRICITY, Fuel.GAS)
    await hours(home, 25, Fuel.GAS)
    assert home.issue(ELECTRICITY) is not None
    assert home.issue(GAS) is None


async def test_nothing_of_it_while_the_hub_is_lost(home: LeavingHome) -> None:
    """What is wrong with the link is told of the link; afterwards there is time to read."""
    await hours(home, 26, Fuel.ELECTRICITY)
    assert home.issue(GAS) is not None
    home.link.move(LinkState.REJOINING)
    await hours(home, 2)
    assert home.issue(GAS) is None
    await hours(home, 28)
    assert home.issue(ELECTRICITY) is None
    home.link.move(LinkState.RUNNING)
    await hours(home, 1, Fuel.ELECTRICITY)
    assert home.issue(GAS) is None
    await hours(home, 2, Fuel.ELECTRICITY)
    assert home.issue(GAS) is not None


async def test_r21_gas_that_never_appears_on_a_hub_that_throws_the_cad_out_each_hour(
    home: LeavingHome,
) -> None:
    """It is lost for moments only, since the electricity is read in between; the issue stays through them."""
    for hour in range(27):
        assert hour > 23 or home.issue(GAS) is None
        home.link.hand_up(electricity())
        await home.wait(minutes=50)
        home.link.move(LinkState.REJOINING)
        await home.wait(minutes=10)
        home.link.move(LinkState.RUNNING)
    issue = home.issue(GAS)
    assert issue is not None
    home.link.move(LinkState.REJOINING)
    assert home.issue(GAS) is issue
    assert home.issue("hub_lost") is None


async def test_running_for_hours_proves_nothing_on_a_hub_that_throws_the_cad_out(
    home: LeavingHome,
) -> None:
    """While no meter is read at all, the hub is what is missed, and nobody is sent after the meters."""
    for _ in range(10):
        await hours(home, 3)
        home.link.move(LinkState.REJOINING)
        await home.wait(minutes=1)
        home.link.move(LinkState.RUNNING)
    assert home.issue("hub_lost") is not None
    assert (home.issue(GAS), home.issue(ELECTRICITY)) == (None, None)


async def test_a_meter_that_nobody_reads_after_the_start(home: LeavingHome) -> None:
    """A link that was not lost is believed after hours: a home may be restarted each night."""
    for _ in range(3):
        await hours(home, 10)
        await home.restart()
        home.link.move(LinkState.RUNNING)
    await hours(home, 3)
    assert home.issue(GAS) is not None
    assert home.issue(ELECTRICITY) is not None


async def test_a_restart_does_not_begin_the_day_anew(home: LeavingHome) -> None:
    await hours(home, 20, Fuel.ELECTRICITY)
    await home.restart()
    home.link.move(LinkState.RUNNING)
    await hours(home, 5, Fuel.ELECTRICITY)
    assert home.issue(GAS) is not None
    assert home.issue(ELECTRICITY) is None
    await home.hass.config_entries.async_unload(home.entry.entry_id)
    assert home.issue(GAS) is None


async def test_a_longer_interval_is_waited_for(home: LeavingHome) -> None:
    home.hass.config_entries.async_update_entry(
        home.entry, options={"gas_minutes": 12 * 60}
    )
    await home.restart()
    home.link.move(LinkState.RUNNING)
    await hours(home, 35, Fuel.ELECTRICITY)
    assert home.issue(GAS) is None
    await hours(home, 2, Fuel.ELECTRICITY)
    assert home.issue(GAS) is not None


async def test_nothing_is_missed_without_consent(home: LeavingHome) -> None:
    await hours(home, 26, Fuel.ELECTRICITY)
    assert home.issue(GAS) is not None
    await home.act("withdraw_consent")
    await hours(home, 1)
    assert home.issue(GAS) is None

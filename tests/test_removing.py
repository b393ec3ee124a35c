"""Removing an entry: nothing is left of it but that the supplier still lists the CAD, where that is so (R19)."""

from collections.abc import AsyncGenerator

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.smets1_cad.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .leaving_home import LeavingHome, leaving_home

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")


@pytest.fixture
async def home(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncGenerator[LeavingHome]:
    """A home that is not set up yet."""
    async with leaving_home(hass, freezer) as home:
        yield home


@pytest.fixture
async def paired(home: LeavingHome) -> LeavingHome:
    """A home whose CAD is paired."""
    await home.prepare()
    await home.start()
    return home


async def test_removing_the_entry_says_that_the_supplier_still_lists_the_cad(
    paired: LeavingHome,
) -> None:
    await paired.hass.config_entries.async_remove(paired.entry.entry_id)
    await paired.hass.async_block_till_done()
    issue = paired.issue("removed_still_listed")
    assert issue is not None
    assert issue.is_persistent
    assert issue.translation_placeholders == {
        "supplier": "Valley Energy",
        "eui64": "00-0D-6F-00-0A-0B-0C-0D",
    }
    assert paired.issue() is None


async def test_removing_what_is_unpaired_says_nothing(paired: LeavingHome) -> None:
    await paired.act("request_unpairing", route="phone", sent=True)
    await paired.act("confirm_unpairing")
    await paired.hass.config_entries.async_remove(paired.entry.entry_id)
    assert not [
        issue
        for (domain, _), issue in ir.async_get(paired.hass).issues.items()
        if domain == DOMAIN and issue.active
    ]


async def test_an_unreadable_store_is_removed_all_the_same(home: LeavingHome) -> None:
    await home.prepare()
    await (await home.store()).pairing.save({"history": []})
    await home.hass.config_entries.async_remove(home.entry.entry_id)
    assert home.issue("removed_still_listed") is None
    assert await (await home.store()).pairing.load() is None

"""A request that was prepared and is not on its way is reminded of (R8)."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
import json
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.pairing.states import PairingState as S, Reminder
from custom_components.smets1_cad.supplier.directory import Route
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .fake_link import NOW
from .leaving_home import LeavingHome, leaving_home

DUE = datetime(2026, 11, 24, 9, tzinfo=UTC)
"""Two working days after a Sunday, at nine."""


@pytest.fixture
async def home(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    enable_custom_integrations: None,
) -> AsyncGenerator[LeavingHome]:
    """A home whose request was prepared today, a Sunday, and not sent."""
    async with leaving_home(hass, freezer) as home:
        await home.prepare(way=())
        await home.start()
        yield home


def reminder(home: LeavingHome) -> ir.IssueEntry | None:
    return ir.async_get(home.hass).async_get_issue(
        DOMAIN, f"pairing_to_send_{home.entry.entry_id}"
    )


async def until_due(home: LeavingHome) -> None:
    """Let two working days go by."""
    await home.wait(seconds=(DUE - NOW).total_seconds() - 60)
    assert reminder(home) is None
    await home.wait(seconds=60)
    assert reminder(home) is not None


async def test_r8_a_request_that_nobody_sent_is_reminded_of(home: LeavingHome) -> None:
    """Not at once, as a letter may be posted tomorrow; then until it is on its way."""
    await until_due(home)
    issue = reminder(home)
    assert issue is not None
    assert issue.translation_key == "pairing_to_send"
    assert issue.translation_placeholders == {"supplier": "Valley Energy"}
    assert not issue.is_fixable
    await home.entry.runtime_data.unpairing.async_update(
        lambda pairing: pairing.advance(S.SENT, DUE, route=Route.LETTER)
    )
    assert reminder(home) is None


async def test_reminder_outlives_a_restart(home: LeavingHome) -> None:
    await until_due(home)
    await home.hass.config_entries.async_unload(home.entry.entry_id)
    assert reminder(home) is None
    await home.start()
    assert reminder(home) is not None


async def test_request_that_is_sent_in_time_is_not_reminded_of(
    home: LeavingHome,
) -> None:
    await home.wait(days=1)
    await home.entry.runtime_data.unpairing.async_update(
        lambda pairing: pairing.advance(S.SENT, NOW)
    )
    await home.wait(days=2)
    assert reminder(home) is None


async def test_request_that_was_lost_has_two_days_of_its_own(home: LeavingHome) -> None:
    """A pairing service knows nothing of it any more."""
    update = home.entry.runtime_data.unpairing.async_update
    await update(lambda pairing: pairing.advance(S.SENT, NOW))
    await home.wait(days=30)
    lost = NOW + timedelta(days=30)
    await update(lambda pairing: pairing.advance(S.RECORDED, lost, reason="lost"))
    assert reminder(home) is None
    await home.wait(days=3)
    assert reminder(home) is not None


async def test_r1_nothing_may_be_sent_without_consent(home: LeavingHome) -> None:
    """Neither while it is withdrawn nor after a restart; whatever becomes of the request."""
    await until_due(home)
    await home.act("withdraw_consent")
    assert reminder(home) is None
    await home.entry.runtime_data.unpairing.async_update(
        lambda pairing: pairing.with_reminded(Reminder.ASK)
    )
    assert reminder(home) is None
    await home.hass.config_entries.async_reload(home.entry.entry_id)
    assert reminder(home) is None


@pytest.mark.parametrize("is_due", [False, True])
async def test_request_that_is_given_up(home: LeavingHome, is_due: bool) -> None:
    if is_due:
        await until_due(home)
    await home.entry.runtime_data.unpairing.async_update(
        lambda pairing: pairing.advance(S.CANCELLED, DUE)
    )
    await home.wait(days=3)
    assert reminder(home) is None


async def test_cad_that_is_removed(home: LeavingHome) -> None:
    await until_due(home)
    await home.hass.config_entries.async_remove(home.entry.entry_id)
    assert reminder(home) is None


async def test_household_that_is_erased(home: LeavingHome) -> None:
    await until_due(home)
    await home.act("change_of_tenancy")
    await home.hass.async_block_till_done(wait_background_tasks=True)
    assert reminder(home) is None


@pytest.mark.parametrize("language", ["en", "cy"])
def test_the_way_on_is_named_as_the_menus_name_it(language: str) -> None:
    folder = Path(__file__).parents[1] / "custom_components/smets1_cad/translations"
    words = json.loads((folder / f"{language}.json").read_text(encoding="utf-8"))
    config, options = words["config"]["step"], words["options"]["step"]
    said = words["issues"]["pairing_to_send"]["description"]
    for name in (
        config["reconfigure"]["menu_options"]["again"],
        config["letter"]["data"]["sent"],
        options["init"]["menu_options"]["withdraw"],
    ):
        assert f"*{name}*" in said
    unsent = config["unsent"]["description"]
    assert f"*{config['letter']['data']['sent']}*" in unsent
    assert f"*{config['reconfigure']['menu_options']['again']}*" in unsent
    wait = config["wait"]["description"]
    assert f"*{config['wait']['menu_options']['finish']}*" in wait
    assert f"*{options['init']['menu_options']['look']}*" in wait

"""The actions: who may call them, what they answer, what they refuse (R2, R19, R20)."""

from collections.abc import AsyncGenerator
from datetime import timedelta
import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest
import yaml

from custom_components.smets1_cad.cad.errors import CadError
from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import Fuel
from custom_components.smets1_cad.cad.pacing import TooSoon
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.erasure.report import ErasureError
from custom_components.smets1_cad.pairing.states import PairingState as S
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
)

from .fake_link import NOW, electricity
from .leaving_home import LeavingHome, leaving_home

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")

FOLDER = Path(__file__).parent.parent / "custom_components/smets1_cad"
ACTIONS = {
    "change_of_tenancy",
    "confirm_unpairing",
    "export_consent",
    "export_evidence",
    "read_now",
    "request_unpairing",
    "withdraw_consent",
}


@pytest.fixture
async def home(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tmp_path: Path
) -> AsyncGenerator[LeavingHome]:
    """A home whose CAD is paired and read."""
    hass.config.config_dir = str(tmp_path)
    async with leaving_home(hass, freezer) as home:
        await home.prepare()
        await home.start()
        home.link.move(LinkState.RUNNING)
        home.link.hand_up(electricity())
        await hass.async_block_till_done()
        yield home


def test_every_action_has_fields_words_and_an_icon() -> None:
    fields = yaml.safe_load((FOLDER / "services.yaml").read_text())
    assert set(fields) == ACTIONS
    assert set(json.loads((FOLDER / "icons.json").read_text())["services"]) == ACTIONS
    for language in ("en", "cy"):
        words = json.loads((FOLDER / f"translations/{language}.json").read_text())
        assert set(words["services"]) == ACTIONS
        for action, described in words["services"].items():
            assert set(described["fields"]) == set(fields[action]["fields"])
            for field in fields[action]["fields"].values():
                if (select := field["selector"].get("select")) is not None:
                    assert set(
                        words["selector"][select["translation_key"]]["options"]
                    ) == set(select["options"])


async def test_the_actions_are_there_without_an_entry(home: LeavingHome) -> None:
    await home.hass.config_entries.async_unload(home.entry.entry_id)
    assert set(home.hass.services.async_services_for_domain(DOMAIN)) == ACTIONS
    with pytest.raises(ServiceValidationError, match="not loaded|No loaded"):
        await home.act("withdraw_consent")


@pytest.mark.parametrize("action", sorted(ACTIONS - {"read_now"}))
async def test_only_an_administrator_may_end_or_export_anything(
    home: LeavingHome, action: str, hass_read_only_user: Any
) -> None:
    with pytest.raises(Unauthorized):
        await home.hass.services.async_call(
            DOMAIN,
            action,
            {},
            blocking=True,
            context=Context(user_id=hass_read_only_user.id),
            return_response=action.startswith("export"),
        )
    assert home.entry.runtime_data.coordinator.has_consent


async def test_an_entry_can_be_named(home: LeavingHome) -> None:
    await home.act("withdraw_consent", config_entry_id=home.entry.entry_id)
    assert not home.entry.runtime_data.coordinator.has_consent
    with pytest.raises(ServiceValidationError):
        await home.act("withdraw_consent", config_entry_id="another")


# --- reading now


async def test_a_meter_is_read_now(home: LeavingHome) -> None:
    await home.act("read_now", fuel="electricity")
    assert home.link.calls[-1] == "refresh electricity"


async def test_pacing_refuses_and_says_when(home: LeavingHome) -> None:
    home.link.fault = TooSoon(Fuel.GAS, wait=timedelta(minutes=9), now=NOW)
    with pytest.raises(ServiceValidationError, match=":09:00"):
        await home.act("read_now", fuel="gas")


async def test_without_consent_nothing_is_read(home: LeavingHome) -> None:
    await home.act("withdraw_consent")
    with pytest.raises(ServiceValidationError, match="Consent is not in force"):
        await home.act("read_now", fuel="gas")
    assert "refresh gas" not in home.link.calls


# --- erasing


async def test_withdrawing_may_erase(home: LeavingHome) -> None:
    """Everything is gone, also the pairing; that the supplier lists the CAD is said."""
    answer = await home.act("withdraw_consent", stored="erase")
    assert answer["erased"]["reason"] == "erase"
    assert answer["erased"]["pairing_ended"] is False
    store = await home.store()
    assert await store.pairing.load() is None
    assert await store.readings.load() is None
    assert await store.session.load() is not None
    assert "unpair" not in home.link.calls
    log = await home.stored_consents()
    assert log.records[-1].identity is None
    issue = home.issue("tenancy_still_listed")
    assert issue is not None
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["supplier"] == "Valley Energy"


async def test_withdrawing_keeps_unless_told_otherwise(home: LeavingHome) -> None:
    answer = await home.act("withdraw_consent")
    assert answer == {"erased": None}
    assert await (await home.store()).pairing.load() is not None


async def test_a_change_of_tenancy_ends_everything(home: LeavingHome) -> None:
    """The radio leaves, files and store are erased, and a new consent is asked for."""
    files = (await home.act("export_evidence"))["files"]
    answer = await home.act("change_of_tenancy")
    assert answer["erased"]["reason"] == "user"
    assert answer["erased"]["pairing_ended"] is True
    assert home.link.calls.count("unpair") == 1
    assert not any(Path(path).exists() for path in files.values())
    store = await home.store()
    assert await store.session.load() is None
    assert await store.secrets.load() is None
    await home.hass.async_block_till_done()
    assert home.entry.state is not ConfigEntryState.LOADED
    assert home.issue("tenancy_still_listed") is not None


async def test_a_stick_that_is_gone_does_not_hold_up_the_erasure(
    home: LeavingHome,
) -> None:
    """What it takes to have it leave later is kept."""
    home.link.unpair_fault = CadError("Gone. Plug it in.", reason="x")
    answer = await home.act("change_of_tenancy")
    assert answer["erased"]["pairing_ended"] is False
    assert await (await home.store()).session.load() is not None


async def test_what_cannot_be_erased_is_said(home: LeavingHome) -> None:
    with (
        patch(
            "custom_components.smets1_cad.tenancy.change.async_erase_and_prove",
            side_effect=ErasureError("Something is left.", reason="erasure_left"),
        ),
        pytest.raises(HomeAssistantError, match="Something of the earlier"),
    ):
        await home.act("change_of_tenancy")
    assert (await home.stored_consents()).current is None


async def test_unpaired_is_not_listed_any_more(home: LeavingHome) -> None:
    await home.act("confirm_unpairing")
    assert (await home.stored_pairing()).state is S.UNPAIRED
    await home.act("change_of_tenancy")
    assert home.issue("tenancy_still_listed") is None

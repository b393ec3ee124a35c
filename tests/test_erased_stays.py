"""What was erased stays erased, whatever answer was still on its way."""

import asyncio
import json
from typing import Any

import pytest

from custom_components.smets1_cad.cad.errors import CadError
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.flow.draft import Draft
from custom_components.smets1_cad.readings.keeper import ReadingsKeeper
from custom_components.smets1_cad.smart_energy.eui64 import Eui64
from custom_components.smets1_cad.store import StoreError, async_get_store
from custom_components.smets1_cad.supplier.api import PairingService
from custom_components.smets1_cad.supplier.link import ServiceLink
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .fake_link import EUI, electricity, electricity_identity
from .leaving_home import LeavingHome

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")


async def test_a_late_answer_brings_no_request_back(
    home: LeavingHome, monkeypatch: pytest.MonkeyPatch, hass_storage: dict[str, Any]
) -> None:
    """The service is asked to unpair the CAD, and answers once the tenancy has ended."""
    asked, answer = asyncio.Event(), asyncio.Event()

    async def unpair(*_: object) -> None:
        if asked.is_set():
            return
        asked.set()
        await answer.wait()
        raise CadError("It did not arrive.", reason="service_unreachable")

    async def tell(*_: object, **__: object) -> None:
        return

    async def silent(*_: object) -> Any:
        raise CadError("Not now.", reason="service_unreachable")

    monkeypatch.setattr(PairingService, "unpair", unpair)
    monkeypatch.setattr(PairingService, "tell_tenancy_change", tell)
    monkeypatch.setattr(PairingService, "status", silent)
    await home.prepare(
        service=ServiceLink(url="https://service.test/v1", token="t" * 8),
        service_id="P1",
    )
    await home.start()

    async def act(action: str, **fields: Any) -> None:
        await home.hass.services.async_call(
            DOMAIN, action, fields, blocking=True, return_response=True
        )

    task = asyncio.create_task(act("request_unpairing", reason="moving_out"))
    await asked.wait()
    await act("change_of_tenancy")
    answer.set()
    with pytest.raises(HomeAssistantError, match="moved on"):
        await task
    await home.hass.async_block_till_done()
    store = await home.store()
    assert await store.pairing.load() is None
    assert "Gwen" not in json.dumps(hass_storage)


async def test_who_held_a_section_before_writes_nothing(hass: HomeAssistant) -> None:
    """A keeper, a dialog, whoever saves later; what was kept, and what begins anew, is written as ever."""
    store = await async_get_store(hass, EUI)
    eui64 = Eui64.parse(EUI)
    draft = Draft(eui64=eui64, store=store, path="/dev/x", inputs={"home": {"n": "x"}})
    readings, secrets, pairing = store.readings, store.secrets, store.pairing
    keeper = ReadingsKeeper(store)
    await store.async_erase(keep=("secrets",))
    readings.save_later({"last": 1})
    keeper.save_soon({})
    await keeper.save({}, ended=True)
    for save in (
        draft.save(),
        draft.pairing.save({"name": "x"}),
        draft.readings.save({"last": 1}),
        pairing.save({"name": "x"}),
    ):
        with pytest.raises(StoreError, match="erased") as caught:
            await save
        assert caught.value.reason == "pairing_step"
    with pytest.raises(StoreError):
        draft.require_kept()
    for section in ("readings", "setup", "pairing"):
        assert store.get(section) is None
    await secrets.save({"kept": 1})
    await store.pairing.save({"new": 1})
    assert store.get("secrets") == {"kept": 1}
    assert store.get("pairing") == {"new": 1}


async def test_an_entry_that_still_runs_keeps_nothing_of_before(
    paired: LeavingHome,
) -> None:
    """What it hears, and what it writes at its end: readings, firmware, signs of a change of tenancy."""
    store = await paired.store()
    await store.async_erase(keep=("pairing", "secrets", "session"))
    paired.link.hand_up(electricity(), electricity_identity(firmware_version="1.08"))
    await paired.hass.async_block_till_done()
    await paired.hass.config_entries.async_unload(paired.entry.entry_id)
    for section in ("readings", "firmware", "notices"):
        assert store.get(section) is None

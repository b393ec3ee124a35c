"""Nothing goes on without consent, and consent is for just what is asked for (R1, R2)."""

import hashlib
from typing import Any
from unittest.mock import AsyncMock

import pytest

from custom_components.smets1_cad.cad.clock import SYSTEM_CLOCK
from custom_components.smets1_cad.consent.consents import Consents
from custom_components.smets1_cad.consent.text import Box, load_consent_text
from custom_components.smets1_cad.pairing.life import PairingKeeper
from custom_components.smets1_cad.store import (
    async_get_process_store,
    async_load_consents,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import AbortFlow
from virtual_han.supplier import SupplierService

from .walk import HOME, METERS, TICKED, Walk, full_disk, pairing, stored


async def consents(hass: HomeAssistant) -> Consents:
    return await async_load_consents(hass, await stored(hass), SYSTEM_CLOCK)


async def test_boxes_are_unticked(walk: Walk) -> None:
    await walk.to_consent()
    walk.shows("consent")
    schema = walk.at["data_schema"].schema
    assert [str(box) for box in schema] == ["consumer", "pairing", "history"]
    assert [box.default() for box in schema] == [False] * 3
    assert walk.suggested() == {}


@pytest.mark.parametrize("left", ["consumer", "pairing", "ihd"])
async def test_box_that_is_left(walk: Walk, hass: HomeAssistant, left: str) -> None:
    """Without it nothing is on record, and nothing goes on."""
    await walk.to_home()
    await walk.fill("home", **HOME)
    await walk.fill("fuels", fuels="both", ihd="keep")
    await walk.fill("meters", **METERS)
    ticked = TICKED | {"ihd": True}
    await walk.fill("consent", **ticked | {left: False})
    walk.shows("consent", {left: "consent_box"})
    assert (await consents(hass)).records == ()
    assert await (await stored(hass)).pairing.load() is None
    await walk.fill("consent", **ticked)
    walk.shows("pairing_details")


async def test_the_box_says_what_was_answered_of_the_display(
    walk: Walk, hass: HomeAssistant
) -> None:
    """Who changes the answer reads the other words, and ticks them anew."""
    said = {}
    await walk.to_home()
    for ihd in ("keep", "may_be_unpaired", "keep"):
        if said:
            await walk.begin()
            await walk.fill("user", device="/dev/ttyUSB0")
            await walk.choose("resume", "cad")
            await walk.choose("cad", "certificate_none")
            await walk.fill("certificate_none")
            await walk.fill("install_code")
        await walk.fill("home", **HOME)
        await walk.fill("fuels", fuels="both", ihd=ihd)
        await walk.fill("meters", **METERS)
        walk.shows("consent")
        said[ihd] = walk.at["description_placeholders"]["box_ihd"]
        await walk.fill("consent", **TICKED | {"ihd": True})
        assert (await consents(hass)).records[-1].wording.parameters["ihd"] == said[ihd]
        walk.leave()
    assert len((await consents(hass)).records) == 3
    assert "ask to be told first" in said["keep"]
    assert "I understand" in said["may_be_unpaired"]


async def test_history_may_be_left(walk: Walk, hass: HomeAssistant) -> None:
    await walk.to_consent()
    await walk.fill("consent", **TICKED | {"history": False})
    walk.shows("pairing_details")
    (record,) = (await consents(hass)).records
    assert record.boxes == {Box.CONSUMER, Box.PAIRING}
    assert not record.history_allowed


async def test_consent_that_cannot_be_kept(walk: Walk, hass: HomeAssistant) -> None:
    """No record, no way on; the boxes stay as they were ticked."""
    await walk.to_consent()
    with full_disk():
        await walk.fill("consent", **TICKED)
    walk.shows("consent", {"base": "consent_not_stored"})
    assert walk.suggested() == TICKED
    assert (await consents(hass)).records == ()
    await walk.fill("consent", **TICKED)
    walk.shows("pairing_details")


async def test_log_that_cannot_be_read(walk: Walk, hass: HomeAssistant) -> None:
    await walk.to_home()
    await walk.fill("home", **HOME)
    await walk.fill("fuels", fuels="both", ihd="none")
    await (await async_get_process_store(hass)).heads.save(
        {(await stored(hass)).name: "no head"}
    )
    await walk.fill("meters", **METERS)
    walk.aborted("store_unreadable")


async def test_record_is_of_the_text_that_was_shown(
    walk: Walk, hass: HomeAssistant
) -> None:
    """If it would be another one by now, here in another language, it is shown before anybody agrees to it."""
    await walk.to_consent()
    assert "Octopus Energy" in walk.at["description_placeholders"]["box_pairing"]
    hass.config.language = "cy"
    await walk.fill("consent", **TICKED)
    walk.shows("consent", {"base": "consent_reworded"})
    assert (await consents(hass)).records == ()
    assert not any(
        "suggested_value" in (key.description or {})
        for key in walk.at["data_schema"].schema
    )
    shown = walk.at["description_placeholders"]
    await walk.fill("consent", **TICKED)
    (record,) = (await consents(hass)).records
    assert record.wording.language == "cy"
    title = load_consent_text("cy").title
    words = (title, shown["text"], *(shown[f"box_{box}"] for box in TICKED))
    assert (
        record.wording.shown_sha256
        == hashlib.sha256("\n".join(words).encode()).hexdigest()
    )


async def test_language_of_the_text(walk: Walk, hass: HomeAssistant) -> None:
    hass.config.language = "cy"
    await walk.to_consent()
    await walk.fill("consent", **TICKED)
    (record,) = (await consents(hass)).records
    assert record.wording.language == "cy"


@pytest.mark.parametrize(
    ("step", "changed"),
    [
        ("home", {"name": "Somebody Else"}),
        ("home", {"postcode": "SW1A 1AA"}),
        ("fuels", {"ihd": "keep"}),
        ("meters", {"mpan": "2000054879610"}),
        ("meters", {"mprn": "7412306508"}),
        ("meters", {"gas_supplier": "Another Energy"}),
    ],
)
async def test_consent_of_others_or_for_something_else_does_not_count(
    walk: Walk, hass: HomeAssistant, step: str, changed: dict[str, Any]
) -> None:
    """Another person, home, meter, supplier, or a display that was not spoken of: it is asked for again."""
    await walk.to_request()
    walk.leave()
    await walk.begin()
    await walk.fill("user", device="/dev/ttyUSB0")
    await walk.choose("resume", "cad")
    await walk.choose("cad", "certificate_none")
    await walk.fill("certificate_none")
    await walk.fill("install_code")
    for name, typed in (
        ("home", HOME),
        ("fuels", {"fuels": "both", "ihd": "none"}),
        ("meters", METERS),
    ):
        await walk.fill(name, **typed | (changed if name == step else {}))
        if walk.at["errors"]:  # a warning, which the second try passes
            await walk.fill(name, **typed | (changed if name == step else {}))
    walk.shows("consent")


async def test_same_again_is_not_asked_twice(walk: Walk, hass: HomeAssistant) -> None:
    await walk.to_request()
    key = (await pairing(hass)).key
    walk.leave()
    await walk.begin()
    await walk.fill("user", device="/dev/ttyUSB0")
    await walk.choose("resume", "cad")
    await walk.choose("cad", "certificate_none")
    await walk.fill("certificate_none")
    await walk.fill("install_code")
    assert walk.suggested() == HOME
    await walk.fill("home", **HOME)
    await walk.fill("fuels", fuels="both", ihd="none")
    assert walk.suggested() == METERS
    await walk.fill("meters", **METERS)
    walk.shows("pairing_details")
    assert len((await consents(hass)).records) == 1
    assert (await pairing(hass)).key == key


@pytest.mark.parametrize(
    "step", ["service", "join", "request", "pairing_details", "wait", "finish"]
)
async def test_no_step_can_be_asked_for_out_of_turn(
    walk: Walk, hass: HomeAssistant, service: SupplierService, step: str
) -> None:
    """An answer names no step of its own choice, neither at a menu nor at a form."""
    await walk.begin()
    await walk.fill("user", device="/dev/ttyUSB0")
    flow_id = walk.at["flow_id"]
    for answer in ({"next_step_id": step}, {"step_id": step, "consumer": True}):
        with pytest.raises(Exception, match=r"(?i)not|extra|required|invalid|schema"):
            await hass.config_entries.flow.async_configure(flow_id, answer)
    assert await (await stored(hass)).pairing.load() is None
    assert service.seen == []


async def test_what_is_erased_is_consented_to_no_more(
    walk: Walk, hass: HomeAssistant
) -> None:
    """The tenancy has ended while the wording was read: nothing that was typed before comes back."""
    await walk.to_consent()
    store = await stored(hass)
    await store.async_erase()
    await walk.fill("consent", **TICKED)
    walk.aborted("pairing_step")
    assert not (await consents(hass)).records


async def test_what_is_erased_becomes_nobody_elses_request(
    walk: Walk, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loaded entry keeps the request of whoever lives there now."""
    await walk.to_consent()
    await walk.fill("consent", **TICKED)
    dialog = hass.config_entries.flow._progress[walk.at["flow_id"]]
    save = AsyncMock()
    keeper = AsyncMock(return_value=PairingKeeper(await pairing(hass), save))
    monkeypatch.setattr(dialog, "_keeper", keeper)
    await (await stored(hass)).async_erase()
    with pytest.raises(AbortFlow, match="pairing_step"):
        await dialog._write_request(anew=True)
    save.assert_not_awaited()

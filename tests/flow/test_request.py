"""The request, by the routes that a person walks themselves."""

from datetime import timedelta
import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.smets1_cad.cad.clock import SYSTEM_CLOCK
from custom_components.smets1_cad.pairing.request import PairingRequest
from custom_components.smets1_cad.pairing.states import PairingState
from custom_components.smets1_cad.store import StoreError, async_load_consents
from custom_components.smets1_cad.supplier.directory import OWN_FILE, Route
from homeassistant.config_entries import SOURCE_RECONFIGURE
from homeassistant.core import HomeAssistant

from .walk import CODE, EUI64, HOME, METERS, TICKED, Walk, full_disk, pairing, stored


async def own_suppliers(hass: HomeAssistant, *suppliers: dict[str, Any]) -> None:
    """Write the user's own directory."""
    path = Path(hass.config.path(OWN_FILE))

    def write() -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps({"format": 1, "suppliers": suppliers}), encoding="utf-8"
        )

    await hass.async_add_executor_job(write)


async def test_details_in_the_forms_that_suppliers_ask_for(walk: Walk) -> None:
    await walk.to_consent()
    await walk.fill("consent", consumer=True, pairing=True, history=True)
    walk.shows("pairing_details")
    assert walk.at["description_placeholders"] == {
        "eui64": "00-12-4B-00-01-AB-CD-EF",
        "eui64_colons": "00:12:4b:00:01:ab:cd:ef",
        "eui64_plain": EUI64,
        "code_with_crc": "83FE D340 7A93 9723 A5C6 39B2 6916 D505 C3B5",
        "code_without_crc": "83FE D340 7A93 9723 A5C6 39B2 6916 D505",
    }
    fields = {
        str(field): selector
        for field, selector in walk.at["data_schema"].schema.items()
    }
    assert list(fields) == ["qr_code", "hardware", "certification", "available"]
    data = fields["qr_code"].config["data"]
    assert {EUI64, CODE} == {part for part in (EUI64, CODE) if part in data}


async def test_what_is_said_of_the_cad_goes_into_the_request(
    walk: Walk, hass: HomeAssistant
) -> None:
    """It asks for nothing else by that, so consent stands; what was typed is there again."""
    await walk.to_consent()
    await walk.fill("consent", **TICKED)
    key = (await pairing(hass)).key
    details = {
        "hardware": "B2",
        "certification": "ZIG20001ZSE30001-24",
        "available": "weekdays  after six",
    }
    await walk.fill("pairing_details", **details)
    request = await pairing(hass)
    assert request.request.cad.hardware == "B2"
    assert request.request.cad.certification == "ZIG20001ZSE30001-24"
    assert request.request.available == "weekdays after six"
    assert request.state is PairingState.RECORDED
    assert request.key != key
    await walk.choose("request", "letter")
    text = walk.suggested()["text"]
    for line in (
        "Hardware version: B2",
        "Zigbee certification: ZIG20001ZSE30001-24",
        "The device is powered and in range: weekdays after six",
    ):
        assert line in text
    await walk.fill("letter", sent=True)
    sent = await pairing(hass)
    walk.leave()
    await walk.begin()
    await walk.fill("user", device="/dev/ttyUSB0")
    await walk.choose("resume", "cad")
    await walk.choose("cad", "certificate_none")
    await walk.fill("certificate_none")
    await walk.fill("install_code")
    for step in ("home", "fuels", "meters"):
        await walk.fill(step, **walk.suggested())
    assert walk.suggested() == details | {"available": "weekdays after six"}
    await walk.fill("pairing_details", **walk.suggested())
    assert await pairing(hass) == sent


async def test_nothing_is_said_of_what_is_left_empty(walk: Walk) -> None:
    await walk.to_request()
    await walk.choose("request", "letter")
    text = walk.suggested()["text"]
    for label in ("Hardware", "certification", "in range", "not known", "none\n"):
        assert label not in text.replace("In-home display: there is none\n", "")


async def test_detail_that_is_too_long(walk: Walk, hass: HomeAssistant) -> None:
    await walk.to_consent()
    await walk.fill("consent", **TICKED)
    await walk.fill("pairing_details", certification="x" * 65)
    walk.shows("pairing_details", {"certification": "detail_too_long"})
    assert walk.suggested() == {"certification": "x" * 65}
    with full_disk():
        await walk.fill("pairing_details")
    walk.shows("pairing_details", {"base": "store_not_written"})


async def test_r2_request_names_the_text_as_it_was_shown(
    walk: Walk, hass: HomeAssistant
) -> None:
    await walk.to_request()
    consents = await async_load_consents(hass, await stored(hass), SYSTEM_CLOCK)
    assert consents.current is not None
    wording = consents.current.wording
    assert (await pairing(hass)).request.consent_sha256 == wording.shown_sha256
    assert wording.shown_sha256 != wording.sha256


@pytest.mark.parametrize("route", ["email", "letter", "phone"])
async def test_request_that_was_sent(
    walk: Walk, hass: HomeAssistant, route: str
) -> None:
    """Its text is complete; from now on it is waited for."""
    await walk.to_request()
    await walk.choose("request", route)
    walk.shows(route)
    text = walk.suggested().get("text", "") + "".join(
        walk.at["description_placeholders"].values()
    )
    assert "83FE" in text
    assert "49.4(d)" in text or route == "phone"
    await walk.fill(route, sent=True)
    assert walk.at["step_id"] == "wait"
    assert (await pairing(hass)).state is PairingState.SENT
    assert (await pairing(hass)).route is Route(route)
    await walk.choose("wait", "finish")
    assert walk.entry.unique_id == EUI64
    assert walk.entry.data == {
        "device": "/dev/serial/by-id/usb-Maker_Stick_0001-if00-port0",
        "board": "Stick",
        "firmware": "7.4.4.0 build 0",
        "manufacturer": "Maker",
    }


async def test_email_is_to_be_copied_without_its_subject(walk: Walk) -> None:
    """The link fills in recipient and subject; the text goes below them."""
    await walk.to_request()
    await walk.choose("request", "email")
    shown = walk.at["description_placeholders"]
    assert shown["subject"]
    assert shown["subject"] not in walk.suggested()["text"]
    assert "body=" not in shown["link"]
    assert CODE[:4] not in shown["link"]


@pytest.mark.parametrize("route", ["email", "letter", "phone"])
async def test_request_that_was_not_sent(
    walk: Walk, hass: HomeAssistant, route: str
) -> None:
    """Nothing is said to be waited for; the ways to send it are one step away, and finishing too."""
    await walk.to_request()
    await walk.choose("request", route)
    await walk.fill(route, sent=False)
    assert walk.at["menu_options"] == ["request", "join", "finish"]
    await walk.choose("unsent", "finish")
    assert walk.entry.unique_id == EUI64
    assert (await pairing(hass)).state is PairingState.RECORDED


async def test_request_that_is_sent_another_way_after_all(
    walk: Walk, hass: HomeAssistant
) -> None:
    await walk.to_request()
    before = await pairing(hass)
    await walk.choose("request", "email")
    await walk.fill("email", sent=False)
    await walk.choose("unsent", "request")
    await walk.choose("request", "letter")
    await walk.fill("letter", sent=True)
    assert walk.at["step_id"] == "wait"
    after = await pairing(hass)
    assert (after.state, after.route) == (PairingState.SENT, Route.LETTER)
    assert after.key == before.key


async def test_text_that_is_looked_at_again_after_it_was_sent(walk: Walk) -> None:
    """The request is waited for already, whatever is ticked now."""
    await walk.to_request()
    await walk.choose("request", "letter")
    await walk.fill("letter", sent=True)
    await walk.choose("wait", "finish")
    await walk.reopen(SOURCE_RECONFIGURE)
    await walk.choose("reconfigure", "again")
    await walk.fill("pairing_details")
    await walk.choose("request", "phone")
    await walk.fill("phone", sent=False)
    assert walk.at["step_id"] == "wait"


async def test_known_contacts_are_shown(walk: Walk, hass: HomeAssistant) -> None:
    await own_suppliers(
        hass,
        {
            "id": "mine",
            "name": "My Energy",
            "channels": [
                {
                    "kind": "email",
                    "value": "pair@example.org",
                    "source": "https://example.org/",
                }
            ],
        },
    )
    await walk.to_home()
    await walk.fill("home", **HOME)
    await walk.fill("fuels", fuels="electricity", ihd="none")
    await walk.fill("meters", mpan=METERS["mpan"], electricity_supplier="My Energy")
    await walk.fill("consent", **TICKED)
    await walk.fill("pairing_details")
    assert walk.at["description_placeholders"] == {
        "supplier": "My Energy",
        "contacts": "**My Energy**\n\n- Email: pair@example.org (from your own file: https://example.org/)",
        "problems": "",
    }
    await walk.choose("request", "email")
    assert walk.at["description_placeholders"]["to"] == "pair@example.org"


async def test_supplier_that_nobody_knows(walk: Walk) -> None:
    await walk.to_home()
    await walk.fill("home", **HOME)
    await walk.fill("fuels", fuels="gas", ihd="none")
    await walk.fill("meters", mprn=METERS["mprn"], gas_supplier="Tiny Gas")
    await walk.fill("consent", **TICKED)
    await walk.fill("pairing_details")
    assert walk.at["description_placeholders"] == {
        "supplier": "Tiny Gas",
        "contacts": "**Tiny Gas**\n\nWe found no contact for this: use the one on your bill.",
        "problems": "",
    }
    await walk.choose("request", "phone")
    assert "on your bill" in walk.at["description_placeholders"]["to"]


async def test_r6_what_is_wrong_in_the_own_file_is_said(
    walk: Walk, hass: HomeAssistant
) -> None:
    """It is left out, and said where the contacts are shown; the rest of the file counts."""
    await own_suppliers(
        hass,
        {"name": "Octopus Energy", "channels": [{"kind": "fax", "value": "1"}]},
        {"name": "My Energy", "channels": []},
    )
    await walk.to_request()
    shown = walk.at["description_placeholders"]
    assert "smets1_cad/suppliers.json" in shown["problems"]
    assert "suppliers[0].channels[0]" in shown["problems"]
    assert "We found no contact" in shown["contacts"]


async def test_two_suppliers_are_asked_one_after_the_other(
    walk: Walk, hass: HomeAssistant
) -> None:
    """Each gets its own text; the request counts as sent from the first that went out."""
    await own_suppliers(
        hass,
        {
            "name": "Tiny Gas",
            "channels": [{"kind": "email", "value": "cad@tiny.example"}],
        },
    )
    await walk.to_home()
    await walk.fill("home", **HOME)
    await walk.fill("fuels", fuels="both", ihd="none")
    await walk.fill("meters", **METERS | {"gas_supplier": "Tiny Gas"})
    await walk.fill("consent", **TICKED)
    await walk.fill("pairing_details")
    await walk.choose("request", "email")
    first = walk.suggested()["text"]
    assert walk.at["description_placeholders"]["supplier"] == "Octopus Energy"
    assert "49.4(d)" in first
    assert "393 842" not in first
    await walk.fill("email", sent=True)
    assert (await pairing(hass)).state is PairingState.SENT
    walk.shows("email")
    second = walk.suggested()["text"]
    shown = walk.at["description_placeholders"]
    assert (shown["supplier"], shown["to"]) == ("Tiny Gas", "cad@tiny.example")
    assert "43.4(d)" in second
    assert "20 0002" not in second
    sent = await pairing(hass)
    await walk.fill("email", sent=True)
    assert walk.at["step_id"] == "wait"
    assert await pairing(hass) == sent


async def test_sending_that_cannot_be_noted(walk: Walk, hass: HomeAssistant) -> None:
    await walk.to_request()
    await walk.choose("request", "letter")
    with full_disk():
        await walk.fill("letter", sent=True)
    walk.aborted("store_not_written")
    assert (await pairing(hass)).state is PairingState.RECORDED


async def test_request_that_cannot_be_written_down(
    walk: Walk, hass: HomeAssistant
) -> None:
    """Consent is on record by then, and nothing has left the house."""
    await walk.to_consent()
    with patch.object(
        PairingRequest,
        "as_dict",
        side_effect=StoreError("Full. Make room.", reason="store_not_written"),
    ):
        await walk.fill("consent", **TICKED)
    walk.aborted("store_not_written")
    assert await (await stored(hass)).pairing.load() is None


async def test_stored_request_that_cannot_be_read(
    walk: Walk, hass: HomeAssistant
) -> None:
    await walk.to_consent()
    await (await stored(hass)).pairing.save({"history": []})
    await walk.fill("consent", **TICKED)
    walk.aborted("store_unreadable")


async def test_sent_by_another_route_too(walk: Walk, hass: HomeAssistant) -> None:
    """A resumed dialog sends the same request again, under the same key."""
    await walk.to_request()
    await walk.choose("request", "letter")
    await walk.fill("letter", sent=True)
    before = await pairing(hass)
    walk.leave()
    await walk.begin()
    await walk.fill("user", device="/dev/ttyUSB0")
    await walk.choose("resume", "cad")
    await walk.choose("cad", "certificate_none")
    await walk.fill("certificate_none")
    await walk.fill("install_code")
    for step in ("home", "fuels", "meters"):
        await walk.fill(step, **walk.suggested())
    await walk.fill("pairing_details")
    await walk.choose("request", "phone")
    await walk.fill("phone", sent=True)
    after = await pairing(hass)
    assert (after.state, after.route) == (PairingState.SENT, Route.PHONE)
    assert after.key == before.key


@pytest.mark.parametrize("option", ["service", "email", "letter", "phone", "join"])
async def test_nothing_is_sent_or_joined_once_consent_has_run_out(
    walk: Walk, freezer: FrozenDateTimeFactory, option: str
) -> None:
    """A dialog may stay open for longer than consent holds."""
    await walk.to_request()
    freezer.tick(timedelta(days=366))
    await walk.choose("request", option)
    walk.aborted("consent_missing")

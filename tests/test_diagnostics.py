"""Diagnostics help to find faults, and tell nothing of the household."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
import json
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from syrupy.assertion import SnapshotAssertion

from custom_components.smets1_cad.cad.errors import CadError, Responsible
from custom_components.smets1_cad.cad.link import LinkState, LinkStatistics
from custom_components.smets1_cad.cad.models import Fuel
from custom_components.smets1_cad.diagnostics import async_get_config_entry_diagnostics
from custom_components.smets1_cad.pairing.identity import Identity, Premises, Relation
from custom_components.smets1_cad.pairing.life import Pairing, PairingKeeper
from custom_components.smets1_cad.pairing.meter_numbers import parse_mpan, parse_mprn
from custom_components.smets1_cad.pairing.request import CadDetails, PairingRequest
from custom_components.smets1_cad.pairing.states import CadKind, PairingState
from custom_components.smets1_cad.redaction import REDACTED, Redactor
from homeassistant.core import HomeAssistant

from .fake_link import (
    EUI,
    MPAN,
    MPRN,
    NOW,
    SERIAL,
    Home,
    electricity,
    electricity_identity,
    flat_tariff,
    gas,
    new_home,
)

IDENTITY = Identity(
    name="Gwen Householder",
    address="27 Canary Wharf\nLlan",
    postcode="CF10 1AA",
    premises=Premises.DOMESTIC,
    relation=Relation.OCCUPIER,
    fuels=frozenset(Fuel),
    mpan=parse_mpan(MPAN),
    mprn=parse_mprn(MPRN),
    serials={Fuel.GAS: "G4P00998877"},
    email="gwen@example.org",
    phone="+442920000000",
)
PERSONAL = (
    *("Gwen", "Householder", "Canary", "Llan", "CF10", "1AA", "example.org"),
    *("2920000000", MPAN, MPRN, SERIAL, "G4P00998877", "REF-5512", "words of theirs"),
    *(EUI, EUI.replace(":", ""), "00124b0001020304"),
)


@pytest.fixture
def home(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    enable_custom_integrations: None,
) -> Home:
    """A home whose entry is not set up yet, with a request that was sent."""
    home = new_home(hass, freezer)
    home.declared = IDENTITY
    pairing = Pairing.record(
        PairingRequest(
            identity=IDENTITY,
            cad=CadDetails(kind=CadKind.ZIGBEE, eui64=EUI.replace(":", "")),
            supplier="Some Energy",
            consent_id="0123456789ab",
            consent_at=NOW,
            consent_version=1,
            consent_sha256="ab" * 32,
        ),
        NOW,
    ).advance(PairingState.SENT, NOW, reference="REF-5512", detail="words of theirs")

    async def save(_data: dict[str, Any]) -> None:
        """Keep nothing."""

    home.pairing = PairingKeeper(pairing, save)
    return home


async def fill(home: Home) -> dict[str, Any]:
    """Set up, fail in a way that names numbers, and return the diagnostics."""
    home.link.statistics = LinkStatistics(
        counters={"replies_missed": 2, f"frames_of_{EUI}": 1}, signal_lqi=200
    )
    await home.start()
    await home.hear(electricity_identity(), electricity(), gas(), flat_tariff())
    await home.wait(seconds=10)
    await home.hear(electricity(import_kwh="0"))
    home.link.move(
        LinkState.FAILED,
        CadError(
            f"Meter {SERIAL} of {MPAN} at {EUI.upper()} refused. Ask.",
            reason="refused",
            responsible=Responsible.SUPPLIER,
        ),
    )
    await home.hass.async_block_till_done()
    return await async_get_config_entry_diagnostics(home.hass, home.entry)


async def test_diagnostics(home: Home, snapshot: SnapshotAssertion) -> None:
    assert await fill(home) == snapshot


async def test_no_canary_sings(home: Home) -> None:
    """Neither as a value, nor inside a string, nor as a key; and it is JSON."""
    text = json.dumps(await fill(home)).lower()
    assert [canary for canary in PERSONAL if canary.lower() in text] == []
    assert REDACTED.lower() in text
    assert "12345.678" in text


@pytest.mark.parametrize("left", ["mpan", "mprn"])
async def test_home_with_one_meter(home: Home, left: str) -> None:
    home.declared = replace(IDENTITY, **{left: None})
    text = json.dumps(await fill(home)).lower()
    assert [canary for canary in PERSONAL[:6] if canary.lower() in text] == []


async def test_refused_registers_are_counted(home: Home) -> None:
    said = await fill(home)
    register = said["meters"]["electricity"]["registers"]["import_kwh"]
    assert register["refused"] == {"went_back": 1}


async def test_before_anything_is_known(home: Home, hass: HomeAssistant) -> None:
    home.pairing = home.declared = None
    await home.start()
    said = await async_get_config_entry_diagnostics(hass, home.entry)
    assert said["meters"] == {}
    assert said["pairing"] is None
    assert said["link"]["error"] is None
    assert said["consent"] == {"in_force": True}


async def test_entry_that_could_not_be_set_up(home: Home, hass: HomeAssistant) -> None:
    """That is when they are wanted most."""
    home.link.fault = CadError(f"No {SERIAL}.", reason="radio_lost")
    await home.start()
    said = await async_get_config_entry_diagnostics(hass, home.entry)
    assert said == {"entry": "setup_retry", "error": "radio_lost", "options": {}}


class TestRedactor:
    """What is taken out, and what is left."""

    @pytest.mark.parametrize(
        "text",
        [
            "the code 83FE D340 7A93 9723 A5C6 39B2 6916 D505 C3B5",
            "key 0x83fed3407a939723a5c639b26916d505",
            "00:0d:6f:00:0a:0b:0c:0d",
            "00-0D-6F-00-0A-0B-0C-0D",
            "MPAN 2000054879610",
            "01 801 902 22 0000 5487 961",
            "MPRN 7412306508",
            "call 029 2000 0000",
            "a.b@example.org",
            "at SW1A 1AA",
        ],
    )
    def test_unknown_identifiers_go_by_their_form(self, text: str) -> None:
        assert REDACTED in Redactor(()).clean(text)

    @pytest.mark.parametrize(
        "text",
        [
            "12345.678",
            "0.2467",
            "2026-11-22T12:00:00+00:00",
            "2026-11-22T12:00:00.250000Z",
            "EmberZNet 7.4.4.0 build 0",
            "GBP/kWh",
            "tier_1_import_kwh",
            "await_acknowledgement",
            "The hub did not answer within 10 s.",
        ],
    )
    def test_what_helps_stays(self, text: str) -> None:
        assert Redactor((None, "", "abc")).clean(text) == text

    def test_keys_sets_and_strings(self) -> None:
        cleaned = Redactor(("Secret1", "SE-CR-ET")).clean(
            {
                "my secret1 key": ({"x Secret1"}, [None, True, 3, 1.5]),
                "SECRET": datetime(2026, 1, 1, tzinfo=UTC),
                "other": timedelta(seconds=3),
            }
        )
        assert cleaned == {
            f"my {REDACTED} key": [[f"x {REDACTED}"], [None, True, 3, 1.5]],
            REDACTED: "2026-01-01 00:00:00+00:00",
            "other": "0:00:03",
        }

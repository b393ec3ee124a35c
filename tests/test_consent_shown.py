"""What a person has consented to, as the options show it to them again (R2)."""

from dataclasses import replace
import json
from pathlib import Path

import pytest

from custom_components.smets1_cad.consent.consents import Declaration, Withdrawal
from custom_components.smets1_cad.consent.log import Damage, DamageKind
from custom_components.smets1_cad.consent.text import Box, load_consent_text
from custom_components.smets1_cad.smart_energy.eui64 import Eui64

from .fake_link import EUI, MPAN, MPRN
from .leaving_home import LeavingHome
from .test_options_flow import Dialog, menu

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")


async def test_what_was_consented_to_is_shown_in_full(
    paired: LeavingHome, caplog: pytest.LogCaptureFixture
) -> None:
    """Who, what for, which boxes, until when, which wording; in the dialog alone."""
    caplog.set_level("DEBUG")
    record = paired.entry.runtime_data.consents.records[-1]
    dialog = Dialog(paired)
    await dialog.open("record")
    assert dialog.at["step_id"] == "record"
    shown = dialog.at["description_placeholders"]["record"]
    for fact in (
        "- In force now: **yes**",
        "- Given on: **2026-11-22 04:00**",
        "- To be asked for again on: **2027-11-22 04:00**",
        "- Period (days): **365**",
        "- Name: **Gwen Householder**",
        "- Address: **27 Canary Wharf, Llan**",
        "- Relation to the premises: **lives there**",
        f"- MPAN: **{MPAN}**",
        f"- MPRN: **{MPRN}**",
        "- Fuels: **electricity, gas**",
        "- Supplier: **Valley Energy**",
        f"- MAC address (EUI-64): **{Eui64.parse(EUI).with_hyphens}**",
        "- Wording – version: **1**",
        f"- Wording – SHA-256 of its file: **{record.wording.sha256}**",
        "as its hash shows: **yes**",
        "\n".join(load_consent_text("en").body).format_map(record.wording.parameters),
        "☑ I am the energy consumer",
        "for the request to be sent to Valley Energy.",
        "☑ I allow Home Assistant to keep a history",
    ):
        assert fact in shown, fact
    assert "Ended on" not in shown
    assert "Reason" not in shown
    await dialog.fill()
    assert dialog.at["step_id"] == "init"
    assert MPAN not in caplog.text
    assert "Gwen" not in caplog.text


async def test_what_was_consented_to_is_shown_after_a_withdrawal(
    paired: LeavingHome,
) -> None:
    """That and when it ended, in the language of the home; the wording as it was read."""
    await paired.act("withdraw_consent")
    paired.hass.config.language = "cy"
    dialog = Dialog(paired)
    await dialog.open("record")
    shown = dialog.at["description_placeholders"]["record"]
    assert "- Mewn grym nawr: **na**" in shown
    assert "- Daeth i ben ar: **2026-11-22 04:00**" in shown
    assert "tynnwyd yn ôl gan ddeiliad y tŷ" in shown
    assert "What you are about to allow" in shown


async def test_what_was_left_unticked_and_what_was_set_since_is_shown(
    home: LeavingHome,
) -> None:
    """A box that was left, and a time for which consent holds that was made shorter."""
    await home.prepare(ticked=frozenset(Box) - {Box.HISTORY})
    home.hass.config_entries.async_update_entry(
        home.entry, options={"consent_days": 90}
    )
    await home.start()
    dialog = Dialog(home)
    await dialog.open("record")
    shown = dialog.at["description_placeholders"]["record"]
    assert "☐ I allow Home Assistant to keep a history" in shown
    assert "again on: **2027-02-20 04:00**" in shown
    assert "Period (days): **365**" in shown


async def test_of_what_is_erased_only_that_it_was_given_is_shown(
    paired: LeavingHome,
) -> None:
    await paired.entry.runtime_data.consents.erase(Withdrawal.REQUESTED)
    dialog = Dialog(paired)
    await dialog.open("record")
    shown = dialog.at["description_placeholders"]["record"]
    assert "- Person and premises: **personal details erased**" in shown
    assert "- In force now: **no**" in shown
    assert "- Wording – version: **1**" in shown
    assert "Gwen" not in shown
    assert "Valley Energy" not in shown


async def test_nothing_that_was_typed_acts_in_what_is_shown(
    paired: LeavingHome,
) -> None:
    consents = paired.entry.runtime_data.consents
    record = consents.records[-1]
    await consents.give(
        Declaration(
            identity=replace(record.identity, name="[Gwen](http://a) <b>"),
            cad=record.cad,
            supplier="**E**",
            text=load_consent_text("en").show_again(record.wording, has_ihd=False),
            ticked=record.boxes,
        )
    )
    dialog = Dialog(paired)
    await dialog.open("record")
    shown = dialog.at["description_placeholders"]["record"]
    assert r"\[Gwen\](http\://a) \<b\>" in shown
    assert r"\*\*E\*\*" in shown


async def test_of_a_damaged_log_nothing_is_shown_and_all_can_be_erased(
    paired: LeavingHome,
) -> None:
    """What it says cannot be relied on; whether it names anybody cannot be told."""
    await paired.act("withdraw_consent")
    consents = paired.entry.runtime_data.consents
    consents.log.damage = Damage(DamageKind.ENTRY_CHANGED, 0)
    offered = await menu(paired)
    assert "record" not in offered
    assert "erase" in offered


@pytest.mark.parametrize("language", ["en", "cy"])
def test_the_step_has_words(language: str, root: Path) -> None:
    path = root / f"custom_components/smets1_cad/translations/{language}.json"
    steps = json.loads(path.read_text())["options"]["step"]
    assert steps["record"]["title"] == steps["init"]["menu_options"]["record"]
    assert "{record}" in steps["record"]["description"]

"""A person has the CAD unpaired, follows it to its end, and removes it (R2, R19)."""

from pathlib import Path

from playwright.sync_api import Page, expect

from .dialog import Dialog
from .running import INTEGRATION, Demo, call

UNPAIRED = "The CAD is unpaired"


def test_unpairing(paired: Page, demo: Demo, screenshots: Path) -> None:
    """Consent is withdrawn, the supplier is told and confirms, the stick forgets its keys, the entry goes."""
    page, dialog = paired, Dialog(paired, screenshots)
    assert demo.steer("/state")["stick"]["holds_network"]
    page.goto(f"{demo.url}{INTEGRATION}")
    page.get_by_role("button", name="Configure").first.click()
    dialog.choose("Withdraw consent")
    expect(page.get_by_text("Erase what is stored").first).to_be_visible()
    dialog.shot("30-withdraw")
    dialog.submit()
    dialog.title("Consent is withdrawn")
    dialog.shot("31-withdrawn")
    dialog.choose("Ask for it now")
    dialog.title("Unpair the CAD")
    dialog.submit()
    dialog.title("Tell your supplier")
    dialog.shot("32-tell-supplier")
    dialog.choose("Pairing service")
    expect(page.get_by_text("Your supplier is told.")).to_be_visible()
    dialog.shot("33-told")
    dialog.close()

    page.get_by_text("Consumer access device").nth(1).click()
    expect(page.get_by_text("Unpaired").first).to_be_visible(timeout=90_000)
    dialog.shot("34-unpaired")
    state = demo.steer("/state")
    assert state["hub"]["members"] == []
    assert not state["stick"]["holds_network"]

    page.goto(f"{demo.url}/config/repairs")
    page.get_by_text(UNPAIRED).first.click()
    dialog.shot("35-remove")
    dialog.submit()
    dialog.close()
    page.goto(f"{demo.url}/config/integrations/dashboard")
    expect(page.get_by_text("Backup").first).to_be_visible()
    expect(page.get_by_text("SMETS1 CAD")).to_have_count(0)
    assert not call(page, "config_entries/get", domain="smets1_cad")

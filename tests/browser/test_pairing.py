"""A person pairs a CAD by clicking, and finds the meters in Home Assistant."""

from pathlib import Path

from playwright.sync_api import Page, expect

from .dialog import Dialog
from .pairing import pair
from .running import INTEGRATION, Demo


def test_add_integration_dialog(page: Page, demo: Demo, screenshots: Path) -> None:
    """The dialog opens with its first step."""
    page.goto(f"{demo.url}/config/integrations/dashboard/add?domain=smets1_cad")
    page.get_by_role("button", name="OK").click()
    expect(
        page.get_by_text("Choose the Zigbee stick that will join your smart meter.")
    ).to_be_visible(timeout=30_000)
    expect(page.locator("ha-selector-serial_port")).to_be_visible()
    Dialog(page, screenshots).shot("01-radio")


def test_pairing_by_clicking(page: Page, demo: Demo, screenshots: Path) -> None:
    """From the stick to readings on the device page."""
    pair(page, demo, screenshots)
    page.goto(f"{demo.url}{INTEGRATION}")
    page.get_by_text("Electricity meter").first.click()
    expect(page.get_by_text("Import today").first).to_be_visible()
    expect(page.get_by_text("Power", exact=True).first).to_be_visible()
    Dialog(page, screenshots).shot("12-electricity-meter")

"""A person logs in and opens the dialog that adds the integration."""

from pathlib import Path

from playwright.sync_api import Page, expect

from .conftest import Demo


def test_add_integration_dialog(page: Page, demo: Demo, screenshots: Path) -> None:
    page.goto(demo.url)
    page.locator("input[name=username]").fill(demo.user)
    page.locator("input[name=password]").fill(demo.password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/home/**")

    page.goto(f"{demo.url}/config/integrations/dashboard/add?domain=smets1_cad")
    page.get_by_role("button", name="OK").click()
    expect(
        page.get_by_text("Choose the Zigbee stick that will join your smart meter.")
    ).to_be_visible()
    picker = page.locator("ha-selector-serial_port")
    expect(picker).to_be_visible()
    # The dialog fades in; let it arrive before the picture is taken.
    page.wait_for_timeout(1000)
    page.screenshot(path=screenshots / "add-integration.png")

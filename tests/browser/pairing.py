"""Pairing a CAD by clicking, from the stick to the first readings."""

from collections.abc import Callable
from pathlib import Path
import re

from playwright.sync_api import Page, expect

from .dialog import Dialog
from .running import Demo

TENANT = "Ada Demo"


def pair(page: Page, demo: Demo, screenshots: Path) -> None:
    """Set the CAD up."""
    page.goto(f"{demo.url}/config/integrations/dashboard/add?domain=smets1_cad")
    page.get_by_role("button", name="OK").click()
    dialog = Dialog(page, screenshots)
    page.locator("ha-selector-serial_port").click()
    page.wait_for_timeout(500)
    page.get_by_text("Enter manually").click()
    page.wait_for_timeout(500)
    page.locator("ha-selector-serial_port input").last.fill(demo.radio)
    page.wait_for_timeout(500)
    dialog.submit()

    dialog.title("Your CAD")
    dialog.shot("02-cad")
    request(dialog, demo, TENANT, dialog.shot)
    dialog.title("What happens next")
    dialog.shot("09-waiting")
    # The virtual supplier needs a few seconds to add the CAD to the hub.
    page.wait_for_timeout(6000)
    dialog.choose("The CAD is added already: join now")
    page.wait_for_timeout(1500)
    dialog.shot("10-joining")
    expect(page.get_by_text("Paired", exact=True).first).to_be_visible(timeout=120_000)
    dialog.shot("11-paired")
    dialog.submit()
    page.get_by_role("button", name=re.compile("Skip and finish|Finish")).click()


def request(dialog: Dialog, demo: Demo, name: str, shot: Callable[[str], None]) -> None:
    """Go from the recognised stick to a request that is sent, as somebody of that name."""
    page = dialog.page
    dialog.choose("I will paste it")
    page.locator("textarea").fill(demo.certificate)
    dialog.submit()

    dialog.title("You and your home")
    for index, text in enumerate((name, "1 Virtual Row", "N1 9GU")):
        dialog.type(index, text)
    dialog.choose("The bill payer, and I live or work there")
    shot("03-home")
    dialog.submit()

    dialog.title("Your meters")
    dialog.choose("It may be unpaired to make room")
    dialog.submit()
    dialog.title("Numbers of your meters")
    fields = page.locator("ha-selector-text")
    expect(fields).to_have_count(4)
    dialog.type(0, demo.mpan)
    dialog.type(2, demo.mprn)
    for supplier in page.locator("ha-selector-select").all():
        supplier.click()
        page.wait_for_timeout(500)
        page.get_by_text("Octopus Energy", exact=True).last.click()
        page.wait_for_timeout(500)
    shot("04-meters")
    dialog.submit()

    dialog.title("Your consent")
    boxes = page.locator("ha-selector-boolean")
    expect(boxes).to_have_count(4)
    shot("05-consent")
    for index in range(4):
        dialog.tick(index)
    dialog.submit()

    dialog.title("What the supplier will ask for")
    page.locator("ha-qr-code").wait_for()
    shot("06-pairing-details")
    dialog.submit()

    dialog.title("Ask your supplier")
    shot("07-routes")
    dialog.choose("Pairing service")
    dialog.title("Pairing service")
    dialog.type(0, demo.service)
    dialog.type(1, demo.token)
    dialog.submit()
    dialog.title("Time and cost")
    shot("08-quote")
    dialog.tick(0)
    dialog.submit()

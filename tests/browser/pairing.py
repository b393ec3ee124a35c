"""Pairing a CAD by clicking, from the stick to the first readings."""

from collections.abc import Callable
from pathlib import Path
import re

from playwright.sync_api import Page, expect

from .dialog import Dialog
from .running import Demo, until

TENANT = "Ada Demo"
JOINING = "Joining your smart meter's network."


def pair(page: Page, demo: Demo, screenshots: Path) -> None:
    """Set the CAD up."""
    page.goto(f"{demo.url}/config/integrations/dashboard/add?domain=smets1_cad")
    page.get_by_role("button", name="OK").click()
    dialog = Dialog(page, screenshots)
    port = page.locator("ha-selector-serial_port")
    port.click()
    page.get_by_text("Enter manually").click()
    port.locator("ha-input input").fill(demo.radio)
    dialog.submit()

    dialog.title("Your CAD")
    dialog.shot("02-cad")
    request(dialog, demo, TENANT, dialog.shot)
    dialog.title("What happens next")
    dialog.shot("09-waiting")
    until(page, lambda: demo.lets_in)
    dialog.choose("The CAD is added already: join now")
    expect(page.get_by_text(JOINING)).to_be_visible()
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
    shown = page.get_by_text("Octopus Energy", exact=True).filter(visible=True)
    for number, supplier in enumerate(page.locator("ha-selector-select").all(), 1):
        supplier.click()
        # Those that were chosen before, and the one that is offered now.
        expect(shown).to_have_count(number)
        shown.last.click()
        expect(supplier).to_contain_text("Octopus Energy")
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

"""The tenant changes: everything is erased, and whoever lives there now consents and sees data again (R20)."""

from pathlib import Path
import re

from playwright.sync_api import Page, expect

from .dialog import Dialog
from .pairing import TENANT, request
from .running import INTEGRATION, Demo, call, until

NEW_TENANT = "Bea Newcome"
OUT_OF_REACH = "Copies that could not be erased"

WINDOW = 50
"""Seconds for which the hub lets a CAD in that it has known; half of them pass before its new code counts."""


def test_change_of_tenancy(paired: Page, demo: Demo, screenshots: Path) -> None:
    """By clicking, from the end of one tenancy to the first readings of the next."""
    page, dialog = paired, Dialog(paired, screenshots)
    before = _entities(page)
    assert "sensor.electricity_meter_import" in before
    page.goto(f"{demo.url}{INTEGRATION}")
    page.get_by_role("button", name="Configure").first.click()
    dialog.choose("Change of tenancy")
    expect(page.get_by_text("It cannot be undone.")).to_be_visible()
    dialog.tick(0)
    dialog.shot("20-tenancy")
    dialog.submit()
    expect(page.get_by_text("Reading has stopped, and everything")).to_be_visible()
    dialog.close()

    page.goto(f"{demo.url}/config/integrations/dashboard")
    again = page.get_by_role("button", name="Reconfigure")
    expect(again).to_be_visible(timeout=120_000)
    dialog.shot("21-new-consent-asked")
    assert not set(before.values()) & set(_entities(page).values())

    page.goto(f"{demo.url}/config/repairs")
    page.get_by_text(OUT_OF_REACH).first.click()
    expect(page.get_by_text("a search found nothing of it")).to_be_visible()
    dialog.shot("22-erasure-report")
    dialog.submit()

    demo.steer("/supplier", {"window": WINDOW})
    page.goto(f"{demo.url}/config/integrations/dashboard")
    again.click()
    dialog.title("Consent is needed again")
    dialog.shot("23-consent-again")
    dialog.submit()
    dialog.title("Your CAD")
    request(dialog, demo, NEW_TENANT, lambda _name: None)
    dialog.title("What happens next")
    until(page, lambda: demo.lets_in)
    dialog.choose("Finish, and wait")
    expect(
        page.get_by_text("Reading begins once the supplier has paired")
    ).to_be_visible(timeout=60_000)
    dialog.close()

    page.goto(f"{demo.url}{INTEGRATION}")
    page.get_by_text("Electricity meter").first.click(timeout=120_000)
    expect(page.get_by_text("Import today").first).to_be_visible(timeout=60_000)
    expect(page.get_by_text(re.compile(r"[0-9,.]+\s*k?W")).first).to_be_visible()
    dialog.shot("24-new-tenant-meter")
    after = _entities(page)
    assert "sensor.electricity_meter_import" in after
    assert not set(before.values()) & set(after.values())
    assert TENANT not in page.content()


def _entities(page: Page) -> dict[str, str]:
    """Return the entities of the integration: the unique id of each by its entity id."""
    return {
        entity["entity_id"]: entity["unique_id"]
        for entity in call(page, "config/entity_registry/list")
        if entity["platform"] == "smets1_cad"
    }

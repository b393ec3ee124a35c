"""A person pairs a CAD by clicking, and finds the meters in Home Assistant."""

from pathlib import Path
import re

from playwright.sync_api import Page, expect

from .conftest import Demo

SUBMIT = re.compile("Submit|Finish")
GRID = {
    "type": "grid",
    "stat_energy_from": "sensor.electricity_meter_import",
    "stat_energy_to": "sensor.electricity_meter_export",
    "stat_cost": None,
    "entity_energy_price": "sensor.electricity_meter_unit_rate",
    "number_energy_price": None,
    "stat_compensation": None,
    "entity_energy_price_export": None,
    "number_energy_price_export": None,
    "stat_rate": "sensor.electricity_meter_power",
    "cost_adjustment_day": 0,
}
GAS = {
    "type": "gas",
    "stat_energy_from": "sensor.gas_meter_energy",
    "stat_cost": None,
    "entity_energy_price": "sensor.gas_meter_unit_rate",
    "number_energy_price": None,
}


class Dialog:
    """The dialog of the config flow."""

    def __init__(self, page: Page, screenshots: Path) -> None:
        """Take the page that shows it."""
        self.page = page
        self._screenshots = screenshots

    def title(self, text: str) -> None:
        """Wait for a step."""
        expect(self.page.get_by_text(text, exact=True).first).to_be_visible()

    def shot(self, name: str) -> None:
        """Keep a picture, once the step has faded in."""
        self.page.wait_for_timeout(800)
        self.page.screenshot(path=self._screenshots / f"{name}.png")

    def submit(self) -> None:
        """Send the form."""
        self.page.get_by_role("button", name=SUBMIT).last.click()

    def choose(self, text: str) -> None:
        """Choose from a menu."""
        self.page.get_by_text(text, exact=True).first.click()

    def type(self, index: int, text: str) -> None:
        """Type into a field, counted from 0."""
        field = self.page.locator("ha-selector-text").nth(index)
        field.locator("input, textarea").first.fill(text)

    def tick(self, index: int) -> None:
        """Switch a box on."""
        box = self.page.locator("ha-selector-boolean").nth(index)
        box.locator("ha-switch, ha-checkbox, input").first.click()


def test_add_integration_dialog(page: Page, demo: Demo, screenshots: Path) -> None:
    """The dialog opens with its first step."""
    page.goto(f"{demo.url}/config/integrations/dashboard/add?domain=smets1_cad")
    page.get_by_role("button", name="OK").click()
    expect(
        page.get_by_text("Choose the Zigbee stick that will join your smart meter.")
    ).to_be_visible()
    expect(page.locator("ha-selector-serial_port")).to_be_visible()
    Dialog(page, screenshots).shot("01-radio")


def test_pairing_by_clicking(page: Page, demo: Demo, screenshots: Path) -> None:
    """From the stick to readings on the device page and the Energy dashboard."""
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
    dialog.choose("I will paste it")
    page.locator("textarea").fill(demo.certificate)
    dialog.submit()

    dialog.title("You and your home")
    for index, text in enumerate(("Ada Demo", "1 Virtual Row", "N1 9GU")):
        dialog.type(index, text)
    dialog.choose("The bill payer, and I live or work there")
    dialog.shot("03-home")
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
    dialog.shot("04-meters")
    dialog.submit()

    dialog.title("Your consent")
    boxes = page.locator("ha-selector-boolean")
    expect(boxes).to_have_count(4)
    dialog.shot("05-consent")
    for index in range(4):
        dialog.tick(index)
    dialog.submit()

    dialog.title("What the supplier will ask for")
    page.locator("ha-qr-code").wait_for()
    dialog.shot("06-pairing-details")
    dialog.submit()

    dialog.title("Ask your supplier")
    dialog.shot("07-routes")
    dialog.choose("Pairing service")
    dialog.title("Pairing service")
    dialog.type(0, demo.service)
    dialog.type(1, demo.token)
    dialog.submit()
    dialog.title("Time and cost")
    dialog.shot("08-quote")
    dialog.tick(0)
    dialog.submit()

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

    page.goto(f"{demo.url}/config/integrations/integration/smets1_cad")
    page.get_by_text("Electricity meter").first.click()
    expect(page.get_by_text("Import today").first).to_be_visible()
    expect(page.get_by_text("Power", exact=True).first).to_be_visible()
    dialog.shot("12-electricity-meter")

    issues = page.evaluate(
        """async (sources) => {
            const hass = document.querySelector("home-assistant").hass;
            await hass.callWS({type: "energy/save_prefs", energy_sources: sources});
            const found = await hass.callWS({type: "energy/validate"});
            return found.energy_sources.flat();
        }""",
        [GRID, GAS],
    )
    # Statistics are compiled every five minutes, so there may be none yet.
    assert {issue["type"] for issue in issues} <= {"statistics_not_defined"}, issues
    page.goto(f"{demo.url}/energy")
    page.wait_for_timeout(3000)
    dialog.shot("13-energy")

"""The dialogs of Home Assistant's flows, as a person clicks through them."""

from pathlib import Path
import re

from playwright.sync_api import Page, expect

SUBMIT = re.compile("Submit|Finish")

LOOKS = 30
"""How often a page is looked at, at most, until it is still: some show the seconds that pass."""


class Dialog:
    """The dialog of a flow."""

    def __init__(self, page: Page, screenshots: Path) -> None:
        """Take the page that shows it."""
        self.page = page
        self._screenshots = screenshots

    def title(self, text: str) -> None:
        """Wait for a step."""
        expect(self.page.get_by_text(text, exact=True).first).to_be_visible()

    def shot(self, name: str) -> None:
        """Keep a picture, once nothing in it moves any more."""
        before, now = b"", self._seen()
        for _ in range(LOOKS):
            if now == before:
                break
            before, now = now, self._seen()
        (self._screenshots / f"{name}.png").write_bytes(now)

    def _seen(self) -> bytes:
        # What turns for ever is held still; what fades in is shown as it will be.
        return self.page.screenshot(animations="disabled")

    def submit(self) -> None:
        """Send the form."""
        self.page.get_by_role("button", name=SUBMIT).last.click()

    def close(self) -> None:
        """Leave the dialog, once it has nothing more to ask, and wait until the frontend has left it too."""
        self.page.get_by_role("button", name="Close").last.click()
        expect(self.page.get_by_role("dialog")).to_have_count(0)
        # It goes back in its history as it closes, which would end a visit to another page.
        self.page.wait_for_function("() => !history.state?.dialog")

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

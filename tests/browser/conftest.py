"""A running demo and a browser in front of it."""

from collections.abc import Iterator
import os
from pathlib import Path
import re
import shutil
import signal
import subprocess

from playwright.sync_api import Page, sync_playwright
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SCREENSHOTS = ROOT / "screenshots"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
READY = re.compile(r"ready at (http://\S+)/ \(user (\w+), password (\w+)\)")


class Demo:
    """Where the demo is, who logs in, and what its card says to type."""

    def __init__(self, url: str, user: str, password: str, card: str) -> None:
        """Keep what the demo printed."""
        self.url = url
        self.user = user
        self.password = password
        self.radio = self._say(card, r"Radio +(\S+)")
        self.certificate = "\n".join(
            re.findall(r"^ +((?:CA Public|Device) .*)$", card, re.MULTILINE)
        )
        self.mpan, self.mprn = self._say(card, r"MPAN, MPRN +(.*)").split(", ")
        self.service = self._say(card, r"Pairing service +(\S+)")
        self.token = self._say(card, r"Token +(\S+)")

    @staticmethod
    def _say(card: str, pattern: str) -> str:
        match = re.search(pattern, card)
        assert match is not None, card
        return match[1]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the machine's Chromium."""
    for name in (os.environ.get("CHROMIUM", ""), *CHROMIUM_NAMES):
        if name and (path := shutil.which(name)):
            return path
    pytest.skip(
        "no Chromium on this machine (Debian: apt install chromium; elsewhere set CHROMIUM to its path)"
    )


@pytest.fixture(scope="session")
def demo(chromium: str) -> Iterator[Demo]:
    """Run scripts/demo for the session, and stop it as Ctrl-C does."""
    process = subprocess.Popen(
        [ROOT / "scripts" / "demo", "--manual"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if match := READY.search(line):
                yield Demo(*match.groups(), "".join(said))
                break
        else:
            pytest.fail("the demo did not start:\n" + "".join(said))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        process.stdout.close()


@pytest.fixture
def page(chromium: str, demo: Demo) -> Iterator[Page]:
    """A fresh browser page, British, logged in as a person does."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=[
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--disable-quic",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        try:
            context = browser.new_context(
                viewport={"width": 1280, "height": 900},
                locale="en-GB",
                timezone_id="Europe/London",
            )
            page = context.new_page()
            page.set_default_timeout(30_000)
            page.goto(demo.url)
            page.locator("input[name=username]").fill(demo.user)
            page.locator("input[name=password]").fill(demo.password)
            page.get_by_role("button", name="Log in").click()
            page.wait_for_url("**/home/**")
            yield page
        finally:
            browser.close()


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """The folder that keeps what the browser showed; git ignores it."""
    SCREENSHOTS.mkdir(exist_ok=True)
    return SCREENSHOTS

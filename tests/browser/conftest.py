"""A running demo and a browser in front of it."""

from collections.abc import Iterator
from datetime import UTC, datetime
import os
from pathlib import Path
import re
import shutil
import signal
import subprocess

from playwright.sync_api import Page, expect, sync_playwright
import pytest

from demo.pretence import library

from .pairing import pair
from .running import Demo, call

ROOT = Path(__file__).resolve().parent.parent.parent
SCREENSHOTS = ROOT / "screenshots"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
# Machines that test are busy: what is waited for here comes in its own time.
expect.set_options(timeout=45_000)

READY = re.compile(r"ready at (http://\S+)/ \(user (\w+), password (\w+)\)")

SHORTLY_BEFORE = "21:57:30"
"""When the demo's day begins: the full hour, at which the recorder makes the bars of the Energy dashboard, comes
after the CAD is paired. The sun is down, so that energy is imported on any day of the year."""

CLOCK = """ahead => {
    const Real = Date;
    globalThis.Date = class extends Real {
        constructor(...given) {
            super(...(given.length ? given : [Real.now() + ahead]));
        }
        static now() { return Real.now() + ahead; }
    };
}"""
"""Lets the browser agree with Home Assistant about the time. Playwright's own clock slows the pages down."""

LOAD = "10"
"""How many times as much energy as usual flows, so that two minutes of it can be seen."""


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
    moved = ["--at", SHORTLY_BEFORE] if library() else []
    process = subprocess.Popen(
        [ROOT / "scripts" / "demo", "--manual", "--load", LOAD, *moved],
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
    """A fresh browser page, British, at the demo's time, logged in as a person does."""
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
            ahead = demo.now - datetime.now(UTC)
            context.add_init_script(f"({CLOCK})({ahead.total_seconds() * 1000})")
            page = context.new_page()
            page.set_default_timeout(45_000)
            page.goto(demo.url)
            page.locator("input[name=username]").fill(demo.user)
            page.locator("input[name=password]").fill(demo.password)
            page.get_by_role("button", name="Log in").click()
            # The first page of a Home Assistant that has just started takes its time.
            page.wait_for_url("**/home/**", timeout=90_000)
            yield page
        finally:
            browser.close()


@pytest.fixture
def paired(page: Page, demo: Demo, screenshots: Path) -> Page:
    """A page of a Home Assistant with a CAD that is paired: by an earlier test, else now."""
    entries = call(page, "config_entries/get", domain="smets1_cad")
    if not entries:
        pair(page, demo, screenshots)
    return page


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """The folder that keeps what the browser showed; git ignores it."""
    SCREENSHOTS.mkdir(exist_ok=True)
    return SCREENSHOTS

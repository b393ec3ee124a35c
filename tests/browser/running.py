"""The demo that the browser looks at."""

from collections.abc import Callable
from datetime import datetime
import json
import re
from time import monotonic
from typing import Any
from urllib.request import Request, urlopen

from playwright.sync_api import Page

INTEGRATION = "/config/integrations/integration/smets1_cad"


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
        self._control = self._say(card, r"steered at (\S+)/")

    def steer(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the virtual network, or change something there; return its answer."""
        request = Request(
            f"{self._control}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urlopen(request, timeout=30) as response:
            return json.load(response)

    @property
    def lets_in(self) -> bool:
        """Whether the hub takes the CAD's install code now."""
        state = self.steer("/state")
        return state["stick"]["eui64"] in state["hub"]["takes_install_code"]

    @property
    def now(self) -> datetime:
        """The time in the demo."""
        return datetime.fromisoformat(self.steer("/state")["time"])

    @staticmethod
    def _say(card: str, pattern: str) -> str:
        match = re.search(pattern, card)
        assert match is not None, card
        return match[1]


def until(page: Page, condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something outside the browser, whose page goes on meanwhile."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, f"it did not come within {seconds:.0f} s"
        page.wait_for_timeout(200)


def call(page: Page, kind: str, **fields: Any) -> Any:
    """Send a command over the page's own connection to Home Assistant; return the answer."""
    return page.evaluate(
        """command => document.querySelector("home-assistant").hass.callWS(command)""",
        {"type": kind, **fields},
    )

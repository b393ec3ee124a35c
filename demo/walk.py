"""Walk the whole config flow through Home Assistant's REST API, as its frontend does."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from virtual_han.meters.home import MPAN, MPRN

from .instance import DOMAIN, DemoError, HomeAssistantInstance
from .network import Network

HOME: Final = {
    "premises": "domestic",
    "relation": "bill_payer_and_occupier",
    "name": "Ada Demo",
    "address": "1 Virtual Row\nLondon",
    "postcode": "N1 9GU",
}
NEW_HOME: Final = {**HOME, "name": "Bea Newcome"}
"""Who lives there after the tenant has changed: the same home, with the same meters."""

METERS: Final = {
    "mpan": MPAN,
    "mprn": MPRN,
    "electricity_supplier": "Virtual Energy",
    "gas_supplier": "Virtual Energy",
}
FLOW: Final = "/api/config/config_entries/flow"
OPEN_TIMEOUT: Final = 30.0
"""Seconds within which the virtual supplier has to let the CAD in."""

SHORT_WINDOW: Final = 50.0
"""Seconds for which the hub then lets a CAD in that it has known; half of them pass before its new code counts."""

type Say = Callable[[str], None]
type Step = dict[str, Any]


class Walk:
    """One person's way through the flow."""

    def __init__(self, home: HomeAssistantInstance, say: Say) -> None:
        """Stand before the dialog."""
        self._home = home
        self._say = say
        self._step: Step = {}

    async def begin(self) -> None:
        """Open "Add integration"."""
        self._step = await self._home.request("POST", FLOW, json={"handler": DOMAIN})

    async def take_up(self, flow_id: str) -> None:
        """Open a dialog that waits for somebody."""
        self._step = await self._home.request("GET", f"{FLOW}/{flow_id}")

    def ended(self, reason: str) -> None:
        """See that the dialog is over.

        Raises:
            DemoError: it is not, or ended for another reason.
        """
        if self._step["type"] != "abort" or self._step["reason"] != reason:
            raise DemoError(f"the flow did not end with {reason}: {self._step}")

    @property
    def entry_id(self) -> str:
        """The entry that came of it.

        Raises:
            DemoError: none came.
        """
        if self._step["type"] != "create_entry":
            raise DemoError(f"the flow did not end with an entry: {self._step}")
        return str(self._step["result"]["entry_id"])

    async def fill(self, step_id: str, say: str, **fields: Any) -> None:
        """Fill in the form that is shown.

        Raises:
            DemoError: another step is shown, or the form is not accepted.
        """
        self._expect("form", step_id)
        await self._send(fields)
        if self._step.get("errors"):
            raise DemoError(f"step {step_id}: {self._step['errors']}")
        self._say(f"  {step_id:<18} {say}")

    async def choose(self, step_id: str, option: str, say: str) -> None:
        """Choose from the menu that is shown.

        Raises:
            DemoError: another step is shown.
        """
        self._expect("menu", step_id)
        await self._send({"next_step_id": option})
        self._say(f"  {step_id:<18} {say}")

    async def watch(self, step_id: str, say: str) -> None:
        """Wait while something is in progress."""
        self._expect("progress", step_id)
        while self._step["type"] == "progress":
            await asyncio.sleep(0.5)
            self._step = await self._home.request(
                "GET", f"{FLOW}/{self._step['flow_id']}"
            )
        self._say(f"  {step_id:<18} {say}")

    async def _send(self, fields: dict[str, Any]) -> None:
        self._step = await self._home.request(
            "POST", f"{FLOW}/{self._step['flow_id']}", json=fields
        )

    def _expect(self, kind: str, step_id: str) -> None:
        if self._step["type"] != kind or self._step.get("step_id") != step_id:
            shown = {
                key: self._step.get(key)
                for key in (
                    "type",
                    "step_id",
                    "errors",
                    "reason",
                    "description_placeholders",
                )
            }
            raise DemoError(f"expected the {kind} {step_id}, but was shown {shown}")


async def pair(home: HomeAssistantInstance, network: Network, say: Say) -> str:
    """Go from nothing to a paired CAD; return the entry's id.

    Raises:
        DemoError: a step went another way than it should.
    """
    walk = Walk(home, say)
    await walk.begin()
    await walk.fill(
        "user", "the virtual stick is opened and recognised", device=network.han.url
    )
    await _request(walk, network, HOME)
    await _hub_opens(network)
    await walk.choose(
        "wait", "join", "the supplier has added the CAD to the hub's list"
    )
    await walk.watch("join", "joined, key established, meters found and read")
    await walk.fill("joined", "done")
    return walk.entry_id


async def consent_again(
    home: HomeAssistantInstance, network: Network, flow_id: str, say: Say
) -> None:
    """Answer the question for a new consent as whoever lives there now.

    Raises:
        DemoError: a step went another way than it should.
    """
    walk = Walk(home, say)
    await walk.take_up(flow_id)
    await walk.fill("reauth_confirm", "the new householder begins")
    network.supplier.desk.behaviour.window = SHORT_WINDOW
    await _request(walk, network, NEW_HOME)
    await _hub_opens(network)
    await walk.choose("wait", "finish", "the CAD joins by itself")
    walk.ended("reauth_waiting")


async def _request(walk: Walk, network: Network, who: dict[str, str]) -> None:
    """Go from the recognised stick to a request that is sent."""
    await walk.choose(
        "cad", "certificate_text", "the CAD's test certificate will be pasted"
    )
    await walk.fill(
        "certificate_text",
        "checked against the stick's EUI-64",
        certificate=network.certificate,
    )
    await walk.fill("home", "who asks, and for which home", **who)
    await walk.fill(
        "fuels",
        "electricity and gas; the in-home display may make room",
        fuels="both",
        ihd="may_be_unpaired",
    )
    await walk.fill("meters", "MPAN and MPRN, with their check digits", **METERS)
    await walk.fill(
        "consent",
        "every box ticked; the record is on disk",
        consumer=True,
        pairing=True,
        ihd=True,
        history=True,
    )
    await walk.fill(
        "pairing_details", "EUI-64 and install code, as the supplier needs them"
    )
    await walk.choose("request", "service", "by the supplier's pairing service")
    await walk.fill(
        "service", "the quote is there", url=network.supplier.url, token=network.token
    )
    await walk.fill(
        "service_quote", "time and cost accepted; the request is sent", accept=True
    )


async def _hub_opens(network: Network) -> None:
    """Wait until the supplier has let the CAD in, and the hub takes its install code.

    A hub that has known the CAD takes the code in the second half of the window only.

    Raises:
        DemoError: it does not, in time.
    """
    log, eui64 = network.han.log, network.han.ncp.flash.eui64
    limit = OPEN_TIMEOUT + network.supplier.desk.behaviour.window / 2
    try:
        async with asyncio.timeout(limit):
            while not log.takes_install_code(eui64):
                await asyncio.sleep(0.2)
    except TimeoutError as err:
        raise DemoError(
            f"the supplier has not let the CAD in within {limit:.0f} s"
        ) from err

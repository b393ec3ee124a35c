"""A Home Assistant in this process, and the way to a paired CAD in it."""

# Home Assistant puts its own in the place of voluptuous, before zigpy imports that.
import homeassistant  # noqa: F401

# isort: split

from asyncio import Event, timeout
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from unittest.mock import patch

from pytest_homeassistant_custom_component.common import async_test_home_assistant  # type: ignore[import-untyped]

# Our own must be the package that Home Assistant's loader finds, not the test plugin's.
import custom_components.smets1_cad  # noqa: F401
from custom_components.smets1_cad.const import DOMAIN
from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from virtual_han.meters.home import MPAN, MPRN

_HOME: Final = {
    "premises": "domestic",
    "relation": "bill_payer_and_occupier",
    "name": "Benchmark",
    "address": "1 Virtual Row",
    "postcode": "N1 9GU",
}
_METERS: Final = {
    "mpan": MPAN,
    "mprn": MPRN,
    "electricity_supplier": "Virtual Energy",
    "gas_supplier": "Virtual Energy",
}
_AWAY: Final = (
    "homeassistant.components.http.HomeAssistantHTTP.async_bind",
    "homeassistant.components.http.HomeAssistantHTTP.start",
    "homeassistant.components.usb.USBDiscovery.async_setup",
)
"""What would open a port, or look at this machine's own sticks."""


class Sleeper:
    """Sleeps in the place of the machine's clock, until it is held: then no sleep ends any more."""

    def __init__(self) -> None:
        """Sleep as ever."""
        self._held = Event()

    def hold(self) -> None:
        """Let nobody wake up."""
        self._held.set()

    async def sleep(self, seconds: float) -> None:
        """Sleep."""
        with suppress(TimeoutError):
            async with timeout(max(seconds, 0)):
                await self._held.wait()
        if self._held.is_set():
            await Event().wait()


@asynccontextmanager
async def home_assistant() -> AsyncGenerator[HomeAssistant]:
    """Run Home Assistant's core without its frontend, in a folder of its own."""
    logging.disable(logging.CRITICAL)
    with TemporaryDirectory() as folder, ExitStack() as stack:
        for name in _AWAY:
            stack.enter_context(patch(name))
        stack.enter_context(
            patch("homeassistant.components.usb.scan_serial_ports", return_value=[])
        )
        async with async_test_home_assistant(config_dir=str(Path(folder))) as hass:
            hass.data.pop(DATA_CUSTOM_COMPONENTS)
            try:
                yield hass
            finally:
                await hass.async_stop(force=True)


async def pair(
    hass: HomeAssistant,
    url: str,
    certificate: str,
    admit: Callable[[], Awaitable[None]],
) -> ConfigEntry[Any]:
    """Walk the config flow as far as an entry with readings.

    Args:
        hass: Home Assistant.
        url: of the stick.
        certificate: the stick's, as text.
        admit: lets the hub take the CAD in.
    """
    flow = hass.config_entries.flow
    step: Any = await flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    answers: tuple[tuple[str, dict[str, Any]], ...] = (
        ("user", {"device": url}),
        ("cad", {"next_step_id": "certificate_text"}),
        ("certificate_text", {"certificate": certificate}),
        ("home", _HOME),
        ("fuels", {"fuels": "both", "ihd": "none"}),
        ("meters", _METERS),
        ("consent", {"consumer": True, "pairing": True, "history": True}),
        ("pairing_details", {}),
        ("request", {"next_step_id": "email"}),
        ("email", {"sent": True}),
        ("wait", {"next_step_id": "join"}),
        ("join", {}),
        ("joined", {}),
    )
    for step_id, answer in answers:
        if step.get("step_id") != step_id or step.get("errors"):
            raise SystemExit(f"The flow is at {step}, not at {step_id}")
        if step_id == "wait":
            await admit()
        if step_id == "join":
            await hass.async_block_till_done()
            step = await flow.async_configure(step["flow_id"])
        else:
            step = await flow.async_configure(step["flow_id"], answer)
    await hass.async_block_till_done()
    entry: ConfigEntry[Any] = step["result"]
    return entry

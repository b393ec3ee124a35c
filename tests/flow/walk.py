"""Someone who walks through the flow, and what they type."""

from contextlib import AbstractContextManager
from typing import Any, Final
from unittest.mock import patch

from custom_components.smets1_cad.cad_secrets import CadSecrets
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.document import Document, StoreError
from custom_components.smets1_cad.pairing.life import Pairing
from custom_components.smets1_cad.radio.probe import StickInfo
from custom_components.smets1_cad.smart_energy.eui64 import Eui64
from custom_components.smets1_cad.store import CadStore, async_get_store
from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.const import CONF_DEVICE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from virtual_han.han import STICK_EUI64, VirtualHan

EUI64: Final = "00124B0001ABCDEF"
PATH: Final = "/dev/serial/by-id/usb-Maker_Stick_0001-if00-port0"
STICK: Final = StickInfo(
    eui64=Eui64(STICK_EUI64),
    ezsp_version=14,
    firmware="7.4.4.0 build 0",
    manufacturer="Maker",
    board="Stick",
)
CODE: Final = "83FED3407A939723A5C639B26916D505C3B5"
"""The example code of the Zigbee documents, with its CRC."""
OTHER_CODE: Final = "00112233445566778899AABBCCDDEEFEDB9E"
"""Another one, with its CRC (CRC-16/X-25)."""
HOME: Final = {
    "premises": "domestic",
    "relation": "bill_payer_and_occupier",
    "name": "Canary Householder",
    "address": "1 Canary Row",
    "postcode": "N1 9GU",
}
METERS: Final = {
    "mpan": "20 0002 4512 368",
    "mprn": "3938424403",
    "electricity_supplier": "Octopus Energy",
    "gas_supplier": "Octopus Energy",
}
TICKED: Final = {"consumer": True, "pairing": True, "history": True}
TOKEN: Final = "canary-token-1"
CANARIES: Final = ("Canary", "2000024512368", "3938424403", CODE[:32], EUI64, TOKEN)


def certificate_text(
    han: VirtualHan | None = None, suite: int = 1, eui64: bytes | None = None
) -> str:
    """Write credentials as people have them, for the stick unless another address is given."""
    return (han or VirtualHan()).credentials(suite, eui64).as_text()


def full_disk() -> AbstractContextManager[Any]:
    """Let nothing be written any more."""
    return patch.object(
        Document,
        "async_save",
        side_effect=StoreError("Full. Make room.", reason="store_not_written"),
    )


class Walk:
    """Someone who walks through the flow."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin outside."""
        self.hass = hass
        self.at: Any = None

    async def begin(self) -> None:
        """Open the dialog."""
        self.at = await self.hass.config_entries.flow.async_init(
            DOMAIN, context={"source": SOURCE_USER}
        )

    async def fill(self, step_id: str, **fields: Any) -> None:
        """Fill in the form that is shown."""
        assert self.at["type"] is FlowResultType.FORM, self.at
        assert self.at["step_id"] == step_id, self.at
        self.at = await self.hass.config_entries.flow.async_configure(
            self.at["flow_id"], fields
        )

    async def choose(self, step_id: str, option: str) -> None:
        """Choose from the menu that is shown."""
        assert self.at["type"] is FlowResultType.MENU, self.at
        assert self.at["step_id"] == step_id, self.at
        assert option in self.at["menu_options"], self.at
        self.at = await self.hass.config_entries.flow.async_configure(
            self.at["flow_id"], {"next_step_id": option}
        )

    async def watch(self) -> None:
        """Wait for what is going on."""
        assert self.at["type"] is FlowResultType.SHOW_PROGRESS, self.at
        await self.hass.async_block_till_done()
        self.at = await self.hass.config_entries.flow.async_configure(
            self.at["flow_id"]
        )

    def leave(self) -> None:
        """Close the dialog."""
        self.hass.config_entries.flow.async_abort(self.at["flow_id"])

    def shows(self, step_id: str, errors: dict[str, str] | None = None) -> None:
        """Check which form is shown, with which errors."""
        assert (self.at["type"], self.at.get("step_id")) == (
            FlowResultType.FORM,
            step_id,
        )
        assert (self.at["errors"] or {}) == (errors or {})

    def suggested(self) -> dict[str, Any]:
        """Return what the form that is shown is filled in with."""
        return {
            str(field): field.description["suggested_value"]
            for field in self.at["data_schema"].schema
            if field.description and "suggested_value" in field.description
        }

    def aborted(self, reason: str) -> None:
        """Check that the flow has ended for a reason, in the integration's own words."""
        assert (self.at["type"], self.at.get("reason")) == (
            FlowResultType.ABORT,
            reason,
        )
        assert self.at.get("translation_domain") is None

    async def reopen(self, source: str) -> None:
        """Let the entry be changed, or ask for consent again."""
        (entry,) = self.hass.config_entries.async_entries(DOMAIN)
        self.at = await self.hass.config_entries.flow.async_init(
            DOMAIN,
            context={
                "source": source,
                "entry_id": entry.entry_id,
                "unique_id": entry.unique_id,
            },
            data=entry.data,
        )

    @property
    def entry(self) -> ConfigEntry[Any]:
        """The entry that the flow has ended with."""
        assert self.at["type"] is FlowResultType.CREATE_ENTRY, self.at
        entry: ConfigEntry[Any] = self.at["result"]
        return entry

    async def to_home(self, path: str = PATH) -> None:
        """Go as far as the person and the home."""
        await self.begin()
        await self.fill("user", **{CONF_DEVICE: path})
        await self.choose("cad", "certificate_none")
        await self.fill("certificate_none")
        await self.fill("install_code", install_code=CODE)

    async def to_consent(self) -> None:
        """Go as far as the consent."""
        await self.to_home()
        await self.fill("home", **HOME)
        await self.fill("fuels", fuels="both", ihd="none")
        await self.fill("meters", **METERS)

    async def to_request(self) -> None:
        """Go as far as the choice of the route."""
        await self.to_consent()
        await self.fill("consent", **TICKED)
        await self.fill("pairing_details")

    async def to_end(self) -> ConfigEntry[Any]:
        """Send a letter, and end with an entry that waits."""
        await self.to_request()
        await self.choose("request", "letter")
        await self.fill("letter", sent=True)
        await self.choose("wait", "finish")
        return self.entry


async def stored(hass: HomeAssistant) -> CadStore:
    """Return what is stored of the CAD."""
    return await async_get_store(hass, EUI64)


async def pairing(hass: HomeAssistant) -> Pairing:
    """Return the request as it is stored."""
    data = await (await stored(hass)).pairing.load()
    assert data is not None
    return Pairing.from_dict(data)


async def kept_code(hass: HomeAssistant) -> str:
    """Return the install code that is kept, with its CRC."""
    code = CadSecrets.from_dict(await (await stored(hass)).secrets.load()).install_code
    assert code is not None
    return code.digits()

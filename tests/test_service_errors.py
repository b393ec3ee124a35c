"""Errors of the library's layers, as people read them."""

import pytest

from custom_components.smets1_cad.cad.errors import CadError
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.error_words import (
    async_error_words,
    cad_errors_translated,
    error_words,
    translated,
)
from custom_components.smets1_cad.pairing.life import PairingError
from custom_components.smets1_cad.smart_energy.errors import Eui64Error
from custom_components.smets1_cad.smart_energy.eui64 import Eui64
from custom_components.smets1_cad.smart_energy.session.errors import HubRefused
from custom_components.smets1_cad.supplier.directory import SupplierError
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import (
    ConfigEntryNotReady,
    HomeAssistantError,
    ServiceValidationError,
)

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")


def test_reason_is_the_key() -> None:
    error = translated(HubRefused("Refused.", status=0x86), ConfigEntryNotReady)
    assert isinstance(error, ConfigEntryNotReady)
    assert (error.translation_domain, error.translation_key) == (DOMAIN, "hub_refused")
    assert error.translation_placeholders == {"status": "0x86"}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (PairingError("No."), ServiceValidationError),
        (HubRefused("No.", status=1), HomeAssistantError),
    ],
)
async def test_a_step_that_cannot_be_taken_is_the_callers_mistake(
    error: CadError, kind: type[HomeAssistantError]
) -> None:
    @cad_errors_translated
    async def act() -> None:
        raise error

    with pytest.raises(HomeAssistantError) as raised:
        await act()
    assert type(raised.value) is kind
    assert raised.value.translation_key == error.reason
    assert raised.value.__cause__ is error


async def test_words_before_anything_is_set_up(hass: HomeAssistant) -> None:
    """What is not in memory yet is read from the disk; without that, it is the library's own message."""
    hass.config.language = "gd"  # which no other test brings into memory
    error = HubRefused("Refused.", status=0x7E)
    assert error_words(hass, error) == "Refused."
    words = await async_error_words(hass, error)
    assert words.startswith("The hub refused a request (ZCL status 0x7E).")
    assert error_words(hass, error) == words


async def test_words_in_welsh(hass: HomeAssistant) -> None:
    hass.config.language = "cy"
    words = await async_error_words(hass, HubRefused("Refused.", status=0x7E))
    assert words.startswith("Gwrthododd y canolbwynt gais (statws ZCL 0x7E).")


async def test_reason_without_words(hass: HomeAssistant) -> None:
    assert await async_error_words(hass, CadError("As it is.")) == "As it is."


async def test_every_class_that_leaves_blanks_fills_them(hass: HomeAssistant) -> None:
    with pytest.raises(Eui64Error) as raised:
        Eui64.parse("00124B0001ABCDEX")
    assert "Character 16 " in await async_error_words(hass, raised.value)
    fault = SupplierError("No name.", reason="suppliers_file", where="suppliers[2]")
    assert "at suppliers[2]." in await async_error_words(hass, fault)

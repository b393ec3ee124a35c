"""The config flow, step by step."""

from collections.abc import Iterator
from unittest.mock import AsyncMock, patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.radio.probe import (
    StickInfo,
    StickSilent,
    StickTooOld,
    StickUnreachable,
)
from custom_components.smets1_cad.smart_energy.eui64 import Eui64
from homeassistant.components.usb import SerialPortConsumer
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.const import CONF_DEVICE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

EUI = Eui64.parse("00:0d:6f:00:0a:0b:0c:0d")
PORT = "/dev/serial/by-id/usb-stick"
STICK = StickInfo(
    eui64=EUI,
    ezsp_version=13,
    firmware="7.4.4.0 build 0",
    manufacturer="Maker",
    board="Stick",
    on_a_network=False,
)


@pytest.fixture(autouse=True)
def usb(enable_custom_integrations: None) -> Iterator[None]:
    """Let Home Assistant see no real port."""
    with (
        patch("homeassistant.components.usb.scan_serial_ports", return_value=[]),
        patch("homeassistant.components.usb.USBDiscovery.async_setup"),
    ):
        yield


@pytest.fixture
def probe() -> Iterator[AsyncMock]:
    """Stand in for the stick behind the port."""
    with patch(
        "custom_components.smets1_cad.config_flow.probe", return_value=STICK
    ) as probe:
        yield probe


@pytest.fixture
def consumers() -> Iterator[AsyncMock]:
    """Stand in for who uses which port."""
    with patch(
        "custom_components.smets1_cad.config_flow.async_get_serial_port_consumers",
        return_value={},
    ) as consumers:
        yield consumers


@pytest.mark.usefixtures("consumers")
async def test_stick_becomes_an_entry(hass: HomeAssistant, probe: AsyncMock) -> None:
    step = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert step["type"] is FlowResultType.FORM
    assert step["errors"] == {}

    done = await hass.config_entries.flow.async_configure(
        step["flow_id"], {CONF_DEVICE: PORT}
    )
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert done["data"] == {CONF_DEVICE: PORT}
    entry = done["result"]
    assert entry.unique_id == str(EUI)
    assert entry.state is ConfigEntryState.LOADED
    probe.assert_awaited_once_with(PORT)
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("consumers")
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (StickUnreachable("no"), "cannot_connect"),
        (StickSilent("no"), "not_ezsp"),
        (StickTooOld("no"), "firmware_too_old"),
    ],
)
async def test_unfit_stick_is_refused_and_another_accepted(
    hass: HomeAssistant, probe: AsyncMock, error: Exception, reason: str
) -> None:
    """The port that was typed stays in the form."""
    step = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    probe.side_effect = error
    step = await hass.config_entries.flow.async_configure(
        step["flow_id"], {CONF_DEVICE: PORT}
    )
    assert step["type"] is FlowResultType.FORM
    assert step["errors"] == {CONF_DEVICE: reason}
    (field,) = step["data_schema"].schema
    assert field.description == {"suggested_value": PORT}

    probe.side_effect = None
    done = await hass.config_entries.flow.async_configure(
        step["flow_id"], {CONF_DEVICE: PORT}
    )
    assert done["type"] is FlowResultType.CREATE_ENTRY


async def test_port_of_another_integration_is_refused_unopened(
    hass: HomeAssistant, probe: AsyncMock, consumers: AsyncMock
) -> None:
    consumers.return_value = {
        PORT: [
            SerialPortConsumer(
                kind="config_entry", title="Zigbee at home", active=True, domain="zha"
            )
        ]
    }
    step = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    step = await hass.config_entries.flow.async_configure(
        step["flow_id"], {CONF_DEVICE: PORT}
    )
    assert step["errors"] == {CONF_DEVICE: "in_use"}
    assert step["description_placeholders"] == {"owner": "Zigbee at home"}
    probe.assert_not_awaited()

    consumers.return_value = {}
    done = await hass.config_entries.flow.async_configure(
        step["flow_id"], {CONF_DEVICE: PORT}
    )
    assert done["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("consumers", "probe")
async def test_same_stick_again_only_moves_its_port(hass: HomeAssistant) -> None:
    entry = MockConfigEntry(
        domain=DOMAIN, unique_id=str(EUI), data={CONF_DEVICE: "/dev/ttyUSB0"}
    )
    entry.add_to_hass(hass)
    step = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    done = await hass.config_entries.flow.async_configure(
        step["flow_id"], {CONF_DEVICE: PORT}
    )
    assert done["type"] is FlowResultType.ABORT
    assert done["reason"] == "already_configured"
    assert entry.data == {CONF_DEVICE: PORT}
